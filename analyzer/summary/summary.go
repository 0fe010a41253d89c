// Package summary reduces one analyzed executable to plain data: its
// functions, the sites at which they pass control on, and what the finders
// found. The SSA can be dropped afterwards, so that a system of many programs
// needs the memory of one.
//
// What is left out: the standard library and functions without bodies, calls
// of methods that nearly everything has (Error, String, io.Reader …), and the
// call-graph edges that a finder replaced.
package summary

import (
	"cmp"
	"context"
	"fmt"
	"go/constant"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/provenance"
)

// Detail says how much of a program is kept.
type Detail int

// The details. Values are kept for the questions that follow them.
const (
	Calls Detail = iota
	Values
)

// Build reduces u and what was found in it.
func Build(ctx context.Context, u *boundary.Unit, found *boundary.Findings, d Detail) (*Executable, error) {
	b := &builder{
		makers: provenance.Finder{Index: u.Index, Graph: u.Graph},
		u:      u, found: found, ids: map[boundary.Node]ID{}, kindOf: map[Place]Departure{}, cut: map[ssa.CallInstruction]bool{},
		clones: map[*clone.Clone]ID{}, ofFunc: map[*ssa.Function][]ID{}, courses: map[blocksOf]*calls.Course{}, awaited: map[ssa.CallInstruction]bool{}, never: map[ID]map[int]bool{}, served: map[*ssa.Function]bool{}, lasts: map[*ssa.Function]string{},
		exe: &Executable{Program: u.Program.Exe.Program, Dropped: u.Program.Exe.Dropped, Names: u.Program.Exe.Names, Main: None},
	}
	b.exe.Dropped.Packages = append(b.exe.Dropped.Packages, u.Program.Broke...)
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	if d == Values {
		b.bodies()
	}
	b.exe.renumber()
	return b.exe, nil
}

type builder struct {
	makers  provenance.Finder
	u       *boundary.Unit
	found   *boundary.Findings
	exe     *Executable
	ids     map[boundary.Node]ID
	cut     map[ssa.CallInstruction]bool
	carry   map[ssa.CallInstruction]bool
	kindOf  map[Place]Departure // the kinds of calls, without their lines
	cloner  *clone.Builder
	never   map[ID]map[int]bool // positions of calls that a clone cannot reach
	clones  map[*clone.Clone]ID
	ofFunc  map[*ssa.Function][]ID       // the clones of a function
	awaited map[ssa.CallInstruction]bool // what isAwaited found
	courses map[blocksOf]*calls.Course
	served  map[*ssa.Function]bool   // called by a library
	lasts   map[*ssa.Function]string // what does returned
}

func (b *builder) build(ctx context.Context) error {
	for _, c := range b.found.Cuts {
		b.cut[c] = true
	}
	b.carry = map[ssa.CallInstruction]bool{}
	for _, c := range b.found.Carried {
		b.carry[c] = true
	}
	if err := b.clone(ctx); err != nil {
		return err
	}
	if m := b.u.Main(); m != nil {
		b.exe.Main = b.id(m)
	}
	for _, c := range b.cloner.All() {
		b.fill(b.clones[c], c)
	}
	b.links()
	b.flags()
	b.departures()
	b.inputs()
	b.arrivals()
	b.commands()
	b.exe.Waits, b.exe.Wakes = b.waits(b.found.Waits), b.waits(b.found.Wakes)
	b.registrations()
	b.elsewhere()
	b.dropIdle()
	for i := range b.exe.funcs {
		slices.SortStableFunc(b.exe.funcs[i].Sites, func(x, y Site) int { return cmp.Compare(x.Pos, y.Pos) })
	}
	b.stretches()
	runs := b.exe.Running()
	for i := range b.exe.Departures {
		d := &b.exe.Departures[i]
		d.Idle = !runs[d.Origin()]
	}
	b.exe.startup()
	return nil
}

// packageInit marks the initializer that the compiler makes of a package; what
// it calls runs before any command.
const packageInit = "package initializer"

// id is the ID of a function or variable, None for those left out. A variable
// gets one when it is first asked for.
func (b *builder) id(n boundary.Node) ID {
	if n == nil {
		return None
	}
	if id, ok := b.ids[n]; ok {
		return id
	}
	switch n := n.(type) {
	case *ssa.Function:
		if n.Synthetic == packageInit || b.kept(n) {
			b.add(n)
			return b.ids[n]
		}
	case *ssa.Global:
		at := b.u.Program.Exe.Fset.PositionFor(n.Pos(), false)
		b.ids[n] = ID(len(b.exe.funcs))
		b.exe.funcs = append(b.exe.funcs, Func{
			Base: b.ids[n], Name: n.Pkg.Pkg.Path() + "." + n.Name(), Decl: "var", Literal: None,
			File: b.u.Program.Exe.Rel(at.Filename), Line: at.Line, End: at.Line,
		})
		return b.ids[n]
	}
	return None
}

