package summary

import (
	"cmp"
	"context"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// blocksOf is a function as a clone has it.
type blocksOf struct {
	fn *ssa.Function
	in *clone.Clone // nil where all blocks can run
}

// clone takes the functions apart by context and gives each clone an ID, the
// bases first.
func (b *builder) clone(ctx context.Context) error {
	b.cloner = clone.New(b.u.Eval, b.u.Index, b.u.Graph, b.cut, b.leaving())
	for _, f := range b.u.Program.Funcs {
		if b.kept(f) && f.Synthetic != packageInit {
			b.add(f)
		}
	}
	b.reach()
	if err := b.cloner.Explore(ctx); err != nil {
		return err
	}
	for _, c := range b.cloner.All() {
		if _, ok := b.clones[c]; ok {
			continue
		}
		base, ok := b.ids[c.Fn]
		if !ok {
			continue // in the standard library
		}
		b.clones[c] = ID(len(b.exe.funcs))
		b.ofFunc[c.Fn] = append(b.ofFunc[c.Fn], ID(len(b.exe.funcs)))
		f := b.exe.funcs[base]
		b.exe.funcs = append(b.exe.funcs, Func{
			Base: b.exe.funcs[base].Base, Name: f.Name, File: f.File, Line: f.Line, End: f.End, Library: f.Library, Type: f.Type, Literal: None,
		})
	}
	return nil
}

// leaving is the calls by which departures leave, and those of them in the functions
// that decide departures which depend on what is known there.
func (b *builder) leaving() clone.Requests {
	var out clone.Requests
	for i := range b.found.Departures {
		d := &b.found.Departures[i]
		for j, call := range b.way(d) {
			if d.Kind.Process() && d.Kind != flow.Exec {
				out.All = append(out.All, call)
			}
			if j == 0 && d.Within != nil {
				out.Depend = append(out.Depend, call)
			}
		}
	}
	return out
}

// way is the calls from the function that decides a departure down to the one by which
// it leaves.
func (b *builder) way(d *boundary.Departure) (out []ssa.CallInstruction) {
	add := func(in boundary.Node, pos token.Pos) {
		f, ok := in.(*ssa.Function)
		if !ok {
			return
		}
		for _, s := range b.u.Graph.Out(f) {
			if s.Pos() == pos && s.Rule != calls.Passed {
				out = append(out, s.Instr)
				return
			}
		}
	}
	for _, p := range d.Via {
		add(p.In, p.Pos)
	}
	add(d.In, d.Pos)
	return out
}

// reach marks the functions that control comes to by other ways than a call.
func (b *builder) reach() {
	function := func(n boundary.Node) {
		if f, ok := n.(*ssa.Function); ok && b.kept(f) {
			b.cloner.Reach(b.cloner.Base(f))
		}
	}
	places := func(list []boundary.Place) {
		for _, p := range list {
			function(p.In)
		}
	}
	handlers := func(list []boundary.Handler, p boundary.Protocol, seen boundary.Seen) {
		for _, h := range list {
			b.served[h.Fn] = true
			if b.kept(h.Fn) {
				for _, c := range b.entered(h, p, seen) {
					b.cloner.Reach(c)
				}
			}
		}
	}
	if main := b.u.Main(); main != nil {
		function(main)
	}
	if b.u.Program.Exe.Program.Library {
		for _, f := range b.u.Program.Funcs {
			if exported(f) && b.u.Program.User(f) {
				function(f)
			}
		}
	}
	for _, f := range b.u.Program.Funcs {
		if strings.HasPrefix(f.Name(), "init#") {
			function(f)
		}
	}
	for _, a := range b.found.Arrivals {
		p := b.u.Protocols.Of(a.Kind)
		handlers(a.Handlers, p, a.As(""))
		handlers(a.Before, p, a.InFront())
		places(a.Registered)
		for _, method := range p.Variants(a.Key) {
			handlers(a.Handlers, p, a.As(method))
		}
	}
	for _, c := range b.found.Commands {
		handlers(c.Run, boundary.Protocol{}, boundary.Seen{})
		handlers(c.Before, boundary.Protocol{}, boundary.Seen{})
		handlers(c.After, boundary.Protocol{}, boundary.Seen{})
		for _, n := range c.Route {
			function(n)
		}
	}
	for _, l := range b.found.Links {
		function(l.From)
		function(l.To)
	}
	for _, d := range b.found.Departures {
		function(d.In)
		places(d.Via)
		for _, f := range d.Brings {
			function(f)
		}
	}
}

// exported reports whether whoever imports the package of f can call it.
func exported(f *ssa.Function) bool {
	return f.Object() != nil && f.Object().Exported() && f.Parent() == nil
}

// given is what is known of the parameters of a handler: what its finder says,
// and what is seen of the request.
func given(h boundary.Handler, p boundary.Protocol, seen boundary.Seen) func(int, types.Type) eval.Answer {
	return func(i int, t types.Type) eval.Answer {
		switch {
		case h.Given != nil && h.Given.Param == i:
			return h.Given.Answer
		case p.Given != nil && seen != boundary.Seen{}:
			return p.Given(seen, t)
		}
		return eval.Answer{}
	}
}

// kept reports whether f is a function of the summary.
func (b *builder) kept(f *ssa.Function) bool {
	return f.Blocks != nil && !b.u.Program.Std(f) && !b.u.Graph.Wrapper(f)
}

// add gives f an ID. An instance of a generic function is a clone of it.
func (b *builder) add(f *ssa.Function) {
	if _, ok := b.ids[f]; ok {
		return
	}
	if f.Synthetic == clone.LoopBody && f.Parent() != nil {
		b.add(f.Parent())
		b.ids[f] = b.ids[f.Parent()] // for a reader it is a part of the function around it
		return
	}
	id := ID(len(b.exe.funcs))
	base := id
	if o := f.Origin(); o != nil && o != f {
		b.add(o)
		id, base = ID(len(b.exe.funcs)), b.ids[o]
	}
	file, line, end := b.u.Program.Place(f)
	b.ids[f] = id
	c := b.cloner.Base(f)
	b.clones[c] = id
	b.ofFunc[f] = append(b.ofFunc[f], id)
	b.exe.funcs = append(b.exe.funcs, Func{
		Base: base, Name: b.u.Program.Name(f), File: file, Line: line, End: end,
		Library: !b.u.Program.User(f), Type: b.u.Program.Receiver(f), Literal: None,
	})
}

// fill adds the sites and effects of a clone.
func (b *builder) fill(id ID, c *clone.Clone) {
	f := c.Fn
	if parent := around(f); parent != nil {
		if p, ok := b.ids[parent]; ok {
			b.exe.funcs[id].Literal = b.exe.funcs[p].Base
		}
	}
	for call := range c.Never {
		if b.never[id] == nil {
			b.never[id] = map[int]bool{}
		}
		b.never[id][int(siteAt(call))] = true
	}
	if c.Base == c {
		b.note(id, f, b.course(c, f).Terms)
	}
	for _, s := range c.Sites {
		cc := s.Instr.Common()
		if cc.IsInvoke() && calls.Universal(cc.Method) && s.Rule != calls.Passed {
			continue
		}
		site := Site{
			Line: b.u.Program.Line(siteAt(s.Instr)), Pos: int(siteAt(s.Instr)), Kind: s.Kind, Rule: s.Rule, Detail: s.Detail,
			Terms: b.course(c, s.Caller).Terms[s.Instr.Block()], Carries: carried(cc),
			Given: s.Given && !s.Whole, Carried: b.carry[s.Instr] && s.Rule != calls.Passed,
			Awaited: (s.Kind == flow.Go || s.Rule == calls.Passed) && b.isAwaited(s.Instr),
		}
		if s.Loop != nil {
			site.Loop = int(siteAt(s.Loop))
		}
		functions := map[*ssa.Function]bool{}
		for _, t := range s.To {
			functions[t.Fn] = true
		}
		site.Candidates = len(functions)
		// Of several that cannot be told apart the first is told: the one that the source
		// has first, but in a loop, which calls all of them, the last.
		answers := slices.Clone(s.Kept)
		if site.Repeated && !site.Tried {
			slices.Reverse(answers)
		}
		for _, t := range answers {
			to, ok := b.clones[t]
			if filed := s.Filed[t]; ok && len(filed) > 0 {
				b.filed(id, site, to, filed)
				continue
			}
			if ok && !slices.Contains(site.To, to) {
				site.To = append(site.To, to)
				site.Made = append(site.Made, b.made(s.Site, t.Fn))
			} else if name := b.does(t.Fn); name != "" && !b.probes(t.Fn, cc) {
				b.effect(id, Effect{
					Line: site.Line, Pos: cmp.Or(site.Loop, site.Pos), Call: name, Prepares: b.prepares(t.Fn), Terms: site.Terms,
				})
			}
		}
		if why := b.lost(s); len(functions) == 0 && !s.Yields && why != "" {
			b.exe.funcs[id].Lost = append(b.exe.funcs[id].Lost, Lost{site.Line, cmp.Or(site.Loop, site.Pos), s.Kind, s.Detail, why})
		}
		if len(site.To) > 0 {
			b.exe.funcs[id].Sites = append(b.exe.funcs[id].Sites, site)
		}
	}
}

// carried is how many arguments of a call are no constants. The receiver and the
// context say to whom it goes and how long it may take, not what is meant.
func carried(cc *ssa.CallCommon) int {
	args := cc.Args
	if cc.Signature().Recv() != nil && !cc.IsInvoke() && len(args) > 0 {
		args = args[1:]
	}
	n := 0
	for _, a := range args {
		_, constant := a.(*ssa.Const)
		if named, ok := types.Unalias(a.Type()).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context" {
			continue
		}
		if !constant {
			n++
		}
	}
	return n
}

// filed adds a site of its own for a function that is looked up under a key that
// the call does not tell, with the keys that it is kept under.
func (b *builder) filed(id ID, s Site, to ID, filed []eval.Filing) {
	s.To, s.Made = []ID{to}, nil
	var keys []string
	for _, f := range filed {
		if !slices.Contains(keys, f.Key) {
			keys = append(keys, f.Key)
		}
		s.Registered = append(s.Registered, Place{In: b.id(f.At.Parent()), Line: b.u.Program.Line(f.At.Pos()), Pos: int(f.At.Pos())})
	}
	s.Label = strings.Join(keys, ", ")
	b.exe.funcs[id].Sites = append(b.exe.funcs[id].Sites, s)
}

// lost says why it is not known what a call in the sources under study reaches,
// nothing where that is of no account: a library's own interface is implemented
// by the library, and what it does is known by name.
func (b *builder) lost(s clone.Site) string {
	cc := s.Instr.Common()
	if !b.u.Program.User(s.Caller) {
		return ""
	}
	if s.Rule == calls.Passed {
		if len(s.Callees) > 0 {
			return "" // the body of a range over a function, which belongs to the function around it
		}
		return "the function that is " + s.Detail + " is not known"
	}
	if cc.IsInvoke() {
		if p := cc.Method.Pkg(); p == nil || !b.u.Program.UserPackage(p) {
			return ""
		}
		return "no type is known to be behind " + s.Detail + b.from(cc.Value)
	}
	if p, ok := cc.Value.(*ssa.Parameter); ok && b.served[p.Parent()] {
		return "" // what a library hands to the handler that it calls is its own
	}
	if call := madeBy(cc.Value); call != nil && b.u.Program.Std(call) {
		return "" // a function of the standard library's own, as context.WithCancel gives
	}
	return "the function that is called here is not known" + b.from(cc.Value)
}

