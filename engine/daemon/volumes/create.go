package volumes

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/volume"
	"github.com/moby/sys/atomicwriter"

	"github.com/callroute/callroute/engine/errdefs"
)

// Create makes a volume, or returns the one of that name. Without a name it
// is given one of 64 hexadecimal digits.
func (s *Service) Create(_ context.Context, req volume.CreateRequest) (volume.Volume, error) {
	switch {
	case req.ClusterVolumeSpec != nil:
		return volume.Volume{}, errdefs.NotImplemented("this engine has no cluster volumes")
	case req.Driver != "" && req.Driver != driver && req.Driver != "default":
		return volume.Volume{}, errdefs.NotFound("create %s: error looking up volume plugin %s: plugin %q not found", req.Name, req.Driver, req.Driver)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.volumes[req.Name]; ok {
		return s.volume(r), nil
	}
	if err := checkOptions(req.Name, req.DriverOpts); err != nil {
		return volume.Volume{}, err
	}
	r, err := s.create(record{Name: req.Name, Labels: maps.Clone(req.Labels), Options: maps.Clone(req.DriverOpts)})
	if err != nil {
		return volume.Volume{}, err
	}
	return s.volume(r), nil
}

// create makes a new volume; s.mu is held.
func (s *Service) create(r record) (record, error) {
	r.CreatedAt = time.Now()
	if r.Name == "" {
		r.Name = random()
		if r.Labels == nil {
			r.Labels = map[string]string{}
		}
		r.Labels[anonymous] = ""
	}
	if err := checkName(r.Name); err != nil {
		return r, err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	dir := filepath.Join(s.Root, making+r.Name)
	err = errors.Join(
		os.RemoveAll(dir),
		os.Mkdir(dir, 0o701),
		mkdir(filepath.Join(dir, dataDir), 0o755),
		atomicwriter.WriteFile(filepath.Join(dir, recordFile), data, 0o600),
	)
	if err == nil {
		err = os.Rename(dir, filepath.Join(s.Root, r.Name))
	}
	if err != nil {
		_ = os.RemoveAll(dir) // the next start does it otherwise
		return r, errdefs.Internal("create %s: %w", r.Name, err)
	}
	s.volumes[r.Name] = r
	s.event(events.ActionCreate, r.Name)
	return r, nil
}

// mkdir makes a folder of a mode, whatever the umask.
func mkdir(path string, mode os.FileMode) error {
	return errors.Join(os.Mkdir(path, mode), os.Chmod(path, mode))
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails: it would end the program
	return hex.EncodeToString(b)
}
