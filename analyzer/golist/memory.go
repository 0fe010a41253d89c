package golist

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/encode"
	"github.com/callroute/callroute/analyzer/store"
	"github.com/callroute/callroute/analyzer/system"
)

// Memory is where a Lister finds again what an earlier run has listed. The zero
// value remembers nothing.
type Memory struct {
	Store *store.Store
	Disk  *store.Disk
	Roots store.Roots // of Disk
	Key   store.Key   // of all that decides what is listed, but for the files
}

// Remember makes the Lister use a Memory. What a GOPACKAGESDRIVER lists is asked for
// again each time: nobody knows what it reads.
func (l *Lister) Remember(m Memory) {
	if !driverUnset() {
		m.Store = nil
	}
	l.memory = m
}

func (m *Memory) key(what string, src *system.Source, more ...string) store.Key {
	// A tree below a GOPATH has its import path from there.
	place := byPlace(src.Dir, nil)
	return store.KeyOf(append([]string{string(m.Key[:]), what, m.Roots.Short(src.Dir), src.Import, place}, more...)...)
}

// knownMains is what Mains found in a source, with names of Roots.
type knownMains struct {
	Programs []knownProgram
	Skipped  []Skipped
	Owned    []string
}

type knownProgram struct{ Name, Package, Dir string }

func (l *Lister) recallMains(src *system.Source) ([]*system.Program, bool) {
	known, ok := encode.Unmarshal[knownMains](l.memory.Store.Find(l.memory.key("mains", src), l.memory.Disk))
	if !ok {
		return nil, false
	}
	var programs []*system.Program
	for _, p := range known.Programs {
		programs = append(programs, &system.Program{Name: p.Name, Package: p.Package, Dir: l.memory.Roots.Long(p.Dir), Source: src})
	}
	for i, s := range known.Skipped {
		dir := l.memory.Roots.Long(s.Dir)
		known.Skipped[i] = Skipped{dir, strings.ReplaceAll(s.Why, s.Dir, dir)}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skipped[src], l.owned[src] = known.Skipped, known.Owned
	return programs, true
}

func (l *Lister) keepMains(src *system.Source, programs []*system.Program, began time.Time) {
	if l.memory.Disk == nil {
		return
	}
	t, err := l.tree(src)
	if err != nil {
		return
	}
	var known knownMains
	for _, p := range programs {
		known.Programs = append(known.Programs, knownProgram{p.Name, p.Package, l.memory.Roots.Short(p.Dir)})
	}
	for _, s := range l.Skipped(src) {
		dir := l.memory.Roots.Short(s.Dir)
		known.Skipped = append(known.Skipped, Skipped{dir, strings.ReplaceAll(s.Why, s.Dir, dir)})
	}
	files := []string{filepath.Join(src.Dir, "glide.yaml"), filepath.Join(src.Dir, "Godeps/Godeps.json"), filepath.Join(src.Dir, "vendor/vendor.json")}
	for _, r := range t.roots {
		known.Owned = append(known.Owned, r.owned...)
		files = append(files, r.files()...)
	}
	in := l.memory.Disk.Inputs(store.Tree, t.folders, files)
	if in.ChangedSince(began) {
		return
	}
	l.memory.Store.Save(l.memory.key("mains", src), in, encode.Marshal(&known), l.memory.Disk)
}

// knownListing is a Listing without what the run knows by itself, with names of
// Roots.
type knownListing struct {
	Packages []knownPackage // main first
	GOROOT   string
	Why      map[string]string
	Notes    []string
	Files    []string
	Absent   []string
}

type knownPackage struct {
	ID, Name, Path, Dir string
	GoFiles, OtherFiles []string
	Imports             map[string]int // place in Packages, by the path in the import declaration
	Module              *knownModule
}

type knownModule struct {
	Path, Version, Dir, GoVersion string
	Main                          bool
	Replace                       *knownModule
}

// Entries are what is remembered of a source, and of programs of it.
func (l *Lister) Entries(src *system.Source, programs []*system.Program) []store.Entry {
	keys := []store.Key{l.memory.key("mains", src)}
	for _, p := range programs {
		keys = append(keys, l.listingKey(p))
	}
	var out []store.Entry
	for _, key := range keys {
		if e, ok := l.memory.Store.Entry(key, l.memory.Disk); ok {
			out = append(out, e)
		}
	}
	return out
}

func (l *Lister) listingKey(p *system.Program) store.Key {
	return l.memory.key("listing", p.Source, p.Package, l.memory.Roots.Short(p.Dir))
}

func (l *Lister) recallListing(ctx context.Context, p *system.Program) *Listing {
	if l.memory.Disk == nil {
		return nil
	}
	known, ok := encode.Unmarshal[knownListing](l.memory.Store.Find(l.listingKey(p), l.memory.Disk))
	if !ok || len(known.Packages) == 0 {
		return nil
	}
	pkgs := make([]*packages.Package, len(known.Packages))
	for i := range known.Packages {
		pkgs[i] = new(packages.Package)
	}
	modules := map[knownModuleID]*packages.Module{}
	for i := range known.Packages {
		k := &known.Packages[i]
		*pkgs[i] = packages.Package{
			ID: k.ID, Name: k.Name, PkgPath: k.Path, Dir: l.long(k.Dir), GoFiles: l.longs(k.GoFiles), OtherFiles: l.longs(k.OtherFiles),
			Imports: map[string]*packages.Package{}, Module: l.module(k.Module, modules),
		}
		for path, at := range k.Imports {
			pkgs[i].Imports[path] = pkgs[at]
		}
	}
	return &Listing{
		Main: pkgs[0], GOROOT: l.long(known.GOROOT), Sizes: l.Environment(ctx).sizes(), Why: known.Why, Notes: known.Notes,
		Files: l.longs(known.Files), Absent: l.longs(known.Absent),
	}
}

type knownModuleID struct{ path, version, dir string }

func (l *Lister) module(k *knownModule, made map[knownModuleID]*packages.Module) *packages.Module {
	if k == nil {
		return nil
	}
	id := knownModuleID{k.Path, k.Version, k.Dir}
	if m := made[id]; m != nil {
		return m
	}
	m := &packages.Module{Path: k.Path, Version: k.Version, Dir: l.long(k.Dir), GoVersion: k.GoVersion, Main: k.Main, Replace: l.module(k.Replace, made)}
	made[id] = m
	return m
}

func (l *Lister) long(name string) string {
	if name == "" {
		return ""
	}
	return l.memory.Roots.Long(name)
}

func (l *Lister) short(name string) string {
	if name == "" {
		return ""
	}
	return l.memory.Roots.Short(name)
}

func each(list []string, f func(string) string) []string {
	var out []string
	for _, s := range list {
		out = append(out, f(s))
	}
	return out
}

func (l *Lister) longs(list []string) []string  { return each(list, l.long) }
func (l *Lister) shorts(list []string) []string { return each(list, l.short) }

func (l *Lister) keepListing(p *system.Program, listed *Listing, began time.Time) {
	if l.memory.Disk == nil {
		return
	}
	in := l.inputs(store.Heads, p, listed)
	if in.ChangedSince(began) {
		return
	}
	l.memory.Store.Save(l.listingKey(p), in, encode.Marshal(l.known(listed)), l.memory.Disk)
}

// known is a listing as it is kept.
func (l *Lister) known(listed *Listing) *knownListing {
	known := &knownListing{GOROOT: l.short(listed.GOROOT), Why: listed.Why, Notes: listed.Notes, Files: l.shorts(listed.Files), Absent: l.shorts(listed.Absent)}
	at := map[*packages.Package]int{}
	var all []*packages.Package
	packages.Visit([]*packages.Package{listed.Main}, func(pkg *packages.Package) bool {
		at[pkg] = len(all)
		all = append(all, pkg)
		return true
	}, nil)
	for _, pkg := range all {
		k := knownPackage{
			ID: pkg.ID, Name: pkg.Name, Path: pkg.PkgPath, Dir: l.short(pkg.Dir), GoFiles: l.shorts(pkg.GoFiles), OtherFiles: l.shorts(pkg.OtherFiles),
			Imports: map[string]int{}, Module: l.knownModule(pkg.Module),
		}
		for path, dep := range pkg.Imports {
			k.Imports[path] = at[dep]
		}
		known.Packages = append(known.Packages, k)
	}
	return known
}

func (l *Lister) knownModule(m *packages.Module) *knownModule {
	if m == nil {
		return nil
	}
	return &knownModule{m.Path, m.Version, l.short(m.Dir), m.GoVersion, m.Main, l.knownModule(m.Replace)}
}

// Fingerprint tells a listing of p from another one.
func (l *Lister) Fingerprint(ctx context.Context, p *system.Program) (store.Key, error) {
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return store.Key{}, err
	}
	return store.KeyOf(string(encode.Marshal(l.known(listed)))), nil
}