// madeBy is the function whose result v is, or the variable that a literal captures;
// nil for others.
func madeBy(v ssa.Value) *ssa.Function {
	if load, ok := v.(*ssa.UnOp); ok {
		v = load.X
	}
	if fv, ok := v.(*ssa.FreeVar); ok {
		v = calls.Binding(fv)
		if cell, ok := v.(*ssa.Alloc); ok {
			if stores := index.StoresTo(cell); len(stores) == 1 {
				v = stores[0].Val
			}
		}
	}
	if x, ok := v.(*ssa.Extract); ok {
		v = x.Tuple
	}
	if c, ok := v.(*ssa.Call); ok {
		return c.Call.StaticCallee()
	}
	return nil
}

// from says where a value comes from, as far as the function tells in which it
// is used.
func (b *builder) from(v ssa.Value) string {
	for {
		switch x := v.(type) {
		case *ssa.TypeAssert:
			v = x.X
		case *ssa.ChangeType:
			v = x.X
		case *ssa.ChangeInterface:
			v = x.X
		case *ssa.Extract:
			v = x.Tuple
		case *ssa.Call:
			if s := index.CalleeSymbol(&x.Call); s != "" {
				return ": it comes from " + s
			}
			return ""
		case *ssa.Parameter:
			return ": it is an argument, and no caller is known to pass one"
		case *ssa.UnOp:
			if f, ok := x.X.(*ssa.FieldAddr); ok {
				field := index.Field(f.X.Type(), f.Field)
				return ": it is kept in the field " + field.Name() + b.missing(field)
			}
			return ""
		default:
			return ""
		}
	}
}