// mostAnswers is how many callees a call may have for their makers to be looked
// for: of a call with more, nobody could follow them.
const mostAnswers = 4

// made is who made the value on which a call of an interface method in the
// sources under study reaches callee.
func (b *builder) made(s *calls.Site, callee *ssa.Function) []Place {
	if s.Kind != flow.Interface || len(s.Callees) > mostAnswers || !b.u.Program.User(s.Caller) {
		return nil
	}
	var out []Place
	for _, m := range b.makers.Of(s.Instr, callee) {
		if id, ok := b.ids[m.Func]; ok {
			out = append(out, Place{In: id, Line: b.u.Program.Line(m.Pos), Pos: int(m.Pos)})
		}
	}
	return out
}

// note remembers how a function comes to its calls, also those that are no sites.
func (b *builder) note(id ID, f *ssa.Function, terms map[*ssa.BasicBlock]calls.Terms) {
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				_, deferred := c.(*ssa.Defer)
				_, started := c.(*ssa.Go)
				b.kindOf[Place{In: id, Pos: int(c.Pos())}] = Departure{Terms: terms[block], Beside: deferred || started && !b.isAwaited(c)}
			}
		}
	}
}

func (b *builder) effect(id ID, e Effect) {
	if !slices.Contains(b.exe.funcs[id].Effects, e) {
		b.exe.funcs[id].Effects = append(b.exe.funcs[id].Effects, e)
	}
}

// prepares reports whether what f does is for what comes after it.
func (b *builder) prepares(f *ssa.Function) bool {
	e := b.u.Models.Effect(program.Symbol(f))
	return e != nil && e.Does == models.Prepares
}

// probes reports whether a call of f has no effect, as one that sends no signal.
func (b *builder) probes(f *ssa.Function, cc *ssa.CallCommon) bool {
	e := b.u.Models.Effect(program.Symbol(f))
	if e == nil || e.Probe == nil || *e.Probe >= len(cc.Args) {
		return false
	}
	zero, ok := cc.Args[*e.Probe].(*ssa.Const)
	return ok && zero.Value != nil && zero.Value.Kind() == constant.Int && zero.Int64() == 0
}

// does is the short name of a library function that changes something outside
// of the process, "" for others.
func (b *builder) does(f *ssa.Function) string {
	name, known := b.lasts[f]
	if !known {
		symbol := program.Symbol(f)
		if e := b.u.Models.Effect(symbol); e != nil && e.Does.Lasts() {
			name = shortName(symbol)
		}
		b.lasts[f] = name
	}
	return name
}

// shortName is a symbol with the last element of its path alone:
// "(*os.File).Write", "unix.Mount".
func shortName(symbol string) string {
	i := strings.LastIndexByte(symbol, '/') + 1
	if strings.HasPrefix(symbol, "(*") && i > 0 {
		return "(*" + symbol[i:]
	}
	if strings.HasPrefix(symbol, "(") && i > 0 {
		return "(" + symbol[i:]
	}
	return symbol[i:]
}

func (b *builder) links() {
	for _, l := range b.found.Links {
		from, to := b.id(l.From), b.id(l.To)
		if from == None || to == None {
			continue
		}
		s := Site{
			Line: b.u.Program.Line(l.Pos), Pos: int(l.Pos), Kind: l.Kind, Rule: l.Rule, Detail: l.Detail,
			To: []ID{to}, Candidates: l.Candidates, Registered: b.places(l.Registered), Label: l.Label,
		}
		for _, from := range b.clonesOf(l.From) {
			if b.never[from][s.Pos] {
				continue
			}
			f := &b.exe.funcs[from]
			if !slices.ContainsFunc(f.Sites, func(x Site) bool { return x.Pos == s.Pos && x.Kind == s.Kind && slices.Equal(x.To, s.To) }) {
				own := s
				own.Registered = slices.Clone(s.Registered)
				f.Sites = append(f.Sites, own)
			}
		}
	}
	for _, br := range b.found.Branches {
		id := b.id(br.In)
		if id == None {
			continue
		}
		out := Branch{Sent: br.Sent, Word: br.Word}
		for _, c := range br.Live {
			out.Live = append(out.Live, int(siteAt(c)))
		}
		for _, id := range b.clonesOf(br.In) {
			own := out
			own.Live = slices.Clone(out.Live)
			b.exe.funcs[id].Branches = append(b.exe.funcs[id].Branches, own)
		}
	}
}

