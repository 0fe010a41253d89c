package flagcmd

import (
	"go/constant"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// argument is a word of the command line: 0 for the first one behind the
// program's name, -1 for that name.
type argument struct {
	place    int
	defaults []string // the constants that stand for it when it is missing
}

// arguments traces values back to the command line.
type arguments struct {
	unit   *boundary.Unit
	known  map[traced]*argument // nil while or when it is none
	slices map[traced]*argument // place is that of the first element
	active map[traced]bool      // values that are being traced
	inside *entered
}

// traced is a value, in a function that was entered by a call or by any.
type traced struct {
	v    ssa.Value
	call *ssa.Call
}

// entered is a call whose results are looked at: its parameters are what it passes.
type entered struct {
	call *ssa.Call
	fn   *ssa.Function
	up   *entered
}

// maxEntered is more calls than a word is handed through to be cut off.
const maxEntered = 6

func newArguments(u *boundary.Unit) arguments {
	return arguments{unit: u, known: map[traced]*argument{}, slices: map[traced]*argument{}, active: map[traced]bool{}}
}

func (a *arguments) at(v ssa.Value) traced {
	if a.inside == nil {
		return traced{v, nil}
	}
	return traced{v, a.inside.call}
}

// of is the argument that v is.
func (a *arguments) of(v ssa.Value) (argument, bool) {
	return a.remember(a.known, v, a.word)
}

// list is the place of the first element when v is a list of arguments.
func (a *arguments) list(v ssa.Value) (argument, bool) {
	return a.remember(a.slices, v, a.words)
}

func (a *arguments) remember(known map[traced]*argument, v ssa.Value, find func(ssa.Value) (argument, bool)) (argument, bool) {
	k := a.at(v)
	if a.inside != nil && a.inside.up != nil { // who entered the caller counts, too
		if a.active[k] {
			return argument{}, false
		}
		a.active[k] = true
		defer delete(a.active, k)
		return find(v)
	}
	if arg, ok := known[k]; ok {
		if arg == nil {
			return argument{}, false
		}
		return *arg, true
	}
	known[k], a.active[k] = nil, true
	arg, ok := find(v)
	delete(a.active, k)
	if ok {
		known[k] = &arg
	}
	return arg, ok
}

// again reports whether v is a list that is being traced, or what is left of it: a
// loop that passes over flags, or a function that calls itself for the next word.
func (a *arguments) again(v ssa.Value) bool {
	for !a.active[a.at(v)] {
		switch x := v.(type) {
		case *ssa.Slice:
			v = x.X
		case *ssa.ChangeType:
			v = x.X
		default:
			return false
		}
	}
	return true
}

func (a *arguments) word(v ssa.Value) (argument, bool) {
	switch v := v.(type) {
	case *ssa.ChangeType:
		return a.of(v.X)
	case *ssa.Convert:
		return a.of(v.X)
	case *ssa.Call:
		return a.result(v, v.Call.StaticCallee(), 0, a.of)
	case *ssa.UnOp:
		if at, ok := v.X.(*ssa.IndexAddr); ok && v.Op == token.MUL {
			k, isConst := at.Index.(*ssa.Const)
			base, ok := a.list(at.X)
			if !isConst || !ok {
				return argument{}, false
			}
			base.place += int(k.Int64())
			return base, true
		}
	}
	return a.through(v, a.of)
}

func (a *arguments) words(v ssa.Value) (argument, bool) {
	switch v := v.(type) {
	case *ssa.ChangeType:
		return a.list(v.X)
	case *ssa.Slice:
		base, ok := a.list(v.X)
		if v.Low == nil || !ok {
			return base, ok
		}
		k, isConst := v.Low.(*ssa.Const)
		if !isConst {
			return argument{}, false
		}
		base.place += int(k.Int64())
		return base, true
	case *ssa.Call:
		return a.result(v, v.Call.StaticCallee(), 0, a.list)
	case *ssa.UnOp:
		if g, ok := v.X.(*ssa.Global); ok && g.Name() == "Args" && g.Pkg.Pkg.Path() == "os" {
			return argument{place: -1}, true
		}
	}
	return a.through(v, a.list)
}

// through follows v to what was stored, passed, merged or captured.
func (a *arguments) through(v ssa.Value, find func(ssa.Value) (argument, bool)) (argument, bool) {
	switch v := v.(type) {
	case *ssa.Phi:
		return a.agree(v.Edges, find)
	case *ssa.Parameter:
		if in := a.inside; in != nil && in.fn == v.Parent() {
			passed := eval.Argument(in.call, slices.Index(in.fn.Params, v))
			if passed == nil {
				return argument{}, false
			}
			a.inside = in.up
			arg, ok := find(passed)
			a.inside = in
			return arg, ok
		}
		return a.agree(a.passed(v), find)
	case *ssa.Extract:
		if c, ok := v.Tuple.(*ssa.Call); ok {
			return a.result(c, c.Call.StaticCallee(), v.Index, find)
		}
	case *ssa.FreeVar:
		if b := calls.Binding(v); b != nil {
			return find(b)
		}
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return a.agree(a.stored(v.X), find)
		}
	}
	return argument{}, false
}

