// Package volumes keeps the engine's volumes: folders that outlive the
// containers that use them.
package volumes

import (
	"context"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Config says where volumes are kept and whom to tell about them.
type Config struct {
	Root string // a folder of its own: <Root>/<name>/_data
	// Event is told what happened to a volume. Nil tells nobody.
	Event func(action events.Action, name string, attributes map[string]string)
}

// Service is the engine's volumes.
type Service struct{ Config }

// New opens the volumes under root and repairs what a crash left.
func New(c Config) (*Service, error) { return &Service{c}, nil }

// Create makes a volume, or returns the one of that name. Without a name it
// is given one of 64 hexadecimal digits.
func (s *Service) Create(ctx context.Context, req volume.CreateRequest) (volume.Volume, error) {
	return volume.Volume{}, errdefs.NotImplemented("not yet")
}

// List names the volumes that pass the filters.
func (s *Service) List(ctx context.Context, filters types.Filters) (volume.ListResponse, error) {
	return volume.ListResponse{}, errdefs.NotImplemented("not yet")
}

// Inspect tells about one volume.
func (s *Service) Inspect(ctx context.Context, name string) (volume.Volume, error) {
	return volume.Volume{}, errdefs.NotImplemented("not yet")
}

// Remove removes a volume that nobody uses. With force it is no error if there
// is none.
func (s *Service) Remove(ctx context.Context, name string, force bool) error {
	return errdefs.NotImplemented("not yet")
}

// Prune removes the volumes that nobody uses: those without a name, or with the
// filter all=true every one.
func (s *Service) Prune(ctx context.Context, filters types.Filters) (volume.PruneReport, error) {
	return volume.PruneReport{}, errdefs.NotImplemented("not yet")
}

// DiskUsage is every volume with its size and how many use it.
func (s *Service) DiskUsage(ctx context.Context) (volume.DiskUsage, error) {
	return volume.DiskUsage{}, errdefs.NotImplemented("not yet")
}

// Use notes that a container uses a volume, which it makes if there is none; an
// empty name makes one without a name. References are in memory: after a start
// the daemon calls Use again for each container.
func (s *Service) Use(ctx context.Context, name, containerID string) (volume.Volume, error) {
	return volume.Volume{}, errdefs.NotImplemented("not yet")
}

// ReleaseAll notes that a container uses no volume any more.
func (s *Service) ReleaseAll(containerID string) {}

// CopyUp fills an empty volume with what the image has at the place it is
// mounted on. root is the image's filesystem, mounted on the host; path is the
// place in it. Nothing happens if the volume holds something or the image has
// nothing there.
func (s *Service) CopyUp(ctx context.Context, name, root, path string) error {
	return errdefs.NotImplemented("not yet")
}
