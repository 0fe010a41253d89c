// Package value follows a value from the flag that sets it to the last writes, in
// every process on the way of a command.
//
// Words. A fact says that the value lies in a register of a function, or in what
// that register is the address of, under a path: its fields, elements and, once it
// is written down as JSON or a message, the names in the document. A hop is the
// step that made a fact from another. An end is a write of the value that lasts,
// or a place where it is lost.
//
// Phases, a file each:
//
//	start    the registers that a flag sets
//	follow   facts inside a function, forward, and back to the objects that are
//	         written into
//	enter    facts into callees and out of them. A callee is followed once for each
//	         parameter and path, and what comes out goes to the calls that went in
//	         (Reps, Horwitz and Sagiv, POPL 1995)
//	memory   what is written into an object that the function has from elsewhere is
//	         read wherever a function on the route reads the same field of the type
//	library  what calls without a body do, from their models
//	file     what one program writes to a file, and another reads
//	cross    requests, messages, arguments and standard input of other programs
//	tell     the facts that lead to an end, as hops
//
// Only functions that the command reaches are followed, so that two users of one
// type in a program do not meet unless the command brings them together.
//
// It does not see what is decided by a value, only where the value goes; it does not
// know the order of writes in a function; and one field of a type that is shared by
// several objects on the route is one place.
package value

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/walk"
)

// Query is a value to follow.
type Query struct {
	Entry walk.Entry
	Flag  string // without dashes
	Arg   int    // in place of a flag: the argument of this number, from 1 on
}

// mostFacts is where following ends: so many say that a value was taken for what
// everything passes through.
const mostFacts = 400_000

// Follow follows the value of a flag.
func Follow(ctx context.Context, st *stitch.Stitcher, q Query) (*flow.Value, error) {
	reached, err := walk.Reach(ctx, st, q.Entry)
	if err != nil {
		return nil, err
	}
	f := newFollower(ctx, st, reached)
	err = f.begin(q)
	if err != nil {
		return nil, err
	}
	if err := f.run(); err != nil {
		return nil, err
	}
	return f.tell(q), nil
}

// newFollower follows values in what was reached.
func newFollower(ctx context.Context, st *stitch.Stitcher, reached map[*summary.Executable][]summary.ID) *follower {
	f := &follower{
		ctx: ctx, st: st, models: st.System.Models(), paths: paths{}, route: map[*summary.Executable]*route{},
		known: map[fact]int{}, entries: map[entryKey]int{}, bodies: map[*dataflow.Body]*uses{}, hit: -1,
	}
	f.entered = append(f.entered, nil) // entry 0 is none
	for exe, ids := range reached {
		f.route[exe] = newRoute(exe, slices.Clone(ids))
	}
	return f
}

// fact says that the value is in a register under a path.
type fact struct {
	exe   *summary.Executable
	fn    summary.ID   // a clone; None for memory
	entry int          // what the function was entered with, as a place in follower.entered
	reg   dataflow.Reg // of the function
	name  string       // of memory: a package variable, or a type of which some object holds the value
	path  path
	how   how
}

// how is how the value came to be where it is. What holds for one holds for those
// before it too.
type how uint8

const (
	held    how = iota // it is there
	changed            // it was written there in this function, through another register
	written            // it was written through this register
)

// hop is how a fact was made from another.
type hop struct {
	exe    *summary.Executable
	fn     summary.ID
	line   int
	did    string    // what was done to the value
	place  string    // where it is then: "container.Resources.CPUShares"
	wire   string    // its name in a document
	kind   flow.Kind // of a crossing …
	detail string    // … and its route, method or command line
	texts  []string  // constant arguments of the call that passes it on
	itself bool      // it is the value, not an object that has it
	quiet  bool      // says nothing that a reader wants to know by itself
}

// made is a fact with its history.
type made struct {
	fact
	from int // the fact before it, -1 for none
	hop  hop
}

// end is a write of the value that lasts.
type end struct {
	fact int
	hop  hop
	what string

	symbol string // of what writes it
	names  bool   // it is the name of what is written
}

// loss is a place from which the value is not followed.
type loss struct {
	fact int
	hop  hop
	why  string
}

