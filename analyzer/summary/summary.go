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
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/provenance"
	"github.com/callroute/callroute/analyzer/system"
)

// ID is the place of a function in Executable.Funcs.
type ID int32

// None stands for a function that is not in the summary.
const None ID = -1

// Executable is one program as plain data.
type Executable struct {
	Program    *system.Program
	Funcs      []Func
	Main       ID
	Departures []Departure
	Arrivals   []Arrival
	Foreign    []Arrival // served by functions that are not in the summary: no Handlers
	Commands   []Command
	Dropped    flow.Dropped
	load.Names
}

// Func is a function, or a package variable that registers one.
type Func struct {
	Name     string // as in flow.Node.Func
	Decl     string
	File     string
	Line     int
	End      int
	Library  bool       // not part of the sources under study
	Type     *flow.Type // of the receiver, nil for functions
	Literal  ID         // the function in which a literal is made, None for others
	Sites    []Site     // in source order
	Leaves   []int      // Departures decided here
	Effects  []Effect
	Branches []Branch
}

// Site is a place where control passes on.
type Site struct {
	Line       int
	Pos        int // orders the sites of a program, and names them in a Branch; 0 for none
	Kind       flow.Kind
	Rule       string
	Detail     string
	To         []ID
	Candidates int
	Failure    bool // stands where an error was found
	Optional   bool // may be left out though no error was found
	Given      bool // calls a function value that came as an argument
	Carried    bool // calls a function that came with a value received from a channel …
	Sent       []ID // … and those of To that a known sender put there
	Registered []Place
	Made       [][]Place // of an interface call: for each of To, who made the value it is called on
	Label      string    // which of several answers it is, where a finder knows
}

// Effect is a call that changes the world outside the process.
type Effect struct {
	Line int
	Call string // "os.WriteFile"
}

// Branch is boundary.Branch over site positions.
type Branch struct {
	Sent bool
	Word string
	Live []int
}

// Place is a line in a function.
type Place struct {
	In   ID
	Line int
	Pos  int // as in Site
}

// Departure is boundary.Departure with functions as IDs.
type Departure struct {
	Kind     flow.Kind
	Key      boundary.Key
	In       ID
	Line     int
	Pos      int
	Via      []Place
	Rule     string
	Reason   string
	Hint     string
	Optional bool     // as in Site
	Brings   []string // names of the functions in the value that is sent on a channel
}

// Origin is the function that decides the key.
func (d Departure) Origin() ID {
	if len(d.Via) > 0 {
		return d.Via[0].In
	}
	return d.In
}

// decided is the call in the function that decides the key.
func (d Departure) decided() Place {
	if len(d.Via) > 0 {
		return Place{In: d.Via[0].In, Pos: d.Via[0].Pos}
	}
	return Place{In: d.In, Pos: d.Pos}
}

// Arrival is boundary.Arrival with functions as IDs.
type Arrival struct {
	Kind       flow.Kind
	Key        boundary.Key
	Handlers   []Handler
	Registered []Place
	Rule       string
}

// Handler is a function and what chooses it.
type Handler struct {
	Func  ID
	Label string
}

// Command is boundary.Command with functions as IDs.
type Command struct {
	Words, Aliases []string
	Groups         [][]string
	Run, Before    []Handler
	Kind           flow.Kind
	Route          []ID
	File           string
	Line           int
	Rule           string
	Hidden         bool
	Argv0          bool
}

// Build reduces u and what was found in it.
func Build(u *boundary.Unit, found *boundary.Findings) *Executable {
	b := &builder{
		makers: provenance.Finder{Index: u.Index, Graph: u.Graph},
		u:      u, found: found, ids: map[boundary.Node]ID{}, optional: map[Place]bool{}, cut: map[ssa.CallInstruction]bool{},
		exe: &Executable{Program: u.Program.Exe.Program, Dropped: u.Program.Exe.Dropped, Names: u.Program.Exe.Names, Main: None},
	}
	b.exe.Dropped.Packages = append(b.exe.Dropped.Packages, u.Program.Broke...)
	b.build()
	b.exe.renumber()
	return b.exe
}

