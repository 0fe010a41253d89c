// Package store is the index on disk: results of long work, found again as long as
// what they were made from is the same.
//
// Words. A key names a question: a digest of all that decides the answer but is in
// no file. An input is a file or a folder that was read for it. A result is the
// answer, as bytes. Of one key the store keeps the results for several states of the
// inputs, so that a change that is taken back costs nothing.
//
// An input is compared by content. Whether that is still what it was, stat tells: the
// content is read again only where size, time or inode differ, so that a file that
// was only touched is none that changed. See Disk.
//
// Files. All stand in one folder, and each can be deleted at any time:
//
//	entries/KEY      the states that are known of a key, the newest first
//	objects/DIGEST   results, and lists of inputs, by the digest of their content
//	disks/KEY        what stat said of the files of a system
//
// Names in lists of inputs are relative to the roots of the system (Roots), so that a
// result can be used by another machine.
//
// Every file begins with what it is and a checksum, is written beside its place and
// moved there: a reader, and a second writer, sees it whole or not at all, and one
// that is cut off, flipped or of another version counts as none. So there are no
// locks, and nothing has to reach the disk in an order. What cannot be written is
// not kept; the caller has its answer. What was used least lately goes when the
// store is larger than its limit.
package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Store keeps results in a folder. A nil Store keeps nothing. It is safe for
// concurrent use, and so is its folder.
type Store struct {
	dir   string
	limit int64
	warn  func(error)

	mu     sync.Mutex
	wrote  bool
	warned bool
}

// DefaultLimit is how many bytes a store may have.
const DefaultLimit = 2 << 30

// Open is the store in a folder, which need not exist. A limit of 0 is
// DefaultLimit. warn is told, once, that something could not be written.
func Open(dir string, limit int64, warn func(error)) *Store {
	return &Store{dir: dir, limit: cmp.Or(limit, DefaultLimit), warn: warn}
}

// Key names a question.
type Key [sha256.Size]byte

// KeyOf is the key of what the parts tell together.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return Key(h.Sum(nil))
}

// The folders of a store.
const (
	entries = "entries"
	objects = "objects"
	disks   = "disks"
)

func (s *Store) path(kind string, key [sha256.Size]byte) string {
	return filepath.Join(s.dir, kind, hex.EncodeToString(key[:]))
}

// magic begins every file. Its number changes when a reader of the old form would
// misunderstand the new one.
const magic = "callroute store 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// headSize is that of what stands before the content of a file.
const headSize = len(magic) + 4 + 8

// read is the content of a file, nil for none that is whole.
func (s *Store) read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	content, whole := unwrap(data)
	if !whole {
		_ = os.Remove(path) // or it stays, and is none the next time too
		return nil
	}
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > usedAgain {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // a store that may not be written is not trimmed either
	}
	return content
}

// usedAgain is how exactly it is known when a file was used last.
const usedAgain = time.Hour

func wrap(content []byte) []byte {
	out := make([]byte, 0, headSize+len(content))
	out = append(out, magic...)
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(content, castagnoli))
	out = binary.LittleEndian.AppendUint64(out, uint64(len(content)))
	return append(out, content...)
}

func unwrap(data []byte) (content []byte, whole bool) {
	if len(data) < headSize || !bytes.HasPrefix(data, []byte(magic)) {
		return nil, false
	}
	sum, size := binary.LittleEndian.Uint32(data[len(magic):]), binary.LittleEndian.Uint64(data[len(magic)+4:])
	content = data[headSize:]
	return content, size == uint64(len(content)) && sum == crc32.Checksum(content, castagnoli)
}

// write puts a file in its place, whole or not at all.
func (s *Store) write(path string, content []byte) error {
	s.mu.Lock()
	s.wrote = true
	s.mu.Unlock()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err != nil {
		return s.failed(err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), writing+"*")
	if err != nil {
		return s.failed(err)
	}
	_, err = tmp.Write(wrap(content))
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return s.failed(err)
	}
	return nil
}

// writing begins the names of files that are not in their place yet. One that is
// older than abandoned is of a process that was killed.
const (
	writing   = "writing-"
	abandoned = time.Hour
)

// failed warns of the first error.
func (s *Store) failed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.warn != nil && !s.warned {
		s.warn(fmt.Errorf("what was found cannot be kept: %w", err))
	}
	s.warned = true
	return err
}

// putObject keeps content under its digest.
func (s *Store) putObject(content []byte) ([sha256.Size]byte, error) {
	sum := sha256.Sum256(content)
	path := s.path(objects, sum)
	if s.read(path) != nil {
		return sum, nil
	}
	return sum, s.write(path, content)
}

// Info is what a store holds.
type Info struct {
	Dir   string `json:"dir"`
	Files int    `json:"files"`
	Size  int64  `json:"size"`  // bytes
	Limit int64  `json:"limit"` // bytes
}

// Info counts what there is.
func (s *Store) Info() (Info, error) {
	files, err := s.files()
	out := Info{Dir: s.dir, Files: len(files), Limit: s.limit}
	for _, f := range files {
		out.Size += f.Size()
	}
	return out, err
}

// Clean deletes everything that a store made, and nothing else.
func (s *Store) Clean() error {
	var errs []error
	for _, kind := range []string{entries, objects, disks} {
		errs = append(errs, os.RemoveAll(filepath.Join(s.dir, kind)))
	}
	return errors.Join(errs...)
}

// file is one of a store.
type file struct {
	fs.FileInfo
	path string
}

// files lists the files, those used least lately first.
func (s *Store) files() ([]file, error) {
	var out []file
	for _, kind := range []string{entries, objects, disks} {
		list, err := os.ReadDir(filepath.Join(s.dir, kind))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range list {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // else it was deleted meanwhile
				out = append(out, file{info, filepath.Join(s.dir, kind, e.Name())})
			}
		}
	}
	slices.SortFunc(out, func(a, b file) int { return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.path, b.path)) })
	return out, nil
}

// Close makes room if this process wrote something.
func (s *Store) Close() {
	if s == nil || !s.wrote {
		return
	}
	files, err := s.files()
	if err != nil {
		return
	}
	var size int64
	for _, f := range files {
		size += f.Size()
	}
	for _, f := range files {
		left := bytes.HasPrefix([]byte(f.Name()), []byte(writing)) && time.Since(f.ModTime()) > abandoned
		if (size > s.limit || left) && os.Remove(f.path) == nil {
			size -= f.Size()
		}
	}
}
