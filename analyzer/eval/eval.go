// Package eval tells what a value can be, in a calling context.
//
// Process boundaries and dispatch tables are decided by constants: a path, a
// method name, an argv, a plugin id. The constant often stands several calls
// away from the place where it takes effect, next to the function it selects.
// This package folds such values back to where they are written.
//
// Words. A frame is one activation of a function. A root frame is one whose
// caller is not chosen. A context chooses callers for root frames and elements
// for loops. A hole is a value that depends on such a choice.
//
// Algorithm. Values are evaluated by need over SSA: concatenation, Sprintf,
// path.Join and their like are folded, calls are entered with a frame of their
// own, loads collect the stores of the local variable, the package variable or
// the field. Contexts starts from a root frame and, as long as the caller's
// question has holes it wants filled, tries every caller or element for the
// first of them. Values asked for together are evaluated in one context, so
// that the method, the path and the handler of one table entry stay together.
//
// It is blind to order (a field has all values ever stored to it), to values
// that pass through libraries without bodies, and gives up with a hole rather
// than guess.
package eval

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/flags"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

const (
	maxDepth  = 48    // calls and operands entered for one value
	maxValues = 16    // answers kept for one value
	maxSteps  = 10000 // values visited for one question
	maxFrames = 16    // calls entered below one another

	// briefSteps bounds questions that are asked of every call of a program. An
	// answer that needs more is built up from many places and decides nothing.
	briefSteps = 200
	// patientSteps is the same for what a command line decides, which few functions
	// ask for.
	patientSteps = 2000
)

// Evaluator answers for one executable.
type Evaluator struct {
	Program    *program.Program
	Index      *index.Index
	Graph      *calls.Graph
	roots      map[*ssa.Function]*Frame
	frames     map[frameKey]*Frame
	below      map[frameKey]*Frame // see Forget
	methods    typeutil.MethodSetCache
	models     map[*ssa.Function]model
	given      map[*ssa.Parameter]given
	tables     map[*ssa.MapUpdate][]update
	lookups    map[*ssa.Function]Lookup
	pathValues map[*types.Func]PathValue
	spare      []map[elemKey]Answer // empty, to be used again
	filling    map[elemKey]bool     // elements whose choices are being looked for
	flags      map[any][]Elem       // variable → defaults that flags give it; nil until asked for
	lines      []*Line

	Reads   Reads      // the library functions that give an input; nil for none
	Writes  Writes     // those that put one into a request; nil for none
	defined *flags.Set // see Flags
	flagOf  map[Input]flags.Flag
	keys    map[*ssa.Function]int // see keyOf
}

// New makes an evaluator.
func New(p *program.Program, x *index.Index, g *calls.Graph) *Evaluator {
	return &Evaluator{Program: p, Index: x, Graph: g, roots: map[*ssa.Function]*Frame{}, frames: map[frameKey]*Frame{}, below: map[frameKey]*Frame{}, models: map[*ssa.Function]model{}, lookups: map[*ssa.Function]Lookup{}, pathValues: map[*types.Func]PathValue{}, filling: map[elemKey]bool{}, given: map[*ssa.Parameter]given{}, tables: map[*ssa.MapUpdate][]update{}, flagOf: map[Input]flags.Flag{}, keys: map[*ssa.Function]int{}}
}

// Context is a set of choices. The zero choice is Evaluator.Context.
type Context struct {
	ev    *Evaluator
	up    *Context
	frame *Frame // a root frame …
	call  ssa.CallInstruction
	in    *Frame // … is called by call in this frame
	elem  *elemKey
	pick  Pick
	depth int
	steps *int // values visited since the last question
	work  *int // and in all, below one Evaluator.Context
	memo  map[elemKey]Answer

	fixed   bool // what a user can set counts as unknown
	brief   bool // a question ends after briefSteps …
	patient bool // … or patientSteps
	partial bool // some callers or elements that could have been chosen are not known
}

type elemKey struct {
	v  ssa.Value
	fr *Frame
}

// Context is the context in which nothing is chosen yet.
func (ev *Evaluator) Context() *Context { return &Context{ev: ev, steps: new(int), work: new(int)} }

// Brief is Context for questions that are asked often: what takes long to
// answer is not known.
func (ev *Evaluator) Brief() *Context {
	c := ev.Context()
	c.brief = true
	return c
}

