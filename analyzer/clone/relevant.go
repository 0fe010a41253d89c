package clone

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
)

// relevance tells which inputs of a function decide where its calls go, or
// which of them run: those from which the value that is called, the receiver of
// an interface call, what is sent, or the operand of a condition is made, in the
// function itself or in one that it hands the input to.
type relevance struct {
	eval    *eval.Evaluator
	graph   *calls.Graph
	index   *index.Index
	funcs   map[*ssa.Function]*inputs
	queue   []operand
	calling bool // what is followed decides where calls go, not only which run
}

// inputs is the parameters and captured variables of a function that are
// relevant, by their place.
type inputs struct {
	params, free []bool
	line         bool   // the command line, which it or what it calls reads
	called       []bool // parameters that decide where calls go
	carried      []bool // parameters in which a request comes that leaves
	seen         map[ssa.Value]bool
}

type operand struct {
	fn *ssa.Function
	v  ssa.Value
}

// manyCallees is how many functions a call may have for what it is handed to be
// followed into each. A call with more is a table; its entries are told apart
// by the value that is called, which is relevant by itself.
const manyCallees = 64

// newRelevance finds the relevant inputs.
func newRelevance(ev *eval.Evaluator, g *calls.Graph, x *index.Index, sent Requests) *relevance {
	r := &relevance{eval: ev, graph: g, index: x, funcs: map[*ssa.Function]*inputs{}, calling: true}
	each := func(decided func(*ssa.Function)) {
		for _, f := range g.Program.Funcs {
			if f.Blocks != nil {
				decided(f)
			}
		}
		r.settle()
	}
	each(r.called)
	for _, call := range sent.Depend {
		r.sent(call)
	}
	r.settle()
	for _, call := range sent.All {
		r.carries(call)
	}
	r.calling = false
	each(r.asked)
	return r
}

// settle follows what is queued until nothing is.
func (r *relevance) settle() {
	for len(r.queue) > 0 {
		o := r.queue[len(r.queue)-1]
		r.queue = r.queue[:len(r.queue)-1]
		r.follow(o.fn, o.v)
	}
}

// of is the relevant inputs of f.
func (r *relevance) of(f *ssa.Function) *inputs {
	in := r.funcs[f]
	if in == nil {
		n := len(f.Params)
		in = &inputs{params: make([]bool, n), called: make([]bool, n), carried: make([]bool, n), free: make([]bool, len(f.FreeVars)), seen: map[ssa.Value]bool{}}
		r.funcs[f] = in
	}
	return in
}

func (in *inputs) captures() bool { return slices.Contains(in.free, true) }

// called queues what f calls where that can be several functions, or none that is
// known, and the functions that it hands on.
func (r *relevance) called(f *ssa.Function) {
	for _, s := range r.graph.Out(f) {
		if s.Rule == calls.Passed {
			continue
		}
		for _, v := range s.Handed() {
			r.push(f, v)
		}
		cc := s.Instr.Common()
		switch {
		case len(s.Callees) == 1:
		case cc.IsInvoke():
			if !calls.Universal(cc.Method) {
				r.push(f, cc.Value)
			}
		case cc.StaticCallee() == nil:
			r.push(f, cc.Value)
			if len(cc.Args) > 0 && types.IsInterface(cc.Args[0].Type()) && slices.ContainsFunc(s.Callees, isMethod) {
				r.push(f, cc.Args[0]) // a method expression is called on it
			}
		}
	}
}

func isMethod(f *ssa.Function) bool { return f.Signature.Recv() != nil }

// asked queues the conditions of f. In a library only a condition on an input
// itself counts; what its objects hold is its own affair.
func (r *relevance) asked(f *ssa.Function) {
	user := r.graph.Program.User(f)
	for _, b := range f.Blocks {
		if len(b.Instrs) == 0 {
			continue
		}
		if cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok && (onInput(cond.Cond, 0) || user && decidable(cond.Cond, 0)) {
			r.push(f, cond.Cond)
		}
	}
}

// decidable reports whether a condition asks for something that a program writes
// down: a constant, a function, an implementation. Whether an error came, a
// pointer is set or a list is empty is not known before the program runs.
func decidable(v ssa.Value, depth int) bool {
	if depth > 4 {
		return false
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		return v.Op == token.MUL || v.Op == token.NOT && decidable(v.X, depth+1)
	case *ssa.BinOp:
		return (v.Op == token.EQL || v.Op == token.NEQ) && written(v.X.Type()) || counts(v) != nil
	case *ssa.Extract:
		_, asserted := v.Tuple.(*ssa.TypeAssert)
		return asserted
	case *ssa.Lookup, *ssa.Next:
		return false
	}
	return true
}

