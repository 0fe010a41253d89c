// Package container is what the daemon knows of each container: what it was
// asked to be, what it is doing, and where that is kept.
//
// Words. A Container is a record with a lock; its fields are read and written
// between Lock and Unlock, and kept on disk by Save. A State is what the
// container is doing. Work that starts, stops or changes a container is done
// one at a time, under Operate; the lock is held for moments only, so that a
// container can be looked at while it starts.
//
// On disk a container is a folder named by its ID with container.json, which is
// replaced as a whole, so that a crash leaves the old one or the new.
package container

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/sys/atomicwriter"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/mounts"
)

// Container is one container.
type Container struct {
	Record
	// Dir is its folder.
	Dir string `json:"-"`
	// Run is what only a running container has, nil otherwise.
	Run Run `json:"-"`

	mu      sync.Mutex
	operate chan struct{} // holds one value while nobody operates
	changed chan struct{} // closed and replaced at each change of the state
	removed bool
	saved   []byte // what is on disk
}

// Run is what a running container has in the daemon: its streams and its log.
type Run any

// Record is what is kept of a container.
type Record struct {
	ID         string
	Name       string // without slash
	Created    time.Time
	Image      string // ID
	ImageName  string // as the user gave it
	Path       string
	Args       []string
	Config     *container.Config
	HostConfig *types.HostConfig
	Endpoints  map[string]*network.EndpointSettings // where it is going to be, by the networks' names
	Mounts     []mounts.Point
	State      State
	Exits      int // how often it has ended
	Restarts   int // by its restart policy, since it was last started by hand
	// Delay was the last one before it was started again; it doubles until a run
	// is long enough.
	Delay       time.Duration
	WantStopped bool                       // by a person: its restart policy has to wait
	Network     *container.NetworkSettings `json:",omitempty"` // while it runs
}

// State is what a container is doing.
type State struct {
	Status     container.ContainerState
	Pid        int
	ExitCode   int
	Error      string
	OOMKilled  bool
	StartedAt  time.Time
	FinishedAt time.Time
	// Health is nil for a container that is not asked how it is. It is known
	// while the daemon runs.
	Health *container.Health `json:"-"`
}

// Running reports whether the container has a process, frozen or not.
func (s State) Running() bool {
	return s.Status == container.StateRunning || s.Status == container.StatePaused
}

// New is a container that is in no store yet.
func New(r Record, dir string) *Container {
	c := &Container{Record: r, Dir: dir, operate: make(chan struct{}, 1), changed: make(chan struct{})}
	c.operate <- struct{}{}
	return c
}

// Lock locks the fields.
func (c *Container) Lock() { c.mu.Lock() }

// Unlock unlocks the fields.
func (c *Container) Unlock() { c.mu.Unlock() }

// Operate waits until nobody else starts, stops or changes the container. The
// caller calls done. It fails if ctx ends first.
func (c *Container) Operate(ctx context.Context) (done func(), err error) {
	select {
	case <-c.operate:
		return func() { c.operate <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Snapshot is a copy of the record, to read without the lock. What its
// pointers lead to is never changed in place.
func (c *Container) Snapshot() Record {
	c.Lock()
	defer c.Unlock()
	return c.Record
}

// Set changes the record, keeps it on disk and wakes who waits. A container that
// was removed meanwhile stays as it was.
func (c *Container) Set(change func(*Record)) error {
	c.Lock()
	defer c.Unlock()
	if c.removed {
		return nil
	}
	change(&c.Record)
	c.wake()
	return c.save()
}

func (c *Container) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// file is the name of the record in the container's folder.
const file = "container.json"

func (c *Container) save() error {
	data, err := json.Marshal(&c.Record)
	if err != nil || bytes.Equal(data, c.saved) {
		return err
	}
	if err := c.MakeDir(); err != nil {
		return err
	}
	if err := atomicwriter.WriteFile(filepath.Join(c.Dir, file), data, 0o600); err != nil {
		return err
	}
	c.saved = data
	return nil
}

// MakeDir makes the container's folder. Without a record in it, it says that the
// container is being made: see Open.
func (c *Container) MakeDir() error { return os.MkdirAll(c.Dir, 0o710) }

// Remove removes the container's folder. From then on the record does not
// change; gone is called before those wake who wait for that.
func (c *Container) Remove(gone func()) error {
	c.Lock()
	defer c.Unlock()
	c.removed = true
	gone()
	c.wake()
	return os.RemoveAll(c.Dir)
}

// load reads a container from its folder.
func load(dir string) (*Container, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	if r.ID != filepath.Base(dir) || r.Config == nil || r.HostConfig == nil {
		return nil, errors.New("the record is not that of its folder")
	}
	c := New(r, dir)
	c.saved = data
	return c, nil
}