type builder struct {
	makers   provenance.Finder
	u        *boundary.Unit
	found    *boundary.Findings
	exe      *Executable
	ids      map[boundary.Node]ID
	cut      map[ssa.CallInstruction]bool
	carry    map[ssa.CallInstruction]bool
	optional map[Place]bool // calls, without their lines
}

func (b *builder) build() {
	for _, c := range b.found.Cuts {
		b.cut[c] = true
	}
	b.carry = map[ssa.CallInstruction]bool{}
	for _, c := range b.found.Carried {
		b.carry[c] = true
	}
	for _, f := range b.u.Program.Funcs {
		if f.Blocks != nil && !b.u.Program.Std(f) && !b.u.Graph.Wrapper(f) && f.Synthetic != packageInit {
			b.add(f)
		}
	}
	if m := b.u.Program.Main.Func("main"); m != nil {
		b.exe.Main = b.id(m)
	}
	for _, f := range b.u.Program.Funcs {
		if id, ok := b.ids[f]; ok {
			b.fill(id, f)
		}
	}
	b.links()
	b.departures()
	b.arrivals()
	b.commands()
	b.registrations()
	b.dropIdle()
	for i := range b.exe.Funcs {
		slices.SortStableFunc(b.exe.Funcs[i].Sites, func(x, y Site) int { return cmp.Compare(x.Pos, y.Pos) })
	}
}

// packageInit marks the initializer that the compiler makes of a package; what
// it calls runs before any command.
const packageInit = "package initializer"

// loopBody marks the function that the compiler makes of the body of a range
// loop over a function; for a reader it is a part of the function around it.
const loopBody = "range-over-func yield"

// add gives f an ID. Instances of one generic function share it.
func (b *builder) add(f *ssa.Function) {
	if o := f.Origin(); o != nil && o != f {
		if id, ok := b.ids[o]; ok {
			b.ids[f] = id
			return
		}
		b.add(o)
		b.ids[f] = b.ids[o]
		return
	}
	if _, ok := b.ids[f]; ok {
		return
	}
	if f.Synthetic == loopBody && f.Parent() != nil {
		b.add(f.Parent())
		b.ids[f] = b.ids[f.Parent()]
		return
	}
	file, line, end := b.u.Program.Place(f)
	b.ids[f] = ID(len(b.exe.Funcs))
	b.exe.Funcs = append(b.exe.Funcs, Func{
		Name: b.u.Program.Name(f), File: file, Line: line, End: end,
		Library: !b.u.Program.User(f), Type: b.u.Program.Receiver(f), Literal: None,
	})
}

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
		if n.Synthetic == packageInit || n.Blocks != nil && !b.u.Program.Std(n) && !b.u.Graph.Wrapper(n) {
			b.add(n)
			return b.ids[n]
		}
	case *ssa.Global:
		at := b.u.Program.Exe.Fset.PositionFor(n.Pos(), false)
		b.ids[n] = ID(len(b.exe.Funcs))
		b.exe.Funcs = append(b.exe.Funcs, Func{
			Name: n.Pkg.Pkg.Path() + "." + n.Name(), Decl: "var", Literal: None,
			File: b.u.Program.Exe.Rel(at.Filename), Line: at.Line, End: at.Line,
		})
		return b.ids[n]
	}
	return None
}

