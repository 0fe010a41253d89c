// Package golist finds the trees and the main packages of a source, and asks the
// go command which packages and files make up one of them. It parses and checks
// nothing.
//
// Words. A root is a folder in which the go command lists packages by itself: a
// module, a workspace or a GOPATH-era tree. A listing is a main package with
// everything it imports. A build list is what the modules of a root require.
//
// A file each:
//
//	roots       find the roots below a source; importpath tells that of an old one
//	mains       name every main package of a source
//	list        ask the go command, or the GOPACKAGESDRIVER, for a listing
//	gopath      a temporary GOPATH, for trees of that time, and for what follows
//	buildlist   a root that the go command refuses, because a go line is too new, a
//	            vendor folder disagrees or a module is nowhere, is listed in a
//	            GOPATH with what its go.mod files require, as far as that is here
//	serve       which programs may serve a protocol, by what they link
//	mention     which programs write the words of a path
//	environment what the go command is set to
//	memory      what an earlier run has listed
//
// Nothing but metadata comes from the go command, so that neither cgo nor a C
// compiler is ever run; nothing is written into a studied tree.
//
// What it cannot see: files that only a build would generate.
package golist

import (
	"sync"

	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

// Lister lists the programs of one run. It is safe for concurrent use.
type Lister struct {
	tags    string
	servers map[flow.Kind]Server
	memory  Memory

	mu      sync.Mutex
	trees   map[*system.Source]*tree // what a walk over a source found
	skipped map[*system.Source][]Skipped
	owned   map[*system.Source][]string   // by recallMains
	listed  map[*system.Program]*Listing  // and not loaded yet
	env     *Environment                  // nil until asked for
	refused map[*root]string              // why the go command does not list a root as modules
	said    map[string]map[string]mention // by the folder of a package: see texts
}

// New returns a Lister with nothing listed. tags are build tags as in
// `go build -tags`; none leave GOFLAGS in force. servers is what it takes to serve
// each kind of which that is known.
func New(tags string, servers map[flow.Kind]Server) *Lister {
	return &Lister{
		tags:    tags,
		servers: servers,
		trees:   map[*system.Source]*tree{},
		skipped: map[*system.Source][]Skipped{},
		owned:   map[*system.Source][]string{},
		listed:  map[*system.Program]*Listing{},
		refused: map[*root]string{},
		said:    map[string]map[string]mention{},
	}
}

// metadata is what one executable needs. All that makes go/packages ask the go
// command for compiled files must stay out of it, for then that runs cgo and the
// C compiler: NeedCompiledGoFiles, NeedSyntax, NeedTypes, NeedTypesInfo,
// NeedExportFile, and NeedTypesSizes too.
const metadata = packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule
