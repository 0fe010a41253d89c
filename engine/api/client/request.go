package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/api/types/common"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

const (
	// maxAnswer is the most that is read of an answer that is one JSON value.
	maxAnswer = 256 << 20
	// maxMessage is the most that is read of an error's body.
	maxMessage = 64 << 10
)

// payload is what goes with a request besides its path. All of it may be
// empty.
type payload struct {
	query  url.Values
	header http.Header
	body   any       // sent as JSON
	upload io.Reader // sent as it comes, a tar archive; takes the place of body
}

// answer is what the daemon sends back when all went well.
type answer struct {
	header http.Header
	body   io.ReadCloser
}

func (t *transport) head(ctx context.Context, path string, query url.Values) (*answer, error) {
	return t.request(ctx, http.MethodHead, path, payload{query: query})
}

func (t *transport) get(ctx context.Context, path string, query url.Values) (*answer, error) {
	return t.request(ctx, http.MethodGet, path, payload{query: query})
}

func (t *transport) delete(ctx context.Context, path string, query url.Values) (*answer, error) {
	return t.request(ctx, http.MethodDelete, path, payload{query: query})
}

func (t *transport) post(ctx context.Context, path string, query url.Values, body any) (*answer, error) {
	return t.request(ctx, http.MethodPost, path, payload{query: query, body: body})
}

// request sends one request, and once more in an older version if the daemon
// asks for that. The answer's status is below 400; the caller closes its body.
func (t *transport) request(ctx context.Context, method, path string, p payload) (*answer, error) {
	if p.upload != nil || method == http.MethodHead {
		if err := t.agree(ctx); err != nil {
			return nil, err
		}
	}
	for {
		version := t.version.Load()
		r, err := newRequest(ctx, method, "/v"+*version+path, p)
		if err != nil {
			return nil, err
		}
		resp, err := t.send(r)
		if err != nil && t.fallBack(version, err) {
			continue
		}
		return resp, err
	}
}

// agree makes the version certain before a request whose body cannot be sent
// twice, or whose refusal would have no words: that of HEAD.
func (t *transport) agree(ctx context.Context) error {
	if t.agreed.Load() {
		return nil
	}
	return done(t.get(ctx, "/_ping", nil))
}

func newRequest(ctx context.Context, method, path string, p payload) (*http.Request, error) {
	// The host's name is not looked up: dial knows where to go.
	address := "http://engine.localhost" + path
	if len(p.query) > 0 {
		address += "?" + p.query.Encode()
	}
	content, contentType := p.upload, "application/x-tar"
	if p.upload == nil && p.body != nil {
		encoded, err := encode(p.body)
		if err != nil {
			return nil, err
		}
		content, contentType = encoded, "application/json"
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, errdefs.Invalid("invalid request: %w", err)
	}
	for name, values := range p.header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", "engine")
	if content != nil {
		r.Header.Set("Content-Type", contentType)
	}
	return r, nil
}

func encode(body any) (*bytes.Buffer, error) {
	b := new(bytes.Buffer)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, errdefs.Invalid("invalid request: %w", err)
	}
	return b, nil
}

// send sends a request and turns an answer of failure into an error.
func (t *transport) send(r *http.Request) (got *answer, err error) {
	began := time.Now()
	defer func() { t.trace(r, time.Since(began), err) }()
	resp, err := t.http.Do(r)
	if err != nil {
		return nil, t.unsent(r, err)
	}
	if err := failure(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	t.agreed.Store(true)
	return &answer{header: resp.Header, body: resp.Body}, nil
}

// unsent is the error of a request that got no answer, in words for people.
func (t *transport) unsent(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return r.Context().Err()
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial" && errors.Is(err, os.ErrPermission):
		return errdefs.Unavailable("permission denied while trying to connect to the engine daemon at %s", t.host)
	case errors.As(err, &op) && op.Op == "dial":
		return errdefs.Unavailable("Cannot connect to the engine daemon at %s. Is engined running?", t.host)
	}
	var wrapped *url.Error // its text has a host that nobody typed
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("asking the engine daemon: %w", err)
}