// fill adds the sites and effects of f.
func (b *builder) fill(id ID, f *ssa.Function) {
	if f.Parent() != nil && f.Synthetic != loopBody {
		if parent, ok := b.ids[f.Parent()]; ok {
			b.exe.Funcs[id].Literal = parent
		}
	}
	failing, optional := calls.Failing(f), calls.Optional(f)
	b.note(id, optional)
	for _, s := range b.u.Graph.Out(f) {
		cc := s.Instr.Common()
		if b.cut[s.Instr] && s.Rule != calls.Passed || cc.IsInvoke() && calls.Universal(cc.Method) && s.Rule != calls.Passed {
			continue
		}
		site := Site{
			Line: b.u.Program.Line(siteAt(s)), Pos: int(s.Pos()), Kind: s.Kind, Rule: s.Rule,
			Detail: s.Detail, Candidates: len(s.Callees), Failure: failing[s.Instr.Block()], Optional: optional[s.Instr.Block()], Given: s.Given, Carried: b.carry[s.Instr] && s.Rule != calls.Passed,
		}
		for _, c := range s.Callees {
			to, ok := b.ids[c]
			if ok && to == id && c.Synthetic == loopBody {
				continue
			}
			if ok && !slices.Contains(site.To, to) {
				site.To = append(site.To, to)
				site.Made = append(site.Made, b.made(s, c))
			} else if name := effect(c); name != "" {
				b.effect(id, site.Line, name)
			}
		}
		if len(site.To) > 0 {
			b.exe.Funcs[id].Sites = append(b.exe.Funcs[id].Sites, site)
		}
	}
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
			out = append(out, Place{id, b.u.Program.Line(m.Pos), int(m.Pos)})
		}
	}
	return out
}

// note remembers the calls that a function may leave out, also those that are
// no sites.
func (b *builder) note(id ID, optional map[*ssa.BasicBlock]bool) {
	for block := range optional {
		for _, instr := range block.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				b.optional[Place{In: id, Pos: int(c.Pos())}] = true
			}
		}
	}
}

// siteAt is where a site stands. The compiler gives the call of an iterator no
// place: it is where the iterator comes from.
func siteAt(s *calls.Site) token.Pos {
	if s.Pos().IsValid() {
		return s.Pos()
	}
	return eval.Position(s.Instr.Common().Value)
}

func (b *builder) effect(id ID, line int, call string) {
	e := Effect{line, call}
	if !slices.Contains(b.exe.Funcs[id].Effects, e) {
		b.exe.Funcs[id].Effects = append(b.exe.Funcs[id].Effects, e)
	}
}

// effect is the short name of a library function that changes files, mounts
// or processes, "" for others.
func effect(f *ssa.Function) string {
	s := program.Symbol(f)
	switch s {
	case "os.WriteFile", "io/ioutil.WriteFile", "os.Create", "os.OpenFile", "os.Mkdir", "os.MkdirAll", "os.Rename",
		"os.Symlink", "os.Link", "os.Remove", "os.RemoveAll", "os.CreateTemp", "io/ioutil.TempFile", "os.Chmod", "os.Chown",
		"(*os.File).Write", "(*os.File).WriteString", "(*os.File).WriteAt", "(*os.Process).Signal", "(*os.Process).Kill":
		return strings.TrimPrefix(s, "io/")
	}
	pkg, name, ok := strings.Cut(s, ".")
	if !ok {
		return ""
	}
	if i := strings.LastIndex(s, "/unix."); i >= 0 {
		pkg, name = "unix", s[i+len("/unix."):]
	}
	if pkg != "unix" && pkg != "syscall" {
		return ""
	}
	switch name {
	case "Mount", "Unmount", "PivotRoot", "Chroot", "Sethostname", "Setns", "Unshare", "Kill", "Write", "Openat", "Openat2",
		"Mkdirat", "Mknod", "Mkfifo", "Symlinkat", "Prctl", "Setrlimit", "Prlimit", "Exec":
		return pkg + "." + name
	}
	return ""
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
		f := &b.exe.Funcs[from]
		if !slices.ContainsFunc(f.Sites, func(x Site) bool { return x.Pos == s.Pos && x.Kind == s.Kind && slices.Equal(x.To, s.To) }) {
			f.Sites = append(f.Sites, s)
		}
	}
	for _, br := range b.found.Branches {
		id := b.id(br.In)
		if id == None {
			continue
		}
		out := Branch{Sent: br.Sent, Word: br.Word}
		for _, c := range br.Live {
			out.Live = append(out.Live, int(c.Pos()))
		}
		b.exe.Funcs[id].Branches = append(b.exe.Funcs[id].Branches, out)
	}
}

