package container

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/moby/sys/atomicwriter"
	"github.com/opencontainers/runc/libcontainer"
)

// ProcessOptions say how a new process is tied to the world outside.
type ProcessOptions struct {
	// ConsoleSocket is a unix socket that is sent the terminal's master. A
	// detached process with a terminal needs it.
	ConsoleSocket string
	// PidfdSocket is a unix socket that is sent a pidfd of the process.
	PidfdSocket string
	// PidFile is written with the process id once the process was started.
	PidFile string
	// PreserveFDs is how many descriptors after standard error are passed on.
	PreserveFDs int
}

// absolute makes the paths independent of the working folder, which becomes
// the bundle.
func (o ProcessOptions) absolute() (ProcessOptions, error) {
	for _, path := range []*string{&o.ConsoleSocket, &o.PidfdSocket, &o.PidFile} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return o, err
		}
		*path = abs
	}
	return o, nil
}

// attachment says who holds the other end of a process's stdio.
type attachment struct {
	// foreground: this program stays and copies.
	foreground bool
	// terminal: the process has a terminal.
	terminal bool
}

// wiring is the stdio of one process while it is started and, in the
// foreground, until it ended.
type wiring struct {
	// childEnds are closed once the child has them.
	childEnds []io.Closer
	// ourEnds are closed when everything was copied.
	ourEnds []io.Closer
	copies  sync.WaitGroup
	// terminal is nil unless the process has one in the foreground.
	terminal *terminal
	stdio    Stdio
	pidFile  string
}

// connect gives the process its stdio: a terminal whose master goes to the
// console socket or stays here, pipes that are copied, or ours as it is.
func (s Stdio) connect(c *libcontainer.Container, p *libcontainer.Process, a attachment, o ProcessOptions) (*wiring, error) {
	if err := preserveFDs(p, o.PreserveFDs); err != nil {
		return nil, err
	}
	detached := !a.foreground
	if detached && a.terminal && o.ConsoleSocket == "" {
		return nil, errors.New("cannot allocate tty if runc will detach without setting console socket")
	}
	if o.ConsoleSocket != "" && (a.foreground || !a.terminal) {
		return nil, errors.New("cannot use console socket if runc will not detach or allocate tty")
	}

	w := &wiring{stdio: s, pidFile: o.PidFile}
	var err error
	switch {
	case a.terminal && detached:
		p.ConsoleSocket, err = w.dial(o.ConsoleSocket)
	case a.terminal:
		err = w.openTerminal(p, s)
	case detached:
		p.Stdin, p.Stdout, p.Stderr = s.In, s.Out, s.Err
	default:
		err = w.openPipes(c, p, s)
	}
	if err == nil && o.PidfdSocket != "" {
		p.PidfdSocket, err = w.dial(o.PidfdSocket)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// dial connects to a unix socket on behalf of the child.
func (w *wiring) dial(path string) (*os.File, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	f, err := conn.File()
	if err != nil {
		return nil, err
	}
	w.childEnds = append(w.childEnds, f)
	return f, nil
}

// openPipes puts pipes between the process and our stdio. Pipes, not our own
// files, because criu can dump them.
func (w *wiring) openPipes(c *libcontainer.Container, p *libcontainer.Process, s Stdio) error {
	config := c.Config()
	uid, err := config.HostRootUID()
	if err != nil {
		return err
	}
	gid, err := config.HostRootGID()
	if err != nil {
		return err
	}
	pipes, err := p.InitializeIO(uid, gid)
	if err != nil {
		return err
	}
	for _, end := range []any{p.Stdin, p.Stdout, p.Stderr} {
		if c, ok := end.(io.Closer); ok {
			w.childEnds = append(w.childEnds, c)
		}
	}
	w.ourEnds = append(w.ourEnds, pipes.Stdin, pipes.Stdout, pipes.Stderr)
	// Nobody waits for the input: it may stay open longer than the process
	// lives.
	go func() {
		_, _ = io.Copy(pipes.Stdin, s.In)
		_ = pipes.Stdin.Close()
	}()
	w.copies.Go(func() { _, _ = io.Copy(s.Out, pipes.Stdout) })
	w.copies.Go(func() { _, _ = io.Copy(s.Err, pipes.Stderr) })
	return nil
}

// started completes the wiring of a process that exists by now: the terminal
// has arrived, the child's ends are closed here, the pid is written.
func (w *wiring) started(p *libcontainer.Process) error {
	if w.terminal != nil {
		if err := w.terminal.arrived(w, w.stdio); err != nil {
			return err
		}
	}
	w.closeChildEnds()
	if w.pidFile == "" {
		return nil
	}
	pid, err := p.Pid()
	if err != nil {
		return err
	}
	// Whoever waits for the file must never read half of it.
	if err := atomicwriter.WriteFile(w.pidFile, []byte(strconv.Itoa(pid)), 0o644); err != nil {
		return fmt.Errorf("pid file: %w", err)
	}
	return nil
}

func (w *wiring) closeChildEnds() {
	for _, c := range w.childEnds {
		_ = c.Close()
	}
	w.childEnds = nil
}

// close waits until the output was copied and closes everything.
func (w *wiring) close() {
	w.closeChildEnds()
	if w.terminal != nil {
		w.terminal.shutdown()
	}
	w.copies.Wait()
	for _, c := range w.ourEnds {
		_ = c.Close()
	}
	if w.terminal != nil {
		w.terminal.reset()
	}
}

// resize gives the process's terminal the size of ours.
func (w *wiring) resize() {
	if w.terminal != nil {
		w.terminal.resize()
	}
}
