package golist

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/system"
)

// EveryPackage ends the import path of a main package that is not there: it stands
// for whoever imports all packages of a library.
const EveryPackage = "/..."

// Libraries is the packages of a source that has no main package, as one program for
// each root.
func (l *Lister) Libraries(src *system.Source) ([]*system.Program, error) {
	t, err := l.tree(src)
	if err != nil {
		return nil, err
	}
	var out []*system.Program
	for _, r := range t.roots {
		if len(t.below(r)) == 0 {
			continue
		}
		path := cmp.Or(r.path, filepath.Base(r.dir))
		out = append(out, &system.Program{Name: programName(path, r.dir, r), Package: path + EveryPackage, Dir: r.dir, Source: src, Library: true})
	}
	return out, nil
}

// listLibrary lists every package of a root. Main is a package without files that
// imports them.
func (l *Lister) listLibrary(ctx context.Context, r *root, p *system.Program) (*Listing, error) {
	t, err := l.tree(p.Source)
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, dir := range t.below(r) {
		if !strings.ContainsAny(r.pattern(dir), " \t") {
			patterns = append(patterns, r.pattern(dir))
		}
	}
	listed, err := l.list(ctx, r, metadata, patterns)
	if err != nil {
		return nil, err
	}
	main := &packages.Package{ID: p.Package, Name: "main", PkgPath: p.Package, Imports: map[string]*packages.Package{}}
	for _, pkg := range listed {
		if len(pkg.GoFiles) > 0 {
			main.Imports[pkg.PkgPath] = pkg
		}
	}
	if len(main.Imports) == 0 {
		return nil, fmt.Errorf("%s: no Go files for this system; set -tags or GOOS", r.dir)
	}
	out := &Listing{Main: main, Sizes: l.Environment(ctx).sizes(), Why: map[string]string{}, Files: r.files()}
	l.tellAbsent(ctx, r, out)
	packages.Visit([]*packages.Package{main}, func(pkg *packages.Package) bool {
		out.GOROOT = cmp.Or(out.GOROOT, goroot(pkg))
		return out.GOROOT == ""
	}, nil)
	return out, nil
}
