package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/moby/moby/api/types/checkpoint"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// validCheckpoint is what a checkpoint may be called: its name becomes a
// folder's.
var validCheckpoint = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// checkpointDir is the folder of a checkpoint: in a folder that the person
// names, or in the container's own.
func (d *core) checkpointDir(c *ours.Container, dir, name string) (string, error) {
	if !validCheckpoint.MatchString(name) {
		return "", errdefs.Invalid("Invalid checkpoint ID (%s), only %s are allowed", name, "[a-zA-Z0-9][a-zA-Z0-9_.-]")
	}
	parent, err := checkpointsDir(c, dir)
	return filepath.Join(parent, name), err
}

func checkpointsDir(c *ours.Container, dir string) (string, error) {
	if dir == "" {
		return filepath.Join(c.Dir, "checkpoints"), nil
	}
	if !filepath.IsAbs(dir) {
		return "", errdefs.Invalid("checkpoint directory %q is not an absolute path", dir)
	}
	return filepath.Clean(dir), nil
}

// Checkpoints are dumps of running containers, to be started again.
type Checkpoints struct {
	*core

	mu    sync.Mutex
	dumps map[string]context.CancelCauseFunc // those under way, by container
}

// errStopped is why a dump was called off.
var errStopped = errdefs.Conflict("the container is being stopped")

// callOff ends the dump of a container that is under way: whoever wants to stop
// it need not wait for that.
func (p *Checkpoints) callOff(containerID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel := p.dumps[containerID]; cancel != nil {
		cancel(errStopped)
	}
}

// dump is Containerd's Checkpoint, which can be called off.
func (p *Checkpoints) dump(ctx context.Context, containerID string, o ctypes.CheckpointOptions) error {
	ctx, cancel := context.WithCancelCause(ctx)
	p.mu.Lock()
	p.dumps[containerID] = cancel
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.dumps, containerID)
		p.mu.Unlock()
		cancel(nil)
	}()
	err := p.Containerd.Checkpoint(ctx, containerID, o)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// Create dumps a running container, which goes on or ends.
func (p *Checkpoints) Create(ctx context.Context, name string, req checkpoint.CreateRequest) error {
	c, err := p.containers.Get(name)
	if err != nil {
		return err
	}
	dir, err := p.checkpointDir(c, req.CheckpointDir, req.CheckpointID)
	if err != nil {
		return err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := c.Snapshot()
	run := running(c)
	if !r.State.Running() || run == nil {
		return errdefs.Conflict("Container %s not running", name)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return errdefs.Conflict("checkpoint with name %s already exists for container %s", req.CheckpointID, r.Name)
		}
		return err
	}
	if req.Exit {
		p.change(c, func(r *ours.Record) { r.WantStopped = true })
	}
	if err := p.dump(ctx, c.ID, ctypes.CheckpointOptions{Dir: dir, Exit: req.Exit}); err != nil {
		p.change(c, func(now *ours.Record) { now.WantStopped = r.WantStopped })
		return errors.Join(errdefs.Internal("Cannot checkpoint container %s: %w", name, err), os.RemoveAll(dir))
	}
	if err := writePlace(dir, r); err != nil {
		return err
	}
	if req.Exit {
		awaitEnd(ctx, run, defaultStopTimeout)
	}
	p.tell(events.ActionCheckpoint, r, nil)
	return nil
}

// List names the checkpoints of a container.
func (p *Checkpoints) List(_ context.Context, name string, o types.CheckpointOptions) ([]checkpoint.Summary, error) {
	c, err := p.containers.Get(name)
	if err != nil {
		return nil, err
	}
	dir, err := checkpointsDir(c, o.Dir)
	if err != nil {
		return nil, err
	}
	list := []checkpoint.Summary{}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, checkpoint.Summary{Name: e.Name()})
		}
	}
	return list, nil
}

// Remove removes a checkpoint of a container.
func (p *Checkpoints) Remove(_ context.Context, name, checkpointID string, o types.CheckpointOptions) error {
	c, err := p.containers.Get(name)
	if err != nil {
		return err
	}
	dir, err := p.checkpointDir(c, o.Dir, checkpointID)
	if err != nil {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return errdefs.NotFound("checkpoint %s does not exist for container %s", checkpointID, c.Snapshot().Name)
	}
	return os.RemoveAll(dir)
}

// dumped is what of a container's place its checkpoint depends on: who was
// connected to it looks for it there.
type dumped struct{ Addresses map[string]netip.Addr } // by network

// placeFile is where that is kept, among criu's files.
const placeFile = "engine.json"

func writePlace(dir string, r ours.Record) error {
	place := dumped{Addresses: map[string]netip.Addr{}}
	if r.Network != nil {
		for name, e := range r.Network.Networks {
			if e.IPAddress.IsValid() {
				place.Addresses[name] = e.IPAddress
			}
		}
	}
	data, err := json.Marshal(place)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, placeFile), data, 0o600)
}

// readPlace is the place of a checkpoint, nothing for one that another engine
// has made.
func readPlace(dir string) (place dumped, err error) {
	data, err := os.ReadFile(filepath.Join(dir, placeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return place, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &place)
	}
	return place, err
}
