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
	"go/token"
	"go/types"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
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
	Program     *system.Program
	Funcs       []Func
	Main        ID
	Departures  []Departure
	Arrivals    []Arrival
	Foreign     []Arrival // served by functions that are not in the summary: no Handlers
	Commands    []Command
	CommandLine CommandLine
	Dropped     flow.Dropped
	load.Names
}

// CommandLine is the library that reads the command line.
type CommandLine struct {
	Library string // import path, empty where the program does it itself
	Known   bool   // a model describes it
	Missing string // what is missing in the model
}

// Func is a clone of a function, or a package variable that registers one.
type Func struct {
	Base     ID     // the clone of the function of which nothing is known; itself, if it is that
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
	Lost     []Lost
}

// Lost is a call of which it is not known what it reaches.
type Lost struct {
	Line   int
	Pos    int // of the call, or of the loop that it runs in, as in Site
	Kind   flow.Kind
	Detail string
	Reason string
}

// Site is a place where control passes on.
type Site struct {
	Line       int
	Pos        int // orders the sites of a program, and names them in a Branch; 0 for none
	Loop       int // of a call in the body of a range over a function: the Pos of the call that runs the loop
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
	Pos  int    // of the call, or of the loop that it runs in, as in Site
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
	Pos  int    // as in Site
	File string // where In has none: what initializes the variables of a package
}

