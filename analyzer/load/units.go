package load

import (
	"go/ast"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/system"
)

// A unit is a package on its way from the go command's list to a Package.
type unit struct {
	Package
	rank    int              // place in the order of the executable
	clause  string           // package name
	files   []string         // Go files, those with import "C" included
	imports map[string]*unit // by the path in the import declaration
	module  *packages.Module // nil in the standard library and in GOPATH mode
	missing bool             // the go command found no files for it
	why     string           // missing, as far as that is known
	tainted bool             // it or a package below it did not type-check entirely
	errors  []types.Error    // of the parser and of go/types, before anything was mended
	asm     bool             // some of it is written in assembly
	checked chan struct{}    // closed when Types is ready

	asked    bool // Options.Bodies names it
	near     bool // a user package imports it
	modelled bool // see bodies.go
	woven    bool // see bodies.go
	bodies   bool // function bodies are wanted, at first on suspicion

	incomplete map[ast.Node]bool        // functions and initial values that lost something
	emptied    map[*ast.FuncDecl]Opaque // functions that lost their body
	opaque     map[string]Opaque        // holes, by name
	holeCount  int
	messages   map[*ast.FuncDecl]bool // methods of generated messages, whose bodies are not wanted
	links      map[string]string      // from //go:linkname, by the name of the function here

	parsed  bool
	sources []*sourceFile
	decls   declarations
	known   *known // standard library only
}

// known is what there is to know about a standard package once its exported
// declarations are scanned.
type known struct {
	types   *types.Package
	methods map[string]bool // names that its interfaces and values mention
	needs   map[string]bool // imports that its declarations mention
}

// whole reports whether a unit is loaded without selection.
func (u *unit) whole() bool {
	return u.User || u.asked
}

// order makes a unit of main and of each package it imports, imports first.
// The go command sorts nothing for us, so imports are followed by path.
func order(main *packages.Package, goroot string) []*unit {
	var units []*unit
	made := map[*packages.Package]*unit{}
	var visit func(p *packages.Package) *unit
	visit = func(p *packages.Package) *unit {
		if u, ok := made[p]; ok {
			return u // nil in an import cycle: the import that closes it is left out
		}
		made[p] = nil
		u := &unit{
			Package: Package{Path: p.PkgPath, Dir: p.Dir},
			clause:  p.Name, files: p.GoFiles, module: p.Module, imports: map[string]*unit{},
			missing: len(p.GoFiles) == 0 && p.PkgPath != "unsafe" && !strings.HasSuffix(p.PkgPath, golist.EveryPackage), checked: make(chan struct{}),
			incomplete: map[ast.Node]bool{}, emptied: map[*ast.FuncDecl]Opaque{}, opaque: map[string]Opaque{}, links: map[string]string{}, messages: map[*ast.FuncDecl]bool{},
			asm: slices.ContainsFunc(p.OtherFiles, func(name string) bool { return filepath.Ext(name) == ".s" }),
		}
		if u.Dir == "" && len(u.files) > 0 {
			u.Dir = filepath.Dir(u.files[0]) // a driver may leave it out
		}
		u.Standard = p.PkgPath == "unsafe" || !u.missing && golist.Within(goroot, u.Dir)
		if p.PkgPath == "unsafe" {
			u.files = nil // its one file is documentation
		}
		for _, path := range slices.Sorted(maps.Keys(p.Imports)) {
			if dep := visit(p.Imports[path]); dep != nil {
				u.imports[path] = dep
			}
		}
		made[p] = u
		u.rank = len(units)
		units = append(units, u)
		return u
	}
	visit(main)
	shortenVendored(units)
	return units
}

// shortenVendored takes the "…/vendor/" away from the paths of GOPATH mode.
// Where two copies of a package would get one name, the deeper one keeps its
// long path: go/types takes a path for an identity.
func shortenVendored(units []*unit) {
	taken := map[string]*unit{}
	for _, u := range units {
		short := u.Path
		if !u.Standard {
			short = golist.Unvendored(u.Path)
		}
		if other := taken[short]; other == nil || len(u.Path) < len(other.Path) {
			taken[short] = u
		}
	}
	long := map[*unit]string{}
	for path, u := range taken {
		long[u] = path
	}
	for _, u := range units {
		if path := long[u]; path != "" {
			u.Path = path
		}
	}
	for _, u := range units {
		u.nameImports()
	}
}

func (u *unit) nameImports() {
	u.Imports = u.Imports[:0]
	for _, dep := range u.imports {
		u.Imports = append(u.Imports, dep.Path)
	}
	slices.Sort(u.Imports)
}

// markUser says which units belong to the sources under study: those of a
// module below the source, of a module that go.mod replaces by a folder, and
// those that another source of the system holds too, vendored here.
func (l *Loader) markUser(units []*unit, own *system.Source, sys *system.System) error {
	ours := []*system.Source{own}
	if sys != nil {
		ours = append(ours, sys.Sources...)
	}
	var prefixes []string
	for _, src := range ours {
		paths, err := l.Owned(src)
		if err != nil {
			return err
		}
		prefixes = append(prefixes, paths...)
	}
	for i, u := range units {
		switch {
		case u.Standard || u.missing:
		case i == len(units)-1: // the main package, whatever a driver calls it
			u.User = true
		case u.module != nil && (u.module.Main || u.module.Replace != nil && u.module.Replace.Version == ""):
			u.User = true
		default:
			u.User = slices.ContainsFunc(prefixes, func(p string) bool { return golist.HasPath(p, golist.Unvendored(u.Path)) }) ||
				golist.Within(own.Dir, u.Dir) && !strings.Contains(u.Dir, "/vendor/") && !strings.Contains(u.Dir, "/Godeps/")
		}
	}
	return nil
}

// guessName is the usual package name for an import path.
func guessName(importPath string) string {
	if prefix, _, ok := module.SplitPathVersion(importPath); ok {
		importPath = prefix
	}
	name := strings.TrimPrefix(path.Base(importPath), "go-")
	return strings.NewReplacer("-", "", ".", "").Replace(name)
}
