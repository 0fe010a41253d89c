package eval

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/flags"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Input is something that a process is given from outside: "--NAME" is the value of
// a flag, "?KEY" that of a key of a query or of a header, "TYPE.FIELD" that of a field
// of a message, "NAME given" whether a flag stands on the command line.
type Input string

// Key is the input under a key of a query or of a header.
func Key(name string) Input { return Input("?" + name) }

// Field is the input in a field of a message. Generators write one name in two ways:
// ExecID, ExecId.
func Field(of types.Type, f *types.Var) (Input, bool) {
	n := index.Named(of)
	if n == nil || f == nil || !scalar(f.Type()) {
		return "", false
	}
	return Input(n.Obj().Name() + "." + strings.ToLower(f.Name())), true
}

// scalar reports whether values of t are compared with constants.
func scalar(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsBoolean|types.IsString|types.IsInteger) != 0
}

// Reads tells of a library's function which argument is the key of the input that it
// gives.
type Reads func(symbol string) (key int, ok bool)

// asking is a question about inputs.
type asking struct {
	assumed  map[Input]fact
	met      []met
	compared []string // constants that something was compared with
}

// met is an input that a decision came to.
type met struct {
	Input
	t types.Type
}

// Case is what follows from one value of an input.
type Case struct {
	Value string
	Other bool // any value that no other case has, instead of Value
	Yes   bool // the condition holds
}

// Condition is what one input decides, in the cases that are known.
type Condition struct {
	Input
	Flag  flags.Flag // of a flag
	Zero  string     // the value of an input that is not given
	Cases []Case
}

// mostInputs is how many inputs one condition may come to: a condition on more is
// not decided by one of them.
const mostInputs = 3

// Condition tells which input decides a condition that d does not, nil where none does.
func (d *Decisions) Condition(cond ssa.Value, fr *Frame) *Condition {
	a := &asking{}
	if _, known := d.under(a).truth(cond, fr); known || len(a.met) == 0 || len(a.met) > mostInputs {
		return nil
	}
	for _, in := range a.met {
		out := d.condition(in)
		for _, v := range in.candidates(a.compared) {
			if yes, known := d.under(&asking{assumed: map[Input]fact{in.Input: v}}).truth(cond, fr); known {
				out.Cases = append(out.Cases, Case{v.text, v.other, yes})
			}
		}
		if len(out.Cases) > 0 {
			return &out
		}
	}
	return nil
}

// under is d for a question about inputs. It remembers nothing: what is assumed
// holds for this question alone.
func (d *Decisions) under(a *asking) *Decisions {
	*d.e.Context.steps, *d.steps = 0, 0
	return &Decisions{e: d.eval(), live: d.live, steps: d.steps, asked: a}
}

// candidates is the values of an input that are tried: that which it has when nobody
// gives it, those that it is compared with, what switches are written as, and another.
func (m met) candidates(compared []string) []fact {
	out := zeroFact(m.t)
	add := func(s string) {
		if !slices.ContainsFunc(out, func(f fact) bool { return f.text == s }) {
			out = append(out, fact{text: s, constant: true})
		}
	}
	switch b := m.t.Underlying().(*types.Basic); {
	case b.Info()&types.IsBoolean != 0:
		add("true")
		return out
	case b.Info()&types.IsString != 0:
		add("1")
		add("true")
		add("0")
		add("false")
	}
	for _, s := range compared {
		add(s)
	}
	return append(out, fact{other: true})
}

// input is what is assumed of an input; ok is false where nothing is.
func (d *Decisions) input(in Input, t types.Type) (out []fact, ok bool) {
	if d.asked == nil || !scalar(t) {
		return nil, false
	}
	if f, ok := d.asked.assumed[in]; ok {
		return []fact{f}, true
	}
	if !slices.Contains(d.asked.met, met{in, t}) {
		d.asked.met = append(d.asked.met, met{in, t})
	}
	return nil, false
}

// flag is what is assumed of a flag.
func (d *Decisions) flag(f flags.Flag, t types.Type) (out []fact, ok bool) {
	in := Input("--" + f.Name)
	if d.asked != nil {
		d.e.ev.flagOf[in] = f
	}
	return d.input(in, t)
}

