// Package clone takes the functions of one executable apart by calling context.
//
// A call graph has one node for each function, so a helper that calls the
// function it was handed leads to what all its users hand it. Here a function
// is cloned for each set of inputs that decides where its calls go: the
// functions, objects and constants that are passed to it or that it captured.
// Inputs that decide nothing make no clones, so most functions have one.
//
// Words. An input is a parameter or a captured variable. It is relevant when a
// called value, the receiver of an interface call or a condition is made from it
// (relevant.go). A clone is a function with what is known of its relevant
// inputs; its base is the function with nothing known. A site is a call in a
// clone; it is resolved when the values that decide it are known wholly.
//
// Algorithm. From the bases of all functions and from the functions that finders
// name with their captured variables:
//  1. the blocks that can run, by the conditions that the inputs decide
//  2. for each call in them, the values that are called or that it is called
//     on; where they are not known wholly, the callees of the call graph too
//  3. for each callee, its relevant inputs as they are at this call, and the
//     clone that they make
//
// This is the functional approach of Sharir and Pnueli with the value engine's
// frames as the inputs.
//
// It is bounded: a function has at most maxClones, and the frames behind an input
// do not nest deeper than maxNesting. Beyond, the base stands in: it leads to all
// that the clone could lead to.
package clone

import (
	"context"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
)

const (
	// maxClones is more than the entries that any table of commands or handlers
	// in the systems that were tried has.
	maxClones = 400
	// maxOfData is the same where no input is a function: constants that many tell
	// apart are data, not work. Of a library's function they tell less, and there
	// are many more of those.
	maxOfData    = 48
	maxInLibrary = 12
	// maxOfObjects is the same where the inputs are objects that keep no function
	// themselves: what has many of them is data. These are two of three clones of a
	// daemon, and nearly all decide the same.
	maxOfObjects        = 8
	maxObjectsInLibrary = 3
	// maxNesting is deeper than decorators are stacked; recursion that wraps its
	// own argument nests without end.
	maxNesting = 8
	// maxChosen is more than the entries of the lists and tables that one call
	// goes through.
	maxChosen = 64
	// maxListed is more than the options that one call is given.
	maxListed = 16
	// maxValues is how many values an input may have: more tell as little as
	// none, and each makes clones of its own further down.
	maxValues = 4
)

// Values is the rule of a site that the value engine resolved to fewer callees
// than the call graph has.
const Values = "values"

// LoopBody marks the function that the compiler makes of the body of a range
// loop over a function. It is no clone: its calls are those of the function
// around it.
const LoopBody = "range-over-func yield"

// Clone is a function with what is known of its inputs.
type Clone struct {
	Fn    *ssa.Function
	Frame *eval.Frame
	Base  *Clone // itself, where nothing is known
	Sites []Site
	Never map[ssa.CallInstruction]bool        // calls that cannot run, nil for none
	Taken map[*ssa.BasicBlock]*ssa.BasicBlock // where the blocks go on that the inputs decide
	Asks  map[*ssa.BasicBlock]*eval.Condition // what those ask at their end that a command line or a request decides

	reached bool
}

// Site is a call in a clone, or functions that it hands on.
type Site struct {
	*calls.Site
	To    []*Clone // in the order of Callees
	Kept  []*Clone // the same as the values that decide it are kept: by place in a list
	Rule  string
	Whole bool // the values that decide it are known wholly
	Never bool // it calls nothing: of each element something else is asked

	Yields bool // it runs the body of a range over a function, which is no clone

	Filed map[*Clone][]eval.Filing // where those of To are kept that are looked up under a key that is not known

	Loop ssa.CallInstruction // of a call in the body of a range over a function: the call that runs the loop
}

// Builder makes clones.
type Builder struct {
	eval     *eval.Evaluator
	graph    *calls.Graph
	index    *index.Index
	relevant *relevance
	replaced map[ssa.CallInstruction]bool
	clones   map[*eval.Frame]*Clone
	count    map[*ssa.Function]int
	all      []*Clone
	queue    []*Clone        // reached and not explored
	asked    []*eval.Context // for the clone that is explored
	wrappers int             // that are looked through, one inside the other
	line     *eval.Line      // the command line of the clone that is explored
	only     bool            // clones are explored that depend on one, and no others
	entering bool            // a request enters a handler: one that answers many has a clone for each
	chosen   int             // elements that were chosen for the call at hand
}

// Requests is the calls from which requests follow, or started programs: all of them,
// and those that depend on what is known where they stand.
type Requests struct{ All, Depend []ssa.CallInstruction }

