// Command engine-init is the first process of a container that was asked for
// with --init. It starts the container's program, hands on the signals that it
// gets, reaps what nobody else waits for, and ends as the program ends.
//
//	engine-init -- PROGRAM [ARG...]
//
// The first process of a PID namespace is sent only signals that it handles, and
// inherits every orphan: programs that were not written for that neither end on
// SIGTERM nor wait for children that are not theirs.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exit codes as a shell's.
const (
	exitUsage      = 2
	exitNotRun     = 126
	exitNotFound   = 127
	exitBySignal   = 128
	longestBacklog = 64 // signals that came before the last was handed on
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: engine-init -- PROGRAM [ARG...]")
		os.Exit(exitUsage)
	}
	os.Exit(run(args))
}

// run starts the program and returns the code to exit with.
func run(args []string) int {
	// Before the start, or a signal that comes at once would be lost.
	signals := make(chan os.Signal, longestBacklog)
	signal.Notify(signals)
	child, err := start(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "engine-init: %v\n", err)
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return exitNotFound
		}
		return exitNotRun
	}
	for s := range signals {
		number, ok := s.(syscall.Signal)
		switch {
		case !ok || number == unix.SIGURG: // Go's own
		case number == unix.SIGTTIN || number == unix.SIGTTOU:
			// For who is not in front of the terminal: that is we, not the child.
		case number == unix.SIGCHLD:
			if status, ended := reap(child); ended {
				return code(status)
			}
		default:
			_ = unix.Kill(child, number) // it may have ended: SIGCHLD tells
		}
	}
	return exitNotRun // the channel is never closed
}

// start starts the program in a process group of its own, which is in front of
// the terminal if there is one.
func start(args []string) (pid int, err error) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return 0, err
	}
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
		attributes.Foreground, attributes.Ctty = true, 0
	}
	return syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attributes})
}

// reap waits for all that have ended, and says whether the child is among them.
func reap(child int) (status unix.WaitStatus, ended bool) {
	for {
		var s unix.WaitStatus
		pid, err := unix.Wait4(-1, &s, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || pid <= 0:
			return status, ended
		case pid == child:
			status, ended = s, true
		}
	}
}

func code(s unix.WaitStatus) int {
	if s.Signaled() {
		return exitBySignal + int(s.Signal())
	}
	return s.ExitStatus()
}
