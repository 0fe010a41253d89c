package stream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"golang.org/x/sys/unix"
)

// shim is the other end of the fifos, as the shim holds it.
type shim struct {
	stdin          *os.File // for reading
	stdout, stderr *os.File
}

func openShim(t *testing.T, fifos Fifos) *shim {
	t.Helper()
	open := func(path string, flag int) *os.File {
		if path == "" {
			return nil
		}
		f, err := os.OpenFile(path, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	return &shim{
		stdin:  open(fifos.Stdin, os.O_RDONLY|unix.O_NONBLOCK),
		stdout: open(fifos.Stdout, os.O_WRONLY),
		stderr: open(fifos.Stderr, os.O_WRONLY),
	}
}

func (s *shim) exit() {
	for _, f := range []*os.File{s.stdin, s.stdout, s.stderr} {
		if f != nil {
			f.Close()
		}
	}
}

func newStreams(t *testing.T, config Config) *Streams {
	t.Helper()
	before := runtime.NumGoroutine()
	config.Dir, config.ID = t.TempDir(), "c1"
	s := New(config)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(config.Dir, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(),
					stacks[:runtime.Stack(stacks, true)])
			}
			time.Sleep(time.Millisecond)
		}
	})
	return s
}

func openStreams(t *testing.T, config Config, log Log) (*Streams, *shim) {
	t.Helper()
	s := newStreams(t, config)
	fifos, err := s.Open(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return s, openShim(t, fifos)
}

func join(t *testing.T, s *Streams, config JoinConfig) *Client {
	t.Helper()
	c, err := s.Join(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// copying runs Copy and gives its result.
func copying(ctx context.Context, c *Client, conn Conn) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Copy(ctx, conn) }()
	return done
}

func result(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("did not return")
		return nil
	}
}

func drain(t *testing.T, s *Streams) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestLogAndClientsHaveEveryByte(t *testing.T) {
	var logOut, logErr bytes.Buffer
	s := newStreams(t, Config{})
	early := join(t, s, JoinConfig{Stdout: true, Stderr: true})
	onlyErr := join(t, s, JoinConfig{Stderr: true})
	fifos, err := s.Open(t.Context(), Log{Stdout: &logOut, Stderr: &logErr})
	if err != nil {
		t.Fatal(err)
	}
	if fifos.Stdin != "" {
		t.Errorf("a stdin nobody asked for: %s", fifos.Stdin)
	}
	p := openShim(t, fifos)
	p.stdout.WriteString("one\n")
	p.stderr.WriteString("two\n")
	p.stdout.WriteString("three\n")
	p.exit()
	drain(t, s)

	if got := logOut.String(); got != "one\nthree\n" {
		t.Errorf("log of stdout: %q", got)
	}
	if got := logErr.String(); got != "two\n" {
		t.Errorf("log of stderr: %q", got)
	}
	// Drained, but a client that reads late still has all.
	var out, errs, both bytes.Buffer
	if err := early.Copy(t.Context(), Conn{Stdout: &out, Stderr: &errs}); err != nil {
		t.Error(err)
	}
	if out.String() != "one\nthree\n" || errs.String() != "two\n" {
		t.Errorf("early client: %q %q", out.String(), errs.String())
	}
	if err := onlyErr.Copy(t.Context(), Conn{Stdout: &both, Stderr: &both}); err != nil {
		t.Error(err)
	}
	if both.String() != "two\n" {
		t.Errorf("client of stderr: %q", both.String())
	}
}

func TestHundredMegabytes(t *testing.T) {
	const size = 100 << 20
	logged := sha256.New()
	s, p := openStreams(t, Config{}, Log{Stdout: logged})
	want, fast, slow := sha256.New(), sha256.New(), sha256.New()
	reader, writer := io.Pipe() // a slow client: nothing is buffered in between
	one := copying(t.Context(), join(t, s, JoinConfig{Stdout: true, Stderr: true}), Conn{Stdout: fast})
	two := copying(t.Context(), join(t, s, JoinConfig{Stdout: true}), Conn{Stdout: writer})
	slowDone := make(chan struct{})
	go func() {
		defer close(slowDone)
		buf := make([]byte, 256<<10)
		for i := 0; ; i++ {
			n, err := reader.Read(buf)
			slow.Write(buf[:n])
			if err != nil {
				return
			}
			if i%500 == 0 {
				time.Sleep(5 * time.Millisecond)
			}
		}
	}()
	chunk := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{})
	for sent := 0; sent < size; sent += len(chunk) {
		random.Read(chunk)
		want.Write(chunk)
		if _, err := p.stdout.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	p.exit()
	drain(t, s)
	for _, done := range []<-chan error{one, two} {
		if err := result(t, done); err != nil {
			t.Error(err)
		}
	}
	writer.Close()
	<-slowDone
	for name, got := range map[string][]byte{"log": logged.Sum(nil), "fast": fast.Sum(nil), "slow": slow.Sum(nil)} {
		if !bytes.Equal(got, want.Sum(nil)) {
			t.Errorf("%s: other bytes than were written", name)
		}
	}
}

// stuck is a connection whose client reads nothing until it is closed.
type stuck struct{ closed chan struct{} }

func (s stuck) Write([]byte) (int, error) { <-s.closed; return 0, net.ErrClosed }

func TestStalledClientIsCutOff(t *testing.T) {
	s := newStreams(t, Config{})
	s.stall = 200 * time.Millisecond
	fifos, err := s.Open(t.Context(), Log{})
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, fifos)
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

