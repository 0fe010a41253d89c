package volumes

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/diskusage"
	"github.com/callroute/callroute/engine/errdefs"
)

// Remove removes a volume that nobody uses. With force it is no error if there
// is none.
func (s *Service) Remove(_ context.Context, name string, force bool) error {
	err := s.remove(name)
	if force && cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}

func (s *Service) remove(name string) error {
	gone := filepath.Join(s.Root, removing+random()[:16])
	s.mu.Lock()
	err := s.forget(name, gone)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.event(events.ActionDestroy, name)
	// It can take long, and nobody can see the volume any more.
	if err := os.RemoveAll(gone); err != nil {
		return errdefs.Internal("remove %s: %w", name, err)
	}
	return nil
}

// forget gives a volume a name that is none; s.mu is held.
func (s *Service) forget(name, gone string) error {
	if _, err := s.get(name); err != nil {
		return err
	}
	if users := slices.Sorted(maps.Keys(s.users[name])); len(users) > 0 {
		return errdefs.Conflict("remove %s: volume is in use - [%s]", name, strings.Join(users, ", "))
	}
	// What is mounted there is not the volume's to remove.
	if err := s.unmount(name); err != nil {
		return errdefs.Internal("remove %s: %w", name, err)
	}
	if err := os.Rename(filepath.Join(s.Root, name), gone); err != nil && !os.IsNotExist(err) {
		return errdefs.Internal("remove %s: %w", name, err)
	}
	delete(s.volumes, name)
	return nil
}

// Prune removes the volumes that nobody uses: those without a name of their own,
// or with the filter all=true every one.
func (s *Service) Prune(ctx context.Context, filters types.Filters) (volume.PruneReport, error) {
	report := volume.PruneReport{VolumesDeleted: []string{}}
	f, err := parse(filters, "all", "label", "label!")
	if err != nil {
		return report, err
	}
	s.mu.Lock()
	var names []string
	for name, r := range s.volumes {
		_, noName := r.Labels[anonymous]
		if (noName || f.all != nil && *f.all) && len(s.users[name]) == 0 && f.match(r, 0) {
			names = append(names, name)
		}
	}
	s.mu.Unlock()
	slices.Sort(names)
	for _, name := range names {
		bytes, err := diskusage.Bytes(ctx, s.data(name))
		if err != nil {
			return report, err
		}
		switch err := s.remove(name); {
		case cerrdefs.IsConflict(err), cerrdefs.IsNotFound(err):
			continue // somebody was faster
		case err != nil:
			return report, err
		}
		report.VolumesDeleted = append(report.VolumesDeleted, name)
		report.SpaceReclaimed += uint64(bytes)
	}
	s.Event(events.ActionPrune, "", map[string]string{"reclaimed": strconv.FormatUint(report.SpaceReclaimed, 10)})
	return report, nil
}
