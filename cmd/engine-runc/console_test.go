package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/console"
	"github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// screen collects what is written to a terminal.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func watchScreen(r io.Reader) *screen {
	s := &screen{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := r.Read(buf)
			s.mu.Lock()
			s.text.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) shows(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the terminal shows "+text, func() bool { return strings.Contains(s.String(), text) })
}

func TestConsoleSocket(t *testing.T) {
	w := newWorld(t)
	socket, err := runc.NewTempConsoleSocket()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	bundle := w.bundle("c", func(s *specs.Spec) {
		shell("stty size; read line; echo got $line; exec sleep 1000")(s)
		s.Process.Terminal = true
		s.Process.ConsoleSize = &specs.Box{Width: 91, Height: 37}
	})
	w.fails("cannot allocate tty if runc will detach without setting console socket", "create", "--bundle", bundle, "c")
	w.gone("c")
	w.createOf("c", bundle, "--console-socket", socket.Path())
	master, err := socket.ReceiveMaster()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	shown := watchScreen(master)
	w.ok("start", "c")
	shown.shows(t, "37 91")
	if _, err := io.WriteString(master, "a line\n"); err != nil {
		t.Fatal(err)
	}
	shown.shows(t, "got a line")

	second, err := runc.NewTempConsoleSocket()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	pidFile := filepath.Join(t.TempDir(), "pid")
	w.ok("exec", "--detach", "--tty", "--console-socket", second.Path(), "--pid-file", pidFile, "c", "/bin/busybox", "tty")
	master, err = second.ReceiveMaster()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	watchScreen(master).shows(t, "/dev/pts/1")
	pid, err := strconv.Atoi(read(t, pidFile))
	if err != nil {
		t.Fatal(err)
	}
	reap(pid)
}

// TestForegroundTerminal runs a container on a terminal of our own.
func TestForegroundTerminal(t *testing.T) {
	w := newWorld(t)
	ours, path, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	theirs, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := ours.Resize(console.WinSize{Width: 91, Height: 37}); err != nil {
		t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(theirs.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}

	bundle := w.bundle("r", func(s *specs.Spec) {
		shell("stty size; read line; echo got $line; exit 6")(s)
		s.Process.Terminal = true
	})
	cmd := w.command("run", "--bundle", bundle, "r")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	t.Cleanup(func() {
		if t.Failed() {
			w.ok("delete", "--force", "r")
		}
	})
	shown := watchScreen(ours)
	shown.shows(t, "37 91")
	if err := ours.Resize(console.WinSize{Width: 50, Height: 20}); err != nil {
		t.Fatal(err)
	}
	// The kernel sends this to the foreground group of a controlling terminal,
	// which theirs is not.
	_ = cmd.Process.Signal(unix.SIGWINCH)
	eventually(t, "the size arrives", func() bool {
		return strings.Contains(w.ok("exec", "r", "/bin/busybox", "sh", "-c", "stty size </dev/console"), "20 50")
	})
	if _, err := io.WriteString(ours, "a line\r"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	shown.shows(t, "got a line")
	if got := cmd.ProcessState.ExitCode(); got != 6 {
		t.Errorf("exit status %d", got)
	}
	after, err := unix.IoctlGetTermios(int(theirs.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if *before != *after {
		t.Error("our terminal is not as it was")
	}
	w.gone("r")
}
