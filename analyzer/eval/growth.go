package eval

import (
	"slices"

	"golang.org/x/tools/go/ssa"
)

// placed is a store to a field of an object, in the activation in which it ran.
type placed struct {
	store *ssa.Store
	frame *Frame
}

// grownBy is what a slice field of one object has: the lists that it was given as a
// whole, each with what was appended in other functions, in the order in which
// these were called. What was appended on ways that exclude one another makes
// several lists.
func (e *evaluation) grownBy(given []Value, later []placed) []Value {
	var ways [][]growth
	for _, p := range inOrder(later) {
		parts := appendedTo(p.store)
		if parts == nil {
			given = append(given, e.eval(p.store.Val, p.frame)...)
			continue
		}
		g := growth{placed: p}
		for _, part := range parts {
			for _, l := range e.lists(part, p.frame) {
				g.elems = appendElems(g.elems, l.Elems)
			}
		}
		ways = branch(ways, g)
	}
	if len(ways) == 0 {
		return distinct(given)
	}
	if len(given) == 0 {
		given = []Value{List{}}
	}
	var out []Value
	for _, v := range given {
		var first []Elem
		switch v := v.(type) {
		case List:
			first = v.Elems
		case Hole:
			first = []Elem{{Rest: true}}
			if v.Kind != Opaque {
				first = []Elem{RestOf(v)}
			}
		}
		for _, way := range ways {
			elems := slices.Clone(first)
			for _, g := range way {
				elems = appendElems(elems, g.elems)
			}
			out = append(out, List{elems})
		}
	}
	return out
}

// growth is what is appended at one place.
type growth struct {
	placed
	elems []Elem
}

// branch adds a place to the ways on which it can come after the others, and begins
// another where it excludes some of them.
func branch(ways [][]growth, g growth) [][]growth {
	if len(ways) == 0 {
		return [][]growth{{g}}
	}
	out := slices.Clone(ways)
	for i, way := range ways {
		kept := slices.DeleteFunc(slices.Clone(way), func(x growth) bool { return exclude(x.placed, g.placed) })
		switch {
		case len(kept) == len(way) || len(ways) >= maxLists:
			out[i] = append(slices.Clone(way), g)
		case !slices.ContainsFunc(out, func(w []growth) bool { return sameWay(w, append(kept, g)) }):
			out = append(out, append(kept, g))
		}
	}
	return out
}

func sameWay(a, b []growth) bool {
	return slices.EqualFunc(a, b, func(x, y growth) bool { return x.placed == y.placed })
}

// appendedTo is the slices that a store appends to what the same field has already:
// s.list = append(append(s.list, a), b...); nil for other stores.
func appendedTo(st *ssa.Store) []ssa.Value {
	at, ok := st.Addr.(*ssa.FieldAddr)
	if !ok {
		return nil
	}
	var parts []ssa.Value
	v := st.Val
	for isBuiltin(v, "append") {
		args := v.(*ssa.Call).Call.Args
		parts, v = append(parts, args[1]), args[0]
	}
	load, ok := v.(*ssa.UnOp)
	if !ok || len(parts) == 0 {
		return nil
	}
	from, ok := load.X.(*ssa.FieldAddr)
	if !ok || fieldVar(from) != fieldVar(at) {
		return nil
	}
	slices.Reverse(parts)
	return parts
}

// inOrder sorts places by the order in which the function runs them that all come
// from; places without one stay as they are.
func inOrder(places []placed) []placed {
	out := slices.Clone(places)
	slices.SortStableFunc(out, func(a, b placed) int {
		x, y := parting(a, b)
		switch {
		case x == nil || x.Block() == y.Block() && x == y:
			return 0
		case x.Block() == y.Block():
			return slices.Index(x.Block().Instrs, x) - slices.Index(y.Block().Instrs, y)
		}
		return x.Block().Index - y.Block().Index
	})
	return out
}

// exclude reports whether no run comes by both places.
func exclude(a, b placed) bool {
	x, y := parting(a, b)
	return x != nil && x.Block() != y.Block() && !leads(x.Block(), y.Block()) && !leads(y.Block(), x.Block())
}

// leads reports whether control can go from one block to another.
func leads(from, to *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	work := slices.Clone(from.Succs)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if b == to {
			return true
		}
		if !seen[b] {
			seen[b] = true
			work = append(work, b.Succs...)
		}
	}
	return false
}

// parting is the instructions of one function by which the ways to two places part,
// nil where they have no function in common.
func parting(a, b placed) (x, y ssa.Instruction) {
	as, bs := a.way(), b.way()
	for i := range min(len(as), len(bs)) {
		if as[i].Parent() != bs[i].Parent() {
			return nil, nil
		}
		if as[i] != bs[i] {
			return as[i], bs[i]
		}
	}
	return nil, nil
}

// way is the calls that lead to a place, outermost first, and its store.
func (p placed) way() []ssa.Instruction {
	out := []ssa.Instruction{p.store}
	for fr := p.frame; fr != nil && fr.Call != nil; fr = fr.Up {
		out = append(out, fr.Call)
	}
	slices.Reverse(out)
	return out
}

// runs reports whether a place was not found to be on a way that is decided against.
func (p placed) runs() bool {
	if p.frame.dead(p.store) {
		return false
	}
	for fr := p.frame; fr != nil && fr.Call != nil; fr = fr.Up {
		if fr.Up.dead(fr.Call) {
			return false
		}
	}
	return true
}
