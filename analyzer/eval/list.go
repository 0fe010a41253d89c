package eval

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// slice is a slice expression: of an array variable it is a literal or the
// extra arguments of a call, of a slice it is that slice.
func (e *evaluation) slice(v *ssa.Slice, fr *Frame) []Value {
	if isString(v.X.Type()) {
		return e.sliceText(v, fr)
	}
	al, ok := v.X.(*ssa.Alloc)
	if !ok {
		if v.Low == nil && v.High == nil {
			return e.eval(v.X, fr)
		}
		return e.tail(v, fr)
	}
	if al.Comment == "makeslice" { // make with a constant size
		if n, ok := v.High.(*ssa.Const); ok {
			return []Value{filled(v, int(n.Int64()), fr)}
		}
	}
	return []Value{arrayElems(al, fr)}
}

// sliceText is s[i:j] of a string.
func (e *evaluation) sliceText(v *ssa.Slice, fr *Frame) []Value {
	low, lowOK := 0, true
	if v.Low != nil {
		low, lowOK = e.number(v.Low, fr)
	}
	high, highOK := 0, true
	fromEnd := false
	if v.High != nil {
		if high, highOK = e.number(v.High, fr); !highOK {
			high, fromEnd = e.belowLen(v.High, v.X, fr)
		}
	}
	return e.each([][]Value{e.eval(v.X, fr)}, func(t ...text.Text) text.Text {
		out := t[0]
		switch {
		case !lowOK || !highOK && !fromEnd:
			return text.Unknowable(out)
		case fromEnd:
			out = text.WithoutLast(out, high)
		case v.High != nil:
			out = text.UpTo(out, high)
		}
		return text.From(out, low)
	})
}

// belowLen is n of len(s)-n.
func (e *evaluation) belowLen(v, s ssa.Value, fr *Frame) (n int, ok bool) {
	op, isOp := v.(*ssa.BinOp)
	if !isOp || op.Op != token.SUB || !isLenOf(op.X, s) {
		return 0, false
	}
	return e.number(op.Y, fr)
}

func isLenOf(v, s ssa.Value) bool {
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == "len" && call.Call.Args[0] == s
}

// tail is s[i:j] of a slice whose first elements are known.
func (e *evaluation) tail(v *ssa.Slice, fr *Frame) []Value {
	var out []Value
	for _, l := range e.lists(v.X, fr) {
		part, ok := e.sliced(l.Elems, v, fr)
		if !ok {
			part = []Elem{{Rest: true}}
		}
		out = append(out, List{part})
	}
	return out
}

// sliced is the elements that a slice expression takes.
func (e *evaluation) sliced(elems []Elem, v *ssa.Slice, fr *Frame) ([]Elem, bool) {
	if v.High != nil {
		if n, ok := e.belowLen(v.High, v.X, fr); ok {
			if n < 0 || n > len(elems) || !certain(elems[len(elems)-n:]) {
				return nil, false
			}
			elems = elems[:len(elems)-n]
		} else if n, ok := e.number(v.High, fr); !ok || n < 0 || n > len(elems) || !certain(elems[:n]) {
			return nil, false
		} else {
			elems = elems[:n]
		}
	}
	if v.Low != nil {
		n, ok := e.number(v.Low, fr)
		if !ok || n < 0 || n > len(elems) || !certain(elems[:n]) {
			return nil, false
		}
		elems = elems[n:]
	}
	return elems, true
}

// certain reports whether it is known which elements these are.
func certain(elems []Elem) bool {
	return !slices.ContainsFunc(elems, func(x Elem) bool { return x.Optional || x.Rest })
}

// arrayElems is the elements stored at constant places of an array variable.
func arrayElems(al *ssa.Alloc, fr *Frame) List {
	at := map[int64]Elem{}
	var top int64 = -1
	for _, r := range *al.Referrers() {
		ia, ok := r.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		c, ok := ia.Index.(*ssa.Const)
		if !ok {
			continue
		}
		i := c.Int64()
		top = max(top, i)
		for _, r2 := range *ia.Referrers() {
			if st, ok := r2.(*ssa.Store); ok && st.Addr == ia {
				at[i] = Elem{V: st.Val, Frame: fr}
			}
		}
		if _, ok := at[i]; !ok {
			at[i] = Elem{V: ia, Frame: fr} // a struct filled in place
		}
	}
	var l List
	for i := int64(0); i <= top; i++ {
		if el, ok := at[i]; ok {
			l.Elems = append(l.Elems, el)
		} else {
			l.Elems = append(l.Elems, Elem{Rest: true})
		}
	}
	return l
}

func (e *evaluation) made(v *ssa.MakeSlice, fr *Frame) []Value {
	n := -1
	if c, ok := v.Len.(*ssa.Const); ok {
		n = int(c.Int64())
	}
	return []Value{filled(v, n, fr)}
}

// maxFilled is more elements than are filled in one by one.
const maxFilled = 64

// filled is a slice made with n elements, -1 for any number, with what is put in
// afterwards. Where it is not known where that goes, each element is optional.
func filled(v ssa.Value, n int, fr *Frame) List {
	at := map[int64]Elem{}
	var all []Elem
	known := n >= 0 && n <= maxFilled
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.IndexAddr:
			i, constant := r.Index.(*ssa.Const)
			for _, r2 := range *r.Referrers() {
				if st, ok := r2.(*ssa.Store); ok && st.Addr == r {
					all = append(all, Elem{V: st.Val, Frame: fr, Optional: true})
					if !constant {
						known = false
					} else if _, twice := at[i.Int64()]; twice {
						known = false
					} else {
						at[i.Int64()] = Elem{V: st.Val, Frame: fr}
					}
				}
			}
		case *ssa.Slice, ssa.CallInstruction:
			if n != 0 && !reads(r) {
				known = false // copy, or somebody who fills it
			}
		}
	}
	var l List
	switch {
	case !known && len(all) == 0:
		l.Elems = []Elem{{Rest: true}}
	case !known:
		l.Elems = all
	default:
		elem := v.Type().Underlying().(*types.Slice).Elem()
		for i := range int64(n) {
			el, ok := at[i]
			if !ok {
				el = Elem{V: ssa.NewConst(nil, elem), Frame: fr}
			}
			l.Elems = append(l.Elems, el)
		}
	}
	return l
}

// reads reports whether an instruction that takes a slice surely fills nothing in:
// its length, what is appended to it, and how a call of a library reads it.
func reads(r ssa.Instruction) bool {
	c, ok := r.(*ssa.Call)
	if !ok {
		s, ok := r.(*ssa.Slice)
		return ok && !slices.ContainsFunc(*s.Referrers(), func(r ssa.Instruction) bool { return isBuiltin(r, "copy") })
	}
	if b, ok := c.Call.Value.(*ssa.Builtin); ok {
		return b.Name() != "copy"
	}
	return true
}

func isBuiltin(r any, name string) bool {
	c, ok := r.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := c.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == name
}

// appended is append(a, b...).
func (e *evaluation) appended(v *ssa.Call, fr *Frame) []Value {
	var out []Value
	for _, a := range e.lists(v.Call.Args[0], fr) {
		for _, b := range e.lists(v.Call.Args[1], fr) {
			out = append(out, List{append(slices.Clone(a.Elems), b.Elems...)})
			if len(out) >= maxValues {
				return out
			}
		}
	}
	return out
}

// lists is v as lists; what is not known is a list of unknown length.
func (e *evaluation) lists(v ssa.Value, fr *Frame) []List {
	if e.running(v, fr) {
		return []List{{}}
	}
	if l, ok := e.array(v, fr); ok {
		return []List{l}
	}
	var out []List
	for _, x := range e.eval(v, fr) {
		if l, ok := x.(List); ok {
			out = append(out, l)
			continue
		}
		el := Elem{Rest: true}
		if h, ok := x.(Hole); ok && h.Kind != Opaque {
			el = RestOf(h)
		}
		out = append(out, List{[]Elem{el}})
	}
	return out
}