// Patient is Brief where a command line decides.
func (ev *Evaluator) Patient() *Context {
	c := ev.Brief()
	c.patient = true
	return c
}

func (c *Context) limit() int {
	switch {
	case c.patient:
		return patientSteps
	case c.brief:
		return briefSteps
	}
	return maxSteps
}

// caller is the chosen caller of a root frame.
func (c *Context) caller(f *Frame) (ssa.CallInstruction, *Frame) {
	for ; c != nil; c = c.up {
		if c.frame == f && f != nil {
			return c.call, c.in
		}
	}
	return nil, nil
}

// picked is the chosen element for an element hole.
func (c *Context) picked(k elemKey) Value {
	if p := c.pickedFor(k); p != nil {
		return p.Value
	}
	return nil
}

// pickedFor is picked with the operand that put the element there.
func (c *Context) pickedFor(k elemKey) *Pick {
	for ; c != nil; c = c.up {
		if c.elem != nil && *c.elem == k {
			return &c.pick
		}
	}
	return k.fr.picked(k.v)
}

// Caller is the call that made f, or that the context chose for it, with the
// frame it stands in; nil when none is chosen.
func (c *Context) Caller(f *Frame) (ssa.CallInstruction, *Frame) {
	if f.Call != nil {
		return f.Call, f.Up
	}
	return c.caller(f)
}

// Eval is the values that v can have in frame fr. It is never empty.
func (c *Context) Eval(v ssa.Value, fr *Frame) []Value {
	return c.question().eval(v, fr)
}

// Answer is Eval with what is known of the answer itself.
func (c *Context) Answer(v ssa.Value, fr *Frame) Answer {
	e := c.question()
	values := e.eval(v, fr)
	return e.answer(values)
}

// Answer is what a value can be.
type Answer struct {
	Values   []Value
	Complete bool // Values is all of them, apart from nil
	Nil      bool // it can also be nil

	open bool // not complete only because callers and elements are not chosen
}

// Element is the element of a list or map that is not chosen which an answer is.
func (a Answer) Element() (Hole, bool) { return loneElement(a.Values) }

// evaluation is one question.
type evaluation struct {
	*Context
	active        map[elemKey]bool  // operands being evaluated, to guard against cycles
	parting       map[partKey]bool  // parts of objects being looked up, likewise
	aliasing      map[aliasKey]bool // parameters being asked about, likewise; made when it is needed
	deleted       bool              // something is deleted from a map that was asked for
	spread        int               // elements chosen for who calls with an object
	urlsOf        map[string]bool   // values being read as URLs, likewise
	undecidedCall *Hole             // what would tell who is called with an object that was asked for
	changing      []ssa.Instruction // at which a field is asked for, one behind the other
	cuts          int               // times an answer was cut short by a guard

	knowledge
}

// knowledge is what is known of an answer.
type knowledge struct {
	incomplete bool // something that was visited is not known, or a guard cut it short
	open       bool // something that was visited depends on a caller or an element
	null       bool // something that was visited can be nil
}

// whole reports whether everything that was visited is known.
func (k knowledge) whole() bool { return !k.incomplete && !k.open }

// answer is values with what is known of them.
func (k knowledge) answer(values []Value) Answer {
	return Answer{Values: values, Complete: k.whole(), Nil: k.null, open: k.open && !k.incomplete}
}

// aside asks a question whose answer is no part of the one at hand.
func (e *evaluation) aside(v ssa.Value, fr *Frame) []Value {
	before := e.knowledge
	defer func() { e.knowledge = before }()
	return e.eval(v, fr)
}

func (c *Context) question() *evaluation {
	*c.work += *c.steps
	*c.steps = 0
	if c.memo == nil {
		c.memo = c.ev.remember()
	}
	return &evaluation{Context: c, active: map[elemKey]bool{}, parting: map[partKey]bool{}}
}

// remember is an empty map for answers.
func (ev *Evaluator) remember() map[elemKey]Answer {
	n := len(ev.spare)
	if n == 0 {
		return map[elemKey]Answer{}
	}
	m := ev.spare[n-1]
	ev.spare = ev.spare[:n-1]
	return m
}

// running reports whether v is being evaluated already: a cycle.
func (e *evaluation) running(v ssa.Value, fr *Frame) bool {
	if e.active[elemKey{v, fr}] {
		e.cuts++
		return true
	}
	return false
}

