package client

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The start action outlives a containerd that is killed, and leaves a shim
// behind which nobody knows. So it holds a lock on the bundle, which it
// inherits and knows nothing of, and which ends with it however it ends: who
// comes next waits for that before looking what there is.
//
// The lock is shared, as the serving process of some shims inherits it too.

const (
	launchTimeout = 10 * time.Second // such a process holds it for good
	launchAgain   = 10 * time.Millisecond
)

// lockLaunch is the lock of a start action, and of this process until it is
// closed.
func lockLaunch(bundle string) (*os.File, error) {
	dir, err := os.Open(bundle)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_SH); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// awaitLaunch returns once no start action works in a bundle.
func awaitLaunch(ctx context.Context, bundle string) error {
	dir, err := os.Open(bundle)
	if err != nil {
		return err
	}
	defer dir.Close()
	late := time.After(launchTimeout)
	for {
		err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		select {
		case <-time.After(launchAgain):
		case <-late:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
