package process

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/containerd/console"
	"github.com/containerd/go-runc"

	"github.com/callroute/callroute/engine/shim/types"
)

// consoles waits for the terminals' masters to have something to read.
//
// A master cannot be read like a pipe: whenever no process has the slave open
// it fails with EIO, though another may open it soon. So the end of a
// terminal is not the end of file but the end of its process, told by remove.
type consoles struct {
	once    sync.Once
	epoller *console.Epoller
	err     error
}

func newConsoles() *consoles { return &consoles{} }

func (c *consoles) add(master console.Console) (*console.EpollConsole, error) {
	c.once.Do(func() {
		if c.epoller, c.err = console.NewEpoller(); c.err != nil {
			return
		}
		go func() {
			_ = c.epoller.Wait() // for as long as the shim lives
		}()
	})
	if c.err != nil {
		return nil, c.err
	}
	return c.epoller.Add(master)
}

func (c *consoles) remove(terminal *console.EpollConsole) error {
	return terminal.Shutdown(c.epoller.CloseConsole)
}

// copyTerminal takes the terminal's master from the runtime, which sends it
// while it makes the process, and starts to copy.
func (c *consoles) copyTerminal(ctx context.Context, to types.IO, socket *runc.Socket) (*streams, error) {
	giveUp := time.AfterFunc(openTimeout, func() { socket.Close() })
	defer giveUp.Stop()
	master, err := socket.ReceiveMaster()
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	terminal, err := c.add(master)
	if err != nil {
		master.Close()
		return nil, fmt.Errorf("terminal: %w", err)
	}
	s := &streams{terminal: terminal, consoles: c, closers: []io.Closer{terminal}}
	if to.Stdin != "" {
		if err := s.copyIn(to.Stdin, notClosed{terminal}); err != nil {
			s.close()
			return nil, err
		}
	}
	if to.Stdout != "" {
		if err := s.copyOut(ctx, to.Stdout, terminal); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// notClosed is a terminal that outlives its input.
type notClosed struct{ io.Writer }

func (notClosed) Close() error { return nil }
