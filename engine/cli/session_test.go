package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/console"
	"github.com/moby/term"
	"golang.org/x/sys/unix"
)

// runner is a daemon that runs one container, in this process.
type runner struct {
	t       *testing.T
	tty     bool
	missing bool // the image is to be pulled first
	refuse  string
	process func(in io.Reader, out io.Writer) (code int)

	mu      sync.Mutex
	asked   []string
	started chan struct{}
	ended   chan int
	resized chan string
	signals chan string
}

// serve starts the daemon and returns its address.
func (r *runner) serve() string {
	r.t.Helper()
	r.started, r.ended = make(chan struct{}), make(chan int, 2)
	r.resized, r.signals = make(chan string, 10), make(chan string, 10)
	socket := filepath.Join(r.t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		r.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1.50/containers/create", r.create)
	mux.HandleFunc("GET /v1.50/containers/c1/json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"Id":"c1","Config":{"Tty":%t,"OpenStdin":true},"HostConfig":{},"State":{"Running":true}}`, r.tty)
	})
	mux.HandleFunc("POST /v1.50/images/create", func(w http.ResponseWriter, _ *http.Request) {
		r.missing = false
		_, _ = io.WriteString(w, `{"status":"Pull complete","id":"aa","progressDetail":{}}`)
	})
	mux.HandleFunc("POST /v1.50/containers/c1/attach", r.attach)
	mux.HandleFunc("POST /v1.50/containers/c1/wait", func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		fmt.Fprintf(w, `{"StatusCode":%d}`, <-r.ended)
	})
	mux.HandleFunc("POST /v1.50/containers/c1/start", func(w http.ResponseWriter, _ *http.Request) {
		if r.refuse != "" {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": r.refuse})
			return
		}
		close(r.started)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /v1.50/containers/c1/resize", func(_ http.ResponseWriter, q *http.Request) { r.resized <- q.URL.RawQuery })
	mux.HandleFunc("POST /v1.50/containers/c1/kill", func(_ http.ResponseWriter, q *http.Request) { r.signals <- q.URL.RawQuery })
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			r.mu.Lock()
			r.asked = append(r.asked, strings.TrimPrefix(q.URL.Path, "/v1.50"))
			r.mu.Unlock()
			mux.ServeHTTP(w, q)
		}),
	}}
	server.Start()
	r.t.Cleanup(func() {
		r.ended <- 0 // for who still waits
		server.Close()
	})
	return "unix://" + socket
}

func (r *runner) create(w http.ResponseWriter, _ *http.Request) {
	if r.missing {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"No such image: box:latest"}`)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"Id":"c1"}`)
}

// attach runs the container's process on the connection, once it is started.
func (r *runner) attach(w http.ResponseWriter, _ *http.Request) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		r.t.Error(err)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
	select {
	case <-r.started:
	case <-time.After(10 * time.Second):
		return
	}
	var out io.Writer = conn
	if !r.tty {
		out = frames{conn}
	}
	r.ended <- r.process(buffered, out)
}

// frames writes stdout's frames.
type frames struct{ w io.Writer }

func (f frames) Write(p []byte) (int, error) {
	head := []byte{1, 0, 0, 0, byte(len(p) >> 24), byte(len(p) >> 16), byte(len(p) >> 8), byte(len(p))}
	_, err := f.w.Write(append(head, p...))
	return len(p), err
}

func (r *runner) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

func TestRunStays(t *testing.T) {
	r := &runner{t: t, missing: true, process: func(in io.Reader, out io.Writer) int {
		input, _ := io.ReadAll(in)
		fmt.Fprintf(out, "got %s", input)
		return 42
	}}
	host := r.serve()
	var stdout, stderr bytes.Buffer
	code := Execute(t.Context(), Config{
		Streams: Streams{In: strings.NewReader("input"), Out: &stdout, Err: &stderr}, Host: host,
	}, []string{"run", "-i", "box"})
	if code != 42 || stdout.String() != "got input" {
		t.Errorf("code %d, output %q", code, &stdout)
	}
	if want := "Unable to find image 'box:latest' locally\naa: Pull complete\n"; stderr.String() != want {
		t.Errorf("errors %q", &stderr)
	}
	// Who attaches and waits after the start misses a container that is quick.
	want := []string{
		"/containers/create", "/_ping", "/images/create", "/containers/create",
		"/containers/c1/attach", "/containers/c1/wait", "/containers/c1/start",
	}
	got := slices.DeleteFunc(r.requests(), func(path string) bool { return path == "/_ping" })
	want = slices.DeleteFunc(want, func(path string) bool { return path == "/_ping" })
	if !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
}

func TestRunRefused(t *testing.T) {
	for message, want := range map[string]int{
		`exec: "nope": executable file not found in $PATH`:     exitNotFound,
		`exec: "/nope": stat /nope: no such file or directory`: exitNotFound,
		`exec: "/etc": permission denied`:                      exitCannotRun,
		`exec: "/etc": is a directory`:                         exitCannotRun,
		"no space left on device":                              exitDaemon,
	} {
		r := &runner{t: t, refuse: message}
		host := r.serve()
		var stdout, stderr bytes.Buffer
		code := Execute(t.Context(), Config{Streams: Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr}, Host: host}, []string{"run", "box"})
		if code != want || !strings.HasPrefix(stderr.String(), "engine: Error response from daemon: "+message+"\n") {
			t.Errorf("%s: code %d, %q", message, code, &stderr)
		}
	}
}