// failure is the error that an answer is, if it is one. 304 is none: what was
// asked for is so already.
func failure(resp *http.Response) error {
	status := resp.StatusCode
	if status < 300 || status == http.StatusNotModified {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
	if err != nil {
		return fmt.Errorf("reading the daemon's error (%s): %w", resp.Status, err)
	}
	var said common.ErrorResponse
	if json.Unmarshal(body, &said) != nil || said.Message == "" {
		said.Message = strings.TrimSpace(string(body))
	}
	if said.Message == "" {
		said.Message = resp.Status
	}
	return errdefs.FromHTTP(status, "Error response from daemon: "+said.Message)
}

// fallBack goes over to the version that the daemon's error names, if it
// names one and nobody has done so since the request began.
func (t *transport) fallBack(from *string, err error) bool {
	version, ok := supported(err.Error())
	if !ok || version == *from {
		return false
	}
	t.version.CompareAndSwap(from, &version)
	return true
}

// supported is the version in the words of a daemon that is too old.
func supported(message string) (version string, ok bool) {
	_, rest, ok := strings.Cut(message, "is too new. Maximum supported API version is ")
	if !ok {
		return "", false
	}
	version, _, _ = strings.Cut(rest, " ")
	major, minor, ok := strings.Cut(version, ".")
	return version, ok && isNumber(major) && isNumber(minor)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// decode reads an answer that is one JSON value. It takes what a request
// returns, the error too.
func decode[T any](resp *answer, err error) (T, error) {
	value, _, err := decodeRaw[T](resp, err)
	return value, err
}

// decodeRaw gives the answer's bytes too, which may have fields that T has
// not.
func decodeRaw[T any](resp *answer, err error) (T, json.RawMessage, error) {
	var value T
	if err != nil {
		return value, nil, err
	}
	defer resp.body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.body, maxAnswer))
	if err != nil {
		return value, nil, fmt.Errorf("reading the daemon's answer: %w", err)
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, nil, fmt.Errorf("reading the daemon's answer: %w", err)
	}
	return value, raw, nil
}

// done ends an answer that has nothing to say.
func done(resp *answer, err error) error {
	if err != nil {
		return err
	}
	defer resp.body.Close()
	// A connection whose answer is read to its end is used again.
	_, err = io.Copy(io.Discard, io.LimitReader(resp.body, maxMessage))
	return err
}

// body is the answer as it comes.
func body(resp *answer, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return resp.body, nil
}

// Lines is an answer of one JSON value after another. The caller closes it.
type Lines[T any] struct {
	body    io.ReadCloser
	decoder *json.Decoder
}

func lines[T any](resp *answer, err error) (*Lines[T], error) {
	if err != nil {
		return nil, err
	}
	return &Lines[T]{resp.body, json.NewDecoder(resp.body)}, nil
}

// Next waits for the next value; io.EOF is the end.
func (l *Lines[T]) Next() (T, error) {
	var value T
	err := l.decoder.Decode(&value)
	return value, err
}

// Close ends the request, whether all of it was read or not.
func (l *Lines[T]) Close() error { return l.body.Close() }

// set puts a value into a query unless it is empty.
func set(query url.Values, key, value string) {
	if value != "" {
		query.Set(key, value)
	}
}

// flag puts a switch into a query if it is on.
func flag(query url.Values, key string, on bool) {
	if on {
		query.Set(key, "1")
	}
}

// setFilters puts the filter argument into a query, if there is one.
func setFilters(query url.Values, filters types.Filters) {
	if len(filters) == 0 {
		return
	}
	sets := map[string]map[string]bool{}
	for name, values := range filters {
		sets[name] = map[string]bool{}
		for _, value := range values {
			sets[name][value] = true
		}
	}
	encoded, _ := json.Marshal(sets) // strings and booleans always encode
	query.Set("filters", string(encoded))
}
