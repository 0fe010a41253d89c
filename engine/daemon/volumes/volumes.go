// Package volumes keeps folders that outlive containers.
//
// A volume is a folder below the data root: _data is what containers see,
// volume.json what the volume is. A reference says that a container has it;
// references are not kept on disk, as the containers know them and tell again
// after a restart.
package volumes

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	continuity "github.com/containerd/continuity/fs"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/volume"
	"github.com/moby/sys/atomicwriter"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// anonymousLabel marks a volume that nobody named.
const anonymousLabel = "com.docker.volume.anonymous"

// Store is the volumes.
type Store struct {
	dir   string
	event func(action events.Action, name string, attributes map[string]string)

	mu    sync.Mutex
	all   map[string]*record
	inUse map[string]map[string]bool // containers, by volume
}

// record is what is kept of a volume.
type record struct {
	Name    string
	Created time.Time
	Labels  map[string]string
	Options map[string]string
}

// Open reads the volumes in a folder. event hears what happens to them.
func Open(dir string, event func(events.Action, string, map[string]string)) (*Store, error) {
	if err := os.MkdirAll(dir, 0o701); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, event: event, all: map[string]*record{}, inUse: map[string]map[string]bool{}}
	for _, e := range entries {
		r := new(record)
		data, err := os.ReadFile(filepath.Join(dir, e.Name(), file))
		if err != nil || json.Unmarshal(data, r) != nil || r.Name != e.Name() {
			continue // not a volume, or one whose making was cut off
		}
		s.all[r.Name] = r
	}
	return s, nil
}

const file = "volume.json"

var validName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// Create makes a volume, or finds it if it is there already.
func (s *Store) Create(_ context.Context, req volume.CreateRequest) (volume.Volume, error) {
	if req.Driver != "" && req.Driver != "local" {
		return volume.Volume{}, errdefs.NotFound("error looking up volume plugin %s: plugin %q not found", req.Driver, req.Driver)
	}
	if len(req.DriverOpts) > 0 {
		return volume.Volume{}, errdefs.Invalid("create %s: invalid option: the local driver of this engine has no options", req.Name)
	}
	name := req.Name
	if name == "" {
		name = anonymous()
		labels := map[string]string{anonymousLabel: ""}
		for k, v := range req.Labels {
			labels[k] = v
		}
		req.Labels = labels
	}
	if !validName.MatchString(name) {
		return volume.Volume{}, errdefs.Invalid("create %s: %q includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path", name, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.all[name]; r != nil {
		return s.show(r), nil
	}
	r := &record{Name: name, Created: time.Now().UTC(), Labels: req.Labels, Options: req.DriverOpts}
	data, err := json.Marshal(r)
	if err != nil {
		return volume.Volume{}, err
	}
	err = errors.Join(os.MkdirAll(s.Path(name), 0o755), atomicwriter.WriteFile(filepath.Join(s.dir, name, file), data, 0o600))
	if err != nil {
		return volume.Volume{}, errors.Join(err, os.RemoveAll(filepath.Join(s.dir, name)))
	}
	s.all[name] = r
	s.event(events.ActionCreate, name, map[string]string{"driver": "local"})
	return s.show(r), nil
}

func anonymous() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Path is the folder that containers see.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name, "_data") }

func (s *Store) show(r *record) volume.Volume {
	v := volume.Volume{
		Name: r.Name, Driver: "local", Mountpoint: s.Path(r.Name), CreatedAt: r.Created.Format(time.RFC3339),
		Labels: r.Labels, Options: r.Options, Scope: "local",
	}
	return v
}

