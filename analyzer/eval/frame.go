package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// Frame is one activation of Fn: by one call, or by any call that passes what
// is known of the parameters.
type Frame struct {
	Fn    *ssa.Function
	Call  ssa.CallInstruction // the call that made it; nil for others
	Up    *Frame              // the frame of the caller
	clo   *Func               // the function value that was called, for captured variables
	args  []Answer            // by parameter, as far as they are known; without values for those that are not
	picks []choice            // elements that were chosen in this activation
	depth int                 // frames that stand behind its parameters and captured variables, one in the other
	brief bool                // below a frame that is entered with arguments: known until Forget
	line  *Line               // the command line, where it is known and counts

	decided bool                                // it was asked which blocks can run
	asked   *bool                               // what Asked says, nil until it was asked
	live    map[*ssa.BasicBlock]bool            // the blocks that can run, where some were found that cannot …
	taken   map[*ssa.BasicBlock]*ssa.BasicBlock // … and where those go on that are decided
}

// choice is an element that a loop of the frame stands at.
type choice struct {
	v    ssa.Value
	pick Pick
}

type frameKey struct {
	fn    *ssa.Function
	call  ssa.CallInstruction
	up    *Frame
	clo   *ssa.MakeClosure
	made  *Frame
	line  *Line
	known string // identity of the parameters and choices
}

// Root is the frame of fn of which nothing is known.
func (ev *Evaluator) Root(fn *ssa.Function) *Frame {
	f := ev.roots[fn]
	if f == nil {
		f = &Frame{Fn: fn}
		ev.roots[fn] = f
	}
	return f
}

// enter is the frame of fn when call, standing in up, calls it.
func (ev *Evaluator) enter(fn *ssa.Function, call ssa.CallInstruction, up *Frame, clo *Func) *Frame {
	k := frameKey{fn: fn, call: call, up: up}
	f := &Frame{Fn: fn, Call: call, Up: up, clo: clo, depth: up.nesting(), brief: up != nil && (up.brief || up.args != nil || up.clo != nil && up.Call == nil)}
	if clo != nil {
		k.clo, k.made = clo.Closure, clo.Frame
		f.depth = max(f.depth, clo.Frame.nesting()+1)
	}
	return ev.interned(k, f)
}

// Below is the frame of fn, a function that call, standing in fr, calls.
func (ev *Evaluator) Below(fr *Frame, call ssa.CallInstruction, fn *ssa.Function) *Frame {
	if mc, ok := call.Common().Value.(*ssa.MakeClosure); ok && mc.Fn == fn {
		return ev.enter(fn, call, fr, &Func{Fn: fn, Closure: mc, Frame: fr})
	}
	return ev.enter(fn, call, fr, nil)
}

// Enter is the frame of the function f, called by anybody with these
// arguments. Nothing is known of an argument without values.
func (ev *Evaluator) Enter(f Func, args []Answer) *Frame { return ev.EnterOn(nil, f, args) }

// EnterOn is Enter on a command line, nil for any.
func (ev *Evaluator) EnterOn(line *Line, f Func, args []Answer) *Frame {
	bound := slices.ContainsFunc(args, func(a Answer) bool { return len(a.Values) > 0 })
	if !bound && f.Closure == nil && line == nil {
		return ev.Root(f.Fn)
	}
	k := frameKey{fn: f.Fn, line: line}
	fr := &Frame{Fn: f.Fn, args: args, line: line}
	if f.Closure != nil {
		k.clo, k.made, fr.clo = f.Closure, f.Frame, &f
		fr.depth = f.Frame.nesting() + 1
	}
	var b strings.Builder
	for _, a := range args {
		for _, v := range a.Values {
			fr.depth = max(fr.depth, nestingOf(v)+1)
			b.WriteString(identity(v))
			b.WriteByte('|')
		}
		fmt.Fprintf(&b, "%t,", a.Nil)
	}
	k.known = b.String()
	return ev.interned(k, fr)
}

// choosing is fr with elements chosen in it.
func (ev *Evaluator) choosing(fr *Frame, picks []choice) *Frame {
	out := *fr
	out.picks, out.live, out.taken, out.decided = append(slices.Clone(fr.picks), picks...), nil, nil, false
	var b strings.Builder
	fmt.Fprintf(&b, "%p", fr)
	for _, p := range picks {
		fmt.Fprintf(&b, " %p=%p,%s", p.v, p.pick.V, identity(p.pick.Value))
	}
	return ev.interned(frameKey{fn: fr.Fn, known: b.String()}, &out)
}

