package errdefs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
)

var classes = []struct {
	name   string
	make   func(format string, args ...any) error
	class  error
	status int
}{
	{"NotFound", NotFound, errdefs.ErrNotFound, http.StatusNotFound},
	{"Invalid", Invalid, errdefs.ErrInvalidArgument, http.StatusBadRequest},
	{"Conflict", Conflict, errdefs.ErrConflict, http.StatusConflict},
	{"NotModified", NotModified, errdefs.ErrNotModified, http.StatusNotModified},
	{"Unauthorized", Unauthorized, errdefs.ErrUnauthenticated, http.StatusUnauthorized},
	{"Forbidden", Forbidden, errdefs.ErrPermissionDenied, http.StatusForbidden},
	{"Unavailable", Unavailable, errdefs.ErrUnavailable, http.StatusServiceUnavailable},
	{"NotImplemented", NotImplemented, errdefs.ErrNotImplemented, http.StatusNotImplemented},
	{"Internal", Internal, errdefs.ErrInternal, http.StatusInternalServerError},
}

func TestHTTPThereAndBack(t *testing.T) {
	for _, c := range classes {
		t.Run(c.name, func(t *testing.T) {
			err := c.make("no %s: %w", "luck", io.ErrUnexpectedEOF)
			if got := err.Error(); got != "no luck: unexpected EOF" {
				t.Errorf("message %q", got)
			}
			if !errors.Is(err, c.class) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error("class or cause is lost")
			}
			var cause *fs.PathError
			if !errors.As(c.make("no luck: %w", &fs.PathError{Op: "open"}), &cause) || cause.Op != "open" {
				t.Error("the cause's type is lost")
			}
			status := ToHTTP(err)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			back := FromHTTP(status, err.Error())
			if !errors.Is(back, c.class) || back.Error() != err.Error() {
				t.Errorf("came back as %v", back)
			}
			for _, other := range classes {
				if other.name != c.name && errors.Is(back, other.class) {
					t.Errorf("came back as %s too", other.name)
				}
			}
			// Who wraps it does not lose it.
			if got := ToHTTP(fmt.Errorf("starting: %w", err)); got != c.status {
				t.Errorf("wrapped, status %d", got)
			}
		})
	}
}

// The daemon, containerd and the shim speak gRPC and ttrpc with each other.
// What is as asked already is the daemon's own business and never sent there.
func TestGRPCThereAndBack(t *testing.T) {
	for _, c := range classes {
		if c.name == "NotModified" {
			continue
		}
		sent := c.make("no luck: %w", NotFound("a cause"))
		back := errgrpc.ToNative(errgrpc.ToGRPC(sent))
		if !errors.Is(back, c.class) && c.name != "Conflict" {
			t.Errorf("%s lost its class", c.name)
		}
		if got := back.Error(); got != "no luck: a cause" {
			t.Errorf("%s came back as %q", c.name, got)
		}
		if got := ToHTTP(back); got != c.status {
			t.Errorf("%s: status %d, want %d", c.name, got, c.status)
		}
	}
}

func TestToHTTP(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
	}{
		{"no class", errors.New("x"), http.StatusInternalServerError},
		{"cancelled", context.Canceled, http.StatusInternalServerError},
		{"containerd's own", fmt.Errorf("task: %w", errdefs.ErrNotFound), http.StatusNotFound},
		{"exists already", errdefs.ErrAlreadyExists, http.StatusConflict},
		{"precondition", errdefs.ErrFailedPrecondition, http.StatusConflict},
		{"out of range", errdefs.ErrOutOfRange, http.StatusBadRequest},
		{"the class given last decides", Conflict("in use: %w", NotFound("x")), http.StatusConflict},
		{"and the other way round", NotFound("x: %w", Conflict("in use")), http.StatusNotFound},
		{"also below a wrapping", fmt.Errorf("a: %w", Invalid("b: %w", Internal("c"))), http.StatusBadRequest},
		{"joined errors", errors.Join(io.EOF, NotFound("x")), http.StatusNotFound},
	} {
		if got := ToHTTP(c.err); got != c.status {
			t.Errorf("%s: status %d, want %d", c.name, got, c.status)
		}
	}
}

func TestFromHTTPUnknownStatus(t *testing.T) {
	err := FromHTTP(http.StatusTeapot, "100% teapot")
	if err.Error() != "100% teapot" || !errors.Is(err, errdefs.ErrUnknown) {
		t.Errorf("%v", err)
	}
	if got := ToHTTP(err); got != http.StatusInternalServerError {
		t.Errorf("status %d", got)
	}
}
