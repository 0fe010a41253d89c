package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxTrace is the size of a trace that is read, in bytes. A trace of 20,000
// functions with their code has a tenth of it.
const maxTrace = 512 << 20

// Read reads a trace as JSON wrote it. It fails on another schema, and on a
// trace that names nodes or components which it does not have.
func Read(r io.Reader) (*Flow, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxTrace+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxTrace {
		return nil, fmt.Errorf("the trace is longer than %d MB", maxTrace>>20)
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("not a trace: %w", describe(err, len(data)))
	}
	switch {
	case head.Schema == nil:
		return nil, errors.New(`not a trace: it has no "schema"; callroute trace --format json writes one`)
	case *head.Schema != Schema:
		return nil, fmt.Errorf("the trace has schema %q and this callroute reads %q; trace again", *head.Schema, Schema)
	}
	f := new(Flow)
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("the trace is damaged: %w", describe(err, len(data)))
	}
	if _, err := NewRoute(f); err != nil {
		return nil, err
	}
	return f, nil
}

// describe says where JSON is wrong.
func describe(err error, size int) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(size):
		return errors.New("it ends too early")
	case errors.As(err, &syntax):
		return fmt.Errorf("at byte %d: %w", syntax.Offset, err)
	case errors.As(err, &kind):
		return fmt.Errorf("at byte %d: %s cannot hold %s", kind.Offset, kind.Field, article(kind.Value))
	}
	return err
}

// article puts "a" or "an" before a noun.
func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