// missing says which function makes what a field keeps, where it could not be read
// as a whole.
func (b *builder) missing(field *types.Var) string {
	for _, st := range b.u.Index.FieldStores(field) {
		maker := madeBy(unboxed(st.Val))
		if maker == nil {
			continue
		}
		for _, s := range b.u.Graph.Out(maker) {
			for _, callee := range s.Callees {
				if why, ok := b.u.Program.Opaque(callee); ok && b.u.Program.Hole(callee) {
					return ", and " + program.Symbol(maker) + ", which makes it, " + why.Why
				}
			}
		}
	}
	return ""
}

func unboxed(v ssa.Value) ssa.Value {
	switch v := v.(type) {
	case *ssa.MakeInterface:
		return v.X
	case *ssa.ChangeInterface:
		return v.X
	}
	return v
}

// around is the function in which a literal stands, nil for others.
func around(f *ssa.Function) *ssa.Function {
	f = f.Parent()
	for f != nil && f.Synthetic == clone.LoopBody {
		f = f.Parent()
	}
	return f
}

// isAwaited is calls.Awaited, asked once for all clones.
func (b *builder) isAwaited(c ssa.CallInstruction) bool {
	known, ok := b.awaited[c]
	if !ok {
		known = calls.Awaited(c)
		b.awaited[c] = known
	}
	return known
}

// course is the course of f in c, of which f is the body or a part.
func (b *builder) course(c *clone.Clone, f *ssa.Function) *calls.Course {
	k := blocksOf{f, nil}
	if len(c.Taken) > 0 {
		k.in = c
	}
	known := b.courses[k]
	if known == nil {
		known = calls.CourseOf(f, b.u.Models, c.Taken)
		b.courses[k] = known
	}
	return known
}

// siteAt is where a call stands. The compiler gives the call of an iterator no
// place: it is where the loop stands.
func siteAt(call ssa.CallInstruction) token.Pos {
	if call.Pos().IsValid() {
		return call.Pos()
	}
	for _, a := range call.Common().Args {
		if mc, ok := a.(*ssa.MakeClosure); ok && mc.Fn.(*ssa.Function).Synthetic == clone.LoopBody {
			return mc.Fn.Pos()
		}
	}
	return eval.Position(call.Common().Value)
}

// clonesOf is every clone of a function, or the ID of a variable.
func (b *builder) clonesOf(n boundary.Node) []ID {
	if f, ok := n.(*ssa.Function); ok {
		if f.Synthetic == clone.LoopBody {
			f = around(f)
		}
		if ids := b.ofFunc[f]; len(ids) > 0 {
			return ids
		}
	}
	return []ID{b.id(n)}
}

// entered is the clones in which a handler runs.
func (b *builder) entered(h boundary.Handler, p boundary.Protocol, seen boundary.Seen) []*clone.Clone {
	if h.Line != nil {
		return []*clone.Clone{b.cloner.Start(h.Fn, h.Line)}
	}
	return b.cloner.Called(h.Fn, h.Value, given(h, p, seen))
}

func (b *builder) handlers(in []boundary.Handler, p boundary.Protocol, seen boundary.Seen) []Handler {
	var out []Handler
	for _, h := range in {
		if !b.kept(h.Fn) {
			continue
		}
		for _, c := range b.entered(h, p, seen) {
			if id, ok := b.clones[c]; ok && !slices.Contains(out, Handler{id, h.Label}) {
				out = append(out, Handler{id, h.Label})
			}
		}
	}
	return out
}
