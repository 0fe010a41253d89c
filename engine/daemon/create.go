package daemon

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containerd/cgroups/v3"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/health"
	"github.com/callroute/callroute/engine/daemon/images"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/spec"
	"github.com/callroute/callroute/engine/errdefs"
)

// Create makes a container of an image. It does not run yet. Whatever fails,
// nothing is left of it.
func (d *creator) Create(ctx context.Context, name string, req types.CreateRequest) (container.CreateResponse, error) {
	if req.Config == nil {
		return container.CreateResponse{}, errdefs.Invalid("config cannot be empty in order to create a container")
	}
	if req.HostConfig == nil {
		req.HostConfig = &types.HostConfig{}
	}
	image, err := d.Images.Get(ctx, req.Image)
	if err != nil {
		return container.CreateResponse{}, err
	}
	if err := image.CheckPlatform(req.Image, req.Platform); err != nil {
		return container.CreateResponse{}, err
	}
	id := newID()
	r, err := d.record(id, image, req)
	if err != nil {
		return container.CreateResponse{}, err
	}
	warnings, err := d.check(&r, req.Config)
	if err != nil {
		return container.CreateResponse{}, notTheImage(err)
	}
	if r.Name, err = d.reserve(name, id); err != nil {
		return container.CreateResponse{}, err
	}
	c := ours.New(r, d.containers.Dir(id))
	if err := d.make(ctx, c, image); err != nil {
		d.containers.Release(r.Name)
		d.unmake(context.WithoutCancel(ctx), c)
		return container.CreateResponse{}, notTheImage(err)
	}
	d.states.set(id, container.StateCreated)
	d.containers.Add(c)
	d.tell(events.ActionCreate, c.Snapshot(), nil)
	return container.CreateResponse{ID: id, Warnings: warnings}, nil
}

// notTheImage keeps "not found" for the image: a client that is told so pulls
// it and asks again.
func notTheImage(err error) error {
	if cerrdefs.IsNotFound(err) {
		return errdefs.Invalid("%w", err)
	}
	return err
}

func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// record is the container that a request and an image ask for.
func (d *creator) record(id string, image images.Image, req types.CreateRequest) (ours.Record, error) {
	config := *req.Config
	merge(&config, image)
	if len(config.Entrypoint) == 0 && len(config.Cmd) == 0 || len(config.Entrypoint) == 1 && config.Entrypoint[0] == "" && len(config.Cmd) == 0 {
		return ours.Record{}, errdefs.Invalid("no command specified")
	}
	if len(config.Volumes) == 0 {
		config.Volumes = nil
	}
	command := slices.Concat(config.Entrypoint, config.Cmd)
	if len(config.Entrypoint) == 1 && config.Entrypoint[0] == "" {
		command = config.Cmd
	}
	host := *req.HostConfig
	d.defaults(&host)
	if config.Hostname == "" {
		config.Hostname = id[:12]
		if host.NetworkMode.IsHost() {
			config.Hostname = d.Name
		}
	}
	r := ours.Record{
		ID: id, Created: time.Now().UTC(), Image: image.ID, ImageName: req.Image,
		Path: command[0], Args: command[1:], Config: &config, HostConfig: &host,
		State: ours.State{Status: container.StateCreated},
	}
	r.Endpoints = d.endpointsOf(r, req.NetworkingConfig)
	return r, nil
}

// merge fills in from the image what the request leaves open.
func merge(c *container.Config, image images.Image) {
	from := image.Config
	if from == nil {
		return
	}
	if c.User == "" {
		c.User = from.User
	}
	for port := range from.ExposedPorts {
		p, err := network.ParsePort(port)
		if err != nil {
			continue // the image's mistake, and nothing follows from it
		}
		if c.ExposedPorts == nil {
			c.ExposedPorts = network.PortSet{}
		}
		c.ExposedPorts[p] = struct{}{}
	}
	var env []string
	for _, v := range from.Env {
		name, _, _ := strings.Cut(v, "=")
		if !slices.ContainsFunc(c.Env, func(have string) bool { return have == name || strings.HasPrefix(have, name+"=") }) {
			env = append(env, v)
		}
	}
	c.Env = append(slices.Clone(c.Env), env...)
	if len(c.Entrypoint) == 0 {
		if len(c.Cmd) == 0 {
			c.Cmd = from.Cmd
		}
		if c.Entrypoint == nil {
			c.Entrypoint = from.Entrypoint
		}
	}
	if c.WorkingDir == "" {
		c.WorkingDir = from.WorkingDir
	}
	for v := range from.Volumes {
		if c.Volumes == nil {
			c.Volumes = map[string]struct{}{}
		}
		c.Volumes[v] = struct{}{}
	}
	for k, v := range from.Labels {
		if _, set := c.Labels[k]; !set {
			if c.Labels == nil {
				c.Labels = map[string]string{}
			}
			c.Labels[k] = v
		}
	}
	c.Healthcheck = health.Merge(c.Healthcheck, from.Healthcheck)
	if len(c.Shell) == 0 {
		c.Shell = from.Shell
	}
	if c.StopSignal == "" {
		c.StopSignal = from.StopSignal
	}
}

