package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/sys/atomicwriter"
	"github.com/moby/sys/user"
)

// claim makes the roots ours: no other engined may use them while we do.
func (o *options) claim() (release func(), err error) {
	for _, dir := range []string{o.dataRoot, o.execRoot} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return nil, err
		}
	}
	var locks []*os.File
	unlock := func() {
		for _, f := range locks {
			f.Close()
		}
	}
	for _, dir := range []string{o.dataRoot, o.execRoot} {
		f, err := os.OpenFile(filepath.Join(dir, "engined.lock"), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			unlock()
			return nil, err
		}
		locks = append(locks, f)
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			unlock()
			return nil, fmt.Errorf("%s is in use by another engined; give this one --data-root and --exec-root of its own", dir)
		}
	}
	if err := claimPidFile(o.pidFile); err != nil {
		unlock()
		return nil, fmt.Errorf("--pidfile: %w", err)
	}
	return func() {
		os.Remove(o.pidFile)
		unlock()
	}, nil
}

// claimPidFile writes our process ID, unless the file has that of another
// engined. One that was killed leaves its file behind.
func claimPidFile(path string) error {
	if old, err := os.ReadFile(path); err == nil {
		pid := strings.TrimSpace(string(old))
		if program, err := os.Readlink(filepath.Join("/proc", pid, "exe")); err == nil && strings.HasPrefix(filepath.Base(program), "engined") {
			return fmt.Errorf("%s is that of process %s, which runs", path, pid)
		}
	}
	return atomicwriter.WriteFile(path, []byte(strconv.Itoa(os.Getpid())), 0o644)
}

// listen opens the sockets. One that a killed engine left is taken over; one
// that somebody serves is not.
func listen(hosts []string, group string) (all []net.Listener, err error) {
	defer func() {
		if err != nil {
			closeAll(all)
		}
	}()
	for _, h := range hosts {
		path := strings.TrimPrefix(h, "unix://")
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			return all, fmt.Errorf("%s is in use: something serves there already", h)
		}
		if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
			return all, fmt.Errorf("%s is in use: there is a file that is no socket", h)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return all, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return all, err
		}
		// The socket is nobody's until it has its owner.
		old := syscall.Umask(0o177)
		l, err := net.Listen("unix", path)
		syscall.Umask(old)
		if err != nil {
			return all, err
		}
		all = append(all, l)
		gid := 0
		if g, err := user.LookupGroup(group); err == nil {
			gid = g.Gid
		}
		if err := errors.Join(os.Chown(path, 0, gid), os.Chmod(path, 0o660)); err != nil {
			return all, err
		}
	}
	return all, nil
}

func closeAll(all []net.Listener) {
	for _, l := range all {
		l.Close()
	}
}
