package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"github.com/containerd/go-runc"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/shim/types"
)

// Reaper collects the ends of all children of this program: those that it
// started, which are the runtime's short runs, and those that it inherited,
// which are the container's processes.
//
// There can be but one, as the kernel tells each end once: nothing else in the
// program may wait for a child. go-runc leaves its waiting to a monitor, which
// a Reaper is.
//
// A process may end before anybody knows its pid: `true` is over before the
// runtime that made it has returned. Whoever is about to learn a pid calls
// Expect first; from then on no end is forgotten until release.
type Reaper struct {
	mu        sync.Mutex
	claimed   map[int]chan types.Exit // by pid, of those who wait for it
	unclaimed map[int]types.Exit      // ends that nobody has asked for, while expected
	expecting int
}

// NewReaper makes a reaper; Run must be running before a process is started.
func NewReaper() *Reaper {
	return &Reaper{claimed: make(map[int]chan types.Exit), unclaimed: make(map[int]types.Exit)}
}

// Run makes this program the parent of its orphaned descendants and collects
// ends until ctx is done.
func (r *Reaper) Run(ctx context.Context) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, unix.SIGCHLD)
	go func() {
		defer signal.Stop(ends)
		for {
			select {
			case <-ends:
				r.reap()
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

// reap takes every end there is. One SIGCHLD may stand for many.
func (r *Reaper) reap() {
	for {
		// Under the lock, so that Start's pid is claimed before its end comes.
		r.mu.Lock()
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			r.mu.Unlock()
			continue
		}
		if err != nil || pid <= 0 {
			r.mu.Unlock()
			return
		}
		r.deliver(types.Exit{Pid: pid, Status: exitStatus(status), At: time.Now()})
		r.mu.Unlock()
	}
}

func (r *Reaper) deliver(exit types.Exit) {
	if waiter, ok := r.claimed[exit.Pid]; ok {
		delete(r.claimed, exit.Pid)
		waiter <- exit // buffered: nobody is waited for
		return
	}
	if r.expecting > 0 {
		r.unclaimed[exit.Pid] = exit
	}
}

// Expect keeps the ends of all processes from now on. Claim gives the end of
// one, past or future; release forgets the rest.
func (r *Reaper) Expect() (claim func(pid int) <-chan types.Exit, release func()) {
	r.mu.Lock()
	r.expecting++
	r.mu.Unlock()
	claim = func(pid int) <-chan types.Exit {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.claim(pid)
	}
	release = sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.expecting--; r.expecting == 0 {
			clear(r.unclaimed)
		}
	})
	return claim, release
}

func (r *Reaper) claim(pid int) chan types.Exit {
	waiter := make(chan types.Exit, 1)
	if exit, ok := r.unclaimed[pid]; ok {
		delete(r.unclaimed, pid)
		waiter <- exit
	} else {
		r.claimed[pid] = waiter
	}
	return waiter
}

// Start starts a command whose end Wait gives. It is part of go-runc's
// monitor.
func (r *Reaper) Start(cmd *exec.Cmd) (chan runc.Exit, error) {
	r.mu.Lock()
	if err := cmd.Start(); err != nil {
		r.mu.Unlock()
		return nil, err
	}
	ended := r.claim(cmd.Process.Pid)
	r.mu.Unlock()
	ends := make(chan runc.Exit, 1)
	go func() {
		exit := <-ended
		ends <- runc.Exit{Timestamp: exit.At, Pid: exit.Pid, Status: exit.Status}
	}()
	return ends, nil
}

// StartLocked is Start for a command with a parent-death signal, which the
// kernel sends when the thread that started it ends. Go ends no thread but
// one that a goroutine has locked and left, so it is enough to hold on to it
// for the start.
func (r *Reaper) StartLocked(cmd *exec.Cmd) (chan runc.Exit, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return r.Start(cmd)
}

// Wait waits for a command of Start: for its end, and for what it printed.
func (r *Reaper) Wait(cmd *exec.Cmd, ends chan runc.Exit) (int, error) {
	exit := <-ends
	// The child is reaped already, so this finds none; it still waits for
	// the copying of its output.
	_ = cmd.Wait()
	return exit.Status, nil
}

// exitStatus is the status as a shell tells it.
func exitStatus(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