// Driven reports whether a GOPACKAGESDRIVER lists packages in the place of the go
// command.
func (l *Lister) Driven() bool { return !driverUnset() }

// Inputs is what a program is made from, for a result in which an aspect of its
// files matters. It lists the program if need be.
func (l *Lister) Inputs(ctx context.Context, aspect store.Aspect, p *system.Program) (*store.Inputs, error) {
	if l.memory.Disk == nil {
		return nil, errors.New("nothing is remembered")
	}
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return nil, err
	}
	return l.inputs(aspect, p, listed), nil
}

// inputs are the folders of the program's packages and those above them, in which a
// go.mod or a vendor folder may turn up, with the files that say where packages are.
// The standard library is told by the version of Go, and what lies in the module
// cache by its version: the go command takes neither to change.
func (l *Lister) inputs(aspect store.Aspect, p *system.Program, listed *Listing) *store.Inputs {
	folders := map[string]bool{}
	for _, dir := range listed.Absent {
		folders[dir] = true
	}
	files := slices.Clone(listed.Files)
	packages.Visit([]*packages.Package{listed.Main}, nil, func(pkg *packages.Package) {
		dir := pkg.Dir
		if dir == "" && len(pkg.GoFiles) > 0 {
			dir = filepath.Dir(pkg.GoFiles[0])
		}
		switch {
		case dir == "" || Within(listed.GOROOT, dir):
		case pkg.Module != nil && pkg.Module.Version != "" && Within(l.moduleCache(), pkg.Module.Dir):
			files = append(files, pkg.Module.Dir)
		default:
			folders[dir] = true
			for dir != p.Source.Dir && Within(p.Source.Dir, dir) {
				dir = filepath.Dir(dir)
				folders[dir] = true
			}
		}
	})
	slices.Sort(files)
	sorted := make([]string, 0, len(folders))
	for dir := range folders {
		sorted = append(sorted, dir)
	}
	slices.Sort(sorted)
	in := l.memory.Disk.Inputs(aspect, sorted, slices.Compact(files))
	if t, err := l.tree(p.Source); p.Library && err == nil { // every package of the tree is of it
		in.Add(l.memory.Disk.Inputs(store.Tree, t.folders, nil))
	}
	return in
}

func (l *Lister) moduleCache() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.env == nil || l.env.ModuleCache == "" {
		return "\x00" // no folder is within it
	}
	return l.env.ModuleCache
}
