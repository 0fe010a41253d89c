package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	sys "github.com/moby/sys/signal"
	"github.com/moby/term"

	"github.com/callroute/callroute/engine/api/client"
	"github.com/callroute/callroute/engine/api/types"
)

// session joins a process's streams to the person's: pipes, or a terminal in
// raw mode.
type session struct {
	*Program
	stream *client.Stream

	tty                   bool
	stdin, stdout, stderr bool // which streams are joined
	detachKeys            string
}

// run copies until the process's output ends, or until the person detaches:
// the error is term.EscapeError then. The input's end is passed on and is not
// the session's.
func (s *session) run(ctx context.Context) error {
	defer s.stream.Close()
	var input io.Reader
	if s.stdin {
		input = s.In
	}
	if s.tty {
		restore, err := screen{s.Program}.rawMode()
		if err != nil {
			return err
		}
		defer restore()
		if s.stdin {
			if input, err = detachable(s.In, s.detachKeys); err != nil {
				return err
			}
		}
	}
	outputEnd := make(chan error, 1)
	if s.stdout || s.stderr {
		go func() { outputEnd <- s.copyOutput() }()
	}
	inputEnd := make(chan error, 1)
	go func() { inputEnd <- s.copyInput(input) }()

	for {
		select {
		case err := <-outputEnd:
			return err
		case err := <-inputEnd:
			if isDetach(err) || !s.stdout && !s.stderr {
				return err
			}
			inputEnd = nil // the output goes on
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// abandon ends a session whose process did not start. The terminal is the
// person's again when it returns.
func (s *session) abandon(end <-chan error) {
	_ = s.stream.Close()
	<-end //nolint:errcheck // that it was closed is known
}

// isDetach reports whether a session ended because the person left.
func isDetach(err error) bool {
	var detach term.EscapeError
	return errors.As(err, &detach)
}

func (s *session) copyOutput() error {
	stdout, stderr := io.Discard, io.Discard
	if s.stdout {
		stdout = s.Out
	}
	if s.stderr {
		stderr = s.Err
	}
	if s.tty {
		_, err := io.Copy(stdout, s.stream)
		return err
	}
	_, err := stdcopy.StdCopy(stdout, stderr, s.stream)
	return err
}

func (s *session) copyInput(input io.Reader) error {
	if input == nil {
		return s.stream.CloseWrite()
	}
	_, err := io.Copy(s.stream, input)
	if isDetach(err) {
		return err
	}
	// A process that is gone reads no more; its output says all.
	_ = s.stream.CloseWrite()
	return nil
}

// resizer tells a process the size of the person's terminal.
type resizer func(ctx context.Context, size types.ResizeOptions) error

// followSize sends the terminal's size now and whenever it changes, until stop
// is called.
func (cli screen) followSize(ctx context.Context, resize resizer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer signal.Stop(changed)
		// The process may not have its terminal yet.
		for wait := 10 * time.Millisecond; cli.sendSize(ctx, resize) != nil && wait < time.Second; wait *= 2 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				_ = cli.sendSize(ctx, resize) // the next change may succeed
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func (cli screen) sendSize(ctx context.Context, resize resizer) error {
	size := cli.terminalSize()
	if size.Height == 0 && size.Width == 0 {
		return nil
	}
	return resize(ctx, size)
}

// proxySignals makes the person's signals the container's, if on, until end is
// called: they do not end ctx then.
func (cli *Program) proxySignals(ctx context.Context, container string, on bool) (proxied context.Context, end func()) {
	if !on {
		return context.WithCancel(ctx)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	signals := make(chan os.Signal, 128)
	signal.Notify(signals)
	names := map[os.Signal]string{}
	for name, number := range sys.SignalMap {
		names[number] = name // of two names for one signal, either does
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if isOwnSignal(s) || names[s] == "" {
					continue
				}
				// The container may be gone, which its exit code tells.
				_ = cli.Containers.Kill(ctx, container, names[s])
			}
		}
	}()
	return ctx, func() {
		cancel()
		<-ended
	}
}

// isOwnSignal reports whether a signal is about this program: its children,
// its pipes, Go's scheduler, its terminal's size.
func isOwnSignal(s os.Signal) bool {
	switch s {
	case syscall.SIGCHLD, syscall.SIGPIPE, syscall.SIGURG, syscall.SIGWINCH:
		return true
	}
	return false
}
