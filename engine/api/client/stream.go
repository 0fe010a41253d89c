package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/callroute/callroute/engine/errdefs"
)

// Stream is a connection that carries a process's input and output. Output of
// a process without a terminal is in frames, see stdcopy.
type Stream struct {
	conn   net.Conn
	unread *bufio.Reader // what came with the answer, then the connection
	stop   func() bool
}

// Read reads the process's output.
func (s *Stream) Read(p []byte) (int, error) { return s.unread.Read(p) }

// Write writes to the process's input.
func (s *Stream) Write(p []byte) (int, error) { return s.conn.Write(p) }

// CloseWrite ends the input: the process reads its end.
func (s *Stream) CloseWrite() error {
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close leaves the process. It may be called more than once.
func (s *Stream) Close() error {
	s.stop()
	return s.conn.Close()
}

// hijack posts a request whose connection becomes a stream. The stream ends
// with ctx.
func (t *transport) hijack(ctx context.Context, path string, query url.Values, body any) (*Stream, error) {
	for {
		version := t.version.Load()
		r, err := newRequest(ctx, http.MethodPost, "/v"+*version+path, payload{query: query, body: body})
		if err != nil {
			return nil, err
		}
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "tcp")
		stream, err := t.takeOver(ctx, r)
		if err != nil && t.fallBack(version, err) {
			continue
		}
		return stream, err
	}
}

// takeOver sends a request over a connection of its own, which net/http would
// not give back for a status of 200.
func (t *transport) takeOver(ctx context.Context, r *http.Request) (stream *Stream, err error) {
	began := time.Now()
	defer func() { t.trace(r, time.Since(began), err) }()
	conn, err := t.dial(ctx)
	if err != nil {
		return nil, t.unsent(r, err)
	}
	stream = &Stream{conn: conn, unread: bufio.NewReader(conn)}
	// A read that waits sees a deadline; and closing, as at the end, could
	// meet a descriptor that is somebody else's by now.
	stream.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if err := upgrade(stream, r); err != nil {
		_ = stream.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	t.agreed.Store(true)
	return stream, nil
}

func upgrade(stream *Stream, r *http.Request) error {
	if err := r.Write(stream.conn); err != nil {
		return fmt.Errorf("sending a request: %w", err)
	}
	resp, err := http.ReadResponse(stream.unread, r)
	if err != nil {
		return fmt.Errorf("reading the daemon's answer: %w", err)
	}
	// After these two the rest of the connection is no body but the stream.
	if resp.StatusCode == http.StatusSwitchingProtocols || resp.StatusCode == http.StatusOK {
		return nil
	}
	defer resp.Body.Close()
	if err := failure(resp); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxMessage))
	return errdefs.Internal("the daemon does not hand over the connection: %s", resp.Status)
}
