package eval

import "golang.org/x/tools/go/ssa"

// foundBy is the activations of fr's function that come to a return in a loop, one for
// each element of the list or map that the conditions before it may let through: a
// function that looks for an entry by a word gives the one of the word that was typed.
// ok is false where nothing is known that tells.
func (e *evaluation) foundBy(r *ssa.Return, fr *Frame) (out []*Frame, ok bool) {
	if !fr.Asked() || len(fr.Fn.Blocks) > predicateSize {
		return nil, false
	}
	all, ok := e.Context.Turns(r, fr)
	if !ok {
		return nil, false
	}
	for _, in := range all {
		if e.ev.Patient().Decide().Live(in)[r.Block()] {
			out = append(out, in)
		}
	}
	return out, len(out) < len(all)
}

// Turns is the activations of fr's function in which control comes to an instruction,
// one for each element at which the innermost loop around it can stand; ok is false
// where it is in no such loop, or where the elements are not known.
func (c *Context) Turns(at ssa.Instruction, fr *Frame) (out []*Frame, ok bool) {
	el := elementBefore(at.Block())
	k := elemKey{el, fr}
	if el == nil || fr.picked(el) != nil || c.ev.filling[k] {
		return nil, false
	}
	c.ev.filling[k] = true
	defer delete(c.ev.filling, k)
	chosen, whole := c.Spread(Hole{V: el, Frame: fr, Kind: Element, T: elemType(el)})
	if !whole || len(chosen) == 0 {
		return nil, false
	}
	for _, one := range chosen {
		in := one.BindFrame(fr)
		if in == fr {
			return nil, false
		}
		out = append(out, in)
	}
	return out, true
}

// elementBefore is the element that the innermost loop around a block, or before it,
// stands at, nil where there is none.
func elementBefore(b *ssa.BasicBlock) ssa.Value {
	for ; b != nil; b = b.Idom() {
		if !leads(b, b) {
			continue
		}
		for _, instr := range b.Instrs {
			switch v := instr.(type) {
			case *ssa.Index:
				if _, constant := v.Index.(*ssa.Const); !constant {
					return v
				}
			case *ssa.IndexAddr:
				if _, _, constant := constantIndex(v); !constant {
					return v
				}
			case *ssa.Extract:
				if next, ok := v.Tuple.(*ssa.Next); ok && !next.IsString && v.Index > 0 {
					return v
				}
			}
		}
	}
	return nil
}