type follower struct {
	ctx    context.Context
	st     *stitch.Stitcher
	models *models.Set
	paths  paths
	route  map[*summary.Executable]*route
	bodies map[*dataflow.Body]*uses

	facts   []made
	known   map[fact]int
	entries map[entryKey]int
	entered []*entry
	ends    []end
	filed   int                 // ends that throughFiles has seen
	opens   map[string][]opened // nil until asked for
	losses  []loss
	starts  []startedBy
	capped  bool
	deep    bool
	joins   map[joinKey][]stitch.Join

	goal map[Field]bool // where following ends, if it is asked for
	hit  int            // the fact that is there, -1 for none
}

// run processes facts until there are no more, then what other programs read of the
// files that were written.
func (f *follower) run() error {
	for i := 0; f.hit < 0; i++ {
		if i == len(f.facts) && !f.throughFiles() {
			return nil
		}
		if i%1024 == 0 {
			if err := f.ctx.Err(); err != nil {
				return err
			}
		}
		if i >= mostFacts {
			f.capped = true
			return nil
		}
		f.process(i)
	}
	return nil
}

// routes is the programs on the route, in the order of their names.
func (f *follower) routes() []*route {
	var out []*route
	for _, r := range f.route {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *route) int {
		return cmp.Or(strings.Compare(a.exe.Program.String(), b.exe.Program.String()), strings.Compare(a.exe.Program.Package, b.exe.Program.Package))
	})
	return out
}

// add notes a fact that was made from another.
func (f *follower) add(x fact, from int, h hop) {
	if x.reg == dataflow.None && x.name == "" {
		return
	}
	if x.path.len() > mostSteps {
		f.deep = true
		return
	}
	for w := x; w.how <= written; w.how++ {
		if _, ok := f.known[w]; ok {
			return
		}
	}
	h.itself = x.path.empty()
	f.known[x] = len(f.facts)
	f.facts = append(f.facts, made{x, from, h})
	if f.hit < 0 && x.path.is(field) && f.goal[Field{x.path.head().owner, x.path.head().name}] {
		if rest := x.path.tail(); rest.empty() || rest.is(encoded) {
			f.hit = len(f.facts) - 1
		}
	}
}

// uses is where the registers of a body stand.
type uses struct {
	of   [][]int32 // steps in which a register is an argument
	def  []int32   // the step that makes a register, -1 for none
	root []rootKind
}

// rootKind is what a register is a part of.
type rootKind uint8

const (
	unknownRoot rootKind = iota
	local                // an object that the function makes
	outside              // what it was given, or got from a call
)

func (f *follower) uses(b *dataflow.Body) *uses {
	if u := f.bodies[b]; u != nil {
		return u
	}
	u := &uses{of: make([][]int32, b.Regs), def: make([]int32, b.Regs), root: make([]rootKind, b.Regs)}
	for i := range u.def {
		u.def[i] = -1
	}
	for i := range b.Steps {
		s := &b.Steps[i]
		for _, a := range s.Args {
			if a >= 0 && (len(u.of[a]) == 0 || u.of[a][len(u.of[a])-1] != int32(i)) {
				u.of[a] = append(u.of[a], int32(i))
			}
		}
		if s.To >= 0 {
			u.def[s.To] = int32(i)
		}
		for _, r := range s.Results {
			if r >= 0 {
				u.def[r] = int32(i)
			}
		}
	}
	f.bodies[b] = u
	return u
}

// rootOf is what a register is a part of.
func (u *uses) rootOf(b *dataflow.Body, r dataflow.Reg) rootKind {
	if u.root[r] != unknownRoot {
		return u.root[r]
	}
	u.root[r] = local // of what is made from itself
	switch d := u.def[r]; {
	case int(r) < len(b.Vars):
		u.root[r] = outside
	case d < 0:
	case b.Steps[d].Op == dataflow.Call, b.Steps[d].Op == dataflow.Global:
		u.root[r] = outside
	default:
		for _, a := range b.Steps[d].Args {
			if a >= 0 && u.rootOf(b, a) == outside {
				u.root[r] = outside
			}
		}
	}
	return u.root[r]
}
