package daemon

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/log"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/event"
	"github.com/callroute/callroute/engine/daemon/images"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/daemon/stats"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/daemon/volumes"
)

// Images is what the daemon asks of the images.
type Images interface {
	Get(ctx context.Context, name string) (images.Image, error)
	Prepare(ctx context.Context, i images.Image, key string) ([]mount.Mount, error)
	Mounts(ctx context.Context, key string) ([]mount.Mount, error)
	Release(ctx context.Context, key string) error
	Usage(ctx context.Context, key string) (int64, error)
	List(ctx context.Context, o types.ImageListOptions) ([]image.Summary, error)
	DiskUsage(ctx context.Context) (image.DiskUsage, error)
}

// Network is what the daemon asks of the networks.
type Network interface {
	Check(req network.JoinRequest) (warnings []string, err error)
	Join(ctx context.Context, req network.JoinRequest) (*network.Endpoint, error)
	Leave(ctx context.Context, containerID string) error
	Endpoint(containerID string) *network.Endpoint
	Rename(containerID, name string) error
	Restore(ctx context.Context, live []string) error
	Warnings() []string
}

// Config is what a daemon is made of.
type Config struct {
	ID         string // of this engine, the same after a restart
	Name       string // of the machine
	Release    string
	Root       string // what outlives a boot
	ExecRoot   string // what does not
	CgroupRoot string // parent of the containers' cgroups
	Runtime    string // name of the standard runtime
	// Runtimes are other runtimes by name: the paths of their programs.
	Runtimes map[string]string
	// SeccompProfile is that of containers which name none: "" is docker's
	// default, "unconfined" none, else JSON.
	SeccompProfile string
	LiveRestore    bool // containers go on when the daemon stops

	Containerd Containerd
	Images     Images
	Volumes    *volumes.Service
	Network    Network
	EventLog   *event.Log
}

// Daemon is the core of the engine.
type Daemon struct {
	Config
	containers *container.Store
	states     *stateCounter
	stats      *stats.Collector
	runtimes   *runtimes

	execs struct {
		sync.Mutex
		all map[string]*execution
	}

	// halfMade are containers that a former daemon could not finish.
	halfMade []string

	// stopping says that nothing is to be started any more.
	stopping atomic.Bool
	// told are the runs whose end containerd's events have told, or will.
	told toldExits

	// background is done when the daemon ends: monitors of containers watch it.
	background context.Context
	end        context.CancelFunc
	monitors   sync.WaitGroup
}

// New reads the containers that are there. Restore must follow before anything
// is asked of the daemon.
func New(c Config) (*Daemon, error) {
	store, found, err := container.Open(filepath.Join(c.Root, "containers"))
	if err != nil {
		return nil, err
	}
	for _, err := range found.Unreadable {
		log.L.WithError(err).Warn("left alone")
	}
	d := &Daemon{Config: c, containers: store, states: newStateCounter(), stats: stats.NewCollector(), halfMade: found.HalfMade}
	d.runtimes = &runtimes{containerd: c.Containerd, standard: c.Runtime, programs: c.Runtimes}
	d.execs.all = map[string]*execution{}
	d.told.runs = map[string]chan struct{}{}
	d.background, d.end = context.WithCancel(context.Background())
	return d, nil
}

// run is what a running container has in the daemon.
type run struct {
	streams *stream.Streams
	log     *logs.Log
	// closed is closed when the exit has been dealt with.
	closed chan struct{}
}

// running is the run of a container, nil if it does not run.
func running(c *container.Container) *run {
	c.Lock()
	defer c.Unlock()
	r, _ := c.Run.(*run)
	return r
}

func setRun(c *container.Container, r *run) {
	c.Lock()
	defer c.Unlock()
	if r == nil {
		c.Run = nil
		return
	}
	c.Run = r
}

// tell says that something happened to a container.
func (d *Daemon) tell(action events.Action, r container.Record, more map[string]string) {
	attributes := map[string]string{"image": r.ImageName, "name": r.Name}
	for k, v := range r.Config.Labels {
		attributes[k] = v
	}
	for k, v := range more {
		attributes[k] = v
	}
	d.EventLog.Add(events.ContainerEventType, action, r.ID, attributes)
}

// change changes a container's record, keeps the counter of states in step, and
// says so if it could not be kept: it has happened all the same.
func (d *Daemon) change(c *container.Container, f func(*container.Record)) {
	err := c.Set(func(r *container.Record) {
		f(r)
		d.states.set(r.ID, r.State.Status)
	})
	if err != nil {
		log.L.WithError(err).Errorf("state of container %s is not on disk", c.ID)
	}
}

// Users are the containers made from an image.
func (d *Daemon) Users(imageID string) []images.User {
	var users []images.User
	for _, c := range d.containers.All() {
		if r := c.Snapshot(); r.Image == imageID {
			users = append(users, images.User{ID: r.ID, Running: r.State.Running()})
		}
	}
	return users
}