func opaque(v ssa.Value) []Value { return []Value{Hole{V: v, T: v.Type()}} }

func (e *evaluation) eval(v ssa.Value, fr *Frame) []Value {
	if c, ok := v.(*ssa.Const); ok {
		e.null = e.null || c.IsNil()
		return constValue(c)
	}
	k := elemKey{v, fr}
	if known, ok := e.memo[k]; ok {
		e.note(known)
		return known.Values
	}
	*e.steps++
	if e.running(v, fr) {
		return opaque(v) // the cycle adds nothing to what its other operands give
	}
	if len(e.active) > maxDepth*2 || *e.steps > e.limit() {
		e.cuts++
		e.incomplete = true
		return opaque(v)
	}
	e.active[k] = true
	cuts, outside := e.cuts, e.knowledge
	e.knowledge = knowledge{}
	out := e.step(v, fr)
	delete(e.active, k)
	switch {
	case len(out) == 0:
		out = opaque(v)
	case len(out) > maxValues:
		out = widened(v, out)
	}
	for _, x := range out {
		if h, ok := x.(Hole); ok && h.Kind != Opaque {
			e.open = true
		} else if ok && unknown(h) {
			e.incomplete = true
		}
	}
	if e.cuts == cuts || len(e.active) == 0 {
		e.memo[k] = e.answer(out)
	}
	e.note(outside.answer(nil))
	return out
}

// widened is one answer in place of too many: of texts what they have in common.
func widened(v ssa.Value, values []Value) []Value {
	var texts []text.Text
	for _, x := range values {
		t, ok := x.(Text)
		if !ok {
			return opaque(v)
		}
		texts = append(texts, t.Text)
	}
	return []Value{Text{Text: text.Widen(texts...)}}
}

// note adds what is known of one answer to that of the answer it is a part of.
func (e *evaluation) note(a Answer) {
	e.open = e.open || a.open
	e.incomplete = e.incomplete || !a.Complete && !a.open
	e.null = e.null || a.Nil
}

// unknown reports whether a hole stands for anything.
func unknown(h Hole) bool {
	switch h.V.(type) {
	case *ssa.MakeChan, *ssa.MakeMap, *ssa.Const: // of the constants nil, and structs without a value
		return false
	}
	return true
}

func (e *evaluation) step(v ssa.Value, fr *Frame) []Value {
	switch v := v.(type) {
	case *ssa.Function:
		return []Value{Func{Fn: v}}
	case *ssa.MakeClosure:
		return []Value{Func{Fn: v.Fn.(*ssa.Function), Closure: v, Frame: fr}}
	case *ssa.Global:
		return []Value{Object{Site: v, T: v.Type()}}
	case *ssa.Alloc:
		return []Value{Object{Site: v, Frame: fr, T: v.Type()}}
	case *ssa.Parameter:
		return e.param(v, fr)
	case *ssa.FreeVar:
		return e.captured(v, fr)
	case *ssa.Phi:
		return e.phi(v, fr)
	case *ssa.BinOp:
		if v.Op == token.ADD && isString(v.Type()) {
			return e.concat(e.eval(v.X, fr), e.eval(v.Y, fr))
		}
		return e.arithmetic(v, fr)
	case *ssa.ChangeType:
		return e.eval(v.X, fr)
	case *ssa.ChangeInterface:
		return e.eval(v.X, fr)
	case *ssa.Convert:
		return e.converted(v, fr)
	case *ssa.MakeInterface:
		return e.boxed(v, fr)
	case *ssa.TypeAssert:
		return e.asserted(v, fr)
	case *ssa.Extract:
		return e.extract(v, fr)
	case *ssa.Call:
		return e.call(v, 0, fr)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return e.load(v, fr)
		}
	case *ssa.Field:
		return e.fieldsOf(e.eval(v.X, fr), v.X, v.Field)
	case *ssa.FieldAddr:
		return e.parts(v, fr)
	case *ssa.IndexAddr:
		return e.element(v, fr)
	case *ssa.Index:
		if isString(v.X.Type()) {
			return e.byteAt(v.X, v.Index, fr)
		}
		return e.element(v, fr)
	case *ssa.Lookup:
		return e.element(v, fr)
	case *ssa.Slice:
		return e.slice(v, fr)
	case *ssa.MakeSlice:
		return e.made(v, fr)
	case *ssa.MakeMap, *ssa.MakeChan:
		return []Value{Hole{V: v, Frame: fr, T: v.Type()}}
	}
	return opaque(v)
}

