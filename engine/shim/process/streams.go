package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/console"
	"github.com/containerd/fifo"
	"github.com/containerd/go-runc"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

const (
	// openTimeout is how long the other side of a fifo may take to open it.
	openTimeout = 30 * time.Second
	// drainTimeout is how long a removed process's output may take to be
	// read.
	drainTimeout = 10 * time.Second
)

// pipes are the standard streams that the runtime hands to a process without
// a terminal. What the process does not have is /dev/null: go-runc would put
// the shim's own buffer there, and wait for as long as the container keeps it
// open.
type pipes struct {
	runc.IO
	null *os.File
}

func newPipes(to types.IO, uid, gid int) (*pipes, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	inner, err := runc.NewPipeIO(uid, gid, func(o *runc.IOOption) {
		o.OpenStdin, o.OpenStdout, o.OpenStderr = to.Stdin != "", to.Stdout != "", to.Stderr != ""
	})
	if err != nil {
		null.Close()
		return nil, fmt.Errorf("pipes: %w", err)
	}
	return &pipes{IO: inner, null: null}, nil
}

// Set gives the streams to the runtime, which hands them on.
func (p *pipes) Set(cmd *exec.Cmd) {
	p.IO.Set(cmd)
	if cmd.Stdout == nil {
		cmd.Stdout = p.null
	}
	if cmd.Stderr == nil {
		cmd.Stderr = p.null
	}
}

// CloseAfterStart closes the container's ends of the output here, so that
// its closing them is an end of file.
func (p *pipes) CloseAfterStart() error {
	p.null.Close()
	if c, ok := p.IO.(runc.StartCloser); ok {
		return c.CloseAfterStart()
	}
	return nil
}

func (p *pipes) Close() error {
	p.null.Close()
	return p.IO.Close()
}

// streams copies between a process and the fifos that its client has made.
//
// The shim holds both ends of each: a client that dies, and another that
// comes in its place, are no end of file and no broken pipe to the container.
// The end of output is when the shim has copied the last byte and closes.
type streams struct {
	stdin    io.Closer             // our writing end of the stdin fifo; nil without one
	closers  []io.Closer           // closed when the process is removed
	terminal *console.EpollConsole // nil without one
	consoles *consoles
	output   sync.WaitGroup // of what is still copied
}

// copyPipes opens the fifos and starts to copy. It takes over the pipes.
func copyPipes(ctx context.Context, to types.IO, pipes *pipes) (*streams, error) {
	s := &streams{closers: []io.Closer{pipes}}
	if to.Stdin != "" {
		if err := s.copyIn(to.Stdin, pipes.Stdin()); err != nil {
			s.close()
			return nil, err
		}
	}
	for _, out := range []struct {
		name string
		from io.Reader
	}{{to.Stdout, pipes.Stdout()}, {to.Stderr, pipes.Stderr()}} {
		if out.name == "" {
			continue
		}
		if err := s.copyOut(ctx, out.name, out.from); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// copyIn copies from a fifo until all that write to it have closed it, of
// which one is the shim, until CloseIO.
func (s *streams) copyIn(name string, to io.WriteCloser) error {
	if err := s.openIn(name); err != nil {
		return err
	}
	from, err := fifo.OpenFifo(context.Background(), name, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("stdin: %w", err)
	}
	s.closers = append(s.closers, from)
	go func() {
		_, _ = io.Copy(to, from) // its failure is the process's not reading
		to.Close()
		from.Close()
	}()
	return nil
}

func (s *streams) openIn(name string) error {
	w, err := fifo.OpenFifo(context.Background(), name, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("stdin: %w", err)
	}
	s.stdin = w
	s.closers = append(s.closers, w)
	return nil
}

// copyOut copies into a fifo or file until the process and its children have
// closed their end.
func (s *streams) copyOut(ctx context.Context, name string, from io.Reader) error {
	to, err := openOut(ctx, name)
	if err != nil {
		return err
	}
	s.output.Add(1)
	go func() {
		defer s.output.Done()
		_, _ = io.Copy(to, from) // its failure is the file's, which has no one to tell
		to.Close()
	}()
	s.closers = append(s.closers, to)
	return nil
}

// openOut opens where output goes. A fifo is opened for writing first, which
// waits for the reader: were it opened for both, a process could be over and
// its output gone before the reader came.
func openOut(ctx context.Context, name string) (io.WriteCloser, error) {
	path, isFile, err := outputPath(name)
	if err != nil {
		return nil, err
	}
	if isFile {
		return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	w, err := fifo.OpenFifo(ctx, path, syscall.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	r, err := fifo.OpenFifo(ctx, path, syscall.O_RDONLY, 0)
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("output: %w", err)
	}
	return &heldFifo{WriteCloser: w, reader: r}, nil
}

// heldFifo is a fifo's writing end that stays open at the other end too.
type heldFifo struct {
	io.WriteCloser
	reader io.Closer
}

func (f *heldFifo) Close() error {
	err := f.WriteCloser.Close()
	if readerErr := f.reader.Close(); err == nil {
		err = readerErr
	}
	return err
}

// outputPath is the path behind the name of an output, and whether a plain
// file may be made there.
func outputPath(name string) (path string, isFile bool, err error) {
	u, err := url.Parse(name)
	if err != nil {
		return "", false, errdefs.Invalid("output %q: %w", name, err)
	}
	switch u.Scheme {
	case "", "fifo":
		info, err := os.Stat(u.Path)
		if err != nil {
			return "", false, errdefs.Invalid("output: %w", err)
		}
		return u.Path, info.Mode()&os.ModeNamedPipe == 0, nil
	case "file":
		return u.Path, true, nil
	}
	return "", false, errdefs.NotImplemented("output to %s: is not supported", u.Scheme)
}

// closeStdin gives up our end of the stdin fifo. The process sees the end of
// its input once the client has done the same.
func (s *streams) closeStdin() error {
	if s == nil || s.stdin == nil {
		return nil
	}
	return ignoreClosed(s.stdin.Close())
}

// hangUp tells a terminal that its process is over: what is left in it is
// copied, and then the copying ends.
func (s *streams) hangUp() {
	if s != nil && s.terminal != nil {
		_ = s.consoles.remove(s.terminal)
	}
}

// drain waits until the output is copied, but not longer than a client may
// take that does not read.
func (s *streams) drain(ctx context.Context) error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	copied := make(chan struct{})
	go func() {
		s.output.Wait()
		close(copied)
	}()
	select {
	case <-copied:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends all copying.
func (s *streams) close() {
	if s == nil {
		return
	}
	for _, c := range s.closers {
		_ = c.Close()
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