func (ev *Evaluator) interned(k frameKey, f *Frame) *Frame {
	frames := ev.frames
	if f.brief {
		frames = ev.below
	}
	if known := frames[k]; known != nil {
		return known
	}
	frames[k] = f
	return f
}

// Forget drops the frames of calls below those that were entered with arguments,
// and what these contexts remember. Whoever asked for what happens in one of them
// has the answer, and it is not asked again.
func (ev *Evaluator) Forget(asked []*Context) {
	clear(ev.below)
	for _, c := range asked {
		if m := c.memo; m != nil && len(m) <= mostRemembered {
			clear(m)
			ev.spare = append(ev.spare, m)
		}
		c.memo = nil
	}
}

// mostRemembered is the answers in a map that is used again. To clear a larger one
// costs more than to make one.
const mostRemembered = 512

// Nesting is how many frames stand one in the other behind what is known of f:
// it grows without end where a function wraps its own result again and again.
func (f *Frame) Nesting() int { return f.nesting() }

func (f *Frame) nesting() int {
	if f == nil {
		return 0
	}
	return f.depth
}

// argument is what is known of parameter i, nil for nothing.
func (f *Frame) argument(i int) *Answer {
	if i < 0 || i >= len(f.args) || len(f.args[i].Values) == 0 {
		return nil
	}
	if _, ok := f.args[i].Values[0].(Given); ok {
		return nil // it decides conditions, and is else as good as any
	}
	return &f.args[i]
}

// given is the input on which parameter i depends.
func (f *Frame) given(i int) (Given, bool) {
	if i < 0 || i >= len(f.args) || len(f.args[i].Values) == 0 {
		return Given{}, false
	}
	g, ok := f.args[i].Values[0].(Given)
	return g, ok
}

// picked is the element that was chosen for v, nil for none.
func (f *Frame) picked(v ssa.Value) *Pick {
	if f == nil {
		return nil
	}
	for i := range f.picks {
		if f.picks[i].v == v {
			return &f.picks[i].pick
		}
	}
	return nil
}

// nestingOf is how many frames stand one in the other behind v.
func nestingOf(v Value) int {
	l, ok := v.(List)
	if !ok {
		return frameOfValue(v).nesting()
	}
	n := 0
	for _, el := range l.Elems {
		n = max(n, el.Frame.nesting())
	}
	return n
}

// frameOfValue is the activation in which v was made, nil for none.
func frameOfValue(v Value) *Frame {
	switch v := v.(type) {
	case Func:
		return v.Frame
	case Object:
		return v.Frame
	case Result:
		return v.Frame
	}
	return nil
}

// Same reports whether two values are one.
func Same(a, b Value) bool { return identity(a) == identity(b) }

// identity tells v from other values of one evaluator.
func identity(v Value) string {
	switch v := v.(type) {
	case Text:
		return fmt.Sprintf("t%v %s%v", v.T, v.Pattern(), payloads(v.Text))
	case Func:
		return fmt.Sprintf("f%p %p %p %v", v.Fn, v.Closure, v.Frame, v.T)
	case Object:
		return fmt.Sprintf("o%p %p %v %v", v.Site, v.Frame, v.Path, v.T)
	case Result:
		return fmt.Sprintf("r%p %d %p", v.Call, v.Index, v.Frame)
	case Given:
		return fmt.Sprintf("g%s %t %v", v.Input, v.Same, v.Cases)
	case Outside:
		s := fmt.Sprintf("x%v", v.T)
		for _, name := range slices.Sorted(maps.Keys(v.Fields)) {
			s += " " + name + "=" + identity(v.Fields[name])
		}
		for _, name := range slices.Sorted(maps.Keys(v.Named)) {
			s += " {" + name + "}=" + identity(v.Named[name])
		}
		return s
	case Hole:
		if c, ok := v.V.(*ssa.Const); ok {
			return fmt.Sprintf("c%v %v", c, v.T)
		}
		return fmt.Sprintf("h%p %p %d", v.V, v.Frame, v.Kind)
	case List:
		var b strings.Builder
		for _, el := range v.Elems {
			if el.text != nil {
				b.WriteString(identity(Text{Text: *el.text}))
			}
			fmt.Fprintf(&b, "l%p %p %t %t", el.V, el.Frame, el.Optional, el.Rest)
		}
		return b.String()
	}
	return "?"
}

// payloads tells the holes of a text apart.
func payloads(t text.Text) string {
	var b strings.Builder
	for _, p := range t.Parts {
		switch h := p.Hole.(type) {
		case text.Segment:
			b.WriteByte('s')
			if o, ok := h.By.(Open); ok {
				fmt.Fprintf(&b, "%p.%d", o.in, o.part)
			}
		case text.Rest:
			b.WriteByte('r')
		case Open:
			fmt.Fprintf(&b, "o%p.%d", h.in, h.part)
		case called:
			b.WriteByte('c')
		}
	}
	return b.String()
}

