package volumes

import (
	"context"

	"github.com/moby/moby/api/types/volume"
)

// Use notes that a container uses a volume, which it makes if there is none; an
// empty name makes one without a name. References are in memory: after a start
// the daemon calls Use again for each container.
func (s *Service) Use(_ context.Context, name, containerID string) (volume.Volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.volumes[name]
	if !ok {
		var err error
		if r, err = s.create(record{Name: name}); err != nil {
			return volume.Volume{}, err
		}
	}
	if s.users[r.Name] == nil {
		s.users[r.Name] = map[string]bool{}
	}
	s.users[r.Name][containerID] = true
	return s.volume(r), nil
}

// ReleaseAll notes that a container uses no volume any more.
func (s *Service) ReleaseAll(containerID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, users := range s.users {
		delete(users, containerID)
		if len(users) == 0 {
			delete(s.users, name)
		}
	}
}
