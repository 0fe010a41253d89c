// Package errdefs holds the engine's error classes and how they cross HTTP.
//
// The classes are those of github.com/containerd/errdefs, which every process
// of the engine shares. A class says what kind of failure it is; the message
// is for people and goes to them as it is. Between the daemon, containerd and
// the shim containerd's errgrpc carries both; between the command line and
// the daemon ToHTTP and FromHTTP do.
package errdefs

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/containerd/errdefs"
)

// NotFound says that what was named does not exist.
func NotFound(format string, args ...any) error { return classed(errdefs.ErrNotFound, format, args) }

// Invalid says that the request cannot be right in any state of the engine.
func Invalid(format string, args ...any) error {
	return classed(errdefs.ErrInvalidArgument, format, args)
}

// Conflict says that the request is right and the state of its object is not.
func Conflict(format string, args ...any) error { return classed(errdefs.ErrConflict, format, args) }

// NotModified says that the object is already as asked.
func NotModified(format string, args ...any) error {
	return classed(errdefs.ErrNotModified, format, args)
}

// Unauthorized says that who asks must first say who they are.
func Unauthorized(format string, args ...any) error {
	return classed(errdefs.ErrUnauthenticated, format, args)
}

// Forbidden says that who asks may not.
func Forbidden(format string, args ...any) error {
	return classed(errdefs.ErrPermissionDenied, format, args)
}

// Unavailable says that it may work later.
func Unavailable(format string, args ...any) error {
	return classed(errdefs.ErrUnavailable, format, args)
}

// NotImplemented says that this engine or this machine cannot do it.
func NotImplemented(format string, args ...any) error {
	return classed(errdefs.ErrNotImplemented, format, args)
}

// Internal says that the engine failed at what should have worked.
func Internal(format string, args ...any) error { return classed(errdefs.ErrInternal, format, args) }

// classError is a message of a class. The class is not part of the message,
// as it would be with %w.
type classError struct {
	class error
	err   error
}

func classed(class error, format string, args []any) error {
	return &classError{class: class, err: fmt.Errorf(format, args...)}
}

func (e *classError) Error() string { return e.err.Error() }

// Unwrap gives the class alone. What the message wraps is reached by Is and As:
// as a second error to unwrap it would be sent over gRPC beside this one, and
// come back as a second line of the same text.
func (e *classError) Unwrap() error { return e.class }

// Is is for errors.Is, about what the message wraps.
func (e *classError) Is(target error) bool { return errors.Is(e.err, target) }

// As is for errors.As, about what the message wraps.
func (e *classError) As(target any) bool { return errors.As(e.err, target) }

// statuses pairs the classes with docker's status codes. The first status of
// a class is the one sent.
var statuses = []struct {
	class  error
	status int
}{
	{errdefs.ErrInvalidArgument, http.StatusBadRequest},
	{errdefs.ErrOutOfRange, http.StatusBadRequest},
	{errdefs.ErrUnauthenticated, http.StatusUnauthorized},
	{errdefs.ErrPermissionDenied, http.StatusForbidden},
	{errdefs.ErrNotFound, http.StatusNotFound},
	{errdefs.ErrConflict, http.StatusConflict},
	{errdefs.ErrAlreadyExists, http.StatusConflict},
	{errdefs.ErrFailedPrecondition, http.StatusConflict},
	{errdefs.ErrNotModified, http.StatusNotModified},
	{errdefs.ErrNotImplemented, http.StatusNotImplemented},
	{errdefs.ErrUnavailable, http.StatusServiceUnavailable},
	{errdefs.ErrInternal, http.StatusInternalServerError},
}

// ToHTTP is the status code of an error's class; 500 for one without.
func ToHTTP(err error) int {
	for e := err; e != nil; {
		if c, ok := e.(*classError); ok { //nolint:errorlint // the outermost class decides, so the chain is walked by hand
			err = c.class
			break
		}
		e = errors.Unwrap(e)
	}
	for _, s := range statuses {
		if errors.Is(err, s.class) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// FromHTTP is the error of an answer with a status of 400 or more, or 304.
func FromHTTP(status int, message string) error {
	for _, s := range statuses {
		if s.status == status {
			return classed(s.class, "%s", []any{message})
		}
	}
	return classed(errdefs.ErrUnknown, "%s", []any{message})
}
