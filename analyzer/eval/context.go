package eval

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

const (
	maxChoices  = 14     // callers and elements chosen in one context
	maxContexts = 4096   // contexts tried for one question
	maxWork     = 250000 // values visited for one question, over all its contexts
	maxSpread   = 64     // elements that are told apart where all of them are meant; a longer list is data

	// maxCallees is more than the entries of the tables of commands that were met:
	// the one call that runs them all says what each is given. Interface calls that
	// can reach more methods say nothing.
	maxCallees = 96
)

// Question asks about a tuple of values in a context. It returns the holes it
// wants filled, most telling first; none means that the answer is settled.
type Question func(*Context) []Hole

// Contexts tries callers and elements until ask is settled, and visits every
// context in which it is. A hole that nothing can fill counts as settled. all is
// false where there are more than were tried.
func (ev *Evaluator) Contexts(ask Question, visit func(*Context)) (all bool) {
	return ev.contexts(ask, visit, maxContexts)
}

// contexts is Contexts up to a number of contexts; all is false where there are
// more.
func (ev *Evaluator) contexts(ask Question, visit func(*Context), most int) (all bool) {
	s := &search{ev: ev, ask: ask, visit: visit, left: most}
	s.from(ev.Context())
	return s.left >= 0 && !s.cut
}

type search struct {
	ev    *Evaluator
	ask   Question
	visit func(*Context)
	left  int
	cut   bool // something was visited before it was settled, for want of work
}

func (s *search) from(c *Context) {
	if s.left--; s.left < 0 {
		return
	}
	if *c.work > maxWork {
		s.cut = true
		s.visit(c) // too much depends on too many: what is known so far
		return
	}
	if c.depth < maxChoices {
		if holes := s.ask(c); len(holes) > 0 {
			next := s.ev.fill(c, holes[0])
			if len(next) == 0 {
				next = []*Context{c.settle(holes[0], Pick{Value: Hole{V: holes[0].V, T: holes[0].T}}, true)}
			}
			for _, n := range next {
				s.from(n)
			}
			return
		}
	}
	s.visit(c)
}

// fill makes a context for each way to fill h.
func (ev *Evaluator) fill(c *Context, h Hole) []*Context {
	switch h.Kind {
	case Param:
		return ev.callers(c, h)
	case Element:
		// Of two lists, each of which may be made from the other, one is enough.
		k := elemKey{h.V, h.Frame}
		if ev.filling[k] {
			return nil
		}
		ev.filling[k] = true
		defer delete(ev.filling, k)
		return ev.elements(c, h)
	}
	return nil
}

// callers makes a context for each call of the function whose parameter h is.
func (ev *Evaluator) callers(c *Context, h Hole) []*Context {
	fn := h.Frame.Fn
	if call, _ := c.Caller(h.Frame); call != nil || chosen(c, fn) {
		return nil
	}
	var out []*Context
	partial := false
	seen := map[ssa.CallInstruction]bool{}
	for _, s := range ev.Graph.In(fn) {
		if s.Rule == calls.Passed || len(s.Callees) > maxCallees {
			partial = true
			continue
		}
		if seen[s.Instr] || s.Caller == fn || ev.Index.Dead(s.Caller) {
			continue
		}
		seen[s.Instr] = true
		in, ok := c.activation(s.Caller, h.Frame)
		if !ok {
			partial = true
			continue
		}
		n := c.below(false)
		n.frame, n.call, n.in = h.Frame, s.Instr, in
		if !n.contradicts() {
			out = append(out, n)
		}
	}
	for _, n := range out {
		n.partial = n.partial || partial
	}
	return out
}

// maxActivations is how many activations of one function are told apart, one below
// the other: as deep as groups of routes are nested.
const maxActivations = 4

// activation is the frame of a function that calls into fr. Where fr is already
// below its root frame, as in a function that runs a literal which calls it again,
// it is one more activation; ok is false when there are too many.
func (c *Context) activation(caller *ssa.Function, fr *Frame) (in *Frame, ok bool) {
	in = c.ev.Root(caller)
	for n := 1; c.leads(fr, in); n++ {
		if n == maxActivations {
			return nil, false
		}
		in = c.ev.interned(frameKey{fn: caller, known: fmt.Sprintf("activation %d", n)}, &Frame{Fn: caller})
	}
	return in, true
}

// leads reports whether fr is the frame of a call that leads to another frame.
func (c *Context) leads(fr, to *Frame) bool {
	for range maxFrames {
		if to == fr {
			return true
		}
		call, up := c.Caller(to)
		if call == nil {
			return false
		}
		to = up
	}
	return true
}

