package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/go-runc"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/types"
)

// lastExecsTimeout is how long the container's other processes may take to be
// over once the init process is.
const lastExecsTimeout = 10 * time.Second

// adopt takes over a process that the runtime has just made: its pid, its
// streams and, in time, its end.
func (t maker) adopt(ctx context.Context, c *container, p *process, stdio *stdio, pidFile string, claim func(int) <-chan types.Exit) error {
	pid, err := runc.ReadPidFile(pidFile)
	if err != nil {
		return fmt.Errorf("pid of the process: %w", err)
	}
	streams, err := stdio.attach(ctx, t.console)
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL) // nobody would ever hear of it
		return err
	}
	p.started(pid, streams)
	ended := claim(pid)
	alone := p.execID != "" || ownPIDs(pid)
	go func() {
		exit := <-ended
		if p.execID == "" {
			endings(t).initEnded(c, exit, alone)
		} else {
			endings(t).execEnded(c, p, exit)
		}
	}()
	return nil
}

// endings are what the ends of processes bring about.
type endings struct{ *Task }

// execEnded records and tells the end of a process that Exec started.
func (t endings) execEnded(c *container, p *process, exit types.Exit) {
	p.verbs.Lock()
	defer p.verbs.Unlock()
	p.currentStreams().hangUp()
	t.publish(exitEvent(c, p, exit))
	p.end(exit)
}

// initEnded records and tells the end of the container. It is the last end to
// be told: with the init process all others go, but not always by themselves.
func (t endings) initEnded(c *container, exit types.Exit, alone bool) {
	c.over()
	if !alone {
		t.killRest(c)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastExecsTimeout)
	defer cancel()
	c.ended(ctx)

	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	c.init.currentStreams().hangUp()
	if exit.Status == 128+int(unix.SIGKILL) {
		memory(t).lastOOM(c)
	}
	if err := writeExit(c.bundle, exit); err != nil {
		t.cfg.Log.Warn("exit is not kept for the case that the shim dies", "error", err)
	}
	t.publish(exitEvent(c, c.init, exit))
	c.init.end(exit)
}

// killRest ends the processes that the kernel does not end with the init
// process, as their pid namespace is not the container's own.
func (t endings) killRest(c *container) {
	err := c.runtime.Kill(context.Background(), c.id, int(unix.SIGKILL), &runc.KillOpts{All: true})
	if err != nil {
		t.cfg.Log.Warn("processes of an ended container may be left", "container", c.id, "error", err)
	}
}

// ownPIDs reports whether a process is the first of its pid namespace, whose
// end is the end of all in it.
func ownPIDs(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if pids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(pids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// writeExit keeps the init process's end in the bundle: should the shim die
// before containerd has heard of it, the delete action tells it.
func writeExit(dir string, exit types.Exit) error {
	data, err := json.Marshal(exit)
	if err != nil {
		return err
	}
	return bundle.Write(dir, bundle.Exit, data)
}

func readExit(dir string) (types.Exit, error) {
	var exit types.Exit
	data, err := os.ReadFile(filepath.Join(dir, bundle.Exit))
	if err != nil {
		return exit, err
	}
	return exit, json.Unmarshal(data, &exit)
}
