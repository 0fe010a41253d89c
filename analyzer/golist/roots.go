package golist

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/callroute/callroute/analyzer/system"
)

// A root is a folder in which the go command lists packages by itself.
type root struct {
	dir    string
	layout layout
	path   string   // import path of dir; in a workspace empty
	owned  []string // module paths whose source is below dir: its own and, in a workspace, every one in use
	used   []string // folders of the modules that a workspace uses
	alone  bool     // a workspace around it does not use it
}

// A layout is the way in which a root tells where imports are found.
type layout int

const (
	inModule    layout = iota // go.mod, or go.work
	inVendorMod               // vendor.mod in the place of go.mod, and vendor/
	inGopath                  // neither: GOPATH mode, with vendor/, vendor/src, Godeps/_workspace or nothing
)

// tree is what one walk over a source finds.
type tree struct {
	roots   []*root  // outer before inner, by folder
	dirs    []string // folders with Go files that are not tests
	folders []string // all that were walked
}

// rootOf returns the innermost root around p.
func (l *Lister) rootOf(p *system.Program) (*root, error) {
	t, err := l.tree(p.Source)
	if err != nil {
		return nil, err
	}
	if r := t.around(p.Dir); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("%s: not below the source %s; give the program's own source", p.Dir, p.Source.Dir)
}

// Owned are the import paths of the modules and trees that a source holds, without
// their major versions: a copy of one that is vendored elsewhere may be of another.
func (l *Lister) Owned(src *system.Source) ([]string, error) {
	l.mu.Lock()
	owned, known := l.owned[src]
	l.mu.Unlock()
	if !known {
		t, err := l.tree(src)
		if err != nil {
			return nil, err
		}
		for _, r := range t.roots {
			owned = append(owned, r.owned...)
		}
	}
	out := make([]string, len(owned))
	for i, path := range owned {
		out[i] = unversioned(path)
	}
	return out, nil
}

// tree walks a source once.
func (l *Lister) tree(src *system.Source) (*tree, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.trees[src]; t != nil {
		return t, nil
	}
	t, err := walk(src)
	if err != nil {
		return nil, err
	}
	l.trees[src] = t
	return t, nil
}

// around returns the innermost root that holds dir, nil if there is none.
func (t *tree) around(dir string) *root {
	var found *root
	for _, r := range t.roots {
		if Within(r.dir, dir) && (found == nil || len(r.dir) > len(found.dir)) {
			found = r
		}
	}
	return found
}

func walk(src *system.Source) (*tree, error) {
	info, err := os.Stat(src.Dir)
	if err != nil {
		return nil, Unreadable(err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder; give the folder of a Go source tree", src.Dir)
	}
	t := &tree{}
	// The separator makes WalkDir enter a source that is itself a symlink.
	err = filepath.WalkDir(src.Dir+string(filepath.Separator), func(name string, d fs.DirEntry, err error) error {
		name = filepath.Clean(name)
		switch {
		case err != nil:
			return Unreadable(err)
		case !d.IsDir():
			if isSource(d.Name()) {
				if dir := filepath.Dir(name); len(t.dirs) == 0 || t.dirs[len(t.dirs)-1] != dir {
					t.dirs = append(t.dirs, dir)
				}
			}
			return nil
		case name != src.Dir && ignored(d.Name()):
			return filepath.SkipDir
		}
		t.folders = append(t.folders, name)
		r, err := t.rootAt(name, src)
		if r != nil {
			t.roots = append(t.roots, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// WalkDir visits the files of a folder and its subfolders mixed by name.
	slices.Sort(t.dirs)
	t.dirs = slices.Compact(t.dirs)
	if len(t.dirs) == 0 {
		return nil, fmt.Errorf("%s: no Go files; give the folder of a Go source tree", src.Dir)
	}
	if slices.ContainsFunc(t.dirs, func(dir string) bool { return t.around(dir) == nil }) {
		t.roots = slices.Insert(t.roots, 0, &root{dir: src.Dir, layout: inGopath})
	}
	for _, r := range t.roots {
		if r.layout == inGopath {
			r.path = importPath(r.dir, t.below(r), src)
			r.owned = []string{r.path}
		}
	}
	return t, nil
}

// rootAt tells whether dir is a root by the files in it, nil if not.
func (t *tree) rootAt(dir string, src *system.Source) (*root, error) {
	outer := t.around(dir)
	switch {
	case exists(dir, "go.work"):
		return workspace(dir)
	case exists(dir, "go.mod") && (outer == nil || outer.layout != inGopath):
		r, err := moduleRoot(dir, "go.mod", inModule)
		if err == nil && outer != nil && outer.path == "" {
			if slices.Contains(outer.owned, r.path) {
				return nil, nil
			}
			r.alone = true
		}
		return r, err
	case outer != nil:
		return nil, nil
	case exists(dir, "vendor.mod"):
		return moduleRoot(dir, "vendor.mod", inVendorMod)
	case exists(dir, "vendor") || exists(dir, "Godeps") || dir == src.Dir && src.Import != "":
		return &root{dir: dir, layout: inGopath}, nil
	}
	return nil, nil
}

func moduleRoot(dir, file string, how layout) (*root, error) {
	name := filepath.Join(dir, file)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, Unreadable(err)
	}
	path := modfile.ModulePath(data)
	if path == "" {
		return nil, fmt.Errorf("%s: no module line; add `module PATH`", name)
	}
	return &root{dir: dir, layout: how, path: path, owned: []string{path}}, nil
}

func workspace(dir string) (*root, error) {
	name := filepath.Join(dir, "go.work")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, Unreadable(err)
	}
	work, err := modfile.ParseWork(name, data, nil)
	if err != nil {
		return nil, errors.New(OneLine(err.Error()) + "; mend go.work, or set GOWORK=off")
	}
	r := &root{dir: dir, layout: inModule}
	for _, use := range work.Use {
		used := use.Path
		if !filepath.IsAbs(used) {
			used = filepath.Join(dir, used)
		}
		if m, err := moduleRoot(used, "go.mod", inModule); err == nil {
			r.owned = append(r.owned, m.path)
			r.used = append(r.used, used)
		}
	}
	return r, nil
}

// below returns the folders whose innermost root is r.
func (t *tree) below(r *root) []string {
	var dirs []string
	for _, dir := range t.dirs {
		if t.around(dir) == r {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// ignored reports whether the go command's ./... passes over a folder of this
// name, or whether it holds other people's code.
func ignored(name string) bool {
	switch name {
	case "vendor", "testdata", "Godeps", "node_modules":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func isSource(file string) bool {
	return strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") &&
		!strings.HasPrefix(file, ".") && !strings.HasPrefix(file, "_")
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// Within reports whether name is dir or below it.
func Within(dir, name string) bool {
	rest, ok := strings.CutPrefix(name, dir)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator)))
}

// Unreadable turns an error of the file system into one that says what to do.
func Unreadable(err error) error {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file or folder; check the path", pe.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: no permission to read it; make it readable", pe.Path)
	}
	return fmt.Errorf("%s: %w", pe.Path, pe.Err)
}

// files are those that may say where the root's packages are found.
func (r *root) files() []string {
	var out []string
	for _, dir := range append([]string{r.dir}, r.used...) {
		for _, name := range []string{"go.mod", "go.sum", "go.work", "go.work.sum", "vendor.mod", "vendor/modules.txt"} {
			out = append(out, filepath.Join(dir, name))
		}
	}
	return out
}

// OneLine joins a message of several lines.
func OneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