func (b *builder) places(in []boundary.Place) []Place {
	var out []Place
	for _, p := range in {
		pl := Place{b.id(p.In), b.u.Program.Line(p.Pos), int(p.Pos)}
		if pl.In != None && !slices.Contains(out, pl) {
			out = append(out, pl)
		}
	}
	return out
}

func (b *builder) departures() {
	for _, d := range b.found.Departures {
		in := b.id(d.In)
		if in == None {
			continue
		}
		out := Departure{
			Kind: d.Kind, Key: d.Key, In: in, Line: b.u.Program.Line(d.Pos), Pos: int(d.Pos), Via: b.places(d.Via),
			Rule: d.Rule, Reason: d.Reason, Hint: d.Hint,
		}
		out.Optional = b.optional[out.decided()]
		for _, fn := range d.Brings {
			if id := b.id(fn); id != None {
				out.Brings = append(out.Brings, b.exe.Funcs[id].Name)
			}
		}
		b.exe.Departures = append(b.exe.Departures, out)
	}
	slices.SortStableFunc(b.exe.Departures, func(x, y Departure) int {
		return cmp.Or(
			cmp.Compare(x.Kind, y.Kind),
			strings.Compare(x.Key.String(), y.Key.String()),
			strings.Compare(b.exe.Funcs[x.Origin()].Name, b.exe.Funcs[y.Origin()].Name),
			cmp.Compare(x.In, y.In), cmp.Compare(x.Line, y.Line),
		)
	})
	brought := map[string]bool{}
	for _, d := range b.exe.Departures {
		for _, name := range d.Brings {
			brought[name] = true
		}
	}
	for i := range b.exe.Funcs {
		for j := range b.exe.Funcs[i].Sites {
			s := &b.exe.Funcs[i].Sites[j]
			for _, to := range s.To {
				if s.Carried && brought[b.exe.Funcs[to].Name] {
					s.Sent = append(s.Sent, to)
				}
			}
		}
	}
	for i, d := range b.exe.Departures {
		f := &b.exe.Funcs[d.Origin()]
		f.Leaves = append(f.Leaves, i)
	}
}

func (b *builder) arrivals() {
	for _, a := range b.found.Arrivals {
		out := Arrival{Kind: a.Kind, Key: a.Key, Registered: b.places(a.Registered), Rule: a.Rule, Handlers: b.handlers(a.Handlers)}
		if len(out.Handlers) == 0 {
			b.exe.Foreign = append(b.exe.Foreign, out)
			continue
		}
		if !slices.ContainsFunc(b.exe.Arrivals, func(x Arrival) bool {
			return x.Kind == out.Kind && x.Key.String() == out.Key.String() && slices.Equal(x.Handlers, out.Handlers)
		}) {
			b.exe.Arrivals = append(b.exe.Arrivals, out)
		}
	}
	slices.SortStableFunc(b.exe.Arrivals, func(x, y Arrival) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), strings.Compare(x.Key.String(), y.Key.String()),
			cmp.Compare(x.Handlers[0].Func, y.Handlers[0].Func))
	})
}

func (b *builder) handlers(in []boundary.Handler) []Handler {
	var out []Handler
	for _, h := range in {
		if id := b.id(h.Fn); id != None {
			out = append(out, Handler{id, h.Label})
		}
	}
	return out
}

func (b *builder) commands() {
	for _, c := range b.found.Commands {
		at := b.u.Program.Exe.Fset.PositionFor(c.Pos, false)
		out := Command{
			Words: c.Words, Aliases: c.Aliases, Groups: c.Groups, Run: b.handlers(c.Run), Before: b.handlers(c.Before),
			Kind: c.Kind, File: b.u.Program.Exe.Rel(at.Filename), Line: at.Line, Rule: c.Rule, Hidden: c.Hidden, Argv0: c.Argv0,
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