// List is the volumes that pass docker's filters, by name.
func (s *Store) List(_ context.Context, f types.Filters) (volume.ListResponse, error) {
	for name := range f {
		if !slices.Contains([]string{"name", "driver", "label", "dangling"}, name) {
			return volume.ListResponse{}, errdefs.Invalid("invalid filter '%s'", name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := volume.ListResponse{Volumes: []volume.Volume{}, Warnings: nil}
	for name, r := range s.all {
		named := len(f["name"]) == 0 || slices.ContainsFunc(f["name"], func(v string) bool { return strings.Contains(name, v) })
		driven := len(f["driver"]) == 0 || slices.Contains(f["driver"], "local")
		used := len(s.inUse[name]) > 0
		dangling := len(f["dangling"]) == 0 || (f["dangling"][0] == "true" || f["dangling"][0] == "1") == !used
		if named && driven && dangling && hasLabels(r.Labels, f["label"]) {
			list.Volumes = append(list.Volumes, s.show(r))
		}
	}
	slices.SortFunc(list.Volumes, func(a, b volume.Volume) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func hasLabels(labels map[string]string, wanted []string) bool {
	for _, w := range wanted {
		key, value, withValue := strings.Cut(w, "=")
		have, ok := labels[key]
		if !ok || withValue && have != value {
			return false
		}
	}
	return true
}

// Inspect is one volume.
func (s *Store) Inspect(_ context.Context, name string) (volume.Volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.all[name]
	if r == nil {
		return volume.Volume{}, errdefs.NotFound("get %s: no such volume", name)
	}
	return s.show(r), nil
}

// Remove removes a volume that no container has. With force one that is not
// there is fine.
func (s *Store) Remove(_ context.Context, name string, force bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[name] == nil {
		if force {
			return nil
		}
		return errdefs.NotFound("get %s: no such volume", name)
	}
	if users := s.inUse[name]; len(users) > 0 {
		var ids []string
		for id := range users {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return errdefs.Conflict("remove %s: volume is in use - [%s]", name, strings.Join(ids, ", "))
	}
	return s.remove(name)
}

// remove takes the record away first: a folder without one is no volume, so
// that a crash leaves no half of it.
func (s *Store) remove(name string) error {
	if err := os.Remove(filepath.Join(s.dir, name, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(s.all, name)
	delete(s.inUse, name)
	err := os.RemoveAll(filepath.Join(s.dir, name))
	s.event(events.ActionDestroy, name, map[string]string{"driver": "local"})
	return err
}

// Prune removes what no container has: anonymous volumes, or with the filter
// all=true every one.
func (s *Store) Prune(_ context.Context, f types.Filters) (volume.PruneReport, error) {
	every := len(f["all"]) > 0 && (f["all"][0] == "true" || f["all"][0] == "1")
	s.mu.Lock()
	defer s.mu.Unlock()
	report := volume.PruneReport{VolumesDeleted: []string{}}
	var names []string
	for name, r := range s.all {
		_, isAnonymous := r.Labels[anonymousLabel]
		if len(s.inUse[name]) == 0 && (every || isAnonymous) && hasLabels(r.Labels, f["label"]) &&
			(len(f["label!"]) == 0 || !hasLabels(r.Labels, f["label!"])) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		size := Size(s.Path(name))
		if err := s.remove(name); err != nil {
			return report, err
		}
		report.VolumesDeleted = append(report.VolumesDeleted, name)
		report.SpaceReclaimed += uint64(size)
	}
	return report, nil
}

// Use says that a container has a volume.
func (s *Store) Use(name, containerID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[name] == nil {
		s.inUse[name] = map[string]bool{}
	}
	s.inUse[name][containerID] = true
}

// ReleaseAll says that a container has no volume any more.
func (s *Store) ReleaseAll(containerID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, users := range s.inUse {
		delete(users, containerID)
	}
}

// Users is how many containers have a volume.
func (s *Store) Users(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.inUse[name])
}

// Fill copies a folder of an image into a volume that is still empty, with its
// owner and mode, as docker does when a volume is first used.
func (s *Store) Fill(name, from string) error {
	into := s.Path(name)
	have, err := os.ReadDir(into)
	if err != nil || len(have) > 0 {
		return err
	}
	info, err := os.Stat(from)
	if err != nil || !info.IsDir() {
		return nil //nolint:nilerr // the image has nothing there
	}
	return continuity.CopyDir(into, from)
}

// Size is the size of the files in a folder, in bytes.
func Size(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