// Flags is the flags of the program.
func (ev *Evaluator) Flags() *flags.Set {
	if ev.defined == nil {
		ev.defined = flags.Find(ev.Program, ev.Index)
	}
	return ev.defined
}

// ofCall is what is assumed of the input that result i of a call is.
func (d *Decisions) ofCall(v *ssa.Call, i int, fr *Frame) (out []fact, ok bool) {
	if d.asked == nil || i > 0 {
		return nil, false
	}
	t := v.Type()
	if list, ok := t.(*types.Tuple); ok && list.Len() > 0 {
		t = list.At(0).Type()
	}
	if f, given, ok := d.e.ev.Flags().Asked(v); ok {
		if given {
			in := Input(f.Name + " given")
			d.e.ev.flagOf[in] = f
			return d.input(in, types.Typ[types.Bool])
		}
		return d.flag(f, t)
	}
	at := d.e.ev.keyOf(v.Call.StaticCallee())
	if at < 0 || at >= len(v.Call.Args) {
		return nil, false
	}
	key, ok := d.elsewhere().text(v.Call.Args[at], fr)
	if !ok {
		return nil, false
	}
	return d.input(Key(key), t)
}

// keyOf is the argument of a function that is the key of the input which it gives, -1 for
// others.
func (ev *Evaluator) keyOf(fn *ssa.Function) int {
	if fn == nil || fn.Blocks != nil && ev.Program.User(fn) || ev.Reads == nil {
		return -1
	}
	at, ok := ev.keys[fn]
	if !ok {
		at = -1
		if key, reads := ev.Reads(program.Symbol(fn)); reads {
			at = key
		}
		ev.keys[fn] = at
	}
	return at
}

// flagged is what is assumed of the flag that sets field i of o; ok is false where
// none does, or something else can, too.
func (d *Decisions) flagged(o Object, path []int, f *types.Var) (out []fact, ok bool) {
	if d.asked == nil {
		return nil, false
	}
	set := d.e.ev.Flags()
	if flag, ok := set.Of(f); ok { // whichever object it is
		return d.flag(flag, f.Type())
	}
	if !set.Defines(f) {
		return nil, false
	}
	var found *flags.Flag
	for _, at := range addressesOf(o.Site, path) {
		for _, r := range *at.Referrers() {
			call, ok := r.(ssa.CallInstruction)
			if !ok {
				continue
			}
			flag, ok := set.By(call)
			if !ok || found != nil {
				return nil, false
			}
			found = &flag
		}
	}
	if found == nil || len(fieldStores(o.Site, path)) > 0 {
		return nil, false
	}
	for _, st := range d.e.ev.Index.FieldStores(f) {
		if !d.misses(st, o) {
			return nil, false
		}
	}
	return d.flag(*found, f.Type())
}

// addressesOf is the addresses that the program takes of a part of a variable.
func addressesOf(v ssa.Value, path []int) []ssa.Value {
	if v.Referrers() == nil {
		return nil
	}
	if len(path) == 0 {
		return []ssa.Value{v}
	}
	var out []ssa.Value
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.FieldAddr:
			if r.X == v && r.Field == path[0] {
				out = append(out, addressesOf(r, path[1:])...)
			}
		case *ssa.MakeClosure:
			fn := r.Fn.(*ssa.Function)
			if i := slices.Index(r.Bindings, v); i >= 0 {
				out = append(out, addressesOf(fn.FreeVars[i], path)...)
			}
		}
	}
	return out
}

// ofVariable is the flag that a variable stands for, where it is asked for inputs.
func (d *Decisions) ofVariable(variable any) (flags.Flag, bool) {
	if d.asked == nil {
		return flags.Flag{}, false
	}
	return d.e.ev.Flags().Of(variable)
}

