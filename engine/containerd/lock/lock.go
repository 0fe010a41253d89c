// Package lock keeps two processes of engine-containerd from using one folder,
// and tells which one does.
//
// The lock is on a file in the folder and ends with the process, however it
// ends. The file holds the process's id, which means something only while the
// lock is held.
package lock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

// fileName is the lock's in its folder.
const fileName = "lock"

// Take takes a folder, which is made if it is not there, until release or the
// end of the process. It does not wait.
func Take(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, fileName), os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = errdefs.Conflict("%s is in use by another process", dir)
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), write(f))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // nothing was written since
}

func write(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// Holder is the process that has taken a folder, 0 if none has.
func Holder(dir string) (pid int, err error) {
	f, err := os.Open(filepath.Join(dir, fileName))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return 0, nil // and closing lets go of it
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, err
	}
	data := make([]byte, 32)
	n, _ := f.ReadAt(data, 0) // fewer bytes than that are an error too
	pid, err = strconv.Atoi(strings.TrimSpace(string(data[:n])))
	if err != nil {
		return 0, fmt.Errorf("%s names no process: %w", f.Name(), err)
	}
	return pid, nil
}
