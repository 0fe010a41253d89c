package volumes

import (
	"errors"

	"github.com/moby/sys/mount"
	"github.com/moby/sys/mountinfo"
)

// Mount mounts what a volume with options is made of at its folder, for a
// container that is to run. All who run with the volume see the same mount. A
// volume without options is its folder, and nothing is to be done.
func (s *Service) Mount(name, containerID string) error {
	s.mu.Lock()
	r, err := s.get(name)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	device, kind, flags, ok := r.source()
	if !ok {
		return nil
	}
	s.mounting.Lock()
	defer s.mounting.Unlock()
	there, err := mountinfo.Mounted(s.data(name))
	if err != nil {
		return err
	}
	if !there {
		if err := mount.Mount(device, s.data(name), kind, flags); err != nil {
			return mountFailed(s.data(name), err)
		}
	}
	if s.mounted[name] == nil {
		s.mounted[name] = map[string]bool{}
	}
	s.mounted[name][containerID] = true
	return nil
}

// Unmount says that a container does not run any more. The last one's mounts are
// taken down.
func (s *Service) Unmount(containerID string) error {
	s.mounting.Lock()
	defer s.mounting.Unlock()
	var errs []error
	for name, containers := range s.mounted {
		if !containers[containerID] {
			continue
		}
		delete(containers, containerID)
		if len(containers) == 0 {
			delete(s.mounted, name)
			errs = append(errs, s.unmount(name))
		}
	}
	return errors.Join(errs...)
}

// Tidy takes down what a former engine left mounted and no container has.
func (s *Service) Tidy() error {
	var names []string
	s.mu.Lock()
	for name, r := range s.volumes {
		if len(r.Options) > 0 {
			names = append(names, name)
		}
	}
	s.mu.Unlock()
	s.mounting.Lock()
	defer s.mounting.Unlock()
	var errs []error
	for _, name := range names {
		if s.mounted[name] == nil {
			errs = append(errs, s.unmount(name))
		}
	}
	return errors.Join(errs...)
}

// unmount leaves a volume's folder as it is below what is mounted on it, if nobody
// can use that.
func (f folders) unmount(name string) error {
	there, err := mountinfo.Mounted(f.data(name))
	if err != nil || !there {
		return ignoreGone(err)
	}
	return mount.Unmount(f.data(name))
}
