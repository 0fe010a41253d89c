package stream

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/moby/term"

	"github.com/callroute/callroute/engine/errdefs"
)

// kind is one of a process's two outputs, as docker's frames number them.
type kind byte

const (
	stdout kind = 1
	stderr kind = 2
)

// JoinConfig says what a client wants of the process.
type JoinConfig struct {
	Stdin, Stdout, Stderr bool
	// DetachKeys end the copy when they are typed: docker's notation
	// ("ctrl-p,ctrl-q"). Empty is the default. They count only for a terminal.
	DetachKeys string
}

// Conn is the client's connection. For a terminal only Stdout is written.
// NewFrames makes Stdout and Stderr of one connection.
type Conn struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Client is one attached connection. From Join on it misses nothing.
type Client struct {
	streams *Streams
	config  JoinConfig
	detach  []byte

	// Under streams.mu:
	queue  []piece
	queued int           // bytes that Copy has not written yet
	took   time.Time     // when it last took some, or the queue began to fill
	more   chan struct{} // holds one token when there is something to look at
	gone   bool
	cut    error // why, if it did not leave by itself
}

// piece is output of one kind in the order it was read.
type piece struct {
	kind kind
	data []byte
}

// Attach is Join and Copy, for callers that need nothing to happen between
// the two.
func (s *Streams) Attach(ctx context.Context, config JoinConfig, conn Conn) error {
	client, err := s.Join(config)
	if err != nil {
		return err
	}
	return client.Copy(ctx, conn)
}

// Join adds a client, whose output is kept from now on until Copy takes it:
// join, then answer the request, then start the process, and nothing is lost.
// An error is about the detach keys, or that the streams are closed.
func (s *Streams) Join(config JoinConfig) (*Client, error) {
	keys := config.DetachKeys
	if keys == "" {
		keys = "ctrl-p,ctrl-q"
	}
	detach, err := term.ToBytes(keys)
	if err != nil {
		return nil, errdefs.Invalid("Invalid detach keys (%s) provided: %w", keys, err)
	}
	c := &Client{streams: s, config: config, detach: detach, more: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errdefs.Conflict("%w", errClosed)
	}
	s.clients = append(s.clients, c)
	return c, nil
}

// Copy moves bytes until the output ended and the client has all of it (nil),
// the client left (nil, or the error of its connection), ctx ended
// (ctx.Err()), the detach keys were typed (ErrDetached), or the client was
// cut off (ErrStalled). The caller closes the connection afterwards, which
// ends what may still wait for it. Call it once.
//
// A client whose stdin ends has left, unless that ends the process's stdin
// too: then it still wants the answer.
func (c *Client) Copy(ctx context.Context, conn Conn) error {
	defer c.Leave()
	output := make(chan error, 1)
	go func() { output <- c.copyOutput(conn) }()
	input := make(chan error, 1)
	if c.config.Stdin && conn.Stdin != nil && c.streams.config.Stdin {
		go func() { input <- c.copyInput(conn.Stdin) }()
	}
	for {
		select {
		case err := <-output:
			return err
		case err := <-input:
			if errors.Is(err, errInputClosed) {
				continue
			}
			if err == nil && c.streams.config.StdinOnce && !c.streams.config.Terminal {
				if err := c.streams.CloseStdin(); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
			c.Leave()
			return c.lastOutput(ctx, output)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lastOutput lets a client that has left have what was queued for it.
func (c *Client) lastOutput(ctx context.Context, output <-chan error) error {
	select {
	case err := <-output:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errInputClosed says that the process's stdin ended before the client's.
var errInputClosed = errors.New("the stdin of the process is closed")

// copyInput moves what the client types until its stdin ends (nil; how is not
// asked, a broken connection is one that ended).
func (c *Client) copyInput(from io.Reader) error {
	if c.streams.config.Terminal {
		from = term.NewEscapeProxy(from, c.detach)
	}
	buf := make([]byte, readSize)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := c.streams.input.Write(buf[:n]); err != nil {
				return errInputClosed
			}
		}
		var escape term.EscapeError
		switch {
		case errors.As(err, &escape):
			return ErrDetached
		case err != nil:
			return nil //nolint:nilerr // see above
		}
	}
}

// copyOutput writes the queue until the output ended or the client is gone.
func (c *Client) copyOutput(conn Conn) error {
	to := map[kind]io.Writer{stdout: conn.Stdout, stderr: conn.Stderr}
	for {
		pieces, last, err := c.take()
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if w := to[p.kind]; w != nil {
				if _, err := w.Write(p.data); err != nil {
					return err
				}
			}
			if err := c.taken(len(p.data)); err != nil {
				return err
			}
		}
		if last && len(pieces) == 0 {
			return nil
		}
		if len(pieces) > 0 {
			continue
		}
		select {
		case <-c.more:
		case <-c.streams.ended:
		}
	}
}

// take is what waits in the queue, and whether more can come.
func (c *Client) take() (pieces []piece, last bool, err error) {
	c.streams.mu.Lock()
	defer c.streams.mu.Unlock()
	pieces, c.queue = c.queue, nil
	last = c.gone
	select {
	case <-c.streams.ended:
		last = true
	default:
	}
	return pieces, last, c.cut
}

func (c *Client) taken(n int) error {
	c.streams.mu.Lock()
	defer c.streams.mu.Unlock()
	c.queued -= n
	c.took = time.Now()
	c.streams.room.Broadcast()
	return c.cut
}

// Leave takes the client out. Copy does it by itself.
func (c *Client) Leave() {
	c.streams.mu.Lock()
	defer c.streams.mu.Unlock()
	c.leave(nil)
}

// leave is called with the streams' lock held.
func (c *Client) leave(cut error) {
	if c.gone {
		return
	}
	c.gone, c.cut = true, cut
	clients := c.streams.clients
	if i := slices.Index(clients, c); i >= 0 {
		c.streams.clients = slices.Delete(slices.Clone(clients), i, i+1)
	}
	c.wake()
	c.streams.room.Broadcast()
}

// push queues bytes; the streams' lock is held.
func (c *Client) push(kind kind, p []byte) {
	if (kind == stdout && !c.config.Stdout) || (kind == stderr && !c.config.Stderr) {
		return
	}
	if c.queued == 0 {
		c.took = time.Now()
	}
	c.queued += len(p)
	// Small writes are put together: a piece costs more than its bytes.
	if n := len(c.queue); n > 0 && c.queue[n-1].kind == kind && len(c.queue[n-1].data)+len(p) <= readSize {
		c.queue[n-1].data = append(c.queue[n-1].data, p...)
	} else {
		c.queue = append(c.queue, piece{kind: kind, data: slices.Clone(p)})
	}
	c.wake()
}

func (c *Client) wake() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}
