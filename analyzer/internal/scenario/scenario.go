// Package scenario reads the scenario files of testdata/scenarios and compares
// what they expect with what the analyzer found.
//
// A scenario is a txtar file: a small system of several programs, and above it
// the statements that must and must not come out of it. testdata/README.md
// describes the language; this package is its only reader.
//
// It works in four phases, a file each: parse the expectations (parse.go),
// write the sources and the stand-in libraries into a folder (unpack.go), hold
// the flow and the endpoints against the expectations (check.go), and hold
// every flow against what is true of any flow (sanity.go). It cannot see
// anything that is not in the flow package's data.
package scenario

import (
	"regexp"

	"github.com/callroute/callroute/analyzer/flow"
)

// Scenario is one parsed file.
type Scenario struct {
	Name       string
	Prose      string   // what it shows
	Idioms     []int    // of docs/IDIOMS.md
	Libs       []string // folders of testdata/libs that go into every module's vendor
	Source     []string // folders that are sources; the root when empty
	Tags       string   // build tags
	Folder     string   // a folder of testdata that is the system, in place of files
	Incomplete string   // why the sources do not type-check; empty for almost all, which have to

	// Unsupported maps an idiom to the reason why the analyzer leaves it out.
	Unsupported map[int]string

	Traces []*Trace
	System []Expectation // about endpoints and commands

	Files   []File
	Markers []Marker
}

// File is a file of the scenario.
type File struct {
	Name string
	Data []byte
}

// Trace is one traced command and what is expected of it.
type Trace struct {
	Line    int
	Program string
	Command []string
	Expect  []Expectation
}

// Op is the keyword of an expectation.
type Op string

// The keywords. Those up to Either stand below a trace line.
const (
	Node       Op = "node"
	Edge       Op = "edge"
	Path       Op = "path"
	Spine      Op = "spine"
	Under      Op = "under"
	Label      Op = "label"
	Rule       Op = "rule"
	Registered Op = "registered"
	Sent       Op = "sent"
	Made       Op = "made"
	Gap        Op = "gap"
	Either     Op = "either"

	Endpoint Op = "endpoint"
	Departs  Op = "departs"
	Arrives  Op = "arrives"
	Command  Op = "command"
)

// Expectation is one line.
type Expectation struct {
	Line  int
	Text  string
	Not   bool
	Op    Op
	Todo  int         // the idiom whose lack of support makes it fail today, 0: none
	Funcs []Func      // in the order written
	Kinds []flow.Kind // of the edge; empty: any
	Match *regexp.Regexp

	Or       []Expectation // of either
	Kind     flow.Kind     // of the endpoint or the gap
	Key      string
	From, To string // programs of an endpoint; From alone for departs, arrives, command
	Words    []string
}

// Func names a function, in any program or in one.
type Func struct {
	Program string // empty: any
	Name    string
}

func (f Func) String() string {
	if f.Program == "" {
		return f.Name
	}
	return f.Program + ":" + f.Name
}

func (f Func) matches(n *flow.Node) bool {
	return n.Func == f.Name && (f.Program == "" || n.Component == f.Program)
}

// Marker is a comment `//@ departs(http, "POST /x")` in the source: an
// endpoint is at this line.
type Marker struct {
	Site flow.Site
	Op   Op // Departs or Arrives
	Kind flow.Kind
	Key  string
}
