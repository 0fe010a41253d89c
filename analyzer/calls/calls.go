// Package calls gives the call graph of one executable: for every call site
// its callees, each with the rule that made the edge.
//
// Words. A site is a call, go or defer instruction, or a place where a
// function value is handed to somebody who will call it. A callee is a
// function that control may reach from the site.
//
// Algorithm.
//  1. static: the callee is named at the site.
//  2. vta: Variable Type Analysis over every function of the program, started
//     from a lazy CHA graph. It is never rooted at main, because the server
//     side of a program is reached only through libraries whose bodies are
//     not loaded.
//  3. passed: a function literal, function or method value that stands as an
//     argument is taken to be called by whoever it is handed to; the edge
//     leaves the function that hands it over. boundary/callback adds the methods
//     of objects that libraries are given.
//  4. sole: an interface call without a callee (the value came from a library
//     without bodies) goes to the only implementation the program has.
//  5. vta, received: an interface call on what came out of a channel with range
//     goes to the types of which the program makes values of that interface.
//  6. lenient: an interface call goes to methods of types that embed what was not
//     found, where the signature is the one that is called and the program makes
//     a value of an interface of that type. Where VTA gives up, to those of all types.
//
// Wrappers made by the compiler (bound and promoted methods, thunks) are
// looked through: they are never callers or callees here.
//
// It cannot see calls made by assembly, cgo or package reflect.
package calls

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/program"
)

// The rules of the package comment, as they stand in flow.Edge.Rule.
const (
	Static = "static"
	VTA    = "vta"
	Passed = "passed"
	Sole   = "sole"
)

// Site is a place in Caller from which control passes on.
type Site struct {
	Caller  *ssa.Function
	Instr   ssa.CallInstruction
	Kind    flow.Kind
	Rule    string
	Callees []*ssa.Function // sorted, without duplicates or wrappers
	Detail  string          // the interface or function type of a dynamic call
	Given   bool            // the called function value came as an argument, so a caller on the route made it
}

// Pos is where the site stands.
func (s *Site) Pos() token.Pos { return s.Instr.Pos() }

// Graph is the call graph of one executable.
type Graph struct {
	Program *program.Program
	out     map[*ssa.Function][]*Site
	in      map[*ssa.Function][]*Site
	at      map[ssa.CallInstruction]*Site // the call itself, not what it hands on
	order   map[*ssa.Function]int
	behind  map[*ssa.Function][]*ssa.Function // wrapper → what it calls

	wrappers map[*ssa.Function][]*ssa.Function // the reverse of behind

	Note string // what makes the graph less exact than it should be, for readers; empty for nothing
}

// Out is the sites of f in source order.
func (g *Graph) Out(f *ssa.Function) []*Site { return g.out[f] }

// In is the sites that may reach f, in the order of their callers.
func (g *Graph) In(f *ssa.Function) []*Site { return g.in[f] }

// At is the site of one call instruction, nil for a builtin's.
func (g *Graph) At(c ssa.CallInstruction) *Site { return g.at[c] }

// Before orders functions as Program.Funcs does.
func (g *Graph) Before(a, b *ssa.Function) int { return g.order[a] - g.order[b] }

// Wrapper reports whether the compiler made f to stand between a call and the
// method that is meant.
func (g *Graph) Wrapper(f *ssa.Function) bool { return wrapper(f) }

// Through is f, or what f calls when f is a wrapper made by the compiler.
func (g *Graph) Through(f *ssa.Function) []*ssa.Function {
	if !wrapper(f) {
		return []*ssa.Function{f}
	}
	if known, ok := g.behind[f]; ok {
		return known
	}
	var out []*ssa.Function // a wrapper made after Build
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				if static := c.Common().StaticCallee(); static != nil {
					out = append(out, g.Through(static)...)
				}
			}
		}
	}
	return out
}

// Wrappers is the functions made by the compiler that call f.
func (g *Graph) Wrappers(f *ssa.Function) []*ssa.Function { return g.wrappers[f] }

