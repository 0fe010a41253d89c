package container

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/callroute/callroute/engine/errdefs"
)

// Store is all containers, by ID and by name.
type Store struct {
	dir string

	mu    sync.Mutex
	all   map[string]*Container // by ID
	names map[string]string     // name to ID; a name is taken before its container is there
}

// validName is docker's.
var validName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// Found is what Open met in a folder besides containers.
type Found struct {
	// HalfMade are containers that a crash kept from being made: folders without
	// a record.
	HalfMade []string
	// Unreadable is what is wrong with records that cannot be read. They are left
	// alone.
	Unreadable []error
}

// Open reads the containers in a folder.
func Open(dir string) (*Store, Found, error) {
	var found Found
	if err := os.MkdirAll(dir, 0o710); err != nil {
		return nil, found, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, found, err
	}
	s := &Store{dir: dir, all: map[string]*Container{}, names: map[string]string{}}
	for _, e := range entries {
		c, err := load(filepath.Join(dir, e.Name()))
		switch {
		case errors.Is(err, os.ErrNotExist):
			found.HalfMade = append(found.HalfMade, e.Name())
		case err != nil:
			found.Unreadable = append(found.Unreadable, errdefs.Internal("container %s: %w", e.Name(), err))
		default:
			s.all[c.ID] = c
			s.names[c.Name] = c.ID
		}
	}
	return s, found, nil
}

// Dir is the folder of a container.
func (s *Store) Dir(id string) string { return filepath.Join(s.dir, id) }

// Reserve takes a name for a container that is about to be made. A slash before
// it is no part of it.
func (s *Store) Reserve(name, id string) error {
	asked := name
	name = strings.TrimPrefix(name, "/")
	if !validName.MatchString(name) {
		return errdefs.Invalid("Invalid container name (%s), only %s are allowed", asked, "[a-zA-Z0-9][a-zA-Z0-9_.-]")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner, taken := s.names[name]; taken {
		return errdefs.Conflict("Conflict. The container name %q is already in use by container %q. You have to remove (or rename) that container to be able to reuse that name.", "/"+name, owner)
	}
	s.names[name] = id
	return nil
}

// Release gives a name back.
func (s *Store) Release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.names, name)
}

// Add adds a container whose name was reserved.
func (s *Store) Add(c *Container) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[c.ID] = c
}

// Delete takes a container and its name out.
func (s *Store) Delete(c *Container) {
	name := c.Snapshot().Name
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, c.ID)
	if s.names[name] == c.ID {
		delete(s.names, name)
	}
}

// Rename gives a container another name.
func (s *Store) Rename(c *Container, name string) error {
	if err := s.Reserve(name, c.ID); err != nil {
		return err
	}
	name = strings.TrimPrefix(name, "/")
	old := c.Snapshot().Name
	if err := c.Set(func(r *Record) { r.Name = name }); err != nil {
		s.Release(name)
		return err
	}
	s.Release(old)
	return nil
}

// Get finds a container by its ID, its name, or a prefix of its ID that no
// other has.
func (s *Store) Get(name string) (*Container, error) {
	name = strings.TrimPrefix(name, "/")
	if name == "" {
		return nil, errdefs.Invalid("No container name or ID supplied")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.all[name]; c != nil {
		return c, nil
	}
	if c := s.all[s.names[name]]; c != nil {
		return c, nil
	}
	var found *Container
	for id, c := range s.all {
		if !strings.HasPrefix(id, name) {
			continue
		}
		if found != nil {
			return nil, errdefs.Invalid("Multiple IDs found with provided prefix: %s", name)
		}
		found = c
	}
	if found == nil {
		return nil, errdefs.NotFound("No such container: %s", name)
	}
	return found, nil
}

// All is all containers, the newest first.
func (s *Store) All() []*Container {
	s.mu.Lock()
	all := make([]*Container, 0, len(s.all))
	for _, c := range s.all {
		all = append(all, c)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *Container) int {
		return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	})
	return all
}
