// Package provenance says how the value on which an interface method is called
// came to be: the functions through whose hands it passed, from the one that
// hands it to the call back to the one that makes it.
//
// It goes backwards over the instructions: from the called value to the results
// of the calls, the stores to the fields and variables, and the arguments that
// it may come from, as far as a place where the callee's type is made. Calls
// and fields are those of the whole program, without a context, so the search
// meets more ways than a run takes. That is why only functions that stand on
// every way are named: on those to a place that makes the type, and on those
// that are lost (in a map, a channel, a library without bodies).
package provenance

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

// maxValues is how many values a search may visit. A value that comes from
// more is handed about everywhere, and no function is on every way.
const maxValues = 400

// Maker is a function that had the value in its hands.
type Maker struct {
	Func *ssa.Function
	Pos  token.Pos // where it stores, returns or makes it
}

// Finder searches one program.
type Finder struct {
	Index *index.Index
	Graph *calls.Graph
}

// Of is the makers of the value on which call invokes callee, the nearest
// first. The calling function itself is not one of them.
func (f *Finder) Of(call ssa.CallInstruction, callee *ssa.Function) []Maker {
	recv := callee.Signature.Recv()
	if !call.Common().IsInvoke() || recv == nil {
		return nil
	}
	s := &search{Finder: f, want: index.Named(recv.Type()), at: map[ssa.Value]int{}}
	if s.want == nil {
		return nil
	}
	s.visit(call.Common().Value, call.Parent(), call.Pos())
	for i := 0; i < len(s.steps); i++ {
		if len(s.steps) > maxValues {
			return nil
		}
		s.expand(i)
	}
	return s.onEveryWay(call.Parent())
}

// step is a value that the called one may come from.
type step struct {
	value ssa.Value
	in    *ssa.Function
	pos   token.Pos
	next  []int // steps it comes from
	made  bool  // the wanted type is made here
	lost  bool  // it may come from somewhere that is not followed
}

type search struct {
	*Finder
	want  *types.Named
	steps []step
	at    map[ssa.Value]int
	now   int // the step that is being expanded
}

// visit notes that the present step may come from v, which the function in
// has in its hands at pos.
func (s *search) visit(v ssa.Value, in *ssa.Function, pos token.Pos) {
	i, known := s.at[v]
	if !known {
		if !pos.IsValid() && in != nil {
			pos = in.Pos() // the compiler's own step
		}
		i = len(s.steps)
		s.at[v] = i
		s.steps = append(s.steps, step{value: v, in: in, pos: pos})
	}
	if i == 0 && len(s.steps) == 1 || i == s.now {
		return
	}
	s.steps[s.now].next = append(s.steps[s.now].next, i)
}

// expand finds what a step may come from.
func (s *search) expand(i int) {
	s.now = i
	st := s.steps[i]
	here := func(v ssa.Value) { s.visit(v, st.in, st.pos) }
	lost := func() { s.steps[i].lost = true }
	switch v := st.value.(type) {
	case *ssa.MakeInterface:
		switch {
		case !s.wanted(v.X.Type()): // another implementation
		case pointer(v.X.Type()):
			here(v.X)
		default:
			s.steps[i].made = true // a copy
		}
	case *ssa.ChangeInterface:
		here(v.X)
	case *ssa.ChangeType:
		here(v.X)
	case *ssa.TypeAssert:
		here(v.X)
	case *ssa.Phi:
		for _, e := range v.Edges {
			here(e)
		}
	case *ssa.Extract:
		switch t := v.Tuple.(type) {
		case *ssa.Call:
			s.results(t, v.Index)
		case *ssa.TypeAssert:
			here(t.X)
		default:
			lost()
		}
	case *ssa.Call:
		s.results(v, 0)
	case *ssa.UnOp:
		if v.Op != token.MUL || !s.contents(v.X, st) {
			lost()
		}
	case *ssa.Field:
		s.stores(s.Index.FieldStores(index.Field(v.X.Type(), v.Field)))
	case *ssa.FieldAddr:
		// The address of an embedded struct, on which a promoted method runs.
		here(v.X)
	case *ssa.Parameter:
		for _, a := range s.passed(v, st.in) {
			s.visit(a.value, a.site.Caller, a.site.Pos())
		}
	case *ssa.FreeVar:
		b := calls.Binding(v)
		if b == nil {
			lost()
			return
		}
		s.visit(b, st.in.Parent(), token.NoPos)
	case *ssa.Alloc:
		s.steps[i].made = s.wanted(v.Type())
		if s.steps[i].made && v.Pos().IsValid() {
			s.steps[i].pos = v.Pos()
		}
		if !s.steps[i].made && handedOut(v) {
			lost()
		}
		s.stores(index.StoresTo(v))
	case *ssa.Global:
		s.steps[i].made = s.wanted(v.Type())
	case *ssa.Const:
		// nil, which has no methods
	default:
		lost()
	}
}

