package daemon

import (
	"context"
	"io"
	"slices"
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/archive"
	"github.com/callroute/callroute/engine/daemon/images"
)

// Commit makes an image of a container: its own image, and on it what the
// container has changed, without what is mounted.
func (a *Archives) Commit(ctx context.Context, name string, o types.CommitOptions) (id string, err error) {
	c, err := a.containers.Get(name)
	if err != nil {
		return "", err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	r := c.Snapshot()
	base, err := a.Images.Get(ctx, r.Image)
	if err != nil {
		return "", err
	}
	mounts, err := a.Images.Mounts(ctx, c.ID)
	if err != nil {
		return "", err
	}
	if o.Pause && r.State.Status == container.StateRunning {
		if err := a.Containerd.Pause(ctx, c.ID); err != nil {
			return "", err
		}
		a.tell(events.ActionPause, r, nil)
		defer func() {
			quiet(a.Containerd.Unpause(context.WithoutCancel(ctx), c.ID))
			a.tell(events.ActionUnPause, r, nil)
		}()
	}
	config := imageConfig(r.Config)
	if o.Config != nil { // what it leaves open is the container's
		own := config
		merge(o.Config, images.Image{Config: &own})
		config = imageConfig(o.Config)
	}
	id, err = a.Images.Commit(ctx, base, func(to io.Writer) error {
		return archive.PackChanges(ctx, mounts, places(r), to)
	}, images.CommitOptions{
		Repository: o.Repository, Tag: o.Tag, Author: o.Author, Comment: o.Comment, Changes: o.Changes,
		CreatedBy: strings.Join(slices.Concat([]string{r.Path}, r.Args), " "), Config: config,
	})
	if err != nil {
		return "", err
	}
	a.tell(events.ActionCommit, r, map[string]string{"comment": o.Comment, "imageID": id})
	return id, nil
}

// imageConfig is what an image keeps of a container's configuration.
func imageConfig(c *container.Config) (i dockerspec.DockerOCIImageConfig) {
	i.User, i.Env, i.Entrypoint, i.Cmd, i.WorkingDir = c.User, slices.Clone(c.Env), c.Entrypoint, c.Cmd, c.WorkingDir
	i.StopSignal, i.OnBuild, i.Shell = c.StopSignal, slices.Clone(c.OnBuild), c.Shell
	for port := range c.ExposedPorts {
		if i.ExposedPorts == nil {
			i.ExposedPorts = map[string]struct{}{}
		}
		i.ExposedPorts[port.String()] = struct{}{}
	}
	for volume := range c.Volumes {
		if i.Volumes == nil {
			i.Volumes = map[string]struct{}{}
		}
		i.Volumes[volume] = struct{}{}
	}
	for name, value := range c.Labels {
		if i.Labels == nil {
			i.Labels = map[string]string{}
		}
		i.Labels[name] = value
	}
	if h := c.Healthcheck; h != nil {
		i.Healthcheck = &dockerspec.HealthcheckConfig{
			Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, StartInterval: h.StartInterval, Retries: h.Retries,
		}
	}
	return i
}
