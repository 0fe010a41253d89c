// Package boundary says what a finder reports: where control leaves a
// function without an ordinary call, and where it arrives.
//
// Words. A departure is a place where a process sends a request, starts a
// program or sends on a channel. An arrival is a function that such a request
// reaches. A link is a departure whose arrival is known at once, because both
// stand in one program: a table entry and the code that looks it up. A command
// is a sequence of words on a program's command line. A finder knows one
// protocol or dispatch table; its rules are numbered in its package comment and
// named in every result it gives ("httproute/2").
package boundary

import (
	"context"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
)

// Unit is one executable, ready to be searched.
type Unit struct {
	Program *program.Program
	Index   *index.Index
	Graph   *calls.Graph
	Eval    *eval.Evaluator
	Models  *models.Set

	Protocols Protocols

	modelled map[*models.Model]*modelled // nil until asked for
}

// Calls is every call of the function with this symbol: those that name it, and
// those through an interface that can reach it.
func (u *Unit) Calls(symbol string) []index.Call {
	out := slices.Clone(u.Index.Calls(symbol))
	for _, fn := range u.Program.Named(symbol) {
		for _, s := range u.Graph.In(fn) {
			if s.Rule == calls.VTA && s.Instr.Common().IsInvoke() {
				out = append(out, index.Call{In: s.Caller, Instr: s.Instr})
			}
		}
	}
	return out
}

// Finder reports what one protocol or dispatch table does in a unit.
type Finder struct {
	Name   string
	Idioms []int // numbers of docs/IDIOMS.md that it covers
	Find   func(context.Context, *Unit, *Findings)

	Protocols []Protocol // that what it finds speaks
}

// Findings is what the finders report together.
type Findings struct {
	Departures []Departure
	Arrivals   []Arrival
	Links      []Link
	Cuts       []ssa.CallInstruction // dynamic calls whose callees in the call graph are replaced by links
	Commands   []Command
	Branches   []Branch
	Asked      []Asked
	Carried    []ssa.CallInstruction // calls of a function that came with a value received from a channel
	Waits      []Wait                // where functions wait …
	Wakes      []Wait                // … and what wakes them
}

// Wait is a place at which a function waits for what comes later, or one that brings
// it about.
type Wait struct {
	Place
	At   ssa.Instruction
	For  string // Ended, Signalled, or the name of a channel that is closed
	Rule string
}

// What comes later of a process: its end is waited for, and signals bring it about.
const (
	Ended     = "the end of a process"
	Signalled = "a signal"
)

// Node is a function, or a package variable that registers one:
// *ssa.Function or *ssa.Global.
type Node interface {
	Pos() token.Pos
	Name() string
}

// Place is a position in a function or package variable.
type Place struct {
	In  Node
	Pos token.Pos
}

// Key is what two sides of a boundary must agree on. A * stands for text that
// is not known.
type Key struct {
	Name string // HTTP method, program name; empty for RPC
	Path string // URL path or pattern, "/service/Method"
	Argv []Arg  // the arguments of a started program

	Argv0 string // what a started program sees as os.Args[0], where that is not its file name

	Address string // host:port that is asked or listened on, where both are constants; empty for unknown
}

// Arg is one argument of a started program. An empty Text with Rest set stands
// for any number of arguments.
type Arg struct {
	Text     string
	Optional bool
	Rest     bool
}

// String is the key as a reader sees it: without an unknown base in front of a
// path, which says nothing.
func (k Key) String() string {
	s := k.Name
	if k.Path != "" {
		path := k.Path
		if rest, ok := strings.CutPrefix(path, "*"); ok && strings.HasPrefix(rest, "/") {
			path = rest
		}
		s = strings.TrimSpace(s + " " + path)
	}
	for _, a := range k.Argv {
		switch {
		case a.Rest:
			s += " …"
		case a.Optional:
			s += " [" + a.Text + "]"
		default:
			s += " " + a.Text
		}
	}
	return s
}

// Departure is a place where control leaves its process.
type Departure struct {
	Kind   flow.Kind
	Key    Key
	In     *ssa.Function // the function in which the send stands
	Pos    token.Pos     // the send
	Via    []Place       // calls from the function that decides the key down to In; empty when that is In itself
	Rule   string
	Reason string // why the key is not known, empty when it is
	Hint   string // what callroute.yaml could say

	Brings []*ssa.Function // functions in the value that is sent on a channel
	Serves flow.Kind       // what the program gets here in a way that is not known, by the library that Key names

	// Within is the keys that it can have where the function that decides it runs
	// in the frame, without an address; nil where its finder does not tell.
	Within func(*eval.Frame) []Key
}

// Fits reports whether d can have its key where the function that decides it runs
// in fr.
func (d Departure) Fits(fr *eval.Frame) bool {
	if d.Within == nil {
		return true
	}
	keys := d.Within(fr)
	return len(keys) == 0 || slices.ContainsFunc(keys, func(k Key) bool {
		return overlap(k.Name, d.Key.Name) && overlap(k.Path, d.Key.Path)
	})
}

// overlap reports whether two texts can be the same, where * is any text.
func overlap(a, b string) bool {
	switch {
	case a == "" || b == "":
		return strings.Trim(a+b, "*") == ""
	case a[0] == '*':
		return overlap(a[1:], b) || overlap(a, b[1:])
	case b[0] == '*':
		return overlap(a, b[1:]) || overlap(a[1:], b)
	}
	return a[0] == b[0] && overlap(a[1:], b[1:])
}

