// Package client is the shim as containerd sees it: a program to launch for
// each container, and a ttrpc connection to the process that it leaves behind.
//
// Start launches the program, reads the address it answers and connects. Load
// connects again after containerd was restarted. DeleteAfterDeath runs the
// program once more to clean up after a shim that is gone. In between a *Shim
// has one method per verb, each in the file of its name; requests and answers
// are those of containerd's task API version 3, errors are of the classes of
// containerd's errdefs. A shim that is gone answers nothing: its error is of
// the class Unavailable.
//
// Any shim of containerd's runtime v2 can be launched, whether it speaks
// version 2 or 3 of the task API; one that serves gRPC instead of ttrpc
// cannot.
package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	task "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/ttrpc"

	"github.com/callroute/callroute/engine/errdefs"
)

// dialTimeout is how long a shim's socket may take to accept.
const dialTimeout = 10 * time.Second

// Shim is a connection to a running shim. Its methods may be called
// concurrently.
type Shim struct {
	id    string
	conn  *ttrpc.Client
	tasks task.TTRPCTaskService
}

// ID is the container's.
func (s *Shim) ID() string { return s.id }

// Close ends the connection; the shim runs on. It returns once OnClose has.
func (s *Shim) Close() error {
	err := s.conn.Close()
	if waitErr := s.conn.UserOnCloseWait(context.Background()); err == nil {
		err = waitErr
	}
	return err
}

// connection is whether OnClose has to be called when it ends.
type connection struct{ atomic.Int32 }

const (
	connectionNew    = iota // OnClose is not: whoever connects gets an error
	connectionInUse         // it is
	connectionClosed        // it was, if it had to be
)

// connect dials the shim that gave an answer. It takes over the log.
func connect(ctx context.Context, cfg StartConfig, a answer, shimLog io.Closer, probe probe) (*Shim, error) {
	conn, err := dial(ctx, cfg.ID, a)
	if err != nil {
		shimLog.Close()
		return nil, err
	}
	var state connection
	client := ttrpc.NewClient(conn, ttrpc.WithOnClose(func() {
		shimLog.Close()
		if state.Swap(connectionClosed) == connectionInUse && cfg.OnClose != nil {
			cfg.OnClose()
		}
	}))
	shim := &Shim{id: cfg.ID, conn: client}
	switch a.Version {
	case 2:
		shim.tasks = tasksV2{client}
	case 3:
		shim.tasks = task.NewTTRPCTaskClient(client)
	default:
		shim.Close()
		return nil, errdefs.NotImplemented("shim of %s speaks version %d of the task API", cfg.ID, a.Version)
	}
	if probe == probeAnswer {
		if _, err := shim.Connect(ctx, &task.ConnectRequest{ID: cfg.ID}); err != nil {
			shim.Close()
			return nil, err
		}
	}
	if !state.CompareAndSwap(connectionNew, connectionInUse) {
		return nil, shim.failed(ttrpc.ErrClosed)
	}
	return shim, nil
}

// probe says whether a shim must answer before it counts as connected.
type probe bool

const (
	// probeNothing is for a shim that has just been started: its socket is
	// there, itself may still come up, which the next call waits for.
	probeNothing probe = false
	// probeAnswer is for one that was started long ago: its socket takes
	// connections for a moment after its death.
	probeAnswer probe = true
)

func dial(ctx context.Context, id string, a answer) (net.Conn, error) {
	if a.Protocol != "ttrpc" {
		return nil, errdefs.NotImplemented("shim of %s serves %q, not ttrpc", id, a.Protocol)
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "unix", socketName(a.Address))
	if errors.Is(err, os.ErrNotExist) {
		return nil, errdefs.NotFound("shim of %s is gone: %w", id, err)
	}
	if err != nil {
		return nil, errdefs.Unavailable("shim of %s does not answer: %w", id, err)
	}
	return conn, nil
}

// socketName is the address for net.Dial. One without a scheme is of the old
// days: an abstract socket, padded with nothing.
func socketName(address string) string {
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		return path
	}
	return "\x00" + address
}

// failed turns the error of a call into one of the engine's classes.
func (s *Shim) failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ttrpc.ErrClosed):
		return errdefs.Unavailable("shim of %s is gone: %w", s.id, err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return errgrpc.ToNative(err)
}
