package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FromDirs makes a system of one source per folder. No folders at all mean the
// current one.
func FromDirs(dirs []string) (*System, error) {
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	s := &System{}
	for _, given := range dirs {
		src, err := newSource(given, given)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", given, err)
		}
		if other := s.same(src); other != nil {
			return nil, fmt.Errorf("%s: the same folder as %s; leave one out", given, other.Given)
		}
		s.Sources = append(s.Sources, src)
	}
	nameSources(s.Sources)
	return s, nil
}

// Repositories is the source trees in some folders: a folder of which git or the go
// command knows nothing stands for the repositories in it, where it has any.
func Repositories(dirs []string) []string {
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	var out []string
	for _, dir := range dirs {
		inside, _ := filepath.Glob(filepath.Join(dir, "*", ".git")) // the pattern is well-formed
		if rooted(dir) || len(inside) == 0 {
			out = append(out, dir)
			continue
		}
		for _, git := range inside {
			out = append(out, filepath.Dir(git))
		}
	}
	return out
}

// rooted reports whether a folder is a source tree by its own files.
func rooted(dir string) bool {
	for _, name := range []string{".git", "go.mod", "go.work"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// newSource checks that dir is a folder. given is how the user wrote it. The
// error says only what is wrong and what to do.
func newSource(dir, given string) (*Source, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("its absolute path is unknown (%w); give an absolute path", err)
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s; %s", abs, advice(abs))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("no permission to read the folder %s; make it readable", abs)
	case err != nil:
		return nil, fmt.Errorf("the folder %s cannot be read: %w", abs, errors.Unwrap(err))
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file; give the folder of a Go source tree", abs)
	}
	return &Source{Dir: abs, Given: given, Version: version(abs), Web: web(abs)}, nil
}

// advice suggests a folder beside the missing one.
func advice(missing string) string {
	entries, _ := os.ReadDir(filepath.Dir(missing)) // without them there is nothing to suggest
	var folders []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	if near := Nearest(filepath.Base(missing), folders); len(near) > 0 {
		return "did you mean " + filepath.Join(filepath.Dir(missing), near[0]) + "?"
	}
	return "check the path"
}

// same returns the source of s that is the same folder as src, through symlinks
// too.
func (s *System) same(src *Source) *Source {
	for _, other := range s.Sources {
		if resolve(other.Dir) == resolve(src.Dir) {
			return other
		}
	}
	return nil
}

func resolve(dir string) string {
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		return target
	}
	return dir
}

// nameSources gives each source the shortest tail of its path that no other
// source has.
func nameSources(sources []*Source) {
	for _, src := range sources {
		for n := 1; ; n++ {
			src.Name = tail(src.Dir, n)
			clash := false
			for _, other := range sources {
				clash = clash || other != src && tail(other.Dir, n) == src.Name
			}
			if !clash || src.Name == filepath.ToSlash(src.Dir) {
				break
			}
		}
	}
}

// tail is the last n elements of a path, with slashes.
func tail(dir string, n int) string {
	dir = filepath.ToSlash(dir)
	elems := strings.Split(dir, "/")
	if n >= len(elems) {
		return dir
	}
	return strings.Join(elems[len(elems)-n:], "/")
}