func (b *builder) places(in []boundary.Place) []Place {
	var out []Place
	for _, p := range in {
		pl := Place{In: b.id(p.In), Line: b.u.Program.Line(p.Pos), Pos: int(p.Pos)}
		if pl.In != None && b.exe.funcs[pl.In].File == "" && p.Pos.IsValid() {
			pl.File = b.exe.Rel(b.u.Program.Exe.Fset.PositionFor(p.Pos, false).Filename)
		}
		if pl.In != None && !slices.Contains(out, pl) {
			out = append(out, pl)
		}
	}
	return out
}

func (b *builder) departures() {
	type departure struct {
		Departure
		found boundary.Departure
	}
	var all []departure
	for _, d := range b.found.Departures {
		in := b.id(d.In)
		if in == None {
			continue
		}
		out := Departure{
			Kind: d.Kind, Key: d.Key, In: in, Line: b.u.Program.Line(d.Pos), Pos: int(d.Pos), Via: b.places(d.Via),
			Rule: d.Rule, Reason: d.Reason, Hint: d.Hint, Serves: d.Serves,
		}
		for i, p := range append(slices.Clone(out.Via), Place{In: out.In, Pos: out.Pos}) {
			if kind := b.kindOf[Place{In: p.In, Pos: p.Pos}]; i == 0 {
				out.Terms, out.Beside = kind.Terms, kind.Beside
			} else {
				out.Terms, out.Beside = out.Terms.And(kind.Terms), out.Beside || kind.Beside
			}
		}
		for _, fn := range d.Brings {
			if id := b.id(fn); id != None {
				out.Brings = append(out.Brings, b.exe.funcs[id].Name)
			}
		}
		all = append(all, departure{out, d})
	}
	slices.SortStableFunc(all, func(x, y departure) int {
		return cmp.Or(
			cmp.Compare(x.Kind, y.Kind),
			strings.Compare(x.Key.String(), y.Key.String()),
			strings.Compare(b.exe.funcs[x.Origin()].Name, b.exe.funcs[y.Origin()].Name),
			cmp.Compare(x.In, y.In), cmp.Compare(x.Line, y.Line),
		)
	})
	for _, d := range all {
		b.exe.Departures = append(b.exe.Departures, d.Departure)
	}
	brought := map[string]bool{}
	for _, d := range b.exe.Departures {
		for _, name := range d.Brings {
			brought[name] = true
		}
	}
	for i := range b.exe.funcs {
		for j := range b.exe.funcs[i].Sites {
			s := &b.exe.funcs[i].Sites[j]
			for _, to := range s.To {
				if s.Carried && brought[b.exe.funcs[to].Name] {
					s.Sent = append(s.Sent, to)
				}
			}
		}
	}
	frames := map[ID]*eval.Frame{} // of clones of which something is known
	for c, id := range b.clones {
		if c.Base != c {
			frames[id] = c.Frame
		}
	}
	ways := map[string]map[ID]bool{} // of one request → clones that send it by one of them
	for i, d := range all {
		same := fmt.Sprint(d.Kind, d.Key, d.Origin(), d.In, d.Line)
		if ways[same] == nil {
			ways[same] = map[ID]bool{}
		} else {
			b.exe.Departures[i].Again = true
		}
		able := slices.DeleteFunc(slices.Clone(b.clonesOf(d.found.Origin())), func(id ID) bool { return !b.sends(id, &d.Departure) })
		fits := func(id ID) bool { return frames[id] == nil || d.found.Fits(frames[id]) }
		known := slices.ContainsFunc(able, fits) // else what was found of it in other ways is not lost
		for _, id := range able {
			if !ways[same][id] && (!known || fits(id)) {
				ways[same][id] = true
				b.exe.funcs[id].Leaves = append(b.exe.funcs[id].Leaves, i)
				if f, ok := d.found.Origin().(*ssa.Function); ok {
					b.gives(id, i, &d.found, cmp.Or(frames[id], b.u.Eval.Root(f)))
				}
			}
		}
	}
}

// sends reports whether a clone of the function that decides a departure can send
// it: whether the calls that carry it down, and the send at their end, can run in
// the clones that they lead to. Where a call is none of the clone's sites, as one
// that a finder replaced, it can.
func (b *builder) sends(id ID, d *Departure) bool {
	at := []ID{id}
	for i, v := range d.Via {
		next := d.In
		if i+1 < len(d.Via) {
			next = d.Via[i+1].In
		}
		var to []ID
		dead := true
		for _, id := range at {
			if b.never[id][v.Pos] {
				continue
			}
			dead = false
			for _, s := range b.exe.funcs[id].Sites {
				if s.Pos != v.Pos {
					continue
				}
				for _, callee := range s.To {
					if b.exe.Base(callee) == b.exe.Base(next) {
						to = append(to, callee)
					}
				}
			}
		}
		switch {
		case dead:
			return false
		case len(to) == 0:
			return true
		}
		at = to
	}
	return slices.ContainsFunc(at, func(id ID) bool { return !b.never[id][d.Pos] })
}

func (b *builder) arrivals() {
	for _, a := range b.found.Arrivals {
		p := b.u.Protocols.Of(a.Kind)
		out := Arrival{
			Kind: a.Kind, Key: a.Key, Registered: b.places(a.Registered), Rule: a.Rule,
			Handlers: b.handlers(a.Handlers, p, a.As("")), Before: b.handlers(a.Before, p, a.InFront()),
		}
		for _, method := range p.Variants(a.Key) {
			if hs := b.handlers(a.Handlers, p, a.As(method)); !slices.Equal(hs, out.Handlers) {
				if out.Methods == nil {
					out.Methods = map[string][]Handler{}
				}
				out.Methods[method] = hs
			}
		}
		if len(out.Handlers) == 0 {
			b.exe.Foreign = append(b.exe.Foreign, out)
			continue
		}
		i := slices.IndexFunc(b.exe.Arrivals, func(x Arrival) bool {
			return x.Kind == out.Kind && x.Key.String() == out.Key.String() && slices.Equal(x.Handlers, out.Handlers)
		})
		if i < 0 {
			b.exe.Arrivals = append(b.exe.Arrivals, out)
			continue
		}
		for _, h := range out.Before { // each wrapper of a list was found by itself
			if same := &b.exe.Arrivals[i]; !slices.Contains(same.Before, h) {
				same.Before = append(same.Before, h)
			}
		}
	}
	slices.SortStableFunc(b.exe.Arrivals, func(x, y Arrival) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), strings.Compare(x.Key.String(), y.Key.String()),
			cmp.Compare(x.Handlers[0].Func, y.Handlers[0].Func))
	})
}

func (b *builder) commands() {
	for _, c := range b.found.Commands {
		at := b.u.Program.Exe.Fset.PositionFor(c.Pos, false)
		out := Command{
			Words: c.Words, Aliases: c.Aliases, Says: c.Says, Groups: c.Groups,
			Run: b.handlers(c.Run, boundary.Protocol{}, boundary.Seen{}), Before: b.handlers(c.Before, boundary.Protocol{}, boundary.Seen{}),
			After: b.handlers(c.After, boundary.Protocol{}, boundary.Seen{}),
			Kind:  c.Kind, File: b.u.Program.Exe.Rel(at.Filename), Line: at.Line, Rule: c.Rule, Hidden: c.Hidden, Argv0: c.Argv0,
		}
		if c.Handed.In != nil {
			out.Handed = b.places([]boundary.Place{c.Handed})
		}
		for _, n := range c.Route {
			if id := b.id(n); id != None {
				out.Route = append(out.Route, id)
			}
		}
		if len(out.Run) > 0 {
			b.exe.Commands = append(b.exe.Commands, out)
		}
	}
	slices.SortStableFunc(b.exe.Commands, func(x, y Command) int {
		return cmp.Or(slices.Compare(x.Words, y.Words), cmp.Compare(x.Run[0].Func, y.Run[0].Func))
	})
}

// waits is places of functions that are kept, those of one function in their order.
func (b *builder) waits(found []boundary.Wait) []Wait {
	var out []Wait
	for _, w := range found {
		for _, p := range b.places([]boundary.Place{w.Place}) {
			wait := Wait{Place: p, For: w.For, Rule: w.Rule}
			if f := w.At.Parent(); f != nil {
				wait.Terms = b.course(b.cloner.Base(f), f).Terms[w.At.Block()]
			}
			out = append(out, wait)
		}
	}
	slices.SortStableFunc(out, func(x, y Wait) int {
		return cmp.Or(strings.Compare(x.For, y.For), cmp.Compare(x.In, y.In), cmp.Compare(x.Pos, y.Pos))
	})
	return out
}
