package session

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func open(t *testing.T, unshare ...string) (*Session, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir, Path: dir, Source: "/src", Unshare: unshare})
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// TestNothingIsLeft starts processes that nobody waits for, one of which ignores
// what can be ignored.
func TestNothingIsLeft(t *testing.T) {
	s, dir := open(t)
	err := s.Script(t.Context(), `
		cd "$CALLROUTE_DIR"
		sh -c 'trap "" TERM; echo $$ >deaf; while :; do sleep 1; done' &
		(sh -c 'echo $$ >orphan; exec sleep 1000' &)
		until [ -s deaf ] && [ -s orphan ]; do sleep 0.01; done`)
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, name := range []string{"deaf", "orphan"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil || syscall.Kill(pid, 0) != nil {
			t.Fatalf("%s does not run: %v", name, err)
		}
		pids = append(pids, pid)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is left: %v", pid, err)
		}
	}
}

func TestRun(t *testing.T) {
	s, dir := open(t)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, "hello"), []byte("#!/bin/sh\necho $0 $NAME $CALLROUTE_SRC; exit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Script(t.Context(), `echo NAME=value >>"$CALLROUTE_ENV"`); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	exit, err := s.Run(t.Context(), Command{Args: []string{"hello"}, Stdout: &out})
	if want := filepath.Join(dir, "hello") + " value /src\n"; err != nil || exit != 3 || out.String() != want {
		t.Errorf("exit %d, %v, printed %q, want %q", exit, err, out.String(), want)
	}
	if _, err := s.Run(t.Context(), Command{Args: []string{"no-such-program-here"}}); err == nil {
		t.Error("a program that is not there has run")
	}
	if err := s.Script(t.Context(), "echo first; echo why >&2; exit 4"); err == nil || err.Error() != "exit status 4: why" {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Script(ctx, "sleep 1000"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a script that hangs: %v", err)
	}
}

func TestNamespaces(t *testing.T) {
	if _, err := Open(Options{Dir: t.TempDir(), Unshare: []string{"moon"}}); err == nil || !strings.Contains(err.Error(), `no namespace "moon"`) {
		t.Errorf("error %v", err)
	}
	if os.Geteuid() != 0 {
		_, err := Open(Options{Dir: t.TempDir(), Unshare: []string{"network"}})
		if err == nil || !strings.Contains(err.Error(), "need root") {
			t.Errorf("error %v", err)
		}
		t.Skip("without root it is not tested that namespaces are a session's own")
	}
	s, dir := open(t, "network", "mount")
	err := s.Script(t.Context(), `
		mkdir "$CALLROUTE_DIR/mnt"
		mount -t tmpfs none "$CALLROUTE_DIR/mnt"
		readlink /proc/self/ns/net >"$CALLROUTE_DIR/net"
		grep -q lo: /proc/net/dev && [ "$(wc -l </proc/net/dev)" = 3 ]`)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(filepath.Join(dir, "net"))
	if err != nil || strings.TrimSpace(string(theirs)) == ours {
		t.Errorf("the network is ours: %s, %v", theirs, err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("the mount is in our namespace, too: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
