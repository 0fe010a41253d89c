package eval

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// A command-line flag is worth its default: what the program does when nobody
// says otherwise.

// flagDefault is the argument that is the default of a string flag defined by
// a call of this symbol, and the one that is the variable it sets, -1 for none.
func flagDefault(symbol string) (def, variable int) {
	recv, name := "", symbol
	if i := strings.LastIndexByte(symbol, '.'); i >= 0 {
		recv, name = symbol[:i], symbol[i+1:]
	}
	shift := 0
	switch recv {
	case "flag", "github.com/spf13/pflag":
	case "(*flag.FlagSet)", "(*github.com/spf13/pflag.FlagSet)":
		shift = 1
	default:
		return -1, -1
	}
	switch name {
	case "String":
		return shift + 1, -1
	case "StringP":
		return shift + 2, -1
	case "StringVar":
		return shift + 2, shift
	case "StringVarP":
		return shift + 3, shift
	}
	return -1, -1
}

// flagVariable is the defaults that flags give to a variable: an *ssa.Global,
// an *ssa.Alloc, or any object's field, a *types.Var.
func (ev *Evaluator) flagVariable(v any) []Elem {
	if ev.flags == nil {
		ev.flags = map[any][]Elem{}
		for _, recv := range []string{"flag.", "github.com/spf13/pflag.", "(*flag.FlagSet).", "(*github.com/spf13/pflag.FlagSet)."} {
			for _, name := range []string{"StringVar", "StringVarP"} {
				for _, c := range ev.Index.Calls(recv + name) {
					ev.addFlag(recv+name, c)
				}
			}
		}
	}
	return ev.flags[v]
}

// flagged is the values that flags give to a variable.
func (e *evaluation) flagged(v any) []Value {
	var out []Value
	for _, f := range e.ev.flagVariable(v) {
		if e.fixed {
			return settable()
		}
		out = append(out, e.eval(f.V, f.Frame)...)
	}
	return out
}

func (ev *Evaluator) addFlag(symbol string, c index.Call) {
	def, variable := flagDefault(symbol)
	value := Argument(c.Instr, def)
	if value == nil || variable < 0 {
		return
	}
	var key any
	switch a := Argument(c.Instr, variable).(type) {
	case *ssa.Global:
		key = a
	case *ssa.Alloc:
		key = a
	case *ssa.FieldAddr:
		key = index.Field(a.X.Type(), a.Field)
	default:
		return
	}
	ev.flags[key] = append(ev.flags[key], Elem{V: value, Frame: ev.Root(c.In)})
}

// Fixed is c for questions about text that must not depend on who runs the
// program: the default of a flag, and what a field with a tag holds, is the
// text "*".
func (c *Context) Fixed() *Context {
	return &Context{ev: c.ev, up: c, depth: c.depth, steps: c.steps, work: c.work, fixed: true}
}

func settable() []Value { return []Value{Lit("*")} }

// flagPointer is what a flag's pointer, which a call returned, points to.
func (e *evaluation) flagPointer(r Result) []Value {
	def, _ := flagDefault(program.Symbol(r.Call.Call.StaticCallee()))
	if def < 0 {
		return nil
	}
	if e.fixed {
		return settable()
	}
	return e.eval(Argument(r.Call, def), r.Frame)
}

// urfaveFlag is the default of the flag that Context.String("name") reads.
func urfaveFlag(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	want, ok := AsText(e.eval(v.Call.Args[1], fr)[0]).Const()
	if !ok {
		return opaque(v)
	}
	lib := program.PkgPath(v.Call.StaticCallee())
	var out []Value
	if e.fixed {
		return settable()
	}
	for _, al := range e.ev.Index.AllocsOf(lib + ".StringFlag") {
		t := al.Type().Underlying().(*types.Pointer).Elem()
		name, value := index.FieldNamed(t, "Name"), index.FieldNamed(t, "Value")
		if name < 0 || value < 0 {
			continue
		}
		o := Object{Site: al, Frame: e.ev.Root(al.Parent()), T: al.Type()}
		for _, n := range e.fieldOf(o, name, types.Typ[types.String]) {
			s, _ := AsText(n).Const()
			first, _, _ := strings.Cut(s, ",")
			if s != "" && strings.TrimSpace(first) == want {
				out = append(out, e.fieldOf(o, value, types.Typ[types.String])...)
			}
		}
	}
	if len(out) == 0 {
		return opaque(v)
	}
	return distinct(out)
}
