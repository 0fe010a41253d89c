package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// stuck is a connection whose client reads nothing until it is closed.
type stuck struct{ closed chan struct{} }

func (s stuck) Write([]byte) (int, error) { <-s.closed; return 0, net.ErrClosed }

func TestStalledClientIsCutOff(t *testing.T) {
	s := newStreams(t, Config{})
	s.stall = 200 * time.Millisecond
	fifos, err := s.Open(Log{})
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, s, fifos)
	conn := stuck{make(chan struct{})}
	dead := copying(t.Context(), join(t, s, JoinConfig{Stdout: true}), Conn{Stdout: conn})
	idle := join(t, s, JoinConfig{Stdout: true}) // never copies
	var got bytes.Buffer
	live := copying(t.Context(), join(t, s, JoinConfig{Stdout: true}), Conn{Stdout: &got})

	const size = QueueLimit + 4<<20
	start := time.Now()
	if _, err := p.stdout.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	p.exit()
	drain(t, s)
	if took := time.Since(start); took < s.stall || took > 20*s.stall {
		t.Errorf("the process waited %v", took)
	}
	if err := result(t, live); err != nil || got.Len() != size {
		t.Errorf("the client that reads has %d of %d bytes: %v", got.Len(), size, err)
	}
	if err := idle.Copy(t.Context(), Conn{Stdout: io.Discard}); !errors.Is(err, ErrStalled) {
		t.Errorf("idle client: %v", err)
	}
	close(conn.closed)
	if err := result(t, dead); err == nil {
		t.Error("the stuck client ended well")
	}
}

func TestSlowClientHasTheRestAfterTheProcess(t *testing.T) {
	s, p := openStreams(t, Config{}, Log{})
	late := join(t, s, JoinConfig{Stdout: true})
	const size = QueueLimit + readSize + 60<<10
	written := make(chan error, 1)
	go func() {
		_, err := p.stdout.Write(make([]byte, size))
		p.exit()
		written <- err
	}()
	if err := result(t, written); err != nil { // the pipe takes what the queue does not
		t.Fatal(err)
	}
	drain(t, s) // nobody reads, and it returns
	var got bytes.Buffer
	if err := late.Copy(t.Context(), Conn{Stdout: &got}); err != nil || got.Len() != size {
		t.Errorf("%d of %d bytes: %v", got.Len(), size, err)
	}
}

func readAll(t *testing.T, f *os.File, want int) string {
	t.Helper()
	buf := make([]byte, want)
	f.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := io.ReadFull(f, buf)
	if err != nil {
		t.Fatalf("stdin: %v after %q", err, buf[:n])
	}
	return string(buf)
}

func TestStdinOnce(t *testing.T) {
	told := make(chan struct{})
	s := newStreams(t, Config{Stdin: true, StdinOnce: true, StdinClosed: func() { close(told) }})
	// Attached and typed before the process exists, as docker run -i does.
	client := join(t, s, JoinConfig{Stdin: true, Stdout: true})
	var got bytes.Buffer
	done := copying(t.Context(), client, Conn{Stdin: strings.NewReader("hello"), Stdout: &got})
	fifos, err := s.Open(Log{})
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, s, fifos)
	created(t, s)
	if in := readAll(t, p.stdin, 5); in != "hello" {
		t.Errorf("stdin: %q", in)
	}
	<-told
	if n, err := p.stdin.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the client's end: %d %v", n, err)
	}
	// The client that half-closed still has the answer.
	p.stdout.WriteString("olleh")
	p.exit()
	drain(t, s)
	if err := result(t, done); err != nil || got.String() != "olleh" {
		t.Errorf("%q %v", got.String(), err)
	}
}

func TestStdinThatStays(t *testing.T) {
	s, p := openStreams(t, Config{Stdin: true, StdinClosed: func() { t.Error("closed while the process ran") }}, Log{})
	for _, text := range []string{"first", "again"} {
		c := join(t, s, JoinConfig{Stdin: true, Stdout: true})
		if err := result(t, copying(t.Context(), c, Conn{Stdin: strings.NewReader(text), Stdout: io.Discard})); err != nil {
			t.Error(err)
		}
		if in := readAll(t, p.stdin, 5); in != text {
			t.Errorf("stdin: %q", in)
		}
	}
	// A client whose stdin is still open when the process ends has all output.
	reader, writer := io.Pipe()
	defer writer.Close()
	c := join(t, s, JoinConfig{Stdin: true, Stdout: true})
	var got bytes.Buffer
	done := copying(t.Context(), c, Conn{Stdin: reader, Stdout: &got})
	p.stdout.WriteString("bye")
	p.exit()
	drain(t, s)
	if err := result(t, done); err != nil || got.String() != "bye" {
		t.Errorf("%q %v", got.String(), err)
	}
}

func TestStdinOfAProcessThatDoesNotRead(t *testing.T) {
	s, p := openStreams(t, Config{Stdin: true, StdinOnce: true}, Log{})
	c := join(t, s, JoinConfig{Stdin: true, Stdout: true})
	done := copying(t.Context(), c, Conn{Stdin: bytes.NewReader(make([]byte, 1<<20)), Stdout: io.Discard})
	time.Sleep(50 * time.Millisecond) // the pipe fills up
	p.exit()
	drain(t, s)
	if err := result(t, done); err != nil {
		t.Error(err)
	}
}

func TestDetachKeys(t *testing.T) {
	tests := []struct {
		name, keys, typed, sent string
		terminal                bool
		want                    error
	}{
		{"default", "", "ab\x10\x11", "ab", true, ErrDetached},
		{"one by one", "", "a\x10b\x10\x11", "a\x10b", true, ErrDetached},
		{"own", "ctrl-x,q", "a\x18q", "a", true, ErrDetached},
		{"not the default", "ctrl-x,q", "a\x10\x11", "a\x10\x11", true, nil},
		{"no terminal", "", "a\x10\x11", "a\x10\x11", false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, p := openStreams(t, Config{Stdin: true, Terminal: test.terminal}, Log{})
			c := join(t, s, JoinConfig{Stdin: true, Stdout: true, DetachKeys: test.keys})
			typed := make([]io.Reader, 0, len(test.typed))
			for _, b := range []byte(test.typed) {
				typed = append(typed, bytes.NewReader([]byte{b}))
			}
			err := result(t, copying(t.Context(), c, Conn{Stdin: io.MultiReader(typed...), Stdout: io.Discard}))
			if !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			if in := readAll(t, p.stdin, len(test.sent)); in != test.sent {
				t.Errorf("stdin: %q, want %q", in, test.sent)
			}
		})
	}
	s := newStreams(t, Config{})
	if _, err := s.Join(JoinConfig{DetachKeys: "ctrl-?"}); err == nil || !strings.Contains(err.Error(), "Invalid detach keys (ctrl-?) provided") {
		t.Errorf("bad keys: %v", err)
	}
}

func TestCopyEndsWithItsContext(t *testing.T) {
	s, _ := openStreams(t, Config{}, Log{})
	ctx, cancel := context.WithCancel(t.Context())
	done := copying(ctx, join(t, s, JoinConfig{Stdout: true}), Conn{Stdout: io.Discard})
	cancel()
	if err := result(t, done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) != 0 {
		t.Error("the client is still there")
	}
}