// SiteOf is where p can be read.
func (e *Executable) SiteOf(p Place) flow.Site {
	return flow.Site{File: cmp.Or(p.File, e.Funcs[p.In].File), Line: p.Line}
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

// Base is the clone of the same function of which nothing is known.
func (e *Executable) Base(id ID) ID {
	if id == None {
		return None
	}
	return e.Funcs[id].Base
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
	Methods    map[string][]Handler // the same for requests with a method that decides what they do
	Before     []Handler
	Registered []Place
	Rule       string
}

// For is the handlers of a request with this method.
func (a *Arrival) For(method string) []Handler {
	if handlers, ok := a.Methods[method]; ok {
		return handlers
	}
	return a.Handlers
}

// All is the handlers for any request.
func (a *Arrival) All() []Handler {
	out := slices.Clone(a.Handlers)
	for _, m := range slices.Sorted(maps.Keys(a.Methods)) {
		out = append(out, a.Methods[m]...)
	}
	return out
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
func Build(ctx context.Context, u *boundary.Unit, found *boundary.Findings) (*Executable, error) {
	b := &builder{
		makers: provenance.Finder{Index: u.Index, Graph: u.Graph},
		u:      u, found: found, ids: map[boundary.Node]ID{}, optional: map[Place]bool{}, cut: map[ssa.CallInstruction]bool{},
		clones: map[*clone.Clone]ID{}, ofFunc: map[*ssa.Function][]ID{}, blocks: map[blocksOf]*kinds{}, never: map[ID]map[int]bool{}, served: map[*ssa.Function]bool{},
		exe: &Executable{Program: u.Program.Exe.Program, Dropped: u.Program.Exe.Dropped, Names: u.Program.Exe.Names, Main: None},
	}
	b.exe.Dropped.Packages = append(b.exe.Dropped.Packages, u.Program.Broke...)
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	b.exe.renumber()
	return b.exe, nil
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
	cloner   *clone.Builder
	never    map[ID]map[int]bool // positions of calls that a clone cannot reach
	clones   map[*clone.Clone]ID
	ofFunc   map[*ssa.Function][]ID // the clones of a function
	blocks   map[blocksOf]*kinds
	served   map[*ssa.Function]bool // called by a library
}

type blocksOf struct {
	fn *ssa.Function
	in *clone.Clone // nil where all blocks can run
}

// kinds is what is known of the blocks of a function.
type kinds struct{ failing, optional map[*ssa.BasicBlock]bool }

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
	if m := b.u.Program.Main.Func("main"); m != nil {
		b.exe.Main = b.id(m)
	}
	for _, c := range b.cloner.All() {
		b.fill(b.clones[c], c)
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
	return nil
}

// clone takes the functions apart by context and gives each clone an ID, the
// bases first.
func (b *builder) clone(ctx context.Context) error {
	b.cloner = clone.New(b.u.Eval, b.u.Index, b.u.Graph, b.cut)
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
		b.clones[c] = ID(len(b.exe.Funcs))
		b.ofFunc[c.Fn] = append(b.ofFunc[c.Fn], ID(len(b.exe.Funcs)))
		f := b.exe.Funcs[base]
		b.exe.Funcs = append(b.exe.Funcs, Func{
			Base: b.exe.Funcs[base].Base, Name: f.Name, File: f.File, Line: f.Line, End: f.End, Library: f.Library, Type: f.Type, Literal: None,
		})
	}
	return nil
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
	handlers := func(list []boundary.Handler) {
		for _, h := range list {
			b.served[h.Fn] = true
			if b.kept(h.Fn) {
				for _, c := range b.cloner.Called(h.Fn, h.Value, given(h, "")) {
					b.cloner.Reach(c)
				}
			}
		}
	}
	function(b.u.Main())
	for _, f := range b.u.Program.Funcs {
		if strings.HasPrefix(f.Name(), "init#") {
			function(f)
		}
	}
	for _, a := range b.found.Arrivals {
		handlers(a.Handlers)
		handlers(a.Before)
		places(a.Registered)
		for _, method := range methodsOf(a) {
			for _, h := range a.Handlers {
				if b.kept(h.Fn) {
					for _, c := range b.cloner.Called(h.Fn, h.Value, given(h, method)) {
						b.cloner.Reach(c)
					}
				}
			}
		}
	}
	for _, c := range b.found.Commands {
		handlers(c.Run)
		handlers(c.Before)
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

// given is what is known of the parameters of a handler: what its finder says,
// and of a request the method, if there is one.
func given(h boundary.Handler, method string) func(int, types.Type) eval.Answer {
	return func(i int, t types.Type) eval.Answer {
		switch {
		case h.Given != nil && h.Given.Param == i:
			return h.Given.Answer
		case method != "" && index.TypeSymbol(t) == "net/http.Request":
			return eval.Answer{Values: []eval.Value{eval.Outside{T: t, Field: "Method", Text: method}}, Complete: true}
		}
		return eval.Answer{}
	}
}

// methodsOf is the methods of the requests that an arrival can be asked with.
func methodsOf(a boundary.Arrival) []string {
	switch {
	case a.Kind != flow.HTTP:
		return nil
	case a.Key.Name != "":
		return []string{a.Key.Name}
	}
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
}

// kept reports whether f is a function of the summary.
func (b *builder) kept(f *ssa.Function) bool {
	return f.Blocks != nil && !b.u.Program.Std(f) && !b.u.Graph.Wrapper(f)
}

// packageInit marks the initializer that the compiler makes of a package; what
// it calls runs before any command.
const packageInit = "package initializer"

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
	id := ID(len(b.exe.Funcs))
	base := id
	if o := f.Origin(); o != nil && o != f {
		b.add(o)
		id, base = ID(len(b.exe.Funcs)), b.ids[o]
	}
	file, line, end := b.u.Program.Place(f)
	b.ids[f] = id
	c := b.cloner.Base(f)
	b.clones[c] = id
	b.ofFunc[f] = append(b.ofFunc[f], id)
	b.exe.Funcs = append(b.exe.Funcs, Func{
		Base: base, Name: b.u.Program.Name(f), File: file, Line: line, End: end,
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
		if n.Synthetic == packageInit || b.kept(n) {
			b.add(n)
			return b.ids[n]
		}
	case *ssa.Global:
		at := b.u.Program.Exe.Fset.PositionFor(n.Pos(), false)
		b.ids[n] = ID(len(b.exe.Funcs))
		b.exe.Funcs = append(b.exe.Funcs, Func{
			Base: b.ids[n], Name: n.Pkg.Pkg.Path() + "." + n.Name(), Decl: "var", Literal: None,
			File: b.u.Program.Exe.Rel(at.Filename), Line: at.Line, End: at.Line,
		})
		return b.ids[n]
	}
	return None
}

// fill adds the sites and effects of a clone.
func (b *builder) fill(id ID, c *clone.Clone) {
	f := c.Fn
	if parent := around(f); parent != nil {
		if p, ok := b.ids[parent]; ok {
			b.exe.Funcs[id].Literal = b.exe.Funcs[p].Base
		}
	}
	for call := range c.Never {
		if b.never[id] == nil {
			b.never[id] = map[int]bool{}
		}
		b.never[id][int(siteAt(call))] = true
	}
	if c.Base == c {
		b.note(id, b.kinds(c, f).optional)
	}
	for _, s := range c.Sites {
		cc := s.Instr.Common()
		if cc.IsInvoke() && calls.Universal(cc.Method) && s.Rule != calls.Passed {
			continue
		}
		kinds := b.kinds(c, s.Caller)
		site := Site{
			Line: b.u.Program.Line(siteAt(s.Instr)), Pos: int(siteAt(s.Instr)), Kind: s.Kind, Rule: s.Rule, Detail: s.Detail,
			Failure: kinds.failing[s.Instr.Block()], Optional: kinds.optional[s.Instr.Block()],
			Given: s.Given && !s.Whole, Carried: b.carry[s.Instr] && s.Rule != calls.Passed,
		}
		if s.Loop != nil {
			site.Loop = int(siteAt(s.Loop))
		}
		functions := map[*ssa.Function]bool{}
		for _, t := range s.To {
			functions[t.Fn] = true
			to, ok := b.clones[t]
			if ok && !slices.Contains(site.To, to) {
				site.To = append(site.To, to)
				site.Made = append(site.Made, b.made(s.Site, t.Fn))
			} else if name := b.does(t.Fn); name != "" {
				b.effect(id, Effect{site.Line, cmp.Or(site.Loop, site.Pos), name})
			}
		}
		site.Candidates = len(functions)
		if why := b.lost(s); len(functions) == 0 && why != "" {
			b.exe.Funcs[id].Lost = append(b.exe.Funcs[id].Lost, Lost{site.Line, cmp.Or(site.Loop, site.Pos), s.Kind, s.Detail, why})
		}
		if len(site.To) > 0 {
			b.exe.Funcs[id].Sites = append(b.exe.Funcs[id].Sites, site)
		}
	}
}

// lost says why it is not known what a call in the sources under study reaches,
// nothing where that is of no account: a library's own interface is implemented
// by the library, and what it does is known by name.
func (b *builder) lost(s clone.Site) string {
	cc := s.Instr.Common()
	if !b.u.Program.User(s.Caller) {
		return ""
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
	return "the function that is called here is not known" + b.from(cc.Value)
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
				return ": it is kept in the field " + index.Field(f.X.Type(), f.Field).Name()
			}
			return ""
		default:
			return ""
		}
	}
}

// around is the function in which a literal stands, nil for others.
func around(f *ssa.Function) *ssa.Function {
	f = f.Parent()
	for f != nil && f.Synthetic == clone.LoopBody {
		f = f.Parent()
	}
	return f
}

// kinds is what the blocks of f are in c, of which f is the body or a part.
func (b *builder) kinds(c *clone.Clone, f *ssa.Function) *kinds {
	k := blocksOf{f, nil}
	if len(c.Taken) > 0 {
		k.in = c
	}
	known := b.blocks[k]
	if known == nil {
		known = &kinds{calls.Failing(f), calls.Optional(f, c.Taken)}
		b.blocks[k] = known
	}
	return known
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

// siteAt is where a call stands. The compiler gives the call of an iterator no
// place: it is where the iterator comes from.
func siteAt(call ssa.CallInstruction) token.Pos {
	if call.Pos().IsValid() {
		return call.Pos()
	}
	return eval.Position(call.Common().Value)
}

func (b *builder) effect(id ID, e Effect) {
	if !slices.Contains(b.exe.Funcs[id].Effects, e) {
		b.exe.Funcs[id].Effects = append(b.exe.Funcs[id].Effects, e)
	}
}

// does is the short name of a library function that changes something outside
// of the process, "" for others.
func (b *builder) does(f *ssa.Function) string {
	e := b.u.Models.Effect(program.Symbol(f))
	if e == nil || !e.Does.Lasts() {
		return ""
	}
	return shortName(program.Symbol(f))
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
			f := &b.exe.Funcs[from]
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
			b.exe.Funcs[id].Branches = append(b.exe.Funcs[id].Branches, own)
		}
	}
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

func (b *builder) places(in []boundary.Place) []Place {
	var out []Place
	for _, p := range in {
		pl := Place{In: b.id(p.In), Line: b.u.Program.Line(p.Pos), Pos: int(p.Pos)}
		if pl.In != None && b.exe.Funcs[pl.In].File == "" && p.Pos.IsValid() {
			pl.File = b.exe.Rel(b.u.Program.Exe.Fset.PositionFor(p.Pos, false).Filename)
		}
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
	clones := map[ID][]ID{}
	for id := range b.exe.Funcs {
		clones[b.exe.Funcs[id].Base] = append(clones[b.exe.Funcs[id].Base], ID(id))
	}
	for i, d := range b.exe.Departures {
		for _, id := range clones[b.exe.Base(d.Origin())] {
			if !b.never[id][d.decided().Pos] {
				b.exe.Funcs[id].Leaves = append(b.exe.Funcs[id].Leaves, i)
			}
		}
	}
}

func (b *builder) arrivals() {
	for _, a := range b.found.Arrivals {
		out := Arrival{
			Kind: a.Kind, Key: a.Key, Registered: b.places(a.Registered), Rule: a.Rule,
			Handlers: b.handlers(a.Handlers, ""), Before: b.handlers(a.Before, ""),
		}
		for _, method := range methodsOf(a) {
			if hs := b.handlers(a.Handlers, method); !slices.Equal(hs, out.Handlers) {
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

func (b *builder) handlers(in []boundary.Handler, method string) []Handler {
	var out []Handler
	for _, h := range in {
		if !b.kept(h.Fn) {
			continue
		}
		for _, c := range b.cloner.Called(h.Fn, h.Value, given(h, method)) {
			if id, ok := b.clones[c]; ok && !slices.Contains(out, Handler{id, h.Label}) {
				out = append(out, Handler{id, h.Label})
			}
		}
	}
	return out
}

func (b *builder) commands() {
	for _, c := range b.found.Commands {
		at := b.u.Program.Exe.Fset.PositionFor(c.Pos, false)
		out := Command{
			Words: c.Words, Aliases: c.Aliases, Groups: c.Groups, Run: b.handlers(c.Run, ""), Before: b.handlers(c.Before, ""),
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