func TestRunPassesSignalsOn(t *testing.T) {
	got := make(chan struct{})
	r := &runner{t: t, process: func(_ io.Reader, out io.Writer) int {
		_, _ = io.WriteString(out, "up\n")
		<-got
		return 5
	}}
	host := r.serve()
	ctx, stop := WithSignals(t.Context())
	defer stop()
	output, input := io.Pipe()
	go func() {
		_, _ = bufio.NewReader(output).ReadString('\n')
		_ = unix.Kill(os.Getpid(), unix.SIGTERM)
		if query := <-r.signals; query != "signal=TERM" {
			t.Errorf("sent %s", query)
		}
		close(got)
		_, _ = io.Copy(io.Discard, output)
	}()
	code := Execute(ctx, Config{Streams: Streams{In: strings.NewReader(""), Out: input, Err: io.Discard}, Host: host}, []string{"run", "box"})
	if code != 5 {
		t.Errorf("code %d: the signal ended the program and not the container", code)
	}
}

func TestInterrupted(t *testing.T) {
	hold := make(chan struct{})
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		_ = unix.Kill(os.Getpid(), unix.SIGINT)
		<-hold
	})}}
	server.Start()
	defer server.Close()
	defer close(hold)
	ctx, stop := WithSignals(t.Context())
	defer stop()
	var stderr bytes.Buffer
	code := Execute(ctx, Config{Streams: Streams{In: strings.NewReader(""), Out: io.Discard, Err: &stderr}, Host: "unix://" + socket}, []string{"events"})
	if code != 130 || stderr.Len() > 0 {
		t.Errorf("code %d, %q", code, &stderr)
	}
}

// person is a terminal and who sits at it.
type person struct {
	keyboard console.Console // the person's side
	terminal *os.File        // the program's side
	seen     chan string     // what is shown, as it comes
}

func sit(t *testing.T) *person {
	t.Helper()
	keyboard, path, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close(); _ = keyboard.Close() })
	p := &person{keyboard, terminal, make(chan string, 100)}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := keyboard.Read(b)
			if err != nil {
				return
			}
			p.seen <- string(b[:n])
		}
	}()
	return p
}

// waitFor reads until a text is shown.
func (p *person) waitFor(t *testing.T, text string) string {
	t.Helper()
	all := ""
	for !strings.Contains(all, text) {
		select {
		case s := <-p.seen:
			all += s
		case <-time.After(5 * time.Second):
			t.Fatalf("%q was not shown, only %q", text, all)
		}
	}
	return all
}

func (p *person) streams() Streams { return Streams{In: p.terminal, Out: p.terminal, Err: p.terminal} }

func TestTerminal(t *testing.T) {
	p := sit(t)
	if err := p.keyboard.Resize(console.WinSize{Height: 24, Width: 80}); err != nil {
		t.Fatal(err)
	}
	before, err := term.SaveState(p.terminal.Fd())
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{t: t, tty: true, process: func(in io.Reader, out io.Writer) int {
		_, _ = io.WriteString(out, "prompt> ")
		key := make([]byte, 1)
		if _, err := in.Read(key); err != nil || key[0] != 'x' {
			t.Errorf("read %q, %v", key, err)
		}
		_, _ = io.WriteString(out, "done")
		return 3
	}}
	host := r.serve()
	code := make(chan int, 1)
	go func() {
		code <- Execute(t.Context(), Config{Streams: p.streams(), Host: host}, []string{"run", "-it", "box"})
	}()
	p.waitFor(t, "prompt> ")
	if got := <-r.resized; got != "h=24&w=80" {
		t.Errorf("the first size is %s", got)
	}
	if err := p.keyboard.Resize(console.WinSize{Height: 30, Width: 100}); err != nil {
		t.Fatal(err)
	}
	_ = unix.Kill(os.Getpid(), unix.SIGWINCH)
	if got := <-r.resized; got != "h=30&w=100" {
		t.Errorf("the next size is %s", got)
	}
	// A single key arrives without a newline: the terminal is raw.
	_, _ = io.WriteString(p.keyboard, "x")
	p.waitFor(t, "done")
	if got := <-code; got != 3 {
		t.Errorf("code %d", got)
	}
	after, err := term.SaveState(p.terminal.Fd())
	if err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %v", err)
	}
}

func TestDetach(t *testing.T) {
	for _, test := range []struct {
		name, command, keys, error string
		code                       int
	}{
		{"usual keys", "run -it box", "\x10\x11", "", 0},
		{"keys of one's own", "run -it --detach-keys ctrl-a,d box", "\x01d", "", 0},
		{"attach", "attach c1", "\x10\x11", "read escape sequence\r\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sit(t)
			left := make(chan struct{})
			r := &runner{t: t, tty: true, process: func(in io.Reader, out io.Writer) int {
				_, _ = io.WriteString(out, "prompt> ")
				_, _ = io.Copy(io.Discard, in)
				close(left)
				return 0
			}}
			host := r.serve()
			if strings.HasPrefix(test.command, "attach") {
				close(r.started)
			}
			code := make(chan int, 1)
			go func() {
				code <- Execute(t.Context(), Config{Streams: p.streams(), Host: host}, strings.Fields(test.command))
			}()
			p.waitFor(t, "prompt> ")
			_, _ = io.WriteString(p.keyboard, test.keys)
			if got := <-code; got != test.code {
				t.Errorf("code %d, want %d", got, test.code)
			}
			<-left // the connection is closed
			if test.error != "" {
				p.waitFor(t, test.error)
			}
		})
	}
	t.Run("keys that are none", func(t *testing.T) {
		p := sit(t)
		r := &runner{t: t, tty: true, process: func(io.Reader, io.Writer) int { return 0 }}
		host := r.serve()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		Execute(ctx, Config{Streams: p.streams(), Host: host}, []string{"run", "-it", "--detach-keys", "nonsense", "box"})
		p.waitFor(t, "invalid detach keys (nonsense)")
	})
}