// below is a context with one more choice, that is one of all unless partial.
func (c *Context) below(partial bool) *Context {
	return &Context{
		ev: c.ev, up: c, depth: c.depth + 1, steps: c.steps, work: c.work,
		fixed: c.fixed, brief: c.brief, patient: c.patient, partial: c.partial || partial,
	}
}

// contradicts reports whether a call that was chosen surely goes somewhere else,
// now that more is known of the value that is called: of a helper that runs the
// function it is given, this caller gave it another one.
func (c *Context) contradicts() bool {
	for at := c; at != nil; at = at.up {
		if at.frame == nil || at.call.Common().IsInvoke() || at.call.Common().StaticCallee() != nil {
			continue
		}
		value := c.Answer(at.call.Common().Value, at.in)
		if !value.Complete || len(value.Values) == 0 {
			continue
		}
		if !slices.ContainsFunc(value.Values, func(v Value) bool {
			f, ok := v.(Func)
			return !ok || f.Fn == at.frame.Fn || f.Fn.Synthetic != ""
		}) {
			return true
		}
	}
	return false
}

// chosen reports whether the context already runs through fn, so that
// recursion is not unrolled.
func chosen(c *Context, fn *ssa.Function) bool {
	for ; c != nil; c = c.up {
		if c.frame != nil && c.in.Fn == fn && c.frame.Fn == fn {
			return true
		}
	}
	return false
}

