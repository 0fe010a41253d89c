// Package supervise keeps a containerd running for the daemon that has none: it
// starts the program, waits until it answers, starts it again when it ends, and
// ends it with the daemon.
//
// One that a killed daemon left behind is taken over: what it runs goes on. It
// is known by the process ID that the daemon wrote down and by its program.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/log"
	"github.com/moby/sys/atomicwriter"
)

// Config says which program, and where it keeps what.
type Config struct {
	Program  string // path of engine-containerd
	Root     string // its --root
	State    string // its --state; socket and process ID are in it
	LogLevel string
	Log      io.Writer // gets what it logs
}

// Process is a containerd that is kept running.
type Process struct {
	config Config
	stop   context.CancelFunc
	done   chan struct{}

	// process is the one that runs. It is held by what the kernel gives for it
	// and not by its number, which somebody else may have once it is gone.
	process *os.Process
}

// startTime is how long the program may take until it answers, and endTime how
// long until it has ended.
const (
	startTime = 30 * time.Second
	endTime   = 5 * time.Second
)

// Start starts the program, or takes one over, and returns when it answers.
func Start(ctx context.Context, c Config) (*Process, error) {
	if err := os.MkdirAll(c.State, 0o711); err != nil {
		return nil, err
	}
	p := &Process{config: c, done: make(chan struct{})}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	ready := make(chan error, 1)
	go p.keep(keep, ready)
	select {
	case err := <-ready:
		if err != nil {
			stop()
			<-p.done
			return nil, err
		}
		return p, nil
	case <-ctx.Done():
		stop()
		<-p.done
		return nil, ctx.Err()
	}
}

// Address is its socket.
func (p *Process) Address() string { return filepath.Join(p.config.State, "containerd.sock") }

// Stop ends it and waits until it is gone.
func (p *Process) Stop() {
	p.stop()
	<-p.done
}

// keep runs the program again and again. ready hears how the first run came up.
func (p *Process) keep(ctx context.Context, ready chan<- error) {
	defer close(p.done)
	first := true
	for delay := 100 * time.Millisecond; ctx.Err() == nil; delay = min(2*delay, 10*time.Second) {
		began := time.Now()
		ended, err := p.run(ctx)
		if err == nil {
			err = p.await(ctx, ended)
		}
		if first {
			ready <- err
			first = false
			if err != nil {
				p.end(ended)
				return
			}
		}
		select {
		case <-ended:
			log.L.Warn("containerd has ended; starting it again")
		case <-ctx.Done():
			p.end(ended)
			return
		}
		if time.Since(began) > time.Minute {
			delay = 100 * time.Millisecond
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
	}
}

// run starts the program or finds the one that runs. ended is closed when it
// has ended.
func (p *Process) run(ctx context.Context) (ended chan struct{}, err error) {
	ended = make(chan struct{})
	if left := p.left(); left != nil {
		log.L.Infof("taking over containerd, process %d", left.Pid)
		p.process = left
		go watch(ctx, left, ended)
		return ended, nil
	}
	cmd := exec.Command(p.config.Program, "--address", p.Address(), "--root", p.config.Root, "--state", p.config.State, "--log-level", p.config.LogLevel)
	cmd.Stdout, cmd.Stderr = p.config.Log, p.config.Log
	// A signal for the daemon's terminal is not for it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		close(ended)
		return ended, fmt.Errorf("containerd cannot be started: %w", err)
	}
	p.process = cmd.Process
	go func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			log.L.WithError(err).Error("containerd")
		}
	}()
	return ended, atomicwriter.WriteFile(p.pidFile(), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
}

func (p *Process) pidFile() string { return filepath.Join(p.config.State, "containerd.pid") }

// left is the process of a former daemon's containerd, nil for none. A process
// with that number may by now be another program: it must be ours.
func (p *Process) left() *os.Process {
	data, err := os.ReadFile(p.pidFile())
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid <= 1 {
		return nil
	}
	// First held, then looked at: what is seen is of the one that is held, if
	// that is still there afterwards.
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil
	}
	words, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	args := strings.Split(string(words), "\x00")
	ours := err == nil && filepath.Base(args[0]) == filepath.Base(p.config.Program) && strings.Contains(string(words), p.Address())
	if !ours || process.Signal(syscall.Signal(0)) != nil {
		_ = process.Release()
		return nil
	}
	return process
}

// watch closes ended when a process that is not a child has ended.
func watch(ctx context.Context, process *os.Process, ended chan struct{}) {
	defer close(ended)
	for process.Signal(syscall.Signal(0)) == nil {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			// It is being ended, and that is what the others wait for.
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// await waits until the program takes connections.
func (p *Process) await(ctx context.Context, ended <-chan struct{}) error {
	late := time.After(startTime)
	for {
		conn, err := net.Dial("unix", p.Address())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return errors.New("containerd ended as soon as it was started; its log says why")
		case <-late:
			return fmt.Errorf("containerd does not answer: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// end asks the program to end, and makes it after a while.
func (p *Process) end(ended <-chan struct{}) {
	if p.process == nil {
		return
	}
	// Of one that has ended these are errors, and signals to nobody.
	_ = p.process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(endTime):
		log.L.Warnf("containerd has not ended within %v and is killed", endTime)
		_ = p.process.Kill()
		<-ended
	}
	os.Remove(p.pidFile())
}
