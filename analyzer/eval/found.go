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
	at := elementBefore(r)
	k := elemKey{at, fr}
	if at == nil || fr.picked(at) != nil || e.ev.filling[k] {
		return nil, false
	}
	e.ev.filling[k] = true
	defer delete(e.ev.filling, k)
	chosen, whole := e.Context.Spread(Hole{V: at, Frame: fr, Kind: Element, T: elemType(at)})
	if !whole || len(chosen) == 0 {
		return nil, false
	}
	for _, c := range chosen {
		in := c.BindFrame(fr)
		if in == fr {
			return nil, false
		}
		if e.ev.Patient().Decide().Live(in)[r.Block()] {
			out = append(out, in)
		}
	}
	return out, len(out) < len(chosen)
}

// elementBefore is the element that the innermost loop around a return stands at, nil
// where it is in none.
func elementBefore(r *ssa.Return) ssa.Value {
	for b := r.Block().Idom(); b != nil; b = b.Idom() {
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