// Bind is v with the choices of c written into the frames behind it, so that it
// is the same value in every context.
func (c *Context) Bind(v Value) Value {
	return (&binding{c, map[*Frame]*Frame{}}).value(v)
}

// BindFrame is fr with the choices of c written into it.
func (c *Context) BindFrame(fr *Frame) *Frame {
	return (&binding{c, map[*Frame]*Frame{}}).frame(fr)
}

type binding struct {
	c    *Context
	done map[*Frame]*Frame
}

func (b *binding) value(v Value) Value {
	switch v := v.(type) {
	case Func:
		v.Frame = b.frame(v.Frame)
		return v
	case Object:
		v.Frame = b.frame(v.Frame)
		return v
	case Result:
		v.Frame = b.frame(v.Frame)
		return v
	case Hole:
		v.Frame = b.frame(v.Frame)
		return v
	case List:
		elems := slices.Clone(v.Elems)
		for i := range elems {
			elems[i].Frame = b.frame(elems[i].Frame)
		}
		return List{Elems: elems}
	}
	return v
}

func (b *binding) frame(fr *Frame) *Frame {
	if fr == nil {
		return nil
	}
	if done, ok := b.done[fr]; ok {
		return done
	}
	b.done[fr] = fr // a frame that stands behind itself
	out := fr
	clo := fr.clo
	if clo != nil {
		bound := b.value(*clo).(Func)
		clo = &bound
	} else {
		clo = b.literal(fr.Fn)
	}
	if call, up := b.c.Caller(fr); call != nil {
		out = b.c.ev.enter(fr.Fn, call, b.frame(up), clo)
	} else if clo != nil {
		out = b.c.ev.EnterOn(fr.line, *clo, fr.args)
	}
	var picks []choice
	for c := b.c; c != nil; c = c.up {
		if c.elem != nil && c.elem.fr == fr {
			p := c.pick
			p.Value, p.Frame = b.value(p.Value), b.frame(p.Frame)
			if p.entry != nil {
				en := *p.entry
				en.Frame = b.frame(en.Frame)
				p.entry = &en
			}
			picks = append(picks, choice{c.elem.v, p})
		}
	}
	if len(picks) > 0 {
		out = b.c.ev.choosing(out, picks)
	}
	b.done[fr] = out
	return out
}

// literal is the function literal fn as the one function that holds it makes it,
// where something was chosen for that; nil else.
func (b *binding) literal(fn *ssa.Function) *Func {
	made := b.c.ev.Index.Closures(fn)
	if len(made) != 1 || fn.Parent() == nil || made[0].Parent() != fn.Parent() {
		return nil
	}
	around := b.c.ev.Root(fn.Parent())
	bound := b.frame(around)
	if bound == around {
		return nil
	}
	return &Func{Fn: fn, Closure: made[0], Frame: bound}
}

// dead reports whether an instruction was found not to run in fr.
func (f *Frame) dead(i ssa.Instruction) bool {
	return f != nil && f.live != nil && i.Parent() == f.Fn && !f.live[i.Block()]
}

// skips reports whether b was found not to come from its predecessor from in f.
func (f *Frame) skips(from, b *ssa.BasicBlock) bool {
	if f == nil || f.live == nil || b.Parent() != f.Fn {
		return false
	}
	to := f.taken[from]
	return !f.live[from] || to != nil && to != b
}

// Asked reports whether the path of a request or a command line is known in fr, in
// the frame of a caller, or in one in which an argument was made.
func (f *Frame) Asked() bool {
	if f == nil {
		return false
	}
	if f.asked == nil {
		yes := f.line != nil || f.Up.Asked() || f.clo != nil && f.clo.Frame.Asked() ||
			slices.ContainsFunc(f.args, func(a Answer) bool { return slices.ContainsFunc(a.Values, ofQuestion) })
		f.asked = &yes
	}
	return *f.asked
}

// ofQuestion reports whether a value comes from a request or a command line that is
// known.
func ofQuestion(v Value) bool {
	switch v := v.(type) {
	case Outside:
		return v.Fields["URL"] != nil || len(v.Named) > 0
	case Text:
		_, constant := v.Const()
		return !constant
	case List:
		return len(v.Elems) > 0 && v.Elems[0].text != nil
	case Object:
		return v.Frame.Asked()
	}
	return false
}