// New prepares to clone. The callees of the calls in replaced stand elsewhere:
// a finder gave them.
func New(ev *eval.Evaluator, x *index.Index, g *calls.Graph, replaced map[ssa.CallInstruction]bool, sent Requests) *Builder {
	return &Builder{
		eval: ev, graph: g, index: x, relevant: newRelevance(ev, g, x, sent), replaced: replaced,
		clones: map[*eval.Frame]*Clone{}, count: map[*ssa.Function]int{},
	}
}

// Base is the clone of f of which nothing is known. It has no sites unless f is
// reached: by a call in another clone, or by Reach.
func (b *Builder) Base(f *ssa.Function) *Clone { return b.at(b.eval.Root(f)) }

// Reach notes that control can come to c from outside.
func (b *Builder) Reach(c *Clone) {
	if !c.reached && (!b.only || c.Frame.Asked()) {
		c.reached = true
		b.queue = append(b.queue, c)
	}
}

// Enter is the clone of f that is called with these arguments, as far as they
// are relevant; f's captured variables are those of the literal that it is.
func (b *Builder) Enter(f eval.Func, args []eval.Answer) *Clone {
	in := b.relevant.of(f.Fn)
	var line *eval.Line
	if in.line {
		line = b.line
	}
	var bound []eval.Answer
	for i := range in.params {
		if in.params[i] && i < len(args) && telling(args[i]) {
			if bound == nil {
				bound = make([]eval.Answer, len(in.params))
			}
			bound[i] = args[i]
		}
	}
	if !in.captures() {
		f.Closure, f.Frame = nil, nil
	}
	f.T = nil
	fr := b.eval.EnterOn(line, f, bound)
	if c := b.clones[fr]; c != nil {
		return c
	}
	if fr.Nesting() > maxNesting || b.count[f.Fn] >= b.most(f, bound) {
		return b.Base(f.Fn)
	}
	return b.at(fr)
}

// most is how many clones f may have when these inputs make another.
func (b *Builder) most(f eval.Func, inputs []eval.Answer) int {
	user := b.graph.Program.User(f.Fn)
	switch {
	case f.Closure != nil || b.line != nil || b.entering || slices.ContainsFunc(inputs, has[eval.Func]):
		return maxClones
	case b.decides(f.Fn, inputs):
		if user {
			return maxOfData
		}
		return maxInLibrary
	case user:
		return maxOfObjects
	}
	return maxObjectsInLibrary
}

// decides reports whether one of the inputs tells more than which object is meant,
// or decides where a call goes.
func (b *Builder) decides(f *ssa.Function, inputs []eval.Answer) bool {
	called := b.relevant.of(f).called
	for i, a := range inputs {
		if len(a.Values) > 0 && (called[i] && keepsFunctions(f.Params[i].Type()) || !has[eval.Object](a)) {
			return true
		}
	}
	return false
}

// keepsFunctions reports whether what a parameter is given may have functions, or
// lists or tables of them, in fields of its own. Of an interface that is not known.
func keepsFunctions(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return true
	}
	for f := range s.Fields() {
		t := f.Type().Underlying()
		switch list := t.(type) {
		case *types.Slice:
			t = list.Elem().Underlying()
		case *types.Map:
			t = list.Elem().Underlying()
		}
		if _, ok := t.(*types.Signature); ok {
			return true
		}
	}
	return false
}

// has reports whether a value of kind T is among those of an answer.
func has[T eval.Value](a eval.Answer) bool {
	return slices.ContainsFunc(a.Values, func(v eval.Value) bool { _, ok := v.(T); return ok })
}

// telling reports whether an answer can decide anything.
func telling(a eval.Answer) bool {
	if !a.Complete || len(a.Values) == 0 || len(a.Values) > maxValues {
		return false
	}
	return !slices.ContainsFunc(a.Values, func(v eval.Value) bool {
		switch v := v.(type) {
		case eval.Func, eval.Object, eval.Outside, eval.Given:
			return false
		case eval.Text:
			return !v.Telling()
		case eval.Hole:
			switch v.V.(type) {
			case *ssa.Const, *ssa.MakeMap:
				return false
			}
		case eval.List:
			return len(v.Elems) > maxListed || !v.Telling()
		}
		return true
	})
}

// takes reports whether an input of f is relevant.
func (b *Builder) takes(f *ssa.Function) bool {
	in := b.relevant.of(f)
	return in.captures() || in.line && b.line != nil || slices.Contains(in.params, true)
}

