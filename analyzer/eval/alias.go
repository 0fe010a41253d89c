package eval

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

// maxAliases bounds how far it is asked who passes an object: a setter, or an
// option, is called where the object is made, or by a function or two in between.
const maxAliases = 4

// aliasKey names a parameter that is asked about for being a part of an object.
type aliasKey struct {
	param *ssa.Parameter
	part  partKey
}

// target is the part of o to which a store to field i of it goes by way of base,
// which is a pointer to that part; ok is false where the store goes to another
// field of the same type.
func target(o Object, i int, addr ssa.Value) (part Object, base ssa.Value, ok bool) {
	path := append(slices.Clone(o.Path), i)
	for {
		a, isField := addr.(*ssa.FieldAddr)
		if !isField {
			break
		}
		if len(path) == 0 || path[len(path)-1] != a.Field {
			return Object{}, nil, false
		}
		path, addr = path[:len(path)-1], a.X
	}
	return Object{Site: o.Site, Frame: o.Frame, Path: path}, unspilled(addr), true
}

// aliases is the frames of p's function in which p points to o; whole says that
// there are no others.
func (e *evaluation) aliases(p *ssa.Parameter, o Object, depth int) (out []*Frame, whole bool) {
	k := aliasKey{p, partKey{o.Site, o.Frame, place(o.Path, 0)}}
	fn := p.Parent()
	in := e.ev.Graph.In(fn)
	if *e.steps++; *e.steps > e.limit() || depth > maxAliases || len(in) == 0 || len(in) > 4*maxValues || e.aliasing[k] {
		return nil, false
	}
	if e.aliasing == nil {
		e.aliasing = map[aliasKey]bool{}
	}
	e.aliasing[k] = true
	defer delete(e.aliasing, k)
	i := slices.Index(fn.Params, p)
	for _, s := range in {
		arg := Argument(s.Instr, i)
		if s.Rule == calls.Passed || arg == nil {
			return nil, false
		}
		frames, ok := e.passing(s.Caller, arg, o, depth)
		if !ok {
			return nil, false
		}
		for _, fr := range frames {
			entered, ok := e.calling(s.Instr, fn, fr)
			if !ok {
				return nil, false
			}
			out = append(out, entered...)
		}
	}
	return out, true
}

// passing is the frames of caller in which its operand arg points to o.
func (e *evaluation) passing(caller *ssa.Function, arg ssa.Value, o Object, depth int) ([]*Frame, bool) {
	fr := e.ev.Root(caller)
	if o.Frame != nil && o.Frame.Fn == caller {
		fr = o.Frame
	}
	passed := e.part(arg, fr)
	values, whole := passed.Values, passed.Complete
	var out []*Frame
	for _, v := range values {
		switch v := v.(type) {
		case Object:
			if v.Site == o.Site && slices.Equal(v.Path, o.Path) && sameActivation(v.Frame, o.Frame) && !slices.Contains(out, fr) {
				out = append(out, fr)
			}
		case Hole:
			if constantHole(v) {
				continue
			}
			p, ok := v.V.(*ssa.Parameter)
			if !ok || v.Kind != Param || p.Parent() != caller {
				return nil, false
			}
			frames, ok := e.aliases(p, o, depth+1)
			if !ok {
				return nil, false
			}
			whole = true
			out = append(out, frames...)
		case Result, Outside:
		default:
			return nil, false
		}
	}
	return out, whole
}

func constantHole(h Hole) bool { _, ok := h.V.(*ssa.Const); return ok }

// sameActivation reports whether two activations of one function can be the same.
func sameActivation(a, b *Frame) bool {
	for a != b && a != nil && b != nil && a.Call != nil && b.Call != nil {
		if a.Call != b.Call {
			return false
		}
		a, b = a.Up, b.Up
	}
	return true
}

// calling is the frames of fn that call, standing in fr, makes; none where it
// surely calls other functions.
func (e *evaluation) calling(call ssa.CallInstruction, fn *ssa.Function, fr *Frame) ([]*Frame, bool) {
	cc := call.Common()
	if cc.StaticCallee() != nil {
		if mc, ok := cc.Value.(*ssa.MakeClosure); ok {
			return []*Frame{e.ev.enter(fn, call, fr, &Func{Fn: fn, Closure: mc, Frame: fr})}, true
		}
		return []*Frame{e.ev.enter(fn, call, fr, nil)}, true
	}
	called := e.part(cc.Value, fr)
	if h, ok := called.Element(); ok {
		return e.callingEach(call, fn, fr, h)
	}
	if !called.Complete {
		e.undecidedBy(Holes(called.Values))
		return nil, false
	}
	var out []*Frame
	for _, v := range called.Values {
		if cc.IsInvoke() {
			if m := e.ev.Method(v, cc.Method); m != nil && slices.Contains(e.ev.Graph.Through(m), fn) {
				out = append(out, e.ev.enter(fn, call, fr, nil))
			}
			continue
		}
		f, ok := v.(Func)
		switch {
		case ok && f.Fn == fn:
			out = append(out, e.ev.enter(fn, call, fr, &f))
		case ok && slices.Contains(e.ev.Graph.Through(f.Fn), fn):
			return nil, false // bound, with a receiver that is no argument
		}
	}
	return out, true
}

// callingEach is calling for each element that the called value can be.
func (e *evaluation) callingEach(call ssa.CallInstruction, fn *ssa.Function, fr *Frame, h Hole) (out []*Frame, whole bool) {
	_, from := e.choices(h)
	e.undecidedBy(from)
	chosen, whole := e.Context.Spread(h)
	if e.spread += len(chosen); !whole || e.spread > 2*maxSpread {
		return nil, false // of a list that is made from itself there is always one more
	}
	for _, c := range chosen {
		at := c.BindFrame(fr)
		if at == fr {
			return nil, false
		}
		frames, ok := e.calling(call, fn, at)
		if !ok {
			return nil, false
		}
		out = append(out, frames...)
	}
	return out, true
}

// undecidedBy notes that a choice would tell who is called with an object.
func (e *evaluation) undecidedBy(holes []Hole) {
	if len(holes) > 0 && e.undecidedCall == nil {
		e.undecidedCall = &holes[0]
	}
}

// loneElement is the element that is not chosen which values are.
func loneElement(values []Value) (Hole, bool) {
	if len(values) != 1 {
		return Hole{}, false
	}
	h, ok := values[0].(Hole)
	return h, ok && h.Kind == Element
}

// StoredBy is the frames in which a store goes to the named field of o by way of a
// parameter: who calls its function with o. whole says that there are no others.
func (c *Context) StoredBy(o Object, name string, st *ssa.Store) (frames []*Frame, whole bool) {
	bound, ok := c.Bind(o).(Object)
	i := index.FieldNamed(o.T, name)
	if !ok || i < 0 {
		return nil, false
	}
	part, base, ok := target(bound, i, st.Addr)
	if !ok {
		return nil, true
	}
	p, ok := base.(*ssa.Parameter)
	if !ok {
		return nil, false
	}
	return c.question().aliases(p, part, 0)
}