// elements makes a context for each element that the loop can stand at.
func (ev *Evaluator) elements(c *Context, h Hole) []*Context {
	e := c.question()
	var out []*Context
	picks, from := e.choices(h)
	for _, f := range from {
		if f.V != h.V {
			out = append(out, ev.fill(c, f)...)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, ch := range picks {
		if hole, ok := ch.Value.(Hole); ok && hole.V == h.V {
			continue
		}
		out = append(out, c.settle(h, ch, e.incomplete))
	}
	return out
}

// Spread is a context for each element that h, an element that is not chosen,
// can be; whole says that there are no others. In the frame it stands in, written
// there by BindFrame, the element is the chosen one.
func (c *Context) Spread(h Hole) (out []*Context, whole bool) {
	if h.Kind != Element {
		return nil, false
	}
	e := c.question()
	picks, from := e.choices(h)
	if len(from) > 0 || e.incomplete || len(picks) > maxSpread {
		return nil, false
	}
	for _, p := range picks {
		out = append(out, c.settle(h, p, false))
	}
	return out, true
}

// settle is c with h decided, by one of all that could be chosen unless partial.
func (c *Context) settle(h Hole, p Pick, partial bool) *Context {
	n := c.below(partial)
	n.elem, n.pick = &elemKey{h.V, h.Frame}, p
	return n
}

// sibling is the key of the map entry whose value the context chose, or the
// value of the one whose key it chose, for one range over the map.
func (e *evaluation) sibling(v ssa.Value, fr *Frame) []Value {
	x, ok := v.(*ssa.Extract)
	if !ok {
		return nil
	}
	if _, ok := x.Tuple.(*ssa.Next); !ok {
		return nil
	}
	beside := func(chosen ssa.Value, en *Entry) []Value {
		other, ok := chosen.(*ssa.Extract)
		if !ok || en == nil || other.Tuple != x.Tuple || other.Index == x.Index {
			return nil
		}
		if x.Index == 1 {
			return e.eval(en.Key, en.Frame)
		}
		return e.eval(en.Value, en.Frame)
	}
	for c := e.Context; c != nil; c = c.up {
		if c.elem != nil && c.elem.fr == fr {
			if out := beside(c.elem.v, c.pick.entry); out != nil {
				return out
			}
		}
	}
	if fr != nil {
		for i := range fr.picks {
			if out := beside(fr.picks[i].v, fr.picks[i].pick.entry); out != nil {
				return out
			}
		}
	}
	return nil
}

// Depth is the number of choices that the context made.
func (c *Context) Depth() int { return c.depth }

// Pick is an element chosen for a loop, and the operand that put it there.
type Pick struct {
	Value
	V     ssa.Value
	Frame *Frame

	entry *Entry // of a map, to which both key and value belong
}

// Picks is the elements that the context chose, first choice first.
func (c *Context) Picks() []Pick {
	var out []Pick
	for ; c != nil; c = c.up {
		if c.elem != nil {
			out = append([]Pick{c.pick}, out...)
		}
	}
	return out
}

// Position is where v stands in the source: of a value without a place of its
// own, that of the instruction it is made from.
func Position(v ssa.Value) token.Pos {
	for v != nil && !v.Pos().IsValid() {
		switch x := v.(type) {
		case *ssa.MakeInterface:
			v = x.X
		case *ssa.UnOp:
			v = x.X
		case *ssa.ChangeType:
			v = x.X
		case *ssa.Extract:
			v = x.Tuple
		default:
			return v.Pos()
		}
	}
	if v == nil {
		return token.NoPos
	}
	return v.Pos()
}

// choices is the elements of what h ranges over, and the parameters through
// which more of them come.
func (e *evaluation) choices(h Hole) (out []Pick, from []Hole) {
	fromList := func(v ssa.Value) {
		for _, l := range e.lists(v, h.Frame) {
			for _, el := range l.Elems {
				if hole, ok := el.Hole(); ok {
					from = append(from, hole)
					continue
				}
				for _, x := range e.elem(el) {
					if hole, ok := x.(Hole); ok && !told(hole) {
						e.incomplete = e.incomplete || !constantHole(hole)
						continue
					}
					out = append(out, Pick{Value: x, V: el.V, Frame: el.Frame})
				}
			}
		}
	}
	fromMap := func(m ssa.Value, key bool) {
		from = append(from, Holes(e.eval(m, h.Frame))...) // the map is chosen first
		for _, en := range e.entries(m, h.Frame) {
			v := en.Value
			if key {
				v = en.Key
			}
			for _, x := range e.eval(v, en.Frame) {
				out = append(out, Pick{Value: x, V: v, Frame: en.Frame, entry: &en})
			}
		}
	}
	switch v := h.V.(type) {
	case *ssa.IndexAddr:
		fromList(v.X)
	case *ssa.Index:
		fromList(v.X)
	case *ssa.Lookup:
		fromMap(v.X, false)
	case *ssa.Extract:
		switch t := v.Tuple.(type) {
		case *ssa.Lookup:
			fromMap(t.X, false)
		case *ssa.Next:
			if r, ok := t.Iter.(*ssa.Range); ok && v.Index > 0 {
				fromMap(r.X, v.Index == 1)
			}
		}
	}
	return out, from
}

// Chain is the calls that lead to frame fr in this context, outermost first.
// It goes through the chosen callers and the frames entered on the way.
func (c *Context) Chain(fr *Frame) []ssa.CallInstruction {
	var out []ssa.CallInstruction
	for range 4 * maxChoices {
		call, up := c.Caller(fr)
		if call == nil {
			break
		}
		out = append([]ssa.CallInstruction{call}, out...)
		fr = up
	}
	return out
}

// Types is the concrete types that v can have.
func (c *Context) Types(v ssa.Value, fr *Frame) []types.Type {
	var out []types.Type
	for _, x := range c.Eval(v, fr) {
		if t := x.Type(); t != nil {
			out = append(out, t)
		}
	}
	return out
}

// Field is the values of the named field of an object, nil when the object
// has no such field.
func (c *Context) Field(o Object, name string) []Value {
	t := o.Type()
	i := index.FieldNamed(t, name)
	if i < 0 {
		return nil
	}
	e := c.question()
	out := e.fieldOf(o, i, index.Field(t, i).Type())
	if len(out) > maxValues {
		return nil
	}
	return out
}

// Element is the values of one element of a list.
func (c *Context) Element(el Elem) []Value {
	e := c.question()
	return e.elem(el)
}

// Elements is the values in lists, and those that are no lists. A part of a
// list that is not known is its hole.
func (c *Context) Elements(values []Value) []Value {
	var out []Value
	for _, v := range values {
		l, ok := v.(List)
		if !ok {
			out = append(out, v)
			continue
		}
		for _, el := range l.Elems {
			if h, ok := el.Hole(); ok {
				out = append(out, h)
			} else {
				out = append(out, c.Element(el)...)
			}
		}
	}
	return out
}

// Inside is the values that v, an operand in the body of the literal f, can have
// when that literal is called by anybody.
func (c *Context) Inside(f Func, v ssa.Value) []Value {
	return c.question().eval(v, c.ev.enter(f.Fn, nil, nil, &f))
}

// Captured is the values that a function literal captured, of the types that
// are wanted.
func (c *Context) Captured(f Func, want func(types.Type) bool) []Value {
	if f.Closure == nil {
		return nil
	}
	e := c.question()
	var out []Value
	for i, fv := range f.Fn.FreeVars {
		if !want(fv.Type()) {
			continue
		}
		for _, v := range e.eval(f.Closure.Bindings[i], f.Frame) {
			if o, ok := v.(Object); ok {
				if p, isPtr := fv.Type().Underlying().(*types.Pointer); isPtr {
					out = append(out, e.contents(o, p.Elem())...)
					continue
				}
			}
			out = append(out, v)
		}
	}
	return out
}

// Holes is the holes in values that a choice of context can fill.
func Holes(values []Value) []Hole {
	var out []Hole
	for _, v := range values {
		switch v := v.(type) {
		case Hole:
			if v.Kind != Opaque {
				out = append(out, v)
			}
		case Text:
			out = append(out, v.Holes()...)
		}
	}
	return out
}
