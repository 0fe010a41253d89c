package eval

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// maxTurns is how many elements a loop is followed through one by one: as many as
// there are decorators of a handler, or segments of a path.
const maxTurns = 16

// accumulator is a variable that a loop over a list makes anew from itself and the
// element at hand: h = decorators[i](h), path += "/" + segment. Nothing else in the
// loop reads it, so whoever asks for it asks for what it is behind the loop.
type accumulator struct {
	first ssa.Value        // what it is before the loop
	next  ssa.Value        // and after each turn
	at    []*ssa.IndexAddr // the element
	back  bool             // the last element comes first
}

// accumulated is what an accumulator is when the loop has ended; nil where the list
// is not known.
func (e *evaluation) accumulated(v *ssa.Phi, fr *Frame) []Value {
	acc, ok := accumulatorOf(v)
	if !ok {
		return nil
	}
	var turns [][]choice
	for _, at := range acc.at {
		lists := e.lists(at.X, fr)
		if len(lists) != 1 || !certain(lists[0].Elems) || len(lists[0].Elems) > maxTurns {
			return nil
		}
		elems := slices.Clone(lists[0].Elems)
		if acc.back {
			slices.Reverse(elems)
		}
		if turns == nil {
			turns = make([][]choice, len(elems))
		}
		if len(elems) != len(turns) {
			return nil
		}
		for i, el := range elems {
			values := e.elem(el)
			if len(values) != 1 {
				return nil
			}
			turns[i] = append(turns[i], choice{at, Pick{Value: values[0], V: el.V, Frame: el.Frame}})
		}
	}
	out := e.eval(acc.first, fr)
	for _, chosen := range turns {
		var next []Value
		for _, x := range out {
			turn := e.ev.choosing(fr, append(slices.Clone(chosen), choice{v, Pick{Value: x}}))
			next = append(next, e.eval(acc.next, turn)...)
		}
		if out = distinct(next); len(out) > maxValues {
			return nil
		}
	}
	return out
}

// accumulatorOf is the accumulator that a variable at the head of a loop is.
func accumulatorOf(v *ssa.Phi) (accumulator, bool) {
	in, first, next := loopOf(v)
	if in == nil {
		return accumulator{}, false
	}
	acc := accumulator{first: first, next: next}
	for _, instr := range v.Block().Instrs {
		counter, ok := instr.(*ssa.Phi)
		if !ok {
			break
		}
		if index, back := counted(counter); index != nil {
			acc.back = back
			for _, r := range *index.Referrers() {
				if at, ok := r.(*ssa.IndexAddr); ok && in[at.Block()] {
					acc.at = append(acc.at, at)
				}
			}
		}
	}
	return acc, len(acc.at) > 0 && onlyFeeds(v, acc.next, in, maxTurns) && leftAtHead(v.Block(), in)
}

// loopOf is the blocks of the loop at whose head v stands, and what v is before it
// and after a turn; nil where there is none.
func loopOf(v *ssa.Phi) (in map[*ssa.BasicBlock]bool, first, next ssa.Value) {
	head := v.Block()
	if len(v.Edges) != 2 {
		return nil, nil, nil
	}
	for i, p := range head.Preds {
		if !head.Dominates(p) {
			continue
		}
		if head.Dominates(head.Preds[1-i]) {
			return nil, nil, nil
		}
		in = map[*ssa.BasicBlock]bool{head: true}
		for work := []*ssa.BasicBlock{p}; len(work) > 0; {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if !in[b] {
				in[b] = true
				work = append(work, b.Preds...)
			}
		}
		return in, v.Edges[1-i], v.Edges[i]
	}
	return nil, nil, nil
}

// counted is the index that a variable at the head of a loop counts through all of
// a list, nil where it does not, and whether from its end.
func counted(v *ssa.Phi) (at ssa.Value, back bool) {
	in, first, next := loopOf(v)
	step, ok := next.(*ssa.BinOp)
	if in == nil || !ok || step.X != ssa.Value(v) || !isInt(step.Y, 1) {
		return nil, false
	}
	switch {
	case step.Op == token.ADD && isInt(first, -1):
		return step, false
	case step.Op == token.ADD && isInt(first, 0):
		return v, false
	case step.Op == token.SUB:
		last, ok := first.(*ssa.BinOp)
		if ok && last.Op == token.SUB && isInt(last.Y, 1) && isBuiltin(last.X, "len") {
			return v, true
		}
	}
	return nil, false
}

func isInt(v ssa.Value, n int64) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Value.Kind() == constant.Int && c.Int64() == n
}

// onlyFeeds reports whether all that reads v in the loop goes into next, which
// nothing but the head reads there.
func onlyFeeds(v, next ssa.Value, in map[*ssa.BasicBlock]bool, depth int) bool {
	for _, r := range *v.Referrers() {
		if _, head := r.(*ssa.Phi); !in[r.Block()] || head && v == next {
			continue
		}
		made, ok := r.(ssa.Value)
		if !ok || depth == 0 || made.Referrers() == nil || !onlyFeeds(made, next, in, depth-1) {
			return false
		}
	}
	return true
}

// leftAtHead reports whether a loop is left only where it has ended, or with an
// error: nothing breaks out of it.
func leftAtHead(head *ssa.BasicBlock, in map[*ssa.BasicBlock]bool) bool {
	for b := range in {
		if b == head {
			continue
		}
		for _, s := range b.Succs {
			if !in[s] && len(s.Succs) > 0 {
				return false
			}
		}
	}
	return true
}

// grownText is what a text can be to which a loop adds at its end: what it is
// before, and anything behind it.
func (e *evaluation) grownText(v *ssa.Phi, fr *Frame) []Value {
	in, first, next := loopOf(v)
	if in == nil || !isString(v.Type()) {
		return nil
	}
	added := next
	for {
		op, ok := added.(*ssa.BinOp)
		if !ok || op.Op != token.ADD {
			return nil
		}
		if added = op.X; added == ssa.Value(v) {
			break
		}
	}
	var out []Value
	for _, x := range e.eval(first, fr) {
		out = append(out, Text{Text: text.Concat(AsText(x).Text, text.Hole(text.Unknown{}))})
	}
	return distinct(out)
}

// byteAt is the byte at a constant place of a text of which the beginning is known.
func (e *evaluation) byteAt(s, i ssa.Value, fr *Frame) []Value {
	n, ok := e.number(i, fr)
	if !ok || n < 0 {
		return nil
	}
	var out []Value
	for _, x := range e.eval(s, fr) {
		parts := AsText(x).Parts
		if len(parts) == 0 || parts[0].Hole != nil || parts[0].Likely || n >= len(parts[0].Lit) {
			return nil
		}
		out = append(out, Text{Value: constant.MakeInt64(int64(parts[0].Lit[n])), T: types.Typ[types.Byte]}.written())
	}
	return distinct(out)
}