// Build computes the graph.
func Build(ctx context.Context, p *program.Program) (*Graph, error) {
	g := &Graph{
		Program: p, out: map[*ssa.Function][]*Site{}, in: map[*ssa.Function][]*Site{},
		at: map[ssa.CallInstruction]*Site{}, behind: map[*ssa.Function][]*ssa.Function{}, order: make(map[*ssa.Function]int, len(p.Funcs)),
		wrappers: map[*ssa.Function][]*ssa.Function{},
	}
	all := make(map[*ssa.Function]bool, len(p.Funcs))
	for i, f := range p.Funcs {
		g.order[f] = i
		all[f] = true
	}
	dynamic, hidden, failed := typeFlow(all)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if failed != nil {
		g.Note = fmt.Sprintf("of calls through interfaces and function values in %s it is not known what flows there (%v): an interface stands for every type that has its methods", p.Exe.Program, failed)
		hidden = p.Funcs
	}
	b := &builder{Graph: g, vta: dynamic, hidden: byID(hidden), meant: map[method][]*ssa.Function{}}
	b.build()
	return g, ctx.Err()
}

// builder turns the VTA graph into sites.
type builder struct {
	*Graph
	vta   *callgraph.Graph
	impls map[string][]*ssa.Function // method name → concrete methods, for rule 4
	boxed *typeutil.Map              // interface type → types of which its values are made, for rule 5

	hidden   map[string][]*ssa.Function // types.Func.Id → methods that vta does not know, for rule 6
	meant    map[method][]*ssa.Function // what rule 6 found
	anyBoxed *typeutil.Map              // types of which values of any interface are made, for rule 6
}

func (b *builder) build() {
	var sites []*Site
	for _, f := range b.Program.Funcs {
		if wrapper(f) {
			b.through(f)
			continue
		}
		if f.Blocks == nil {
			continue
		}
		callees := map[ssa.CallInstruction][]*ssa.Function{}
		if n := b.vta.Nodes[f]; n != nil {
			for _, e := range n.Out {
				if e.Site != nil {
					callees[e.Site] = append(callees[e.Site], e.Callee.Func)
				}
			}
		}
		for _, block := range f.Blocks {
			for _, instr := range block.Instrs {
				if c, ok := instr.(ssa.CallInstruction); ok {
					sites = append(sites, b.sitesOf(f, c, callees[c])...)
				}
			}
		}
	}
	for _, s := range sites {
		if s.Rule != Passed {
			b.at[s.Instr] = s
		}
		b.out[s.Caller] = append(b.out[s.Caller], s)
		for _, c := range s.Callees {
			b.in[c] = append(b.in[c], s)
		}
	}
	for _, list := range b.out {
		slices.SortStableFunc(list, func(x, y *Site) int { return int(x.Pos() - y.Pos()) })
	}
}

// sitesOf makes the site of the call itself and one for the functions that
// its arguments hand on.
func (b *builder) sitesOf(f *ssa.Function, c ssa.CallInstruction, dynamic []*ssa.Function) []*Site {
	cc := c.Common()
	s := &Site{Caller: f, Instr: c, Kind: kindOf(c), Rule: VTA, Detail: detail(cc)}
	if static := cc.StaticCallee(); static != nil {
		s.Rule = Static
		s.Callees = b.through(static)
		if mc, ok := cc.Value.(*ssa.MakeClosure); ok && mc.Fn == static && s.Kind == flow.Call {
			s.Kind = flow.Closure
		}
		if wrapper(static) && len(s.Callees) > 0 {
			if inner := dynamicInside(static); inner != "" {
				s.Kind, s.Rule, s.Detail = flow.Interface, VTA, inner
			}
		}
	} else {
		s.Given = !cc.IsInvoke() && given(cc.Value, map[ssa.Value]bool{})
		for _, d := range dynamic {
			s.Callees = append(s.Callees, b.through(d)...)
		}
		if cc.IsInvoke() {
			s.Callees = append(s.Callees, b.lenient(cc)...)
		}
		if len(s.Callees) == 0 && cc.IsInvoke() {
			if s.Callees = b.received(cc); len(s.Callees) == 0 {
				s.Callees, s.Rule = b.soleImplementation(cc), Sole
			}
		}
	}
	s.Callees = b.sorted(s.Callees)
	if _, builtin := cc.Value.(*ssa.Builtin); builtin {
		return nil
	}
	sites := []*Site{s}
	if Wraps(cc.StaticCallee()) {
		return sites
	}
	if handed := b.handedOn(cc, s.Callees); len(handed) > 0 {
		var targets []*ssa.Function
		for _, h := range handed {
			targets = append(targets, b.through(h)...)
		}
		sites = append(sites, &Site{Caller: f, Instr: c, Kind: flow.Closure, Rule: Passed, Callees: b.sorted(targets), Detail: HandedTo(cc)})
	}
	return sites
}

