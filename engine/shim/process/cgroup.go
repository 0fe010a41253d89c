package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/containerd/containerd/api/events"
	containerdevents "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/oom"
	oomv1 "github.com/containerd/containerd/v2/pkg/oom/v1"
	oomv2 "github.com/containerd/containerd/v2/pkg/oom/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/shim/bundle"
)

// loadCgroup opens the cgroup of a process: a cgroup1.Cgroup, also where v2
// is mounted beside v1, or a *cgroup2.Manager.
func loadCgroup(pid int) (any, error) {
	if cgroups.Mode() == cgroups.Unified {
		path, err := cgroup2.PidGroupPath(pid)
		if err != nil {
			return nil, err
		}
		return cgroup2.Load(path)
	}
	return cgroup1.Load(cgroup1.PidPath(pid))
}

// cgroupStats reads a cgroup: a cgroup1/stats.Metrics or a
// cgroup2/stats.Metrics.
func cgroupStats(cgroup any) (any, error) {
	switch cg := cgroup.(type) {
	case cgroup1.Cgroup:
		return cg.Stat(cgroup1.IgnoreNotExist)
	case *cgroup2.Manager:
		return cg.Stat()
	}
	return nil, fmt.Errorf("cgroup of type %T", cgroup)
}

// memory watches for the container's running out of it.
type memory struct{ *Task }

// openCgroup opens the container's cgroup, while there is surely a process in
// it: one that runs out of memory may be gone a moment after its start.
func (t memory) openCgroup(c *container) {
	pid := c.init.currentPid()
	cgroup, err := loadCgroup(pid)
	if err != nil {
		t.cfg.Log.Warn("cgroup cannot be opened: no stats, no word of memory running out", "pid", pid, "error", err)
		return
	}
	c.mu.Lock()
	c.cgroup = cgroup
	c.mu.Unlock()
	go t.watchOOM(c, cgroup)
}

// watchOOM publishes when the kernel kills in the container's cgroup for want
// of memory.
func (t memory) watchOOM(c *container, cgroup any) {
	var watcher oom.Watcher
	var err error
	if cgroups.Mode() == cgroups.Unified {
		watcher, err = oomv2.New(oomEvents{t.Task, c})
	} else {
		watcher, err = oomv1.New(oomEvents{t.Task, c})
	}
	if err == nil {
		err = watcher.Add(c.id, cgroup)
	}
	if err != nil {
		t.cfg.Log.Warn("no word of memory running out", "error", err)
		return
	}
	watcher.Run(context.Background())
}

// oomEvents receives the watcher's events.
type oomEvents struct {
	task      *Task
	container *container
}

// Publish implements containerd's events.Publisher. All that comes is the
// container's running out of memory.
func (e oomEvents) Publish(context.Context, string, containerdevents.Event) error {
	e.container.mu.Lock()
	defer e.container.mu.Unlock() // who sees oom set may rely on it that it was published
	e.container.oom = true
	if !e.container.told {
		e.task.publish(&events.TaskOOM{ContainerID: e.container.id})
	}
	return nil
}

// lastOOM publishes what the watcher may not have seen yet when the init
// process ends: both hear from the kernel, each in its own time, and whoever
// learns of the exit wants to know by then whether memory was the reason.
func (t memory) lastOOM(c *container) {
	c.mu.Lock()
	cgroup, told := c.cgroup, c.oom
	c.told = true
	c.mu.Unlock()
	if !told && cgroup != nil && oomKills(cgroup) > 0 {
		t.publish(&events.TaskOOM{ContainerID: c.id})
	}
}

func oomKills(cgroup any) uint64 {
	switch cg := cgroup.(type) {
	case cgroup1.Cgroup:
		stats, err := cg.Stat(cgroup1.IgnoreNotExist)
		if err != nil {
			return 0
		}
		return stats.GetMemoryOomControl().GetOomKill()
	case *cgroup2.Manager:
		stats, err := cg.Stat()
		if err != nil {
			return 0
		}
		return stats.GetMemoryEvents().GetOomKill()
	}
	return 0
}

// removeCgroup removes the cgroup that a bundle's spec names, with all processes
// in it. One that is not there is no error; one of systemd's is left to it.
func removeCgroup(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, bundle.Config))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var spec specs.Spec
	if err := json.Unmarshal(data, &spec); err != nil {
		return fmt.Errorf("%s: %w", bundle.Config, err)
	}
	if spec.Linux == nil || !filepath.IsAbs(spec.Linux.CgroupsPath) || filepath.Clean(spec.Linux.CgroupsPath) == "/" {
		return nil
	}
	switch path := spec.Linux.CgroupsPath; cgroups.Mode() {
	case cgroups.Unified:
		return removeUnified(path)
	case cgroups.Hybrid:
		// The runtime makes one in the hierarchy of v2 too, though it has no
		// limits there.
		return errors.Join(removeLegacy(path), removeUnified(path, cgroup2.WithMountpoint(hybridMountpoint)))
	default:
		return removeLegacy(path)
	}
}

// hybridMountpoint is where v2 is mounted beside v1.
const hybridMountpoint = "/sys/fs/cgroup/unified"

// removeLegacy removes a cgroup of v1 from all hierarchies.
func removeLegacy(path string) error {
	group, err := cgroup1.Load(cgroup1.StaticPath(path))
	if errors.Is(err, cgroup1.ErrCgroupDeleted) {
		return nil
	}
	if err != nil {
		return err
	}
	// The kernel takes a moment for each.
	for deadline := time.Now().Add(killTime); killAll(group) > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	return group.Delete()
}

// killTime is how long killed processes may take to be gone.
const killTime = 2 * time.Second

// killAll kills the processes of a cgroup, and says how many there were.
func killAll(group cgroup1.Cgroup) int {
	killed := map[int]bool{}
	for _, subsystem := range group.Subsystems() {
		processes, err := group.Processes(subsystem.Name(), true)
		if err != nil {
			continue // of this kind there is none
		}
		for _, p := range processes {
			killed[p.Pid] = true
		}
	}
	for pid := range killed {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	return len(killed)
}

func removeUnified(path string, where ...cgroup2.InitOpts) error {
	group, err := cgroup2.Load(path, where...)
	if err != nil {
		return err
	}
	if err := group.Kill(); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	deadline := time.Now().Add(killTime)
	for err = group.Delete(); err != nil && time.Now().Before(deadline); err = group.Delete() {
		time.Sleep(5 * time.Millisecond)
	}
	return err
}
