// Package load turns the source of an executable into type-checked syntax that
// go/ssa accepts without a panic.
//
// It needs neither gcc nor C headers nor pkg-config, writes nothing into the
// studied tree, and takes trees as old as GOPATH.
//
// Words. A package is a user package if it belongs to one of the sources under
// study; every other one outside the standard library is a library. A declaration is a function, a method, a type,
// a variable or a group of constants. To carry means to hold a process boundary,
// a dispatch table or a last effect; see bodies.go.
//
// Phases, a file each, and what they are made of:
//
//	units     what package golist says that there is, in order
//	demand    follow what is mentioned, from the user packages down: what is not
//	          mentioned is not loaded. bodies chooses the libraries that keep
//	          function bodies on the way
//	parse     read every file once, when its package is first mentioned; blank
//	          cuts unwanted bodies before the parser sees them, index and prune
//	          cut unwanted declarations after it
//	check     run go/types in dependency order, with a stand-in for import "C";
//	          std keeps the standard library for the next executable
//	holes     put a call that stands for it where something did not type-check,
//	          statements in what is around it, and check again
//	sanitize  remove what is still wrong, so that go/ssa builds the rest
//	opaque    say of each function without a body why it has none
//
// What it cannot see: code that only cgo generates, functions written in
// assembly, packages that were not found. Opaque and Dropped tell of them. A library's
// types.Package has only what is mentioned: to look up a name that nobody uses
// gives nothing, also where the library declares it. That holds for methods too.
// The standard library has all its exported declarations.
package load

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"sync"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/system"
)

// Options says how to load. The zero value loads as `go build` would.
type Options struct {
	Tags     string                      // build tags as in `go build -tags`; empty leaves GOFLAGS in force
	Progress func(string)                // told about each long step, if set
	Bodies   []string                    // import path prefixes of libraries that get function bodies whatever the policy says
	Models   func() *models.Set          // what is known of libraries; nil for what comes with the analyzer
	Servers  map[flow.Kind]golist.Server // what it takes to serve each kind of which that is known
}

// Loader loads the executables of one run. They share one FileSet and the
// standard library's declarations, so that its types are identical in all of
// them. It is safe for concurrent use.
type Loader struct {
	*golist.Lister
	opts Options
	fset *token.FileSet

	std standard

	mu       sync.Mutex
	nextBase int // of the next file in fset

	telling sync.Mutex // one message of progress at a time
}

// New returns a Loader with nothing loaded.
func New(opts Options) *Loader {
	return &Loader{
		Lister: golist.New(opts.Tags, opts.Servers),
		opts:   opts,
		fset:   token.NewFileSet(),
		// Position 0 is none, and see parseFile: one is lost to the padding.
		nextBase: 2,
		std:      standard{checked: map[string]*known{}},
	}
}

// Executable is one main package with everything it imports.
type Executable struct {
	Program  *system.Program
	Fset     *token.FileSet // shared by all executables of a Loader
	Main     *Package
	Packages []*Package // a package comes after its imports; the same order in every run
	Dropped  flow.Dropped
	Manifest []File // what it was made from, sorted by name
	Names
}

// Package is one type-checked package. Every package that Types imports is in
// Executable.Packages too, so a caller that creates the SSA package of each
// meets no gap.
type Package struct {
	Path     string // as go list says, without what precedes a "/vendor/" in it
	Dir      string // absolute
	Types    *types.Package
	Info     *types.Info // nil if and only if Files is nil
	Files    []*ast.File // nil: declarations only
	Standard bool
	User     bool     // belongs to a source of the system under study
	Imports  []string // Paths of the imports that are in Executable.Packages, sorted

	Opaque map[*types.Func]Opaque // the functions in Files without a body
	Links  map[string]string      // what //go:linkname calls the functions of these names
}

// Load type-checks program p. The other sources of sys only tell which vendored
// packages are the user's own.
//
// A dependency that is not found becomes an empty package and is named in
// Dropped.Packages, with the reason in Dropped.Why. Errors are one line: the main
// package cannot be listed.
func (l *Loader) Load(ctx context.Context, p *system.Program, sys *system.System) (*Executable, error) {
	l.progress("listing packages of %s", p.Name)
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return nil, err
	}
	l.Forget(p)
	return l.assemble(ctx, listed, p, sys)
}

// assemble makes an executable of what the go command listed for it.
func (l *Loader) assemble(ctx context.Context, listed *golist.Listing, p *system.Program, sys *system.System) (*Executable, error) {
	units := order(listed.Main, listed.GOROOT)
	for _, u := range units {
		u.why = listed.Why[u.Path]
	}
	files := manifest(listed.Files, units)
	if err := l.markUser(units, p.Source, sys); err != nil {
		return nil, err
	}
	l.markModelled(units)
	std, rest, err := l.chooseShared(ctx, units, listed.Sizes)
	if err != nil {
		return nil, err
	}
	l.progress("type-checking %d packages of %s", len(std)+len(rest), p.Name)
	if err := l.check(ctx, rest, listed.Sizes, func(done int) {
		l.progress("type-checking %d of %d packages of %s", done, len(rest), p.Name)
	}); err != nil {
		return nil, err
	}
	e := l.executable(p, slices.Concat(std, rest))
	e.tell(listed)
	e.Manifest = files
	return e, nil
}

// chooseShared returns what of the units is loaded, the part in the standard
// library checked already. One call at a time adds to what executables share.
func (l *Loader) chooseShared(ctx context.Context, units []*unit, sizes types.Sizes) (std, rest []*unit, err error) {
	l.std.Lock()
	defer l.std.Unlock()
	l.std.recall(units)
	loaded, err := l.choose(ctx, units)
	if err != nil {
		return nil, nil, err
	}
	std, rest = split(loaded)
	if err := l.check(ctx, std, sizes, nil); err != nil {
		return nil, nil, err
	}
	l.std.keep(std)
	return std, rest, nil
}

func (l *Loader) progress(format string, args ...any) {
	l.telling.Lock()
	defer l.telling.Unlock()
	if l.opts.Progress != nil {
		l.opts.Progress(fmt.Sprintf(format, args...))
	}
}