// agree is the argument that all values are, but for constants, which are its
// defaults, and for what is left of the list itself.
func (a *arguments) agree(values []ssa.Value, find func(ssa.Value) (argument, bool)) (argument, bool) {
	var out argument
	found := false
	var defaults []string
	for _, v := range values {
		if k, ok := v.(*ssa.Const); ok {
			if k.Value != nil && k.Value.Kind() == constant.String && constant.StringVal(k.Value) != "" {
				defaults = append(defaults, constant.StringVal(k.Value))
			}
			continue
		}
		if a.again(v) {
			continue
		}
		arg, ok := find(v)
		if !ok || found && arg.place != out.place {
			return argument{}, false
		}
		out.place, found = arg.place, true
		defaults = append(defaults, arg.defaults...)
	}
	out.defaults = defaults
	return out, found
}

// passed is what callers pass for a parameter.
func (a *arguments) passed(p *ssa.Parameter) []ssa.Value {
	i := slices.Index(p.Parent().Params, p)
	var out []ssa.Value
	for _, s := range a.unit.Graph.In(p.Parent()) {
		if s.Rule == calls.Passed {
			continue
		}
		if v := eval.Argument(s.Instr, i); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// stored is what is stored at an address.
func (a *arguments) stored(addr ssa.Value) []ssa.Value {
	var stores []*ssa.Store
	switch at := addr.(type) {
	case *ssa.Global:
		stores = a.unit.Index.GlobalStores(at)
	case *ssa.FieldAddr:
		if f := index.Field(at.X.Type(), at.Field); f != nil {
			stores = a.unit.Index.FieldStores(f)
		}
	case *ssa.FreeVar:
		if b := calls.Binding(at); b != nil {
			return a.stored(b)
		}
	case *ssa.Alloc:
		stores = index.StoresTo(at)
	}
	var out []ssa.Value
	for _, st := range stores {
		out = append(out, st.Val)
	}
	return out
}

// result is what result i of a call is: of the flag packages, of functions that
// keep the word as it is, or of a function of the program.
func (a *arguments) result(c *ssa.Call, fn *ssa.Function, i int, find func(ssa.Value) (argument, bool)) (argument, bool) {
	if fn == nil {
		return argument{}, false
	}
	args := c.Call.Args
	switch symbol := program.Symbol(fn); symbol {
	case "strings.ToLower", "strings.ToUpper", "strings.TrimSpace":
		return find(args[0])
	default:
		if name, set := flagFunction(symbol); name != "" {
			return a.flag(c, name, set)
		}
	}
	if fn.Blocks == nil || a.unit.Program.Std(fn) {
		return argument{}, false
	}
	depth := 0
	for in := a.inside; in != nil; in = in.up {
		if depth++; in.call == c || depth > maxEntered {
			return argument{}, false
		}
	}
	var out []ssa.Value
	for _, b := range fn.Blocks {
		if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && i < len(r.Results) {
			out = append(out, r.Results[i])
		}
	}
	a.inside = &entered{c, fn, a.inside}
	arg, ok := a.agree(out, find)
	a.inside = a.inside.up
	return arg, ok
}

// flagFunction is the name of a function or method of the flag packages; set
// says that it is a method of a FlagSet.
func flagFunction(symbol string) (name string, set bool) {
	for _, pkg := range []string{"flag", "github.com/spf13/pflag", "github.com/ogier/pflag"} {
		if n, ok := strings.CutPrefix(symbol, "(*"+pkg+".FlagSet)."); ok {
			return n, true
		}
		if n, ok := strings.CutPrefix(symbol, pkg+"."); ok {
			return n, false
		}
	}
	return "", false
}

// flag is the result of Arg or Args.
func (a *arguments) flag(c *ssa.Call, name string, set bool) (argument, bool) {
	args := c.Call.Args
	base := argument{}
	if set {
		var ok bool
		if base, ok = a.parsed(c); !ok {
			return argument{}, false
		}
		args = args[1:]
	}
	switch name {
	case "Args":
		return base, true
	case "Arg":
		if k, ok := args[0].(*ssa.Const); ok {
			base.place += int(k.Int64())
			return base, true
		}
	}
	return argument{}, false
}

// parsed is the list that the FlagSet of the call was told to parse: in the
// same function, else the one list that all FlagSets of its kind parse.
func (a *arguments) parsed(c *ssa.Call) (argument, bool) {
	symbol := program.Symbol(c.Call.StaticCallee())
	parse := symbol[:strings.LastIndexByte(symbol, '.')] + ".Parse"
	var all []ssa.Value
	for _, p := range a.unit.Index.Calls(parse) {
		if a.unit.Program.Std(p.In) {
			continue
		}
		args := p.Instr.Common().Args
		if p.In == c.Parent() && sameVariable(args[0], c.Call.Args[0]) {
			return a.list(args[1])
		}
		all = append(all, args[1])
	}
	if len(all) == 0 {
		return argument{}, true
	}
	return a.agree(all, a.list)
}

// sameVariable reports whether two operands are one value or loads of one
// variable.
func sameVariable(x, y ssa.Value) bool {
	if x == y {
		return true
	}
	u, ok := x.(*ssa.UnOp)
	w, ok2 := y.(*ssa.UnOp)
	return ok && ok2 && u.Op == token.MUL && w.Op == token.MUL && u.X == w.X
}

// counted is the list whose length the call gives: len(os.Args), flag.NArg().
func (a *arguments) counted(c *ssa.Call) (from int, ok bool) {
	if b, isBuiltin := c.Call.Value.(*ssa.Builtin); isBuiltin {
		if b.Name() != "len" {
			return 0, false
		}
		l, ok := a.list(c.Call.Args[0])
		return l.place, ok
	}
	name, set := flagFunction(program.Symbol(c.Call.StaticCallee()))
	if name != "NArg" {
		return 0, false
	}
	if !set {
		return 0, true
	}
	l, ok := a.parsed(c)
	return l.place, ok
}