func TestDrainDoesNotWaitForALeakedPipe(t *testing.T) {
	var log bytes.Buffer
	s, p := openStreams(t, Config{}, Log{Stdout: &log})
	p.stdout.WriteString("last words")
	p.stderr.Close() // stdout stays open in a child
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("drain: %v", err)
	}
	client := join(t, s, JoinConfig{Stdout: true})
	done := copying(t.Context(), client, Conn{Stdout: io.Discard})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := result(t, done); err != nil {
		t.Errorf("client at close: %v", err)
	}
	if log.String() != "last words" {
		t.Errorf("log: %q", log.String())
	}
	if _, err := s.Join(JoinConfig{}); err == nil {
		t.Error("joined closed streams")
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
	fifos, err := s.Open(t.Context(), Log{})
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, fifos)
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

func TestReopen(t *testing.T) {
	var after bytes.Buffer
	before := &guarded{}
	first := newStreams(t, Config{Stdin: true})
	fifos, err := first.Open(t.Context(), Log{Stdout: before})
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, fifos)
	// The shim keeps the fifos alive from both ends.
	hold, err := os.OpenFile(fifos.Stdout, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	p.stdout.WriteString("before ")
	waitFor(t, func() bool { return before.String() == "before " })
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	p.stdout.WriteString("between ")
	second := New(first.config)
	if _, err := second.Reopen(t.Context(), Log{Stdout: &after}); err != nil {
		t.Fatal(err)
	}
	hold.Close()
	c := join(t, second, JoinConfig{Stdin: true, Stdout: true})
	p.stdout.WriteString("after")
	done := copying(t.Context(), c, Conn{Stdin: strings.NewReader("in"), Stdout: io.Discard})
	if in := readAll(t, p.stdin, 2); in != "in" {
		t.Errorf("stdin: %q", in)
	}
	if err := result(t, done); err != nil {
		t.Error(err)
	}
	p.exit()
	drain(t, second)
	if got := before.String() + after.String(); got != "before between after" {
		t.Errorf("log: %q", got)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := New(first.config).Reopen(t.Context(), Log{}); err == nil {
		t.Error("reopened fifos that are gone")
	}
}

func TestReopenAfterTheShim(t *testing.T) {
	first := newStreams(t, Config{})
	fifos, err := first.Open(t.Context(), Log{})
	if err != nil {
		t.Fatal(err)
	}
	openShim(t, fifos).exit()
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second := New(first.config)
	if _, err := second.Reopen(t.Context(), Log{}); err != nil {
		t.Fatal(err)
	}
	drain(t, second)
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestNeverStarted(t *testing.T) {
	t.Run("not opened", func(t *testing.T) {
		s := newStreams(t, Config{Stdin: true})
		done := copying(t.Context(), join(t, s, JoinConfig{Stdin: true, Stdout: true}),
			Conn{Stdin: strings.NewReader("x"), Stdout: io.Discard})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := result(t, done); err != nil {
			t.Error(err)
		}
		if _, err := s.Open(t.Context(), Log{}); err == nil {
			t.Error("opened closed streams")
		}
		if err := s.Close(); err != nil { // removes what that Open made
			t.Error(err)
		}
	})
	t.Run("no shim came", func(t *testing.T) {
		s := newStreams(t, Config{Stdin: true})
		if _, err := s.Open(t.Context(), Log{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("bad name", func(t *testing.T) {
		s := New(Config{Dir: t.TempDir(), ID: "c1", ExecID: "../x"})
		if _, err := s.Open(t.Context(), Log{}); err == nil {
			t.Error("opened")
		}
	})
}

func TestExecLeavesTheContainersFifos(t *testing.T) {
	s, _ := openStreams(t, Config{}, Log{})
	config := s.config
	config.ExecID = "e1"
	exec := New(config)
	if _, err := exec.Open(t.Context(), Log{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Dir(exec.Fifos().Stdout))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v %v", info.Mode(), err)
	}
	if err := exec.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Fifos().Stdout); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(exec.Fifos().Stdout); err == nil {
		t.Error("the exec's fifo is still there")
	}
}

func TestFramesAreDockers(t *testing.T) {
	var wire bytes.Buffer
	frames := NewFrames(&wire)
	var wg sync.WaitGroup
	wantOut, wantErr := strings.Repeat("out ", 5000), strings.Repeat("e", 70000)
	for w, text := range map[io.Writer]string{frames.Stdout(): wantOut, frames.Stderr(): wantErr} {
		wg.Go(func() {
			for len(text) > 0 {
				n := min(len(text), 1000)
				if m, err := w.Write([]byte(text[:n])); m != n || err != nil {
					t.Errorf("wrote %d of %d: %v", m, n, err)
				}
				text = text[n:]
			}
		})
	}
	wg.Wait()
	var out, errs bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &errs, &wire); err != nil {
		t.Fatal(err)
	}
	if out.String() != wantOut || errs.String() != wantErr {
		t.Error("the frames hold other bytes")
	}
}

// guarded is a buffer that can be looked at while it is written.
type guarded struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.Write(p)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.String()
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not happen")
		}
	}
}

func BenchmarkAttach(b *testing.B) {
	s := New(Config{Dir: b.TempDir(), ID: "c1"})
	fifos, err := s.Open(b.Context(), Log{Stdout: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	out, err := os.OpenFile(fifos.Stdout, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	c, err := s.Join(JoinConfig{Stdout: true})
	if err != nil {
		b.Fatal(err)
	}
	go c.Copy(b.Context(), Conn{Stdout: io.Discard})
	chunk := make([]byte, 32<<10)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if _, err := out.Write(chunk); err != nil {
			b.Fatal(err)
		}
	}
	out.Close()
	s.Close()
}