// kindOf is the kind of the edge that the instruction itself makes.
func kindOf(c ssa.CallInstruction) flow.Kind {
	switch c.(type) {
	case *ssa.Go:
		return flow.Go
	case *ssa.Defer:
		return flow.Defer
	}
	cc := c.Common()
	switch {
	case cc.IsInvoke():
		return flow.Interface
	case cc.StaticCallee() != nil:
		return flow.Call
	}
	return flow.Closure
}

// detail names the interface method or function type of a dynamic call.
func detail(cc *ssa.CallCommon) string {
	if cc.IsInvoke() {
		return TypeString(cc.Value.Type()) + "." + cc.Method.Name()
	}
	return ""
}

// HandedTo says to whom a call hands functions.
func HandedTo(cc *ssa.CallCommon) string {
	if cc.IsInvoke() {
		return "handed to " + TypeString(cc.Value.Type()) + "." + cc.Method.Name()
	}
	if f := cc.StaticCallee(); f != nil {
		return "handed to " + shortSymbol(f)
	}
	return "handed on"
}

func shortSymbol(f *ssa.Function) string {
	s := program.Symbol(f)
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		if strings.HasPrefix(s, "(*") {
			return "(*" + s[i+1:]
		}
		if strings.HasPrefix(s, "(") {
			return "(" + s[i+1:]
		}
		return s[i+1:]
	}
	return s
}

// TypeString is a type with short package names.
func TypeString(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// wrapper reports whether the compiler made f to stand between a call and the
// method that is meant.
func wrapper(f *ssa.Function) bool {
	if f.Synthetic == "" {
		return false
	}
	return strings.HasPrefix(f.Synthetic, "wrapper for") ||
		strings.HasPrefix(f.Synthetic, "bound method wrapper") ||
		strings.HasPrefix(f.Synthetic, "thunk for")
}

// through replaces a wrapper by what it calls.
func (b *builder) through(f *ssa.Function) []*ssa.Function {
	if body := b.Program.Linked(f); body != nil {
		f = body
	}
	if !wrapper(f) {
		return []*ssa.Function{f}
	}
	if known, ok := b.behind[f]; ok {
		return known
	}
	b.behind[f] = nil // a wrapper of itself leads nowhere
	var out []*ssa.Function
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				for _, callee := range b.calleesIn(f, c) {
					out = append(out, b.through(callee)...)
				}
			}
		}
	}
	out = b.sorted(out)
	b.behind[f] = out
	for _, callee := range out {
		b.wrappers[callee] = append(b.wrappers[callee], f)
	}
	return out
}

// calleesIn is what a call inside a wrapper can reach.
func (b *builder) calleesIn(f *ssa.Function, c ssa.CallInstruction) []*ssa.Function {
	if static := c.Common().StaticCallee(); static != nil {
		return []*ssa.Function{static}
	}
	if _, ok := c.Common().Value.(*ssa.Builtin); ok {
		return nil
	}
	var out []*ssa.Function
	if n := b.vta.Nodes[f]; n != nil {
		for _, e := range n.Out {
			if e.Site == c {
				out = append(out, e.Callee.Func)
			}
		}
	}
	if c.Common().IsInvoke() {
		out = append(out, b.lenient(c.Common())...)
	}
	if len(out) == 0 && c.Common().IsInvoke() {
		return b.soleImplementation(c.Common())
	}
	return out
}

// dynamicInside names the interface method that a wrapper calls, "" when the
// wrapper calls a known function.
func dynamicInside(f *ssa.Function) string {
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				if c.Common().IsInvoke() {
					return detail(c.Common())
				}
				if static := c.Common().StaticCallee(); static != nil && wrapper(static) {
					return dynamicInside(static)
				}
			}
		}
	}
	return ""
}

// Literals is the functions that v is by the looks of the function it stands
// in: a literal, a function, a method value, or what a called function in the
// program makes and returns. Nil when v comes from somewhere else.
func Literals(v ssa.Value) []*ssa.Function { return literals(v, 0) }