func written(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Basic, *types.Signature:
		return true
	case *types.Interface:
		return !carriesNothing(t)
	}
	return false
}

// onInput reports whether a condition asks for a parameter or a captured
// variable by itself.
func onInput(v ssa.Value, depth int) bool {
	if depth > 4 {
		return false
	}
	switch v := v.(type) {
	case *ssa.Parameter:
		return !carriesNothing(v.Type())
	case *ssa.FreeVar:
		return true
	case *ssa.UnOp:
		if v.Op == token.MUL {
			_, captured := v.X.(*ssa.FreeVar)
			return captured
		}
		return onInput(v.X, depth+1)
	case *ssa.BinOp:
		return v.Op == token.EQL && (onInput(v.X, depth+1) || onInput(v.Y, depth+1)) ||
			v.Op == token.NEQ && (onInput(v.X, depth+1) || onInput(v.Y, depth+1))
	case *ssa.Extract:
		t, ok := v.Tuple.(*ssa.TypeAssert)
		return ok && onInput(t.X, depth+1)
	}
	return false
}

func (r *relevance) push(f *ssa.Function, v ssa.Value) {
	if v == nil {
		return
	}
	switch v.(type) {
	case *ssa.Const, *ssa.Function, *ssa.Global, *ssa.Builtin:
		return
	}
	if in := r.of(f); !in.seen[v] {
		in.seen[v] = true
		r.queue = append(r.queue, operand{f, v})
	}
}

// follow queues what v is made from.
func (r *relevance) follow(f *ssa.Function, v ssa.Value) {
	push := func(vs ...ssa.Value) {
		for _, v := range vs {
			r.push(f, v)
		}
	}
	switch v := v.(type) {
	case *ssa.Parameter:
		r.parameter(f, v)
	case *ssa.FreeVar:
		r.captured(f, v)
	case *ssa.Phi:
		push(v.Edges...)
		for _, p := range v.Block().Preds { // a phi of constants stands for the condition before it
			if cond, ok := p.Instrs[len(p.Instrs)-1].(*ssa.If); ok {
				push(cond.Cond)
			}
		}
	case *ssa.UnOp:
		if eval.ReadsLine(v) {
			r.line(f)
		} else if v.Op != token.ARROW {
			push(v.X)
		}
	case *ssa.BinOp:
		if p := counts(v); p != nil {
			push(p)
		} else if v.Op == token.EQL || v.Op == token.NEQ || v.Op == token.ADD && isText(v.Type()) { // other sizes and counts are not decided
			push(v.X, v.Y)
		}
	case *ssa.ChangeType:
		push(v.X)
	case *ssa.ChangeInterface:
		push(v.X)
	case *ssa.Convert:
		push(v.X)
	case *ssa.MakeInterface:
		push(v.X)
	case *ssa.TypeAssert:
		push(v.X)
	case *ssa.Extract:
		push(v.Tuple)
	case *ssa.Field:
		push(v.X)
	case *ssa.FieldAddr:
		push(v.X)
	case *ssa.Index:
		push(v.X, v.Index)
	case *ssa.IndexAddr:
		push(v.X, v.Index)
	case *ssa.Lookup:
		push(v.X, v.Index)
	case *ssa.Slice:
		push(v.X)
	case *ssa.Next:
		push(v.Iter)
	case *ssa.Range:
		push(v.X)
	case *ssa.Call:
		r.result(f, v)
	case *ssa.MakeClosure:
		// its captured variables count where the literal uses them: see captured
	case *ssa.Alloc, *ssa.MakeMap, *ssa.MakeSlice:
		r.stored(f, v)
	}
}

func isText(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// result queues what the result of a call is made from: the arguments of a
// predicate, and the functions and implementations that a constructor is given.
func (r *relevance) result(f *ssa.Function, v *ssa.Call) {
	if eval.ReadsLine(v) {
		r.line(f)
		return
	}
	if list := eval.ParsedBy(v); list != nil {
		r.push(f, list)
		return
	}
	if request := r.eval.ReadsPathValue(v); request != nil {
		r.push(f, request)
		return
	}
	if v.Call.StaticCallee() == nil {
		r.push(f, v.Call.Value)
	}
	b, ok := v.Type().Underlying().(*types.Basic)
	predicate := ok && b.Kind() == types.Bool
	if p := partOfPath(v, 0); p != nil && !predicate {
		r.push(f, p)
		return
	}
	if ok && !predicate {
		return
	}
	for _, a := range v.Call.Args {
		switch t := a.Type().Underlying().(type) {
		case *types.Signature, *types.Interface, *types.Pointer, *types.Struct:
			r.push(f, a)
		default:
			if list, ok := t.(*types.Slice); predicate || ok && isText(list.Elem()) {
				r.push(f, a)
			}
		}
	}
}

// counts is the path of a URL whose parts, or what an expression finds in it, a
// comparison counts; nil for others.
func counts(v *ssa.BinOp) ssa.Value {
	for _, x := range []ssa.Value{v.X, v.Y} {
		call, ok := x.(*ssa.Call)
		if !ok {
			continue
		}
		if b, ok := call.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" {
			return partOfPath(call.Call.Args[0], 0)
		}
		if p := partOfPath(call, 0); p != nil && call.Call.StaticCallee().Pkg.Pkg.Path() == "regexp" {
			return p
		}
	}
	return nil
}