func (b *Builder) at(fr *eval.Frame) *Clone {
	c := b.clones[fr]
	if c == nil {
		c = &Clone{Fn: fr.Fn, Frame: fr}
		b.clones[fr] = c
		b.all = append(b.all, c)
		b.count[fr.Fn]++
		c.Base = c
		if root := b.eval.Root(fr.Fn); root != fr {
			c.Base = b.at(root)
		}
	}
	return c
}

// Called is the clones of fn that a function value can be when somebody calls
// it: the function itself, or the method that it is bound to. given tells what is
// known of a parameter.
func (b *Builder) Called(fn *ssa.Function, value eval.Func, given func(int, types.Type) eval.Answer) []*Clone {
	if value.Fn == nil {
		value = eval.Func{Fn: fn}
	}
	args := make([]eval.Answer, len(value.Fn.Params))
	for i, p := range value.Fn.Params {
		args[i] = given(i, p.Type())
	}
	var out []*Clone
	found, _ := b.through(value, args)
	b.entering = b.replaced != nil // whoever only asks what is compared tries more than there is
	defer func() { b.entering = false }()
	for _, t := range found {
		if t.fn.Fn == fn {
			if c := b.Enter(t.fn, t.args); !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, b.Base(fn))
	}
	return out
}

// Start is the clone of f, in which a process begins, for a command line.
func (b *Builder) Start(f *ssa.Function, line *eval.Line) *Clone {
	b.line = line
	defer func() { b.line = nil }()
	return b.Enter(eval.Func{Fn: f}, nil)
}

// Ask explores what, from some clones on, depends on a command line or a request that
// asks.
func (b *Builder) Ask(ctx context.Context, from ...*Clone) {
	b.only = true
	for _, c := range from {
		b.Reach(c)
	}
	_ = b.Explore(ctx) // whoever asked sees that the context is done
	b.only = false
}

// Explore fills the sites of all clones, also of those that it makes on the way.
func (b *Builder) Explore(ctx context.Context) error {
	for len(b.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := b.queue[0]
		b.queue = b.queue[1:]
		b.explore(c)
		b.eval.Forget(b.asked)
		b.asked = b.asked[:0]
	}
	return nil
}

// All is every clone, in the order in which they were made.
func (b *Builder) All() []*Clone { return b.all }

func (b *Builder) explore(c *Clone) {
	b.line = c.Frame.Line()
	b.body(c, c.Frame, nil)
	b.line = nil
}

// brief is a context for the clone that is explored.
func (b *Builder) brief() *eval.Context {
	c := b.eval.Brief()
	if b.line != nil || b.only {
		c = b.eval.Patient()
	}
	b.asked = append(b.asked, c)
	return c
}

// body adds the calls of one function body: that of c itself, or that of a range
// over a function in it, which the compiler made a function of its own.
func (b *Builder) body(c *Clone, fr *eval.Frame, loop ssa.CallInstruction) {
	at, live := b.live(c, fr)
	for _, s := range b.graph.Out(fr.Fn) {
		if !live(s.Instr.Block()) {
			c.never(s.Instr)
			continue
		}
		if s.Rule != calls.Passed && b.replaced[s.Instr] {
			continue
		}
		site := b.site(at, fr, s)
		if site.Never {
			c.never(s.Instr)
			continue
		}
		sites := []Site{site}
		if given, ok := b.given(at, fr, s); ok {
			sites = append(sites, given)
		}
		for _, site := range sites {
			site.Loop = loop
			c.Sites = append(c.Sites, site)
		}
	}
	for _, inner := range fr.Fn.AnonFuncs {
		if inner.Synthetic != LoopBody {
			continue
		}
		for _, mc := range b.index.Closures(inner) {
			if mc.Parent() == fr.Fn && live(mc.Block()) {
				run := loop
				if run == nil {
					run = ranges(mc)
				}
				b.loopBody(c, at, fr, eval.Func{Fn: inner, Closure: mc, Frame: fr}, run)
			}
		}
	}
}

// live tells which blocks of a body of c can run in fr, and gives the context for
// what they call. Where no input is known there is nothing to decide with.
func (b *Builder) live(c *Clone, fr *eval.Frame) (*eval.Context, func(*ssa.BasicBlock) bool) {
	at := b.brief()
	decide := at.Decide()
	if fr == b.eval.Root(fr.Fn) {
		all := func(*ssa.BasicBlock) bool { return true }
		b.asks(c, fr, decide, all)
		return at, all
	}
	blocks := decide.Live(fr)
	live := func(block *ssa.BasicBlock) bool { return blocks[block] }
	b.asks(c, fr, decide, live)
	if taken := decide.Taken(); len(taken) > 0 {
		if c.Taken == nil {
			c.Taken = map[*ssa.BasicBlock]*ssa.BasicBlock{}
		}
		maps.Copy(c.Taken, taken)
		at = b.brief() // what was remembered may come from blocks that do not run
	}
	return at, live
}

