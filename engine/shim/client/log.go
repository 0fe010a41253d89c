package client

import (
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/shim/bundle"
)

// openLog makes the fifo and copies from it to cfg.Log until it is closed.
//
// It is held open for reading and writing: opening waits for no shim, and the
// shim's death is no end of file that a later shim could not write past.
func openLog(cfg StartConfig) (io.Closer, error) {
	path := filepath.Join(cfg.Bundle, bundle.ShimLog)
	if err := unix.Mkfifo(path, 0o600); err != nil && err != unix.EEXIST {
		return nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	fifo, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	to := cfg.Log
	if to == nil {
		to = io.Discard
	}
	go func() {
		_, _ = io.Copy(to, fifo) // ends when fifo is closed
	}()
	return fifo, nil
}