// maxParts is how many functions of strings take a path apart, one after another.
const maxParts = 6

// partOfPath is the path of a URL from which functions of strings make v, nil for
// other texts: a request's path decides what its handler does.
func partOfPath(v ssa.Value, depth int) ssa.Value {
	if depth > maxParts {
		return nil
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		if at, ok := v.X.(*ssa.FieldAddr); ok && index.TypeSymbol(at.X.Type()) == "net/url.URL" && index.Field(at.X.Type(), at.Field).Name() == "Path" {
			return v
		}
	case *ssa.Slice:
		return partOfPath(v.X, depth+1)
	case *ssa.Extract:
		return partOfPath(v.Tuple, depth+1)
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if fn == nil || len(v.Call.Args) == 0 || fn.Pkg == nil {
			return nil
		}
		switch fn.Pkg.Pkg.Path() {
		case "strings", "path":
			return partOfPath(v.Call.Args[0], depth+1)
		case "regexp":
			if len(v.Call.Args) > 1 {
				return partOfPath(v.Call.Args[1], depth+1)
			}
		}
	}
	return nil
}

// line marks the command line as relevant in f, and in what leads there.
func (r *relevance) line(f *ssa.Function) {
	work := []*ssa.Function{f}
	for len(work) > 0 {
		f := work[len(work)-1]
		work = work[:len(work)-1]
		if in := r.of(f); !in.line {
			in.line = true
			for _, s := range r.graph.In(f) {
				if s.Rule != calls.Passed && len(s.Callees) <= manyCallees {
					work = append(work, s.Caller)
				}
			}
		}
	}
}

// stored queues what is put into a variable, a slice or a map that f makes.
func (r *relevance) stored(f *ssa.Function, v ssa.Value) {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == v {
				r.push(f, ref.Val)
			}
		case *ssa.FieldAddr:
			r.stored(f, ref)
		case *ssa.IndexAddr:
			if ref.X == v {
				r.stored(f, ref)
			}
		case *ssa.MapUpdate:
			if ref.Map == v {
				r.push(f, ref.Value)
			}
		}
	}
}

// parameter marks p as relevant, and queues what callers pass for it.
func (r *relevance) parameter(f *ssa.Function, p *ssa.Parameter) {
	i := slices.Index(f.Params, p)
	in := r.of(f)
	if i < 0 || in.params[i] || carriesNothing(p.Type()) {
		return
	}
	in.params[i], in.called[i] = true, r.calling
	for _, s := range r.graph.In(f) {
		if s.Rule != calls.Passed && len(s.Callees) <= manyCallees {
			r.push(s.Caller, argument(s.Instr.Common(), i))
		}
	}
	for _, w := range r.graph.Wrappers(f) {
		r.wrapper(w, i)
	}
}

// wrapper queues what a wrapper that the compiler made hands on as parameter i.
func (r *relevance) wrapper(w *ssa.Function, i int) {
	for _, b := range w.Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				r.push(w, argument(c.Common(), i))
			}
		}
	}
}

// captured marks a captured variable as relevant, and queues it where the
// literal is made.
func (r *relevance) captured(f *ssa.Function, fv *ssa.FreeVar) {
	i := slices.Index(f.FreeVars, fv)
	in := r.of(f)
	if i < 0 || in.free[i] {
		return
	}
	in.free[i] = true
	for _, mc := range r.index.Closures(f) {
		r.push(mc.Parent(), mc.Bindings[i])
	}
	for _, s := range r.graph.In(f) { // which of the literals of f is called matters, too
		if cc := s.Instr.Common(); s.Rule != calls.Passed && !cc.IsInvoke() {
			r.push(s.Caller, cc.Value)
		}
	}
}

// argument is what a call passes for parameter i, the receiver being 0.
func argument(cc *ssa.CallCommon, i int) ssa.Value {
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

// carriesNothing reports whether values of t never decide a route by
// themselves: a context is handed through everything, and an error is asked for
// being nil after every call.
func carriesNothing(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return false
	}
	o := n.Obj()
	return o.Pkg() == nil && o.Name() == "error" || o.Pkg() != nil && o.Pkg().Path() == "context" && o.Name() == "Context"
}