func literals(v ssa.Value, depth int) []*ssa.Function {
	if depth > 4 {
		return nil
	}
	switch v := v.(type) {
	case *ssa.Function:
		return []*ssa.Function{v}
	case *ssa.MakeClosure:
		return []*ssa.Function{v.Fn.(*ssa.Function)}
	case *ssa.ChangeType:
		return literals(v.X, depth+1)
	case *ssa.Phi:
		var out []*ssa.Function
		for _, e := range v.Edges {
			out = append(out, literals(e, depth+1)...)
		}
		return out
	case *ssa.Call:
		if f := v.Call.StaticCallee(); f != nil {
			return returned(f, 0, depth)
		}
	case *ssa.Extract:
		if c, ok := v.Tuple.(*ssa.Call); ok {
			if f := c.Call.StaticCallee(); f != nil {
				return returned(f, v.Index, depth)
			}
		}
	}
	return nil
}

// returned is the function literals that f makes and returns as result i.
func returned(f *ssa.Function, i, depth int) []*ssa.Function {
	var out []*ssa.Function
	for _, block := range f.Blocks {
		if r, ok := block.Instrs[len(block.Instrs)-1].(*ssa.Return); ok && i < len(r.Results) {
			out = append(out, literals(r.Results[i], depth+1)...)
		}
	}
	return out
}

// given reports whether v is a parameter, or an element of one.
func given(v ssa.Value, seen map[ssa.Value]bool) bool {
	if v == nil || seen[v] {
		return false
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Parameter:
		return true
	case *ssa.FreeVar:
		return given(Binding(v), seen)
	case *ssa.UnOp:
		return given(v.X, seen)
	case *ssa.IndexAddr:
		return given(v.X, seen)
	case *ssa.Slice:
		return given(v.X, seen)
	case *ssa.ChangeType:
		return given(v.X, seen)
	case *ssa.Phi:
		return slices.ContainsFunc(v.Edges, func(e ssa.Value) bool { return given(e, seen) })
	case *ssa.Alloc:
		return slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool {
			st, ok := r.(*ssa.Store)
			return ok && st.Addr == v && given(st.Val, seen)
		})
	}
	return false
}

// Binding is the value that the enclosing function captures as fv, nil when
// the literal is never made.
func Binding(fv *ssa.FreeVar) ssa.Value {
	fn := fv.Parent()
	if fn.Parent() == nil {
		return nil
	}
	i := slices.Index(fn.FreeVars, fv)
	for _, block := range fn.Parent().Blocks {
		for _, instr := range block.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && mc.Fn == fn {
				return mc.Bindings[i]
			}
		}
	}
	return nil
}

// soleImplementation is the one method of the program's own packages that an
// interface call can mean, nil when there is none or a choice.
func (b *builder) soleImplementation(cc *ssa.CallCommon) []*ssa.Function {
	iface, ok := cc.Value.Type().Underlying().(*types.Interface)
	if !ok || iface.NumMethods() == 0 || Universal(cc.Method) {
		return nil
	}
	if b.impls == nil {
		b.indexMethods()
	}
	var found *ssa.Function
	for _, m := range b.impls[cc.Method.Name()] {
		if !types.Implements(m.Signature.Recv().Type(), iface) {
			continue
		}
		if found != nil {
			return nil
		}
		found = m
	}
	if found == nil {
		return nil
	}
	return []*ssa.Function{found}
}

func (b *builder) indexMethods() {
	b.impls = map[string][]*ssa.Function{}
	for _, f := range b.Program.Funcs {
		if f.Synthetic == "" && f.Signature.Recv() != nil && f.Blocks != nil && !b.Program.Std(f) && f.Origin() == nil {
			b.impls[f.Name()] = append(b.impls[f.Name()], f)
		}
	}
}

// Universal reports whether a method belongs to an interface that nearly
// everything implements, so that calling it says nothing about the route.
func Universal(m *types.Func) bool {
	switch m.Name() {
	case "Error", "String", "GoString", "Format":
		return true
	}
	if p := m.Pkg(); p != nil {
		switch p.Path() {
		case "io", "context", "fmt", "sort", "error", "sync", "encoding", "encoding/json", "hash", "io/fs", "net":
			return true
		}
	}
	return m.Pkg() == nil
}

func (b *builder) sorted(list []*ssa.Function) []*ssa.Function {
	slices.SortFunc(list, b.Before)
	return slices.Compact(list)
}
