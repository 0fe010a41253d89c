package container

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/containerd/console"
	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/utils"
	"golang.org/x/sys/unix"
)

// terminal is a process's terminal in the foreground: our own terminal, raw,
// and between the two a copy in each direction.
//
// The pseudoterminal belongs to the container's own devpts, so the process
// opens it itself and sends the master back through a socket.
type terminal struct {
	ours   console.Console
	theirs *console.EpollConsole
	poller *console.Epoller
	// received is closed once receive is through; err is its outcome.
	received chan struct{}
	err      error
}

// openTerminal asks for a terminal for the process.
func (w *wiring) openTerminal(p *libcontainer.Process, s Stdio) error {
	ours, err := ourTerminal(s)
	if err != nil {
		return err
	}
	// Set before the program runs: it may look at once.
	if p.ConsoleWidth == 0 && p.ConsoleHeight == 0 {
		if size, err := ours.Size(); err == nil {
			p.ConsoleWidth, p.ConsoleHeight = size.Width, size.Height
		}
	}
	parent, child, err := utils.NewSockPair("console")
	if err != nil {
		return err
	}
	p.ConsoleSocket = child
	w.childEnds = append(w.childEnds, child)

	t := &terminal{ours: ours, received: make(chan struct{})}
	w.terminal = t
	// The process waits for the answer before it goes on, and Start for the
	// process: so this cannot wait until after Start.
	go func() {
		defer close(t.received)
		t.err = t.receive(parent)
	}()
	return nil
}

// ourTerminal is the first of stderr, stdout and stdin that is a terminal:
// any of them may be redirected. With all redirected there still is /dev/tty.
func ourTerminal(s Stdio) (console.Console, error) {
	for _, f := range []*os.File{s.Err, s.Out, s.In} {
		c, err := console.ConsoleFromFile(f)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, console.ErrNotAConsole) {
			return nil, fmt.Errorf("unable to get console: %w", err)
		}
	}
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	c, err := console.ConsoleFromFile(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("unable to get console: %w", err)
	}
	return c, nil
}

// receive takes the master off the socket and prepares both terminals.
func (t *terminal) receive(socket *os.File) error {
	master, err := receiveFile(socket)
	if err != nil {
		return err
	}
	theirs, err := console.ConsoleFromFile(master)
	if err != nil {
		master.Close()
		return err
	}
	// The process's end writes plain newlines. Ours, raw, would not return the
	// carriage otherwise, so leave that to the user's terminal alone.
	if err := console.ClearONLCR(theirs.Fd()); err != nil {
		theirs.Close()
		return err
	}
	if t.poller, err = console.NewEpoller(); err != nil {
		theirs.Close()
		return err
	}
	if t.theirs, err = t.poller.Add(theirs); err != nil {
		theirs.Close()
		return err
	}
	if err := t.ours.SetRaw(); err != nil {
		return fmt.Errorf("failed to set the terminal from the stdin: %w", err)
	}
	return nil
}

// receiveFile reads the one file descriptor that is sent over a unix socket,
// and closes the socket.
func receiveFile(socket *os.File) (*os.File, error) {
	conn, err := net.FileConn(socket)
	socket.Close()
	if err != nil {
		return nil, err
	}
	defer conn.Close()

	name, rights := make([]byte, unix.PathMax), make([]byte, unix.CmsgSpace(4))
	n, size, _, _, err := conn.(*net.UnixConn).ReadMsgUnix(name, rights)
	if err != nil {
		return nil, fmt.Errorf("receive the console: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(rights[:size])
	if err != nil || len(messages) != 1 {
		return nil, errors.New("receive the console: no file descriptor")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.New("receive the console: no file descriptor")
	}
	return os.NewFile(uintptr(fds[0]), string(name[:n])), nil
}

// arrived waits for the terminal and starts copying.
func (t *terminal) arrived(w *wiring, s Stdio) error {
	if <-t.received; t.err != nil {
		return t.err
	}
	go func() { _ = t.poller.Wait() }()
	go func() { _, _ = io.Copy(t.theirs, s.In) }()
	w.copies.Go(func() { _, _ = io.Copy(s.Out, t.theirs) })
	w.ourEnds = append(w.ourEnds, t.theirs)
	t.resize()
	return nil
}

// shutdown lets the copy end once everything was read. A process that was
// never started sends no terminal, but the end of its socket is an answer too.
func (t *terminal) shutdown() {
	<-t.received
	if t.theirs != nil {
		_ = t.theirs.Shutdown(t.poller.CloseConsole)
	}
}

// reset gives our terminal back as it was.
func (t *terminal) reset() { _ = t.ours.Reset() }

// resize gives their terminal the size of ours. Errors do not matter: ours may
// be gone after a SIGHUP.
func (t *terminal) resize() {
	if t.theirs != nil {
		_ = t.theirs.ResizeFrom(t.ours)
	}
}
