package stream

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// input is the daemon's end of a process's stdin. Clients may write before
// it is open: they wait.
type input struct {
	opened, closed chan struct{}

	mu   sync.Mutex
	file *os.File
}

func newInput() *input {
	return &input{opened: make(chan struct{}), closed: make(chan struct{})}
}

// open reports whether stdin was closed before it was open.
func (in *input) open(path string) (late bool, err error) {
	// For reading too: this does not wait for the shim, and it does not fail
	// when a shim that is slow to start has not come yet.
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, fmt.Errorf("open stdin: %w", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	select {
	case <-in.closed:
		return true, file.Close()
	default:
	}
	in.file = file
	close(in.opened)
	return false, nil
}

// Write waits until the process takes it, or stdin is closed.
func (in *input) Write(p []byte) (int, error) {
	select {
	case <-in.opened:
		return in.file.Write(p)
	case <-in.closed:
		return 0, os.ErrClosed
	}
}

// close reports whether an open stdin was closed by this call.
func (in *input) close() (closed bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	select {
	case <-in.closed:
		return false, nil
	default:
	}
	close(in.closed)
	if in.file == nil {
		return false, nil
	}
	if err := in.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return true, err
	}
	return true, nil
}
