package eval

import (
	"go/constant"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// Value is one answer to "what can this operand be": Text, Func, Object,
// Result, List or Hole.
type Value interface {
	// Type is the concrete type of the value, nil when it is not known.
	Type() types.Type
}

// Text is a string, or how a number or bool is written. The payload of its
// holes is Hole.
type Text struct {
	text.Text
	T     types.Type     // where it is not string
	Value constant.Value // of a constant number or bool
}

// Func is a function, with what it captured when it is a literal or a method
// value.
type Func struct {
	Fn      *ssa.Function
	Closure *ssa.MakeClosure // nil for a plain function
	Frame   *Frame           // where Closure was made
	T       types.Type       // the type under which it was put into an interface, nil if it was not
}

// Object is a variable made at one place in the program, or a part of it.
type Object struct {
	Site  ssa.Value // the address: *ssa.Alloc, *ssa.Global or *ssa.IndexAddr
	Frame *Frame
	Path  []int // fields leading to the part that is meant
	T     types.Type
}

// Result is what a function outside the loaded bodies returned.
type Result struct {
	Call  *ssa.Call
	Index int
	Frame *Frame
	T     types.Type
}

// List is a slice whose elements are known at least in part.
type List struct{ Elems []Elem }

// Elem is one element of a List. An optional element is there on some paths
// only.
type Elem struct {
	V        ssa.Value
	Frame    *Frame
	Optional bool
	Rest     bool // stands for any number of elements: those of the hole V, or unknown ones when V is nil
	from     HoleKind
	text     *text.Text // what the element is when no operand says it: a part of a split text
}

// Outside is a value that is made outside of the program, some fields of which
// are known: a request of which an arrival tells the method and the path.
type Outside struct {
	T      types.Type
	Fields map[string]Value
	Named  map[string]Value // the parts of a request's path that the pattern of its route names
}

// Hole is a value that depends on the caller, on the choice of an element, or
// that cannot be told at all.
type Hole struct {
	V     ssa.Value
	Frame *Frame
	Kind  HoleKind
	T     types.Type
}

// HoleKind says whether a hole can be filled by choosing a context.
type HoleKind int

// The kinds of holes.
const (
	Opaque  HoleKind = iota // nothing can fill it
	Param                   // a parameter of a function whose caller is not chosen
	Element                 // an element of a slice, map or channel, not chosen
)

// Type implements Value.
func (t Text) Type() types.Type {
	if t.T == nil {
		return types.Typ[types.String]
	}
	return concrete(t.T)
}

// Type implements Value.
func (f Func) Type() types.Type {
	if f.T != nil {
		return f.T
	}
	return f.Fn.Signature
}

// Type implements Value.
func (o Object) Type() types.Type { return o.T }

// Type implements Value.
func (r Result) Type() types.Type { return concrete(r.T) }

// Type implements Value.
func (o Outside) Type() types.Type { return concrete(o.T) }

// Type implements Value.
func (List) Type() types.Type { return nil }

// Type implements Value.
func (h Hole) Type() types.Type { return concrete(h.T) }

func concrete(t types.Type) types.Type {
	if t == nil || types.IsInterface(t) {
		return nil
	}
	return t
}

// Lit makes a Text of one literal.
func Lit(s string) Text { return Text{Text: text.Lit(s)} }

// Holes is the holes of t that a choice of context can fill.
func (t Text) Holes() []Hole {
	var out []Hole
	for _, p := range t.Parts {
		if h, ok := p.Hole.(Hole); ok && h.Kind != Opaque {
			out = append(out, h)
		}
	}
	return out
}

// AsText reads any value as text; what is not text is a hole.
func AsText(v Value) Text {
	switch v := v.(type) {
	case Text:
		return v
	case Hole:
		return Text{Text: text.Hole(v)}
	}
	return Text{Text: text.Hole(text.Unknown{})}
}

// distinct drops equal texts, and opaque answers when there are better ones.
func distinct(in []Value) []Value {
	if len(in) < 2 {
		return in
	}
	out := make([]Value, 0, len(in))
	seen := map[string]bool{}
	known := slices.ContainsFunc(in, func(v Value) bool { h, ok := v.(Hole); return !ok || told(h) })
	for _, v := range in {
		switch v := v.(type) {
		case Text:
			if s, ok := v.Const(); ok {
				if seen[s] {
					continue
				}
				seen[s] = true
			}
		case Hole:
			if known && !told(v) {
				continue
			}
		case Object:
			if slices.ContainsFunc(out, func(o Value) bool {
				p, ok := o.(Object)
				return ok && p.Site == v.Site && p.Frame == v.Frame && slices.Equal(p.Path, v.Path)
			}) {
				continue
			}
		case Func:
			if slices.Contains(out, Value(v)) {
				continue
			}
		}
		out = append(out, v)
	}
	return out
}

// told reports whether a hole says something beside other answers: a choice can
// fill it, it is a channel that was made at a known place, or a struct without
// a value, whose type has methods.
func told(h Hole) bool {
	switch v := h.V.(type) {
	case *ssa.MakeChan:
		return true
	case *ssa.Const:
		return v.Value == nil && !v.IsNil() && h.Type() != nil
	}
	return h.Kind != Opaque
}
