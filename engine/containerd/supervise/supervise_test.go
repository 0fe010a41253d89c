package supervise

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func config(t *testing.T) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "s") // short: a socket is in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return Config{Program: self, Root: dir, State: dir, LogLevel: "info", Log: os.Stderr}
}

func start(t *testing.T, c Config) *Process {
	t.Helper()
	p, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func runs(process *os.Process) bool { return process.Signal(syscall.Signal(0)) == nil }

func TestStartAndStop(t *testing.T) {
	c := config(t)
	p := start(t, c)
	process := p.process
	if !runs(process) {
		t.Fatal("it does not run")
	}
	p.Stop()
	if runs(process) {
		t.Error("it still runs")
	}
	if _, err := os.Stat(filepath.Join(c.State, "containerd.pid")); err == nil {
		t.Error("the file with its number is left")
	}
}

func TestStubborn(t *testing.T) {
	t.Setenv("STUBBORN", "yes")
	p := start(t, config(t))
	process, began := p.process, time.Now()
	p.Stop()
	if took := time.Since(began); runs(process) || took < endTime || took > endTime+3*time.Second {
		t.Errorf("after %v it runs: %t", took, runs(process))
	}
}

func TestStartedAgain(t *testing.T) {
	p := start(t, config(t))
	defer p.Stop()
	first := p.process.Pid
	if err := p.process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		data, err := os.ReadFile(p.pidFile())
		if err == nil && string(data) != strconv.Itoa(first) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not started again")
		}
	}
}

// TestTakeOver: one that a former daemon left is used, and ended.
func TestTakeOver(t *testing.T) {
	c := config(t)
	left := exec.Command(c.Program, "--address", filepath.Join(c.State, "containerd.sock"))
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = left.Wait() }()
	// The kernel closes what is closed on exec before it tells the new words.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		words, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(left.Process.Pid), "cmdline"))
		if err == nil && strings.Contains(string(words), c.State) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not come up")
		}
	}
	if err := os.WriteFile(filepath.Join(c.State, "containerd.pid"), []byte(strconv.Itoa(left.Process.Pid)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, c)
	if p.process.Pid != left.Process.Pid {
		t.Errorf("another was started: %d and %d", p.process.Pid, left.Process.Pid)
	}
	p.Stop()
	if runs(left.Process) {
		t.Error("it still runs")
	}
}

// TestSomebodyElse: a number that another program has by now is not ours to
// signal.
func TestSomebodyElse(t *testing.T) {
	c := config(t)
	other := exec.Command("sleep", "100")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = other.Wait(); close(ended) }()
	defer func() { _ = other.Process.Kill(); <-ended }()
	if err := os.WriteFile(filepath.Join(c.State, "containerd.pid"), []byte(strconv.Itoa(other.Process.Pid)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, c)
	if p.process.Pid == other.Process.Pid {
		t.Error("it was taken for ours")
	}
	p.Stop()
	select {
	case <-ended:
		t.Error("it was ended")
	case <-time.After(50 * time.Millisecond):
	}
}

// TestDoesNotStart: a program that ends at once is an error, and nothing is left.
func TestDoesNotStart(t *testing.T) {
	c := config(t)
	c.Program = "/bin/false"
	if _, err := Start(context.Background(), c); err == nil {
		t.Error("no error")
	}
}
