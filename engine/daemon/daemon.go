package daemon

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/log"
	"github.com/moby/moby/api/types/image"
	api "github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/event"
	"github.com/callroute/callroute/engine/daemon/images"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/daemon/stats"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/daemon/volumes"
)

// Images is what the daemon asks of the images.
type Images interface {
	Get(ctx context.Context, name string) (images.Image, error)
	Prepare(ctx context.Context, i images.Image, key string) ([]mount.Mount, error)
	View(ctx context.Context, id string) ([]mount.Mount, error)
	Mounts(ctx context.Context, key string) ([]mount.Mount, error)
	Release(ctx context.Context, key string) error
	Usage(ctx context.Context, key string) (int64, error)
	List(ctx context.Context, o types.ImageListOptions) ([]image.Summary, error)
	DiskUsage(ctx context.Context) (image.DiskUsage, error)
	Commit(ctx context.Context, base images.Image, pack func(io.Writer) error, o images.CommitOptions) (id string, err error)
}

// Network is what the daemon asks of the networks.
type Network interface {
	Check(req network.JoinRequest) (warnings []string, err error)
	Join(ctx context.Context, req network.JoinRequest) (*network.Endpoint, error)
	Named(name string) (api.Network, error)
	Connect(ctx context.Context, containerID string, a network.Attachment) (*network.Endpoint, error)
	Disconnect(ctx context.Context, containerID, name string) (*network.Endpoint, error)
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
	InitProgram    string // path of engine-init, "" without
	LiveRestore    bool   // containers go on when the daemon stops

	Containerd Containerd
	Images     Images
	Volumes    *volumes.Service
	Network    Network
	EventLog   *event.Log
}

// Daemon is the core of the engine. It is made of parts, each of which knows what
// it needs of the others; the verbs of containers are theirs.
type Daemon struct {
	*core
	*creator
	*runner
	*stopper
	*restorer
	*lister
	*console
	*about

	// Execs are the processes that are added to running containers.
	Execs       *Execs
	Archives    *Archives
	Checkpoints *Checkpoints
	// Connections are the places of containers in networks.
	Connections *Connections
}

// runner starts containers, and deals with their end.
type runner struct {
	*core
	execs   *Execs
	memory  *sharedMemory
	mounter *mounter
	stats   *stats.Collector
	// stopping says that nothing is to be started any more.
	stopping atomic.Bool
	// told are the runs whose end containerd's events have told, or will.
	told toldExits
}

// stopper ends containers, freezes them, and removes them.
type stopper struct {
	*runner
	checkpoints *Checkpoints
}

// restorer takes up what a former daemon has left.
type restorer struct {
	*runner
	// halfMade are containers that it could not finish.
	halfMade []string
}

// console is what people see of a running container.
type console struct{ *runner }

// creator makes containers.
type creator struct{ *core }

// lister tells what containers there are.
type lister struct {
	*core
	execs *Execs
}

// about tells of the engine itself.
type about struct{ *lister }

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
	shared := &core{Config: c, containers: store, states: newStateCounter()}
	shared.background, shared.end = context.WithCancel(context.Background())
	shared.runtimes = &runtimes{containerd: c.Containerd, standard: c.Runtime, programs: c.Runtimes}
	execs := newExecs(shared)
	checkpoints := &Checkpoints{core: shared, dumps: map[string]context.CancelCauseFunc{}}
	runs := &runner{
		core: shared, execs: execs, memory: &sharedMemory{shared}, mounter: &mounter{shared}, stats: stats.NewCollector(), told: toldExits{runs: map[string]chan struct{}{}},
	}
	list := &lister{core: shared, execs: execs}
	return &Daemon{
		core: shared, creator: &creator{shared}, runner: runs, stopper: &stopper{runs, checkpoints},
		restorer: &restorer{runs, found.HalfMade}, lister: list, console: &console{runs}, about: &about{list},
		Execs: execs, Archives: &Archives{shared}, Checkpoints: checkpoints, Connections: &Connections{shared},
	}, nil
}

// run is what a running container has in the daemon.
type run struct {
	streams *stream.Streams
	log     *logs.Log
	ending  chan struct{} // closed when the first process has ended
	closed  chan struct{} // closed when that has been dealt with
}

func newRun(s *stream.Streams) *run {
	return &run{streams: s, ending: make(chan struct{}), closed: make(chan struct{})}
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

// Users are the containers made from an image.
func (d *Daemon) Users(imageID string) []images.User {
	var users []images.User
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		mounted := slices.ContainsFunc(r.Mounts, func(m mounts.Point) bool { return m.Image == imageID })
		if r.Image == imageID || mounted {
			users = append(users, images.User{ID: r.ID, Running: r.State.Running()})
		}
	}
	return users
}