// phiList is the lists that were built along different paths. Of lists that
// begin alike, what one path appends to what the others have is optional; lists
// that begin differently are different answers.
func (e *evaluation) phiList(v *ssa.Phi, fr *Frame) []Value {
	var groups []List
	for i, x := range v.Edges {
		if e.running(x, fr) || fr.skips(v.Block().Preds[i], v.Block()) || e.never(v.Block(), i, fr) {
			continue
		}
		for _, l := range e.lists(x, fr) {
			at := slices.IndexFunc(groups, func(g List) bool { return alike(g, l) })
			switch {
			case at >= 0:
				groups[at] = mergeLists(groups[at], l)
			case len(groups) > maxLists:
				groups[0] = mergeLists(groups[0], l)
			default:
				groups = append(groups, l)
			}
		}
	}
	var out []Value
	for _, g := range groups {
		out = append(out, g)
	}
	return out
}

// maxLists is how many lists that begin differently a value is told apart to
// be: as many as a switch with a command line in each case may have.
const maxLists = 8

// alike reports whether one list can be the other with something appended or
// left out.
func alike(a, b List) bool {
	if len(a.Elems) == 0 || len(b.Elems) == 0 {
		return true
	}
	x, y := a.Elems[0], b.Elems[0]
	return x.Optional || y.Optional || x.Rest || y.Rest || sameElem(x, y)
}

// mergeLists keeps the common elements and makes the others optional, in
// order.
func mergeLists(a, b List) List {
	n := 0
	for n < len(a.Elems) && n < len(b.Elems) && sameElem(a.Elems[n], b.Elems[n]) {
		n++
	}
	m := List{slices.Clone(a.Elems[:n])}
	for _, rest := range [][]Elem{a.Elems[n:], b.Elems[n:]} {
		for _, el := range rest {
			el.Optional = true
			if !slices.ContainsFunc(m.Elems[n:], func(x Elem) bool { return sameElem(x, el) }) {
				m.Elems = append(m.Elems, el)
			}
		}
	}
	return m
}

func sameElem(a, b Elem) bool {
	return a.V == b.V && a.Frame == b.Frame && a.Rest == b.Rest && a.text == b.text
}

// grown is a slice variable that several places append to: all their
// elements, in no particular order.
func (e *evaluation) grown(stores []*ssa.Store, o Object) []Value {
	var l List
	known := false
	var other []Value
	for _, st := range stores {
		fr := e.frameOf(st, o.Frame)
		v := st.Val
		if c, ok := v.(*ssa.Call); ok {
			if b, ok := c.Call.Value.(*ssa.Builtin); ok && b.Name() == "append" && isLoad(c.Call.Args[0]) {
				for _, x := range e.lists(c.Call.Args[1], fr) {
					known = true
					l.Elems = appendElems(l.Elems, x.Elems)
				}
				continue
			}
		}
		for _, x := range e.eval(v, fr) {
			if xl, ok := x.(List); ok {
				known = true
				l.Elems = appendElems(l.Elems, xl.Elems)
			} else {
				other = append(other, x)
			}
		}
	}
	if !known {
		return distinct(other)
	}
	if len(other) > 0 {
		for _, x := range other {
			if h, ok := x.(Hole); ok && h.Kind != Opaque {
				l.Elems = append(l.Elems, RestOf(h))
			}
		}
	}
	return []Value{l}
}

// isLoad reports whether v reads a variable, as in s = append(s, x).
func isLoad(v ssa.Value) bool {
	u, ok := v.(*ssa.UnOp)
	if !ok {
		return false
	}
	switch u.X.(type) {
	case *ssa.Global, *ssa.FieldAddr, *ssa.Alloc, *ssa.FreeVar:
		return true
	}
	return false
}

func appendElems(to, from []Elem) []Elem {
	for _, el := range from {
		if !slices.ContainsFunc(to, func(x Elem) bool { return sameElem(x, el) }) {
			to = append(to, el)
		}
	}
	return to
}

