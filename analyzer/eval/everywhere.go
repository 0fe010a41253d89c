package eval

import (
	"slices"

	"golang.org/x/tools/go/ssa"
)

// everywhere bounds the contexts that are tried for one operand: a value that
// more callers and entries decide is handed about everywhere.
const everywhere = 64

// Option is one thing that an operand can be.
type Option struct {
	Value
	Filed []Filing // the entries of maps that hold it, where the key asked for is not known
}

// Filing is an entry of a map under a constant key.
type Filing struct {
	Key string
	At  *ssa.MapUpdate
}

// Everywhere is all that v can be in fr, whoever calls and whichever element is
// meant: the answers of all contexts together. complete is false where some
// caller, element or part is not known. nil is no option.
func (c *Context) Everywhere(v ssa.Value, fr *Frame) (options []Option, complete bool) {
	complete = true
	s := &search{ev: c.ev, left: everywhere, ask: func(c *Context) []Hole { return Holes(c.Eval(v, fr)) }}
	s.visit = func(c *Context) {
		a := c.Answer(v, fr)
		if !a.Complete || c.partial {
			complete, s.left = false, 0
			return
		}
		filed := c.filed()
		for _, x := range a.Values {
			if h, ok := x.(Hole); ok {
				if k, ok := h.V.(*ssa.Const); ok && k.IsNil() {
					continue
				}
			}
			options = append(options, Option{c.Bind(x), filed})
		}
	}
	s.from(c)
	return options, complete && s.left >= 0
}

// filed is the map entries that the context chose.
func (c *Context) filed() []Filing {
	var out []Filing
	for up := c; up != nil; up = up.up {
		if up.elem == nil || up.pick.entry == nil {
			continue
		}
		en := up.pick.entry
		if keys := c.Eval(en.Key, en.Frame); len(keys) == 1 {
			if key, ok := AsText(keys[0]).Const(); ok {
				out = append(out, Filing{key, en.At})
			}
		}
	}
	slices.Reverse(out)
	return out
}

// Some is what v can be in fr, whoever calls and whichever element is meant, as far
// as that is found out with few contexts: there may be more.
func (c *Context) Some(v ssa.Value, fr *Frame) []Value {
	var out []Value
	s := &search{ev: c.ev, left: everywhere, ask: func(c *Context) []Hole { return Holes(c.Eval(v, fr)) }}
	s.visit = func(c *Context) { out = append(out, c.Eval(v, fr)...) }
	s.from(c)
	return distinct(out)
}
