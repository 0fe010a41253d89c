package store

import (
	"path/filepath"
	"slices"
	"strings"
)

// Roots are folders that lie elsewhere on each machine, and the names that stand for
// them in what is kept: "@src0", "@mod".
type Roots []Root

// Root is one of them.
type Root struct{ Name, Dir string }

// Short is a file name with the innermost root replaced, and slashes.
func (r Roots) Short(path string) string {
	best := -1
	for i, root := range r {
		if within(root.Dir, path) && (best < 0 || len(root.Dir) > len(r[best].Dir)) {
			best = i
		}
	}
	if best < 0 {
		return filepath.ToSlash(path)
	}
	return r[best].Name + filepath.ToSlash(strings.TrimPrefix(path, r[best].Dir))
}

// Long undoes Short.
func (r Roots) Long(name string) string {
	if strings.HasPrefix(name, "@") {
		first, rest, _ := strings.Cut(name, "/")
		if i := slices.IndexFunc(r, func(root Root) bool { return root.Name == first }); i >= 0 {
			return filepath.Join(r[i].Dir, filepath.FromSlash(rest))
		}
	}
	return filepath.FromSlash(name)
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && dir != "" && (rest == "" || rest[0] == filepath.Separator)
}
