package eval

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Value is one answer to "what can this operand be": Text, Func, Object,
// Result, List or Hole.
type Value interface {
	// Type is the concrete type of the value, nil when it is not known.
	Type() types.Type
}

// Text is a string made of known pieces and holes.
type Text struct{ Parts []Part }

// Part is a literal, or a hole when Hole is not nil.
type Part struct {
	Lit  string
	Hole *Hole
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
	text     *string // what the element is when no operand says it: a part of a split text
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
func (Text) Type() types.Type { return types.Typ[types.String] }

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
func Lit(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{[]Part{{Lit: s}}}
}

// Const is the text when it has no holes.
func (t Text) Const() (string, bool) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole != nil {
			return "", false
		}
		b.WriteString(p.Lit)
	}
	return b.String(), true
}

// Pattern is the text with * for each hole; neighbouring holes are one.
func (t Text) Pattern() string {
	var b strings.Builder
	hole := false
	for _, p := range t.Parts {
		if p.Hole != nil {
			if !hole {
				b.WriteByte('*')
			}
			hole = true
			continue
		}
		b.WriteString(p.Lit)
		hole = hole && p.Lit == ""
	}
	return b.String()
}

// Holes is the holes of t that a choice of context can fill.
func (t Text) Holes() []Hole {
	var out []Hole
	for _, p := range t.Parts {
		if p.Hole != nil && p.Hole.Kind != Opaque {
			out = append(out, *p.Hole)
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
		return Text{[]Part{{Hole: &v}}}
	}
	return Text{[]Part{{Hole: &Hole{}}}}
}

// join concatenates two texts, merging neighbouring literals.
func join(a, b Text) Text {
	parts := append([]Part(nil), a.Parts...)
	for _, p := range b.Parts {
		if n := len(parts); n > 0 && p.Hole == nil && parts[n-1].Hole == nil {
			parts[n-1].Lit += p.Lit
			continue
		}
		parts = append(parts, p)
	}
	return Text{parts}
}
