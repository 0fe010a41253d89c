// Package stats reads what a container uses and says it as docker does.
//
// # Words
//
// A Sample is one reading of a container's cgroup as containerd encodes it. A
// Collector takes one sample a second for each container that somebody
// watches, however many watch, and turns it into docker's answer: this sample
// and the one before, since a share of the processor is what lies between
// two.
//
// # What it cannot see
//
// What a container uses and gives back between two samples.
package stats

import (
	"context"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
)

// period is docker's.
const period = time.Second

// Sample is one reading of a running container.
type Sample struct {
	At time.Time
	// Metrics is a *stats.Metrics of containerd/cgroups/v3's cgroup1 or
	// cgroup2.
	Metrics any
	// Pid is a process in the container's own network namespace, whose
	// interfaces are counted; 0 counts none, as for a container on the host's.
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
type Collector struct {
	machine machine

	mu      sync.Mutex
	watched map[string]*watch // by container ID
}

// watch is a container that at least one client watches.
type watch struct {
	target  Target
	clients map[chan container.StatsResponse]struct{}
	stop    context.CancelFunc
}

// NewCollector reads the machine's own figures.
func NewCollector() *Collector {
	return &Collector{machine: newMachine(), watched: map[string]*watch{}}
}

// Watch calls send with each answer, until ctx ends (nil), send fails (its
// error), the container is forgotten (nil), or the mode has what it wants.
//
// A client that is slow to take an answer misses some, and the others do not
// wait for it.
func (c *Collector) Watch(ctx context.Context, target Target, mode Mode, send func(container.StatsResponse) error) error {
	if mode == OneShot {
		answer, _ := c.read(ctx, target, container.StatsResponse{})
		return send(answer)
	}
	answers, leave := c.join(target)
	defer leave()
	for {
		select {
		case <-ctx.Done():
			return nil
		case answer, ok := <-answers:
			if !ok {
				return nil
			}
			running := !answer.Read.IsZero()
			if mode == Once && running && answer.PreRead.IsZero() {
				continue
			}
			if err := send(answer); err != nil || mode == Once {
				return err
			}
		}
	}
}

// Forget ends the watching of a removed container.
func (c *Collector) Forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.watched[id]; w != nil {
		c.end(w)
	}
}

// join adds a client and begins to take samples if it is the first.
func (c *Collector) join(target Target) (answers <-chan container.StatsResponse, leave func()) {
	client := make(chan container.StatsResponse, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.watched[target.ID]
	if w == nil {
		ctx, stop := context.WithCancel(context.Background())
		w = &watch{target: target, clients: map[chan container.StatsResponse]struct{}{}, stop: stop}
		c.watched[target.ID] = w
		go c.collect(ctx, w)
	}
	w.clients[client] = struct{}{}
	return client, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(w.clients, client)
		if len(w.clients) == 0 {
			c.end(w)
		}
	}
}

// end is called with the lock held. It may be called again.
func (c *Collector) end(w *watch) {
	w.stop()
	if c.watched[w.target.ID] == w {
		delete(c.watched, w.target.ID)
	}
	for client := range w.clients {
		close(client)
	}
	clear(w.clients)
}

// collect takes a sample at once and then one each period.
func (c *Collector) collect(ctx context.Context, w *watch) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	var last container.StatsResponse
	for {
		answer, err := c.read(ctx, w.target, last)
		last = answer
		if err != nil {
			last = container.StatsResponse{} // what comes after a restart counts from nothing
		}
		c.mu.Lock()
		for client := range w.clients {
			replace(client, answer)
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// replace puts the newest answer where one fits.
func replace(client chan container.StatsResponse, answer container.StatsResponse) {
	select {
	case <-client:
	default:
	}
	client <- answer // only the collector sends, so there is room
}

// read is docker's answer for a sample taken now, the one before being last.
func (c *Collector) read(ctx context.Context, target Target, last container.StatsResponse) (container.StatsResponse, error) {
	answer := container.StatsResponse{ID: target.ID, Name: target.Name()}
	sample, err := target.Read(ctx)
	if err != nil {
		return answer, err
	}
	answer.OSType = "linux"
	answer.Read = sample.At
	answer.PreRead, answer.PreCPUStats = last.Read, last.CPUStats
	if err := translate(sample.Metrics, &answer); err != nil {
		return container.StatsResponse{ID: answer.ID, Name: answer.Name}, err
	}
	if answer.MemoryStats.Limit == 0 || answer.MemoryStats.Limit > c.machine.memory {
		answer.MemoryStats.Limit = c.machine.memory // no limit is what the machine has
	}
	answer.CPUStats.SystemUsage, answer.CPUStats.OnlineCPUs, err = c.machine.processorTime()
	if err != nil {
		return container.StatsResponse{ID: answer.ID, Name: answer.Name}, err
	}
	if sample.Pid != 0 {
		// A process that has just ended has no counters, and that is all.
		answer.Networks, _ = interfaces(sample.Pid)
	}
	return answer, nil
}
