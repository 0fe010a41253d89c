package daemon

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/daemon/archive"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

// Diff is what a container has changed of its image's files.
func (a *Archives) Diff(ctx context.Context, name string) ([]container.FilesystemChange, error) {
	c, err := a.containers.Get(name)
	if err != nil {
		return nil, err
	}
	mounts, err := a.Images.Mounts(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	changes, err := archive.Changes(ctx, mounts)
	if err != nil {
		return nil, err
	}
	return withoutPlaces(changes, places(c.Snapshot())), nil
}

// places are where something is mounted in a container: what the runtime makes
// there is not the container's doing.
func places(r ours.Record) []string {
	all := []string{"/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/sbin/docker-init"}
	for _, m := range r.Mounts {
		all = append(all, m.Destination)
	}
	for dest := range r.HostConfig.Tmpfs {
		all = append(all, path.Clean(dest))
	}
	return all
}

// withoutPlaces takes out what was made for mounts, and the folders above it if
// nothing else has changed in them. A folder comes before what is in it.
func withoutPlaces(changes []container.FilesystemChange, places []string) []container.FilesystemChange {
	under := func(p, dir string) bool { return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }
	kept := []container.FilesystemChange{}
	for _, c := range slices.Backward(changes) {
		place := slices.ContainsFunc(places, func(p string) bool { return under(c.Path, p) })
		above := slices.ContainsFunc(places, func(p string) bool { return under(p, c.Path) })
		if place || above && !slices.ContainsFunc(kept, func(other container.FilesystemChange) bool { return under(other.Path, c.Path) }) {
			continue
		}
		kept = append(kept, c)
	}
	slices.Reverse(kept)
	return kept
}