// asks notes what the conditions of a body of c ask of a command line or a request.
// What a library asks is its own affair.
func (b *Builder) asks(c *Clone, fr *eval.Frame, decide *eval.Decisions, live func(*ssa.BasicBlock) bool) {
	if fr.Fn != c.Fn || !b.graph.Program.User(fr.Fn) {
		return
	}
	for _, block := range fr.Fn.Blocks {
		if len(block.Instrs) == 0 { // of a function that does not type-check
			continue
		}
		cond, ok := block.Instrs[len(block.Instrs)-1].(*ssa.If)
		if !ok || !live(block) || block.Succs[0] == block.Succs[1] || decide.Taken()[block] != nil {
			continue
		}
		if asked := decide.Condition(cond.Cond, fr); asked != nil {
			if c.Asks == nil {
				c.Asks = map[*ssa.BasicBlock]*eval.Condition{}
			}
			c.Asks[block] = asked
		}
	}
}

// ranges is the call that runs the loop whose body mc is.
func ranges(mc *ssa.MakeClosure) ssa.CallInstruction {
	for _, r := range *mc.Referrers() {
		if call, ok := r.(ssa.CallInstruction); ok {
			return call
		}
	}
	return nil
}

func (c *Clone) never(call ssa.CallInstruction) {
	if c.Never == nil {
		c.Never = map[ssa.CallInstruction]bool{}
	}
	c.Never[call] = true
}

func (b *Builder) site(at *eval.Context, fr *eval.Frame, s *calls.Site) Site {
	out := Site{Site: s, Rule: s.Rule}
	b.chosen = 0
	var found []target
	switch {
	case s.Rule == calls.Passed:
		found, out.Whole = b.handed(at, fr, s), true
	case len(s.Callees) == 1 && !b.takes(s.Callees[0]):
		found, out.Whole = []target{{fn: eval.Func{Fn: s.Callees[0]}}}, true
	default:
		found, out.Whole = b.callees(at, fr, s.Instr)
		if !out.Whole || len(found) == 0 {
			if all := b.everywhere(at, fr, s); all != nil {
				found, out.Whole = all, true
			}
		}
	}
	known := map[*ssa.Function]bool{}
	for _, t := range found {
		known[t.fn.Fn] = true
	}
	if out.Whole && len(found) == 0 && fr.Asked() {
		out.Never = true
		return out
	}
	if !out.Whole || len(found) == 0 {
		out.Whole = false
		args := b.arguments(at, fr, s.Instr)
		for _, f := range s.Callees {
			if !known[f] {
				known[f] = true
				found = append(found, target{fn: eval.Func{Fn: f}, args: args.of(b.relevant.of(f), s.Instr.Common().IsInvoke())})
			}
		}
	} else if s.Rule != calls.Static && (len(known) < len(s.Callees) || len(s.Callees) == 0) {
		out.Rule = Values
	}
	b.goes(&out, found)
	return out
}

// goes adds the clones that a site leads to.
func (b *Builder) goes(site *Site, found []target) {
	for _, t := range found {
		if t.fn.Fn.Synthetic == LoopBody {
			site.Yields = true // control comes back into the function that ranges
			continue
		}
		to := b.Enter(t.fn, t.args)
		if len(t.filed) > 0 {
			if site.Filed == nil {
				site.Filed = map[*Clone][]eval.Filing{}
			}
			site.Filed[to] = append(site.Filed[to], t.filed...)
		}
		if !slices.Contains(site.To, to) {
			site.To = append(site.To, to)
			b.Reach(to)
		}
	}
	site.Kept = slices.Clone(site.To)
	slices.SortStableFunc(site.To, func(x, y *Clone) int { return b.graph.Before(x.Fn, y.Fn) })
}

// given is the site of the functions that a call gives to a library without
// bodies, where they come from somewhere else; ok is false where there are none.
func (b *Builder) given(at *eval.Context, fr *eval.Frame, s *calls.Site) (out Site, ok bool) {
	out = Site{Site: &calls.Site{Caller: s.Caller, Instr: s.Instr, Kind: flow.Closure, Rule: calls.Passed, Detail: calls.HandedTo(s.Instr.Common())}, Rule: calls.Passed, Whole: true}
	var found []target
	for _, v := range s.Handed() {
		to, whole, asked := b.functions(at, fr, v)
		found, out.Whole, ok = append(found, to...), out.Whole && whole, ok || asked
	}
	b.goes(&out, found)
	return out, ok
}
