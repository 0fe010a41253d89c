package store

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/callroute/callroute/analyzer/encode"
)

// Inputs is what a result was made from, besides what its key tells. The names are
// those of Roots.
type Inputs struct {
	Folders []Folder
	Files   []File

	newest int64 `encode:"-"` // when one of the folders changed last
}

// Add adds other inputs.
func (in *Inputs) Add(other *Inputs) {
	in.Folders, in.Files = append(in.Folders, other.Folders...), append(in.Files, other.Files...)
	in.newest = max(in.newest, other.newest)
}

// ChangedSince reports whether a folder may have changed since a time.
func (in *Inputs) ChangedSince(t time.Time) bool {
	const tick = 10 * time.Millisecond // of the clock of a file system
	return in.newest > t.Add(-tick).UnixNano()
}

// Folder is a folder of Go files, and what mattered of it.
type Folder struct {
	Name   string
	Aspect Aspect
	Sum    Sum
}

// File is a file, which need not exist.
type File struct {
	Name string
	Sum  Sum
}

// state is one state of the inputs of a key.
type state struct {
	Inputs, Result [sha256.Size]byte
}

// mostStates is how many states are kept of a key: the branches that somebody
// switches between.
const mostStates = 8

// Find is the result of a key for the files as they are now, nil for none.
func (s *Store) Find(key Key, d *Disk) []byte {
	e, _ := s.Entry(key, d)
	return e.Result
}

// Entry is a result as another store can take it.
type Entry struct {
	Key    Key
	Inputs Inputs
	Result []byte
}

// Entry is the result of a key for the files as they are now, with what it was made
// from.
func (s *Store) Entry(key Key, d *Disk) (e Entry, ok bool) {
	if s == nil {
		return e, false
	}
	states, _ := encode.Unmarshal[[]state](s.read(s.path(entries, key)))
	for _, st := range states {
		in, ok := encode.Unmarshal[Inputs](s.read(s.path(objects, st.Inputs)))
		if !ok || !d.same(&in) {
			continue
		}
		if result := s.read(s.path(objects, st.Result)); result != nil {
			return Entry{key, in, result}, true
		}
	}
	return e, false
}

// Save keeps a result that was made from inputs, as d had them before they were
// read. Where one of them has changed since, nobody knows what the result was made
// from, and it is not kept.
func (s *Store) Save(key Key, in *Inputs, result []byte, d *Disk) {
	if s == nil || !d.still(in) {
		return
	}
	_ = s.Add(Entry{key, *in, result}) // it has warned
}

// Add keeps a result of another store.
func (s *Store) Add(e Entry) error {
	inputs, err := s.putObject(encode.Marshal(&e.Inputs))
	if err != nil {
		return err
	}
	sum, err := s.putObject(e.Result)
	if err != nil {
		return err
	}
	path := s.path(entries, e.Key)
	states, _ := encode.Unmarshal[[]state](s.read(path))
	states = slices.DeleteFunc(states, func(st state) bool { return st.Inputs == inputs })
	states = slices.Insert(states, 0, state{inputs, sum})
	states = states[:min(len(states), mostStates)]
	return s.write(path, encode.Marshal(&states))
}