// defaults are docker's for what a request leaves open.
func (d *creator) defaults(h *types.HostConfig) {
	if h.NetworkMode == "" || h.NetworkMode == "default" {
		h.NetworkMode = "bridge"
	}
	if h.IpcMode == "" {
		h.IpcMode = "private"
	}
	if h.CgroupnsMode == "" {
		h.CgroupnsMode = container.CgroupnsModePrivate
		if cgroups.Mode() != cgroups.Unified {
			h.CgroupnsMode = container.CgroupnsModeHost // as docker does, and programs there expect
		}
	}
	h.MaskedPaths, h.ReadonlyPaths = spec.ProtectedPaths(h)
	if h.LogConfig.Type == "" {
		h.LogConfig.Type = logs.DriverJSONFile
	}
	if h.LogConfig.Config == nil {
		h.LogConfig.Config = map[string]string{}
	}
	if h.RestartPolicy.Name == "" {
		h.RestartPolicy.Name = container.RestartPolicyDisabled
	}
	if h.ShmSize == 0 {
		h.ShmSize = 64 << 20
	}
	if h.Memory > 0 && h.MemorySwap == 0 {
		h.MemorySwap = 2 * h.Memory
	}
	if h.Runtime == "" {
		h.Runtime = d.Runtime
	}
	if s := h.MemorySwappiness; s != nil && *s == -1 {
		h.MemorySwappiness = nil
	}
	if p := h.PidsLimit; p != nil && *p <= 0 {
		h.PidsLimit = nil
	}
}

// reserve takes the name asked for, or makes one up.
func (d *creator) reserve(name, id string) (string, error) {
	if name != "" {
		return strings.TrimPrefix(name, "/"), d.containers.Reserve(name, id)
	}
	for range 8 {
		name = madeUpName()
		if err := d.containers.Reserve(name, id); err == nil {
			return name, nil
		}
	}
	name = id[:12]
	return name, d.containers.Reserve(name, id)
}

// make makes what a container has on disk. Its folder is first and its record
// last: Restore knows by that what a crash interrupted.
func (d *creator) make(ctx context.Context, c *ours.Container, image images.Image) error {
	if err := c.MakeDir(); err != nil {
		return err
	}
	if _, err := d.Images.Prepare(ctx, image, c.ID); err != nil {
		return err
	}
	mounts, fill, err := d.mountPoints(ctx, c.Snapshot())
	c.Lock()
	c.Mounts = mounts // for unmake, not yet for the disk
	c.Unlock()
	if err != nil {
		return err
	}
	if len(fill) > 0 {
		if err := d.withRoot(ctx, c.ID, func(root string) error { return d.fill(ctx, root, fill) }); err != nil {
			return err
		}
	}
	return c.Set(func(*ours.Record) {})
}

// unmake removes what make made. If containerd cannot be asked just now it is asked
// again later.
func (d *creator) unmake(ctx context.Context, c *ours.Container) {
	for _, m := range c.Snapshot().Mounts {
		if m.Anonymous {
			d.Volumes.ReleaseAll(c.ID)
			if err := d.Volumes.Remove(ctx, m.Name, false); err != nil {
				log.G(ctx).WithError(err).Warnf("volume of container %s, which could not be made", c.ID)
			}
		}
	}
	d.Volumes.ReleaseAll(c.ID)
	err := d.clear(ctx, c)
	if err == nil {
		return
	}
	log.G(ctx).WithError(err).Warnf("rest of container %s, which could not be made", c.ID)
	d.monitors.Go(func() {
		for delay := 10 * time.Millisecond; err != nil; delay = min(2*delay, time.Second) {
			select {
			case <-time.After(delay):
			case <-d.background.Done():
				return
			}
			err = d.clear(d.background, c)
		}
	})
}

// clear removes what a container has on disk. Its folder goes last, and only if the
// rest is gone: it is what Restore knows the rest by.
func (d *creator) clear(ctx context.Context, c *ours.Container) error {
	if err := d.Images.Release(ctx, c.ID); err != nil {
		return err
	}
	return os.RemoveAll(c.Dir)
}