func constValue(v *ssa.Const) []Value {
	if v.Value == nil {
		if _, ok := v.Type().Underlying().(*types.Slice); ok {
			return []Value{List{}}
		}
		if isString(v.Type()) {
			return []Value{Text{}}
		}
		return opaque(v)
	}
	return []Value{constText(v)}
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// param is the argument of the chosen caller, or a hole.
func (e *evaluation) param(p *ssa.Parameter, fr *Frame) []Value {
	if v := e.picked(elemKey{p, fr}); v != nil {
		return []Value{v}
	}
	i := slices.Index(p.Parent().Params, p)
	if a := fr.argument(i); a != nil {
		e.note(*a)
		return a.Values
	}
	call, up := fr.Call, fr.Up
	if call == nil {
		call, up = e.caller(fr)
	}
	if call == nil {
		if given, ok := e.ev.given[p]; ok {
			return e.handed(given)
		}
		return []Value{Hole{V: p, Frame: fr, Kind: Param, T: p.Type()}}
	}
	if a := Argument(call, i); a != nil {
		return e.eval(a, up)
	}
	return opaque(p)
}

// Argument is what call passes for parameter i of its callee, the receiver
// being parameter 0 of a method; nil when there is none.
func Argument(call ssa.CallInstruction, i int) ssa.Value {
	cc := call.Common()
	if cc.IsInvoke() {
		if i == 0 {
			return cc.Value
		}
		i--
	}
	if i < 0 || i >= len(cc.Args) {
		return nil
	}
	return cc.Args[i]
}

// captured is the variable that a literal captured.
func (e *evaluation) captured(fv *ssa.FreeVar, fr *Frame) []Value {
	if fr.clo != nil && fr.clo.Closure != nil {
		i := slices.Index(fr.Fn.FreeVars, fv)
		return e.eval(fr.clo.Closure.Bindings[i], fr.clo.Frame)
	}
	if b := calls.Binding(fv); b != nil {
		return e.eval(b, e.ev.Root(fv.Parent().Parent()))
	}
	return opaque(fv)
}

func (e *evaluation) phi(v *ssa.Phi, fr *Frame) []Value {
	if _, ok := v.Type().Underlying().(*types.Slice); ok {
		return e.phiList(v, fr)
	}
	if p := fr.picked(v); p != nil {
		return []Value{p.Value}
	}
	if out := e.accumulated(v, fr); out != nil {
		return out
	}
	if out := e.grownText(v, fr); out != nil {
		return out
	}
	var out []Value
	for i, x := range v.Edges {
		if e.running(x, fr) || fr.skips(v.Block().Preds[i], v.Block()) || e.never(v.Block(), i, fr) {
			continue
		}
		out = append(out, e.eval(x, fr)...)
	}
	return distinct(out)
}

// boxed keeps the concrete type that a value has when it enters an interface.
func (e *evaluation) boxed(v *ssa.MakeInterface, fr *Frame) []Value {
	out := slices.Clone(e.eval(v.X, fr))
	for i, x := range out {
		switch x := x.(type) {
		case Hole:
			x.T = v.X.Type()
			out[i] = x
		case Func:
			x.T = v.X.Type()
			out[i] = x
		case Text:
			x.T = v.X.Type()
			out[i] = x
		}
	}
	return out
}

// asserted keeps the values that can have the asserted type.
func (e *evaluation) asserted(v *ssa.TypeAssert, fr *Frame) []Value {
	var out []Value
	for _, x := range e.eval(v.X, fr) {
		if t := x.Type(); t != nil && !types.AssignableTo(t, v.AssertedType) {
			continue
		}
		out = append(out, x)
	}
	return out
}

func (e *evaluation) extract(v *ssa.Extract, fr *Frame) []Value {
	switch t := v.Tuple.(type) {
	case *ssa.Call:
		return e.call(t, v.Index, fr)
	case *ssa.TypeAssert:
		if v.Index == 0 {
			return e.asserted(t, fr)
		}
	case *ssa.Lookup, *ssa.UnOp, *ssa.Next:
		return e.element(v, fr)
	}
	return opaque(v)
}
