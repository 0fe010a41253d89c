package container

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/system"
	"github.com/opencontainers/runc/libcontainer/utils"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// subreaper says whether orphans of the container become our children.
type subreaper bool

// foreground stands in for a process while this program stays: signals sent
// to us reach the process, and its exit status becomes ours.
type foreground struct {
	signals chan os.Signal
	// exits tells of ended children. It is apart from signals so that no flood
	// of those can crowd it out: one element is enough, as every child that
	// ended is looked at then.
	exits chan os.Signal
}

// watch begins to collect signals. It comes before the process is started,
// else one that ends at once is never noticed.
func watch(s subreaper) *foreground {
	if s {
		if err := system.SetSubreaper(1); err != nil {
			logrus.Warn(err)
		}
	}
	f := &foreground{
		signals: make(chan os.Signal, 64),
		exits:   make(chan os.Signal, 1),
	}
	signal.Notify(f.exits, unix.SIGCHLD)
	// All 65 of them take a millisecond, which the start need not wait for.
	go signal.Notify(f.signals)
	return f
}

// wait returns the process's exit status, 128 and the signal's number if a
// signal ended it. It goes on taking signals: to stop that costs more than all
// the rest of the end, and this program ends as well.
func (f *foreground) wait(p *libcontainer.Process, w *wiring) (int, error) {
	pid, err := p.Pid()
	if err != nil {
		return 0, err
	}
	for {
		select {
		case <-f.exits:
			status, ended, err := reap(pid)
			if err != nil {
				return 0, err
			}
			if ended {
				// It was reaped, so Wait has no status to give; it waits until
				// the process's output was copied.
				_, _ = p.Wait()
				return status, nil
			}
		case s := <-f.signals:
			forward(s, p, w)
		}
	}
}

// reap reaps every child that has ended and says how the one with pid did. The
// others are orphans of the container, which nobody else would reap.
func reap(pid int) (status int, ended bool, err error) {
	for {
		var ws unix.WaitStatus
		child, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD), err == nil && child == 0:
			return status, ended, nil
		case err != nil:
			return 0, false, err
		case child == pid:
			status, ended = utils.ExitStatus(ws), true
		}
	}
}

func forward(s os.Signal, p *libcontainer.Process, w *wiring) {
	switch s {
	case unix.SIGCHLD, unix.SIGURG:
		// SIGURG is how Go preempts its own goroutines.
	case unix.SIGWINCH:
		w.resize()
	default:
		if err := p.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
			logrus.Errorf("forward signal %s: %v", s, err)
		}
	}
}

// terminate ends a process that must not go on because what belongs to it
// failed.
func terminate(p *libcontainer.Process) {
	_ = p.Signal(unix.SIGKILL)
	_, _ = p.Wait()
}
