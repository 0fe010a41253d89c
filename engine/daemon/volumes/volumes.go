// Package volumes keeps the engine's volumes: folders that outlive the
// containers that use them.
//
// A volume is a folder, named like it, with volume.json, which says what the
// person asked for, and _data, which is what containers see. It is made and
// removed under another name, beginning with a dot, and renamed, so that a crash
// leaves a volume or none; New clears such names away. Who uses a volume is only
// in memory: after a start the daemon says so again, container by container.
//
//   - create.go  Create
//   - inspect.go List, Inspect, DiskUsage
//   - rm.go      Remove, Prune
//   - use.go     Use, ReleaseAll
//   - fill.go    CopyUp
//   - mount.go   Mount, Unmount, Tidy
//
// There is one driver, docker's "local". With its options a volume is what
// mount(8) would make of them, mounted at its folder while a container runs.
package volumes

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/volume"
	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/errdefs"
)

// Config says where volumes are kept and whom to tell about them.
type Config struct {
	Root string // a folder of its own: <Root>/<name>/_data
	// Event is told what happened to a volume. Nil tells nobody.
	Event func(action events.Action, name string, attributes map[string]string)
}

// Service is the engine's volumes.
type Service struct {
	Config
	folders
	mu      sync.Mutex
	volumes map[string]record
	users   map[string]map[string]bool // volume → containers
	// mounting is held while something is mounted, whose server may not answer: other
	// volumes are not kept waiting.
	mounting sync.Mutex
	mounted  map[string]map[string]bool // volume with options → containers that run
	// filling is held while a volume is filled: who uses it next waits for that.
	filling sync.Mutex
}

// folders is where the volumes are, by their names.
type folders string

// record is what volume.json holds.
type record struct {
	Name      string
	CreatedAt time.Time
	Labels    map[string]string `json:",omitempty"`
	Options   map[string]string `json:",omitempty"` // the driver's
}

const (
	driver     = "local"
	recordFile = "volume.json"
	dataDir    = "_data"
	// fillMark is there while a volume is filled from an image.
	fillMark = "filling"
	// making and removing begin the names of what is no volume yet, or no more.
	making, removing = ".new-", ".gone-"
	// anonymous marks a volume that nobody gave a name, as docker does.
	anonymous = "com.docker.volume.anonymous"
)

// New opens the volumes under root and repairs what a crash left.
func New(c Config) (*Service, error) {
	if c.Event == nil {
		c.Event = func(events.Action, string, map[string]string) {}
	}
	s := &Service{Config: c, folders: folders(c.Root), volumes: map[string]record{}, users: map[string]map[string]bool{}, mounted: map[string]map[string]bool{}}
	if err := os.MkdirAll(c.Root, 0o701); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(c.Root)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, making), strings.HasPrefix(name, removing):
			if err := os.RemoveAll(filepath.Join(c.Root, name)); err != nil {
				return nil, err
			}
		case !e.IsDir() || checkName(name) != nil:
			logrus.WithField("path", filepath.Join(c.Root, name)).Warn("this is no volume")
		default:
			if err := s.open(name); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// open reads one volume. One without a record, that a person put there, is a
// volume too.
func (s *Service) open(name string) error {
	if err := s.unfill(name); err != nil {
		return err
	}
	r := record{Name: name}
	data, err := os.ReadFile(filepath.Join(s.Root, name, recordFile))
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil || r.Name != name {
		logrus.WithError(err).WithField("volume", name).Warn("the volume has no valid record")
		info, err := os.Stat(filepath.Join(s.Root, name, dataDir))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		r = record{Name: name, CreatedAt: info.ModTime()}
	}
	s.volumes[name] = r
	return nil
}

// data is the folder that containers see.
func (f folders) data(name string) string { return filepath.Join(string(f), name, dataDir) }

// volume is a record as the API has it.
func (s *Service) volume(r record) volume.Volume {
	return volume.Volume{
		Name: r.Name, Driver: driver, Scope: "local", Mountpoint: s.data(r.Name),
		Labels: r.Labels, Options: r.Options, CreatedAt: r.CreatedAt.Format(time.RFC3339),
	}
}

// get finds a volume; s.mu is held.
func (s *Service) get(name string) (record, error) {
	r, ok := s.volumes[name]
	if !ok {
		return r, errdefs.NotFound("get %s: no such volume", name)
	}
	return r, nil
}

// maxName is what filesystems take, less what is put before it.
const maxName = 200

// checkName says why a name can be none of a volume.
func checkName(name string) error {
	if len(name) == 1 {
		return errdefs.Invalid("create %s: volume name is too short, names should be at least two alphanumeric characters", name)
	}
	if len(name) > maxName {
		return errdefs.Invalid("create %s…: volume name is too long, names should be at most %d characters", name[:16], maxName)
	}
	for i, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && strings.ContainsRune("_.-", c):
		default:
			return invalidName(name)
		}
	}
	if name == "" {
		return invalidName(name)
	}
	return nil
}

func invalidName(name string) error {
	return errdefs.Invalid("create %s: %q includes invalid characters for a local volume name, only %q are allowed. If you intended to pass a host directory, use absolute path",
		name, name, "[a-zA-Z0-9][a-zA-Z0-9_.-]")
}

func (s *Service) event(action events.Action, name string) {
	s.Event(action, name, map[string]string{"driver": driver})
}
