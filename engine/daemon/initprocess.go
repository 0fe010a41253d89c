package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	ours "github.com/callroute/callroute/engine/daemon/container"
)

const (
	// longestStart is how long an init may take to listen; a machine that is that
	// slow has the signal lost, as docker's init does.
	longestStart = 2 * time.Second
	startTick    = time.Millisecond
)

// awaitInit waits until the init of a container hands on signals, which it does
// as soon as it has started the program. Before, it is the runtime or has just
// been loaded: a signal would end it, or be lost on it, and the program would
// never hear of it.
func awaitInit(ctx context.Context, r ours.Record) {
	if r.HostConfig.Init == nil || !*r.HostConfig.Init || r.State.Pid == 0 || time.Since(r.State.StartedAt) > longestStart {
		return
	}
	tick := time.NewTicker(startTick)
	defer tick.Stop()
	for deadline := time.Now().Add(longestStart); !hasChild(r.State.Pid) && time.Now().Before(deadline); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// hasChild reports whether a process has started another one. It is true as well
// of one that is gone, and where the kernel does not tell.
func hasChild(pid int) bool {
	lists, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	if err != nil || len(lists) == 0 {
		return true
	}
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err == nil && strings.TrimSpace(string(children)) != "" {
			return true
		}
	}
	return false
}