// decoded is what is assumed of a field of a message that a library fills, and the
// program does not write.
func (d *Decisions) decoded(o Object, path []int, f *types.Var, owner types.Type) (out []fact, ok bool) {
	if d.asked == nil || !d.e.ev.Index.Decoded(f) || len(fieldStores(o.Site, path)) > 0 || !d.fills(o.Site) {
		return nil, false
	}
	in, ok := Field(owner, f)
	if !ok {
		return nil, false
	}
	return d.input(in, f.Type())
}

// fills reports whether the address of a variable is handed to somebody as a value of
// any type: to a decoder.
func (d *Decisions) fills(v ssa.Value) bool {
	return v.Referrers() != nil && slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool {
		mi, ok := r.(*ssa.MakeInterface)
		if !ok {
			return false
		}
		it, ok := mi.Type().Underlying().(*types.Interface)
		return ok && it.NumMethods() == 0
	})
}

// received is what is assumed of a field of a message that came as an argument from
// nobody in the program.
func (d *Decisions) received(base Value, f *types.Var) (out []fact, ok bool) {
	if d.asked == nil || f == nil {
		return nil, false
	}
	h, ok := base.(Hole)
	if !ok || h.Kind != Param || !d.e.ev.Index.Decoded(f) {
		return nil, false
	}
	in, ok := Field(h.V.Type(), f)
	if !ok {
		return nil, false
	}
	return d.input(in, f.Type())
}

// compared notes the constant that something is compared with.
func (d *Decisions) compared(v *ssa.BinOp) {
	if d.asked == nil {
		return
	}
	for _, x := range []ssa.Value{v.X, v.Y} {
		if c, ok := x.(*ssa.Const); ok && c.Value != nil {
			d.asked.compared = append(d.asked.compared, constantFact(c)[0].text)
		}
	}
}

// rewrites is the functions that make one text of another.
var rewrites = map[string]func(string) string{
	"strings.ToLower": strings.ToLower, "strings.ToUpper": strings.ToUpper, "strings.TrimSpace": strings.TrimSpace,
}

// Given is a value that depends on one input: it is that, or a truth value in the
// cases that are known.
type Given struct {
	Condition
	Same bool
	T    types.Type

	of types.Type // of the input
}

// Type implements Value.
func (g Given) Type() types.Type { return concrete(g.T) }

// Given is what v is where one input decides that, nil for others.
func (d *Decisions) Given(v ssa.Value, fr *Frame) *Given {
	if !scalar(v.Type()) {
		return nil
	}
	a := &asking{}
	if _, known := d.under(a).facts(v, fr); known || len(a.met) != 1 {
		return nil
	}
	in := a.met[0]
	out := &Given{Condition: d.condition(in), T: v.Type(), of: in.t}
	for _, x := range in.candidates(a.compared) {
		facts, known := d.under(&asking{assumed: map[Input]fact{in.Input: x}}).facts(v, fr)
		switch {
		case !known || len(facts) != 1:
		case facts[0].other:
			out.Same = true
		case facts[0].constant:
			out.Cases = append(out.Cases, Case{x.text, x.other, facts[0].text == "true"})
		}
	}
	switch b := v.Type().Underlying().(*types.Basic); {
	case out.Same:
		out.Cases = nil
	case b.Info()&types.IsBoolean == 0 || len(out.Cases) == 0:
		return nil
	}
	return out
}

func (d *Decisions) condition(in met) Condition {
	return Condition{Input: in.Input, Flag: d.e.ev.flagOf[in.Input], Zero: zeroFact(in.t)[0].text}
}

// given is what is assumed of a value that depends on an input.
func (d *Decisions) given(g Given) (out []fact, ok bool) {
	if g.Same || d.asked == nil {
		return d.input(g.Input, g.T)
	}
	facts, ok := d.input(g.Input, g.of)
	if !ok {
		for _, c := range g.Cases {
			if !c.Other {
				d.asked.compared = append(d.asked.compared, c.Value)
			}
		}
		return nil, false
	}
	var other *Case
	for i, c := range g.Cases {
		switch {
		case c.Other:
			other = &g.Cases[i]
		case !facts[0].other && c.Value == facts[0].text:
			return boolean(c.Yes), true
		}
	}
	if other != nil {
		return boolean(other.Yes), true
	}
	return nil, false
}
