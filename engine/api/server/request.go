package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

const (
	// maxBody is the most that a JSON body may have: a container's environment
	// and labels fit many times.
	maxBody = 4 << 20
	// maxRefused is how much more of a body is read that is too large. A client
	// that is cut off while it sends does not read why.
	maxRefused = 64 << 20
)

// readJSON decodes a request's body, which has to be one JSON value.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if err := checkJSON(r); err != nil {
		return err
	}
	body := r.Body
	d := json.NewDecoder(http.MaxBytesReader(w, body, maxBody))
	err := d.Decode(into)
	switch {
	case errors.Is(err, io.EOF):
		return errdefs.Invalid("invalid JSON: got EOF while reading request body")
	case err == nil:
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if !tooLarge(err) {
			return errdefs.Invalid("unexpected content after JSON")
		}
	}
	if tooLarge(err) {
		_, _ = io.CopyN(io.Discard, body, maxRefused)
		return errdefs.Invalid("request body is larger than %d bytes: %w", maxBody, err)
	}
	return errdefs.Invalid("invalid JSON: %w", err)
}

// readOptionalJSON is readJSON for a request that may come without a body.
func readOptionalJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if r.ContentLength == 0 {
		return nil
	}
	return readJSON(w, r, into)
}

// checkJSON refuses a body that says it is something else than JSON.
func checkJSON(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	if given == "" && r.ContentLength == 0 {
		return nil
	}
	media, _, err := mime.ParseMediaType(given)
	if err != nil {
		return errdefs.Invalid("malformed Content-Type header (%s): %w", given, err)
	}
	if media != "application/json" {
		return errdefs.Invalid("unsupported Content-Type header (%s): must be 'application/json'", given)
	}
	return nil
}

func tooLarge(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large)
}

// query is the query of a request, read as docker reads it.
type query struct{ url.Values }

func queryOf(r *http.Request) query { return query{r.URL.Query()} }

// is reports whether a switch is on: given and none of docker's words for off.
func (q query) is(key string) bool {
	switch strings.ToLower(strings.TrimSpace(q.Get(key))) {
	case "", "0", "no", "false", "none":
		return false
	}
	return true
}

// isOr is what a switch is that is on or off when it is not given.
func (q query) isOr(key string, otherwise bool) bool {
	if !q.Has(key) {
		return otherwise
	}
	return q.is(key)
}

// number is an integer, nil if it is not given.
func (q query) number(key string) (*int, error) {
	if q.Get(key) == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(q.Get(key))
	if err != nil {
		return nil, errdefs.Invalid("invalid value %q for %s: must be a whole number", q.Get(key), key)
	}
	return &n, nil
}

// filters decodes the filter argument, in either of its forms.
func (q query) filters() (types.Filters, error) {
	given := q.Get("filters")
	if given == "" {
		return nil, nil
	}
	var lists types.Filters
	if json.Unmarshal([]byte(given), &lists) == nil {
		return lists, nil
	}
	var sets map[string]map[string]bool
	if err := json.Unmarshal([]byte(given), &sets); err != nil {
		return nil, errdefs.Invalid("invalid filter: %w", err)
	}
	lists = types.Filters{}
	for name, values := range sets {
		for value := range values {
			lists[name] = append(lists[name], value)
		}
		slices.Sort(lists[name])
	}
	return lists, nil
}
