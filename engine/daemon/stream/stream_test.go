package stream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
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

func openShim(t *testing.T, s *Streams, fifos Fifos) *shim {
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
	p := &shim{
		stdin:  open(fifos.Stdin, os.O_RDONLY|unix.O_NONBLOCK),
		stdout: open(fifos.Stdout, os.O_WRONLY),
		stderr: open(fifos.Stderr, os.O_WRONLY),
	}
	if err := s.Started(); err != nil {
		t.Fatal(err)
	}
	return p
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
	fifos, err := s.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, s, fifos)
	created(t, s)
	return s, p
}

// created tells the streams that the process is there.
func created(t *testing.T, s *Streams) {
	t.Helper()
	if err := s.Created(); err != nil {
		t.Fatal(err)
	}
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
	fifos, err := s.Open(Log{Stdout: &logOut, Stderr: &logErr})
	if err != nil {
		t.Fatal(err)
	}
	if fifos.Stdin != "" {
		t.Errorf("a stdin nobody asked for: %s", fifos.Stdin)
	}
	p := openShim(t, s, fifos)
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

// TestShortProcess has ended before anybody was told that it was started.
func TestShortProcess(t *testing.T) {
	for range 100 {
		var log bytes.Buffer
		s := newStreams(t, Config{})
		fifos, err := s.Open(Log{Stdout: &log})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{fifos.Stdout, fifos.Stderr} {
			w, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			w.WriteString("all ")
			w.Close()
		}
		if err := s.Started(); err != nil {
			t.Fatal(err)
		}
		drain(t, s)
		if log.String() != "all " {
			t.Fatalf("log: %q", log.String())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReopen(t *testing.T) {
	var after bytes.Buffer
	before := &guarded{}
	first := newStreams(t, Config{Stdin: true})
	fifos, err := first.Open(Log{Stdout: before})
	if err != nil {
		t.Fatal(err)
	}
	p := openShim(t, first, fifos)
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
	fifos, err := first.Open(Log{})
	if err != nil {
		t.Fatal(err)
	}
	openShim(t, first, fifos).exit()
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
		if _, err := s.Open(Log{}); err == nil {
			t.Error("opened closed streams")
		}
		if err := s.Close(); err != nil { // removes what that Open made
			t.Error(err)
		}
	})
	t.Run("no shim came", func(t *testing.T) {
		s := newStreams(t, Config{Stdin: true})
		if _, err := s.Open(Log{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("bad name", func(t *testing.T) {
		s := New(Config{Dir: t.TempDir(), ID: "c1", ExecID: "../x"})
		if _, err := s.Open(Log{}); err == nil {
			t.Error("opened")
		}
	})
}

func TestExecLeavesTheContainersFifos(t *testing.T) {
	s, _ := openStreams(t, Config{}, Log{})
	config := s.config
	config.ExecID = "e1"
	exec := New(config)
	if _, err := exec.Open(Log{}); err != nil {
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
	fifos, err := s.Open(Log{Stdout: io.Discard})
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
