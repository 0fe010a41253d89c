// Package stats reads what a container uses and says it as docker does.
//
// # Words
//
// A Sample is one reading of a container's cgroup as containerd encodes it. A
// Collector takes one sample a second for each container that somebody
// watches, however many watch.
//
// # What it cannot see
//
// Use between two samples, and the network of a container that has the host's.
package stats

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// Sample is one reading of a running container.
type Sample struct {
	At time.Time
	// Metrics is a *stats.Metrics of containerd/cgroups/v3's cgroup1 or
	// cgroup2.
	Metrics any
	// Pid is a process in the container's own network namespace, whose
	// interfaces are counted; 0 counts none.
	Pid int
}

// Target is a container to watch.
type Target struct {
	ID string
	// Name gives docker's name with its slash; a container can be renamed
	// while it is watched.
	Name func() string
	// Read takes a sample. For an error the clients get docker's answer for a
	// container that does not run: a name, an ID and zeroes.
	Read func(ctx context.Context) (Sample, error)
}

// Mode is how often a client wants an answer.
type Mode int

const (
	// Stream is one answer a second.
	Stream Mode = iota
	// Once is one answer with two samples, a second apart.
	Once
	// OneShot is one answer with one sample, at once.
	OneShot
)

// Collector shares samples among the clients that watch a container.
type Collector struct{}

// NewCollector reads the machine's own figures.
func NewCollector() *Collector { return &Collector{} }

// Watch calls send with each answer, until ctx ends (nil), send fails (its
// error), the container is forgotten (nil), or the mode has what it wants.
func (c *Collector) Watch(ctx context.Context, target Target, mode Mode, send func(container.StatsResponse) error) error {
	return errdefs.NotImplemented("stats: watch")
}

// Forget ends the watching of a removed container.
func (c *Collector) Forget(id string) {}

// Top lists the processes of a container as ps does with these arguments;
// empty is -ef. pids are those of the container.
func Top(ctx context.Context, psArgs string, pids []int) (container.TopResponse, error) {
	return container.TopResponse{}, errdefs.NotImplemented("stats: top")
}
