package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

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

func (t *transport) head(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	return t.request(ctx, http.MethodHead, path, payload{query: query})
}

func (t *transport) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	return t.request(ctx, http.MethodGet, path, payload{query: query})
}

func (t *transport) delete(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	return t.request(ctx, http.MethodDelete, path, payload{query: query})
}

func (t *transport) post(ctx context.Context, path string, query url.Values, body any) (*http.Response, error) {
	return t.request(ctx, http.MethodPost, path, payload{query: query, body: body})
}

// request sends one request, and once more in an older version if the daemon
// asks for that. The answer's status is below 400; the caller closes its body.
func (t *transport) request(ctx context.Context, method, path string, p payload) (*http.Response, error) {
	if p.upload != nil {
		if err := t.negotiate(ctx); err != nil {
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

// negotiate makes the version certain for a body that cannot be sent twice.
func (t *transport) negotiate(ctx context.Context) error {
	return done(t.get(ctx, "/_ping", nil)) // not HEAD, whose refusal has no words
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
func (t *transport) send(r *http.Request) (*http.Response, error) {
	resp, err := t.http.Do(r)
	if err != nil {
		var wrapped *url.Error // its text has a host that nobody typed
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return nil, t.unreachable(err)
	}
	if err := failure(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
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
	var answer common.ErrorResponse
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		answer.Message = strings.TrimSpace(string(body))
	}
	if answer.Message == "" {
		answer.Message = resp.Status
	}
	return errdefs.FromHTTP(status, "Error response from daemon: "+answer.Message)
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
func decode[T any](resp *http.Response, err error) (T, error) {
	value, _, err := decodeRaw[T](resp, err)
	return value, err
}

// decodeRaw gives the answer's bytes too, which may have fields that T has
// not.
func decodeRaw[T any](resp *http.Response, err error) (T, json.RawMessage, error) {
	var value T
	if err != nil {
		return value, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return value, nil, fmt.Errorf("reading the daemon's answer: %w", err)
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, nil, fmt.Errorf("reading the daemon's answer: %w", err)
	}
	return value, raw, nil
}

// done ends an answer that has nothing to say.
func done(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	// A connection whose answer is read to its end is used again.
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxMessage))
	return err
}

// body is the answer as it comes.
func body(resp *http.Response, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Lines is an answer of one JSON value after another. The caller closes it.
type Lines[T any] struct {
	body    io.ReadCloser
	decoder *json.Decoder
}

func lines[T any](resp *http.Response, err error) (*Lines[T], error) {
	if err != nil {
		return nil, err
	}
	return &Lines[T]{resp.Body, json.NewDecoder(resp.Body)}, nil
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
