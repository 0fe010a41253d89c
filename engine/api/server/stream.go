package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/moby/moby/api/types"
	"github.com/moby/moby/api/types/jsonstream"
)

// contentType is what a stream of output says it is. Before version 1.42
// clients were told nothing and had to look whether the container has a
// terminal.
func contentType(kind StreamKind, version apiVersion) string {
	if kind == Multiplexed && version >= 42 {
		return types.MediaTypeMultiplexedStream
	}
	return types.MediaTypeRawStream
}

// connect returns what hands the client's connection over. It is called at
// most once, and nothing is written to w afterwards.
func connect(w http.ResponseWriter, r *http.Request) Connect {
	return func(kind StreamKind) (io.ReadWriteCloser, error) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return nil, err
		}
		// The server's deadlines were for the request.
		if err := conn.SetDeadline(time.Time{}); err != nil {
			return nil, closing(conn, err)
		}
		head := "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n"
		if r.Header.Get("Upgrade") != "" {
			head = "HTTP/1.1 101 UPGRADED\r\nContent-Type: %s\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
		}
		if _, err := fmt.Fprintf(conn, head, contentType(kind, versionOf(r))); err != nil {
			return nil, closing(conn, err)
		}
		early, err := buffered.Reader.Peek(buffered.Reader.Buffered())
		if err != nil {
			return nil, closing(conn, err)
		}
		return &hijacked{Conn: conn, early: bytes.NewReader(early)}, nil
	}
}

func closing(c io.Closer, err error) error {
	_ = c.Close()
	return err
}

// hijacked is a client's connection. What came in the same packet as the
// request is read first. The rest is read from the connection itself: the
// server's own reader would end the request's context with the input, while
// there may be output for hours.
type hijacked struct {
	net.Conn
	early *bytes.Reader
}

func (h *hijacked) Read(p []byte) (int, error) {
	if h.early.Len() > 0 {
		return h.early.Read(p)
	}
	return h.Conn.Read(p)
}

// CloseWrite ends the output and leaves the input open.
func (h *hijacked) CloseWrite() error {
	if half, ok := h.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return h.Conn.Close()
}

// open returns what begins an answer of output.
func open(w http.ResponseWriter, r *http.Request) OpenWriter {
	return func(kind StreamKind) io.Writer {
		return begin(w, contentType(kind, versionOf(r)))
	}
}

// openAs is open for a body whose type does not depend on a terminal.
func openAs(w http.ResponseWriter, contentType string) OpenWriter {
	return func(StreamKind) io.Writer { return begin(w, contentType) }
}

// begin sends the status 200 at once and returns the body. The client may be
// waiting for the one while there is nothing to say in the other.
func begin(w http.ResponseWriter, contentType string) io.Writer {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	f := flushed{w, http.NewResponseController(w)}
	_ = f.control.Flush() // a client that is gone shows at the next write
	return f
}

// flushed sends every write at once.
type flushed struct {
	io.Writer
	control *http.ResponseController
}

func (f flushed) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err != nil {
		return n, err
	}
	return n, f.control.Flush()
}

// lines is an answer of JSON lines that begins with its first line.
type lines struct {
	w    http.ResponseWriter
	body io.Writer
}

// send sends one line.
func (l *lines) send(message any) error {
	line, err := encodeLine(message)
	if err != nil {
		return err
	}
	l.begin()
	_, err = l.body.Write(line)
	return err
}

// begin sends the status, if that was not done.
func (l *lines) begin() {
	if l.body == nil {
		l.body = begin(l.w, types.MediaTypeJSON)
	}
}

// progress runs a long operation whose messages are the answer. Its error is
// a status while nothing is sent, and the last line afterwards.
func progress(ctx context.Context, w http.ResponseWriter, operation func(Progress) error) error {
	out := &lines{w: w}
	err := operation(out.send)
	if err == nil {
		out.begin()
		return nil
	}
	if out.body == nil || ctx.Err() != nil {
		return err
	}
	return out.send(struct {
		Error   jsonstream.Error `json:"errorDetail"`
		Message string           `json:"error"` // what clients before 1.48 read
	}{jsonstream.Error{Message: err.Error()}, err.Error()})
}
