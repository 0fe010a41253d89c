package golist

import (
	"errors"
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"
)

// A buildList is what the modules of a root require, as far as this machine has
// it: the highest version of each that some go.mod asks for. It is made without
// the go command, for the roots which that refuses.
type buildList struct {
	cache    string                      // the module cache
	modules  map[string]*packages.Module // by path; Dir is empty if the module is not on this machine
	replaced map[string]*modfile.Replace // by path and by path@version, in the go.mod files of the root
	folders  map[string]string           // of replaced modules, by path
}

// requirements reads the go.mod files of a root, and of what they require.
func requirements(r *root, moduleCache string) *buildList {
	b := &buildList{cache: moduleCache, modules: map[string]*packages.Module{}, replaced: map[string]*modfile.Replace{}, folders: map[string]string{}}
	own := append([]string{r.dir}, r.used...)
	var queue []module.Version
	for _, dir := range own {
		f := readModFile(filepath.Join(dir, "go.mod"))
		if f == nil || f.Module == nil {
			continue
		}
		b.modules[f.Module.Mod.Path] = &packages.Module{Path: f.Module.Mod.Path, Dir: dir, Main: true, GoVersion: goVersion(f)}
		b.replace(dir, f.Replace)
		queue = append(queue, required(f)...)
	}
	if data, err := os.ReadFile(filepath.Join(r.dir, "go.work")); err == nil {
		if work, err := modfile.ParseWork("go.work", data, nil); err == nil {
			b.replace(r.dir, work.Replace)
		}
	}
	for len(queue) > 0 {
		mod := queue[0]
		queue = queue[1:]
		known := b.modules[mod.Path]
		if known != nil && (known.Main || semver.Compare(known.Version, mod.Version) >= 0) {
			continue
		}
		m, f := b.find(mod)
		b.modules[mod.Path] = m
		if f != nil {
			queue = append(queue, required(f)...)
		}
	}
	return b
}

func (b *buildList) replace(dir string, replacements []*modfile.Replace) {
	for _, r := range replacements {
		b.replaced[r.Old.String()] = r
		if r.New.Version == "" {
			to := filepath.FromSlash(r.New.Path)
			if !filepath.IsAbs(to) {
				to = filepath.Join(dir, to)
			}
			b.folders[r.Old.Path] = to
		}
	}
}

// find looks for a module where a replacement says, or in the module cache.
func (b *buildList) find(mod module.Version) (*packages.Module, *modfile.File) {
	m := &packages.Module{Path: mod.Path, Version: mod.Version}
	at := mod
	r := b.replaced[mod.String()]
	if r == nil {
		r = b.replaced[mod.Path]
	}
	if r != nil {
		m.Replace = &packages.Module{Path: r.New.Path, Version: r.New.Version}
		at = r.New
	}
	var modFile string
	if r != nil && r.New.Version == "" {
		m.Dir = b.folders[mod.Path]
		modFile = filepath.Join(m.Dir, "go.mod")
	} else {
		m.Dir, modFile = b.cached(at)
	}
	if !exists(m.Dir, ".") {
		m.Dir = ""
	}
	f := readModFile(modFile)
	if f == nil && m.Dir != "" {
		f = readModFile(filepath.Join(m.Dir, "go.mod"))
	}
	if f != nil {
		m.GoVersion = goVersion(f)
	}
	return m, f
}

// cached is where a module and its go.mod lie once they are downloaded.
func (b *buildList) cached(mod module.Version) (dir, modFile string) {
	path, err := module.EscapePath(mod.Path)
	if err != nil {
		return "", ""
	}
	version, err := module.EscapeVersion(mod.Version)
	if err != nil {
		return "", ""
	}
	path = filepath.FromSlash(path)
	return filepath.Join(b.cache, path+"@"+version), filepath.Join(b.cache, "cache", "download", path, "@v", version+".mod")
}

func readModFile(name string) *modfile.File {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	f, err := modfile.ParseLax(name, data, nil)
	if err != nil {
		return nil
	}
	// ParseLax leaves replacements out, which only the main module's count for.
	if strict, err := modfile.Parse(name, data, nil); err == nil {
		return strict
	}
	return f
}

func goVersion(f *modfile.File) string {
	if f.Go == nil {
		return ""
	}
	return f.Go.Version
}

func required(f *modfile.File) []module.Version {
	var out []module.Version
	for _, r := range f.Require {
		out = append(out, r.Mod)
	}
	return out
}

// of is the module that an import path belongs to, nil if there is none.
func (b *buildList) of(path string) *packages.Module {
	var found *packages.Module
	for _, m := range b.modules {
		if HasPath(m.Path, path) && (found == nil || len(m.Path) > len(found.Path)) {
			found = m
		}
	}
	return found
}

// paths are those of the modules that are on this machine, sorted.
func (b *buildList) paths() []string {
	var out []string
	for path, m := range b.modules {
		if m.Dir != "" {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// check refuses a root with a go.mod that is broken: what it says cannot be told.
// One for a newer go command than ours may well have words that are not known.
func (b *buildList) check(ours string) error {
	if len(b.modules) == 0 {
		return errors.New("no go.mod can be read")
	}
	for _, m := range b.modules {
		if !m.Main || m.GoVersion != "" && version.Compare("go"+m.GoVersion, ours) > 0 {
			continue
		}
		name := filepath.Join(m.Dir, "go.mod")
		data, err := os.ReadFile(name)
		if err != nil {
			return Unreadable(err)
		}
		if _, err := modfile.Parse(name, data, nil); err != nil {
			return err
		}
	}
	return nil
}

// gopath links every module under its path.
func (b *buildList) gopath() (*gopath, error) {
	g, err := newGopath()
	if err != nil {
		return nil, err
	}
	paths := b.paths()
	for _, path := range paths {
		// A module below another one may have its folder there already.
		inner := slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
			return HasPath(path, p) && b.modules[p].Dir == filepath.Join(b.modules[path].Dir, filepath.FromSlash(strings.TrimPrefix(p, path)))
		})
		if exists(g.place(path), ".") {
			continue
		}
		if err := g.add(path, b.modules[path].Dir, inner); err != nil {
			g.remove()
			return nil, err
		}
	}
	return g, nil
}

// absent says why a package was not found, empty if this does not tell.
func (b *buildList) absent(path, dir string) string {
	m := b.of(path)
	switch {
	case m == nil || m.Main:
		return ""
	case m.Replace != nil && m.Replace.Version == "" && m.Dir == "":
		return fmt.Sprintf("go.mod replaces %s by the folder %s, which does not exist", m.Path, m.Replace.Path)
	case m.Dir == "" && m.Replace != nil:
		return fmt.Sprintf("%s@%s, which replaces %s, is neither in the module cache nor in vendor/; run `go mod download` in %s", m.Replace.Path, m.Replace.Version, m.Path, dir)
	case m.Dir == "":
		return fmt.Sprintf("%s@%s is neither in the module cache nor in vendor/; run `go mod download` in %s", m.Path, m.Version, dir)
	}
	return ""
}

// places are the folders in which the go command would find a package that it has
// not found.
func (b *buildList) places(path, dir, gopath string) []string {
	out := []string{filepath.Join(dir, "vendor", filepath.FromSlash(path))}
	for _, entry := range filepath.SplitList(gopath) {
		out = append(out, filepath.Join(entry, "src", filepath.FromSlash(path)))
	}
	m := b.of(path)
	if m == nil {
		return out
	}
	below := filepath.FromSlash(strings.TrimPrefix(path, m.Path))
	if m.Main {
		return append(out, m.Dir+below)
	}
	at := module.Version{Path: m.Path, Version: m.Version}
	if m.Replace != nil {
		at = module.Version{Path: m.Replace.Path, Version: m.Replace.Version}
	}
	if folder := b.folders[m.Path]; folder != "" {
		return append(out, folder+below)
	}
	cached, _ := b.cached(at)
	return append(out, cached, cached+below)
}