// wanted reports whether t is the type that has the called method, or embeds
// it, or points to either.
func (s *search) wanted(t types.Type) bool {
	n := index.Named(t)
	if n == nil || n == s.want {
		return n != nil
	}
	structure, ok := n.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range structure.Fields() {
		if f.Embedded() && index.Named(f.Type()) == s.want {
			return true
		}
	}
	return false
}

func pointer(t types.Type) bool { _, ok := t.Underlying().(*types.Pointer); return ok }

// results is what the callees of a call return. What is returned along with an
// error is not meant to be used.
func (s *search) results(c *ssa.Call, i int) {
	callees := s.callees(c)
	s.steps[s.now].lost = len(callees) == 0
	for _, f := range callees {
		if f.Blocks == nil {
			s.steps[s.now].lost = true
		}
		failing := calls.Failing(f)
		for _, b := range f.Blocks {
			r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if ok && i < len(r.Results) && (!failing[b] || calls.IsNil(r.Results[len(r.Results)-1])) {
				s.visit(r.Results[i], f, r.Pos())
			}
		}
	}
}

// callees is what a call may reach; of a function that came as an argument,
// what the callers pass, which the call graph has at the callers.
func (s *search) callees(c *ssa.Call) []*ssa.Function {
	if static := c.Call.StaticCallee(); static != nil {
		return s.Graph.Through(static)
	}
	if site := s.Graph.At(c); site != nil {
		return site.Callees
	}
	p, ok := c.Call.Value.(*ssa.Parameter)
	if !ok {
		return nil
	}
	var out []*ssa.Function
	for _, a := range s.passed(p, c.Parent()) {
		switch v := a.value.(type) {
		case *ssa.Function:
			out = append(out, s.Graph.Through(v)...)
		case *ssa.MakeClosure:
			out = append(out, s.Graph.Through(v.Fn.(*ssa.Function))...)
		default:
			return nil
		}
	}
	return out
}

// contents is what was stored at an address, if that is known.
func (s *search) contents(addr ssa.Value, st step) bool {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		s.stores(s.Index.FieldStores(index.Field(a.X.Type(), a.Field)))
	case *ssa.Global:
		s.stores(s.Index.GlobalStores(a))
		s.visit(a, st.in, st.pos)
	case *ssa.Alloc, *ssa.FreeVar:
		s.visit(a, st.in, st.pos)
	default:
		return false
	}
	return true
}

func (s *search) stores(all []*ssa.Store) {
	for _, st := range all {
		s.visit(st.Val, st.Parent(), st.Pos())
	}
}

// argument is what one caller passes for a parameter.
type argument struct {
	value ssa.Value
	site  *calls.Site
}

// passed is what the callers of a function pass for a parameter.
func (s *search) passed(p *ssa.Parameter, fn *ssa.Function) []argument {
	var out []argument
	i := slices.Index(fn.Params, p)
	for _, site := range s.Graph.In(fn) {
		cc := site.Instr.Common()
		if site.Rule == calls.Passed {
			continue
		}
		args := cc.Args
		if cc.IsInvoke() {
			args = append([]ssa.Value{cc.Value}, args...)
		}
		if len(args) == len(fn.Params) {
			out = append(out, argument{args[i], site})
		}
	}
	return out
}

// handedOut reports whether the address of a variable is given to a function,
// which may store through it.
func handedOut(v *ssa.Alloc) bool {
	return slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool {
		_, call := r.(ssa.CallInstruction)
		return call
	})
}

// onEveryWay is the functions without which no end of a way can be reached,
// the nearest first. It is empty when no end makes the type.
func (s *search) onEveryWay(caller *ssa.Function) []Maker {
	if !slices.ContainsFunc(s.steps, func(st step) bool { return st.made }) {
		return nil
	}
	var out []Maker
	seen := map[*ssa.Function]bool{caller: true}
	for _, st := range s.steps { // breadth first: the nearest come first
		if st.in != nil && !seen[st.in] {
			seen[st.in] = true
			if !s.reaches(st.in) {
				out = append(out, Maker{st.in, st.pos})
			}
		}
	}
	return out
}

// reaches reports whether an end can be reached without a function.
func (s *search) reaches(without *ssa.Function) bool {
	seen := make([]bool, len(s.steps))
	work := []int{0}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[i] || without != nil && s.steps[i].in == without {
			continue
		}
		seen[i] = true
		if s.steps[i].made || s.steps[i].lost {
			return true
		}
		work = append(work, s.steps[i].next...)
	}
	return false
}