// element is one element of a slice, array, map or channel: the chosen one,
// the one at a constant place or key, or a hole.
func (e *evaluation) element(v ssa.Value, fr *Frame) []Value {
	if p := e.pickedFor(elemKey{v, fr}); p != nil {
		if h, ok := p.Value.(Hole); ok && h.Kind != Opaque && p.V != nil {
			return e.eval(p.V, p.Frame) // it depends on a choice made since
		}
		return []Value{p.Value}
	}
	if other := e.sibling(v, fr); other != nil {
		return other
	}
	if one := e.constantElement(v, fr); one != nil {
		return one
	}
	return []Value{Hole{V: v, Frame: fr, Kind: Element, T: elemType(v)}}
}

func elemType(v ssa.Value) types.Type {
	if ia, ok := v.(*ssa.IndexAddr); ok {
		return ia.Type().Underlying().(*types.Pointer).Elem()
	}
	if t, ok := v.Type().(*types.Tuple); ok && t.Len() > 0 {
		return t.At(0).Type()
	}
	return v.Type()
}

// constantElement is list[3] or table["key"].
func (e *evaluation) constantElement(v ssa.Value, fr *Frame) []Value {
	switch v := v.(type) {
	case *ssa.IndexAddr:
		k, fromEnd, ok := constantIndex(v)
		if !ok {
			return nil
		}
		if isArray(v.X.Type()) && !fromEnd {
			if out := e.ofArray(v.X, k, fr); len(out) > 0 {
				return distinct(out)
			}
		}
		var out []Value
		for _, l := range e.lists(v.X, fr) {
			i, passed := k, l.Elems
			switch {
			case fromEnd:
				if i = len(l.Elems) + k; i >= 0 {
					passed = l.Elems[i:]
				}
			case k < len(l.Elems):
				passed = l.Elems[:k+1]
			}
			if i < 0 || i >= len(l.Elems) && certain(l.Elems) {
				continue // the list is shorter: this is not reached
			}
			if !certain(passed) || i >= len(l.Elems) {
				return nil
			}
			out = append(out, e.elem(l.Elems[i])...)
		}
		return distinct(out)
	case *ssa.Lookup:
		return e.lookup(v, fr)
	case *ssa.Extract:
		if l, ok := v.Tuple.(*ssa.Lookup); ok && v.Index == 0 {
			return e.lookup(l, fr)
		}
	}
	return nil
}

// constantIndex is the place that list[3] or list[len(list)-1] means; the
// latter is -1, counted from the end.
func constantIndex(v *ssa.IndexAddr) (i int, fromEnd, ok bool) {
	if c, ok := v.Index.(*ssa.Const); ok {
		return int(c.Int64()), false, true
	}
	op, ok := v.Index.(*ssa.BinOp)
	if !ok || op.Op != token.SUB {
		return 0, false, false
	}
	c, isConst := op.Y.(*ssa.Const)
	if !isConst || !isLenOf(op.X, v.X) {
		return 0, false, false
	}
	return -int(c.Int64()), true, true
}

// elem is the values of one list element.
func (e *evaluation) elem(el Elem) []Value {
	if el.text != nil {
		return []Value{Text{Text: *el.text}}
	}
	if el.Rest || el.V == nil {
		return []Value{Hole{}}
	}
	if ia, ok := el.V.(*ssa.IndexAddr); ok {
		return []Value{Object{Site: ia, Frame: el.Frame, T: elemType(ia)}}
	}
	return e.eval(el.V, el.Frame)
}

// Words is the list of these texts.
func Words(texts []text.Text) List {
	var l List
	for i := range texts {
		l.Elems = append(l.Elems, Elem{text: &texts[i]})
	}
	return l
}

// RestOf is the element that stands for all elements of the hole h.
func RestOf(h Hole) Elem { return Elem{V: h.V, Frame: h.Frame, Rest: true, from: h.Kind} }

// Hole is the hole whose elements a Rest element stands for, if a choice of
// context can fill it.
func (el Elem) Hole() (Hole, bool) {
	if !el.Rest || el.V == nil || el.from == Opaque {
		return Hole{}, false
	}
	return Hole{V: el.V, Frame: el.Frame, Kind: el.from, T: el.V.Type()}, true
}