// Origin is the function whose constants decide the key.
func (d Departure) Origin() Node {
	if len(d.Via) > 0 {
		return d.Via[0].In
	}
	return d.In
}

// Arrival is a function that a departure in another process can reach.
type Arrival struct {
	Kind       flow.Kind
	Key        Key
	Handlers   []Handler
	Before     []Handler // what stands around the handlers and runs first, outermost first
	Registered []Place   // from the table entry outwards
	Rule       string

	Seen       string // the path of Key as the handlers see it; empty where that is not known
	SeenBefore string // and as those before them do
	Named      Named  // the parts of the path that the handlers read by names
}

// Handler is one function that serves an arrival, and what may call it there.
type Handler struct {
	Fn    *ssa.Function
	Value eval.Func // what is called, with what it captured, where that is known: Fn, or a wrapper of it
	Label string    // what chooses it when there are several
	Given *Argument // what is known of one of its arguments, nil for nothing

	Line *eval.Line // the command line with which its process begins in it, nil for any
}

// Is reports whether two handlers are the same function, called in the same way.
func (h Handler) Is(x Handler) bool {
	return h.Fn == x.Fn && h.Value == x.Value && h.Line == x.Line && h.Given.is(x.Given)
}

// Argument is what is known of one parameter of a handler.
type Argument struct {
	Param  int
	Answer eval.Answer
}

func (a *Argument) is(x *Argument) bool {
	if a == nil || x == nil || a == x {
		return a == x
	}
	return a.Param == x.Param && slices.EqualFunc(a.Answer.Values, x.Answer.Values, eval.Same)
}

// Self is a handler's receiver.
func Self(v eval.Value) *Argument {
	return &Argument{Answer: eval.Answer{Values: []eval.Value{v}, Complete: true}}
}

// Link is an edge that a finder knows inside one program.
type Link struct {
	From       Node
	Pos        token.Pos
	To         Node
	Kind       flow.Kind
	Detail     string
	Rule       string
	Candidates int
	Registered []Place
	Label      string // which of several answers it is
}

// Command is a sequence of words that makes the program run something.
type Command struct {
	Words   []string   // empty for the program itself
	Aliases []string   // other names of the last word
	Says    string     // what it does, as help texts say
	Groups  [][]string // other names of each word before the last
	Run     []Handler
	Before  []Handler // run before Run, outermost first
	After   []Handler // run after it
	Kind    flow.Kind // how Run is called: closure, reflection, call
	Route   []Node    // from main.main to the function or variable that holds Run; Run itself where the process begins there
	Handed  Place     // the call that hands the command line to the library; none where that is not known, or main reads it
	Pos     token.Pos
	Rule    string
	Hidden  bool
	Argv0   bool // the one word is compared with os.Args[0] instead
}

// Branch says that a function goes on at different sites depending on a word
// of the command line, or on the type of a message.
type Branch struct {
	In   *ssa.Function
	Sent bool                  // decided by the type of a value received from a channel
	Word string                // the word compared with; empty for "none of the others"
	Live []ssa.CallInstruction // the sites that can run for this word
}

// Asked is a call by which a program asks for the words of a command, to compare
// them with the ones that were typed.
type Asked struct {
	Call  *ssa.Call
	Words []string
}

// Callers is the calls through which the context reaches frame, as places,
// outermost first.
func Callers(c *eval.Context, fr *eval.Frame) []Place {
	var out []Place
	for _, call := range c.Chain(fr) {
		out = append(out, Place{call.Parent(), call.Pos()})
	}
	return out
}

// Bind finds the interface calls inside a generated handler that stand for the
// implementation registered with it, and links them to the implementation's
// methods.
func (u *Unit) Bind(fn *ssa.Function, iface types.Type, impls []types.Type, rule string, registered []Place, out *Findings) {
	it, ok := iface.Underlying().(*types.Interface)
	if !ok {
		return
	}
	for _, f := range append([]*ssa.Function{fn}, fn.AnonFuncs...) {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				c, ok := instr.(ssa.CallInstruction)
				if !ok || !c.Common().IsInvoke() {
					continue
				}
				has, _ := c.Common().Value.Type().Underlying().(*types.Interface)
				if has == nil || !types.Identical(has, it) && !types.Implements(has, it) {
					continue
				}
				u.bindCall(f, c, impls, rule, registered, out)
			}
		}
	}
}

func (u *Unit) bindCall(f *ssa.Function, c ssa.CallInstruction, impls []types.Type, rule string, registered []Place, out *Findings) {
	m := c.Common().Method
	var targets []*ssa.Function
	for _, t := range impls {
		sel := types.NewMethodSet(t).Lookup(m.Pkg(), m.Name())
		if sel == nil {
			continue
		}
		if fn := u.Program.SSA.MethodValue(sel); fn != nil {
			targets = append(targets, u.Graph.Through(fn)...)
		}
	}
	slices.SortFunc(targets, u.Graph.Before)
	targets = slices.Compact(targets)
	if len(targets) == 0 {
		return
	}
	out.Cuts = append(out.Cuts, c)
	for _, t := range targets {
		out.Links = append(out.Links, Link{
			From: f, Pos: c.Pos(), To: t, Kind: flow.Interface, Rule: rule, Candidates: len(targets),
			Detail: calls.TypeString(c.Common().Value.Type()) + "." + m.Name(), Registered: registered,
		})
	}
}
