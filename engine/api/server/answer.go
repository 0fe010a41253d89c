package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/errdefs"
)

// answer is a handler as net/http calls it: the request is checked before, and
// an error or a panic becomes an answer after.
func (s *server) answer(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		log := s.log.WithFields(logrus.Fields{"method": r.Method, "path": r.URL.Path})
		tracked := &response{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				s.recovered(log, tracked, p)
			}
		}()
		err := checked(r)
		if err == nil {
			err = handle(tracked, r)
		}
		log = log.WithField("took", time.Since(began).Round(time.Microsecond))
		switch {
		case err == nil:
			log.Debug("answered")
		case tracked.taken != nil:
			log.WithError(err).Debug("stream ended")
		case tracked.begun:
			if r.Context().Err() == nil {
				log.WithError(err).Warn("answer ended early")
			}
			// Half an answer must not look like a whole one.
			panic(http.ErrAbortHandler)
		default:
			status := writeError(w, err)
			if status >= http.StatusInternalServerError {
				log.WithError(err).Error("request failed")
			} else {
				log.WithError(err).WithField("status", status).Debug("request refused")
			}
		}
	})
}

func checked(r *http.Request) error {
	if _, err := requested(r); err != nil {
		return err
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return errdefs.Invalid("invalid query: %w", err)
	}
	return nil
}

// recovered answers for a handler that panicked.
func (s *server) recovered(log *logrus.Entry, w *response, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so too; it panics with this value itself
		panic(p)
	}
	log.WithField("panic", p).Errorf("request panicked\n%s", debug.Stack())
	switch {
	case w.taken != nil:
		_ = w.taken.Close()
	case w.begun:
		panic(http.ErrAbortHandler)
	default:
		writeMessage(w, http.StatusInternalServerError, "the engine failed on this request; its log says more")
	}
}

// response notes that an answer has begun, after which no status can be sent,
// or that the connection is no longer the server's.
type response struct {
	http.ResponseWriter
	begun bool
	taken net.Conn
}

func (w *response) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Hijack is for http.ResponseController.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.taken = conn
	return conn, buffered, err
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeJSON answers with a status and a body. Nothing is sent if the body does
// not encode.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	encoded, err := encodeLine(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(encoded)
	return err
}

// encodeLine is a value as one line of JSON, newline and all. HTML is left as
// it is, as docker does.
func encodeLine(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// writeError answers with the status of an error's class and its message.
func writeError(w http.ResponseWriter, err error) (status int) {
	status = errdefs.ToHTTP(err)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		status = http.StatusRequestEntityTooLarge
	case status == http.StatusNotModified:
		w.WriteHeader(status) // which has no body
		return status
	}
	writeMessage(w, status, err.Error())
	return status
}

func writeMessage(w http.ResponseWriter, status int, message string) {
	// An error of writing is the client's going, of which net/http knows.
	_ = writeJSON(w, status, struct {
		Message string `json:"message"`
	}{message})
}

// noContent answers that a thing was done, if it was.
func noContent(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// orEmpty is a list that encodes as [] when there is none.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
