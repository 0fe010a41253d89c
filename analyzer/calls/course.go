package calls

import (
	"go/constant"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Terms are those under which a block runs once its function was entered.
//
// Conditions are counted that a run which finds no error may pass by: an if around
// the block, or an early return before it. The body of a loop is under none for being
// in the loop, and the cases of a switch are one choice. What deals with a certain
// error, so that the run goes on, stands under one that asks for the error to be there.
type Terms struct {
	Failure  bool // stands where an error was found, or is made
	Open     int  // conditions
	Special  int  // those that ask for something to be there: see setSide
	Repeated bool // stands in a loop
	Tried    bool // stands in a loop that ends as soon as no error is found
	Once     bool // stands where something is nil, which is then kept: what comes later finds it
}

// And is the terms under which something runs under t that stands in its function
// under u.
func (t Terms) And(u Terms) Terms {
	return Terms{
		Failure: t.Failure || u.Failure, Open: t.Open + u.Open, Special: t.Special + u.Special,
		Repeated: t.Repeated || u.Repeated, Tried: t.Tried || u.Tried, Once: t.Once || u.Once,
	}
}

// Course is how runs of a function go that find no error.
type Course struct {
	Terms map[*ssa.BasicBlock]Terms             // of the blocks that stand under any
	Next  map[*ssa.BasicBlock][]*ssa.BasicBlock // the blocks that may run next; loops run once
}

// CourseOf is the course of f. Where it is known which way a block goes on, taken has
// it.
func CourseOf(f *ssa.Function, known Errors, taken map[*ssa.BasicBlock]*ssa.BasicBlock) *Course {
	failing := Failed(f, known)
	c := &Course{map[*ssa.BasicBlock]Terms{}, map[*ssa.BasicBlock][]*ssa.BasicBlock{}}
	for _, b := range f.Blocks {
		if !failing[b] {
			c.Next[b] = next(b, failing, taken[b])
		}
	}
	for _, b := range f.DomPreorder() {
		before := b.Idom()
		if failing[b] || before == nil {
			continue
		}
		if failing[before] { // an error that is dealt with
			for failing[before] {
				before = before.Idom()
			}
			t := c.Terms[before]
			t.Open++
			t.Special++
			c.Terms[b] = t
			continue
		}
		t := c.Terms[before]
		if c.avoidable(before, b) {
			if !strings.HasSuffix(before.Comment, nextCase) {
				t.Open++
			}
			if cond, ok := before.Instrs[len(before.Instrs)-1].(*ssa.If); ok && len(b.Preds) == 1 && before.Succs[0] != before.Succs[1] {
				if set, known := setSide(cond.Cond); known && before.Succs[set] == b {
					t.Special++
				}
				t.Once = t.Once || keeps(cond.Cond, before, b)
			}
		}
		if t != (Terms{}) {
			c.Terms[b] = t
		}
	}
	for b := range failing {
		c.Terms[b] = Terms{Failure: true}
	}
	again, onError := loops(f, Failing(f))
	for b := range again {
		t := c.Terms[b]
		t.Repeated = true
		c.Terms[b] = t
	}
	for b := range onError {
		if t := c.Terms[b]; !t.Repeated {
			t.Tried = true
			c.Terms[b] = t
		}
	}
	return c
}

// next is the blocks that may run after b in a run that finds no error. A loop runs
// once: it is entered, and its body leads to what comes after it.
func next(b *ssa.BasicBlock, failing map[*ssa.BasicBlock]bool, only *ssa.BasicBlock) []*ssa.BasicBlock {
	succs := b.Succs
	switch body := loopBody(b); {
	case only != nil:
		succs = []*ssa.BasicBlock{only}
	case body != nil:
		succs = succs[:1]
	}
	var fails *ssa.BasicBlock
	if branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok {
		fails = failingSide(b, branch.Cond)
	}
	var out []*ssa.BasicBlock
	for _, to := range succs {
		if to == fails {
			continue
		}
		for from := b; ; from, to = to, to.Succs[1] {
			if body := loopBody(to); body == nil || !body.Dominates(from) {
				break
			}
		}
		if !failing[to] {
			out = append(out, to)
		}
	}
	return out
}

// avoidable reports whether a run that came to the block from can return, and not
// for an error, without passing the block avoid.
func (c *Course) avoidable(from, avoid *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	for work := []*ssa.BasicBlock{from}; len(work) > 0; {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if b == avoid || seen[b] {
			continue
		}
		seen[b] = true
		if Returns(b) {
			return true
		}
		work = append(work, c.Next[b]...)
	}
	return false
}

// Returns reports whether a block ends its function's run.
func Returns(b *ssa.BasicBlock) bool {
	if len(b.Instrs) == 0 {
		return false
	}
	_, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
	return ok
}

// loops is the blocks of f that stand in a loop: in one that a run goes round which
// finds no error, or in one that only an error has it go round.
func loops(f *ssa.Function, failing map[*ssa.BasicBlock]bool) (again, onError map[*ssa.BasicBlock]bool) {
	again, onError = map[*ssa.BasicBlock]bool{}, map[*ssa.BasicBlock]bool{}
	for _, end := range f.Blocks {
		for _, head := range end.Succs {
			if !head.Dominates(end) {
				continue
			}
			out := again
			if failing[end] {
				out = onError
			}
			in := map[*ssa.BasicBlock]bool{head: true}
			for work := []*ssa.BasicBlock{end}; len(work) > 0; {
				b := work[len(work)-1]
				work = work[:len(work)-1]
				if !in[b] {
					in[b] = true
					work = append(work, b.Preds...)
				}
			}
			for b := range in {
				out[b] = true
			}
		}
	}
	return again, onError
}

// setSide is the successor of a block with this condition where what it asks for is
// there: a text that is not empty, or a certain one, a switch that is on, an object.
// Where nobody says otherwise, it is not.
func setSide(cond ssa.Value) (side int, known bool) {
	switch cond := cond.(type) {
	case *ssa.UnOp:
		if cond.Op == token.NOT {
			side, known = setSide(cond.X)
			return 1 - side, known
		}
		return 0, cond.Op == token.MUL
	case *ssa.Parameter, *ssa.Field:
		return 0, true
	case *ssa.BinOp:
		k, constant := cond.Y.(*ssa.Const)
		if _, called := cond.X.(*ssa.Call); called || !constant || isError(cond.X.Type()) {
			return 0, false
		}
		nothing := zero(k)
		switch cond.Op {
		case token.NEQ, token.GTR:
			return rank(!nothing), true
		case token.EQL, token.LEQ:
			return rank(nothing), true
		}
	}
	return 0, false
}

// keeps reports whether b, one side of a condition at the end of block at, runs where a
// field or a package variable is nil, and what it leads to stores one there.
func keeps(cond ssa.Value, at, b *ssa.BasicBlock) bool {
	is, ok := cond.(*ssa.BinOp)
	if !ok || is.Op != token.EQL && is.Op != token.NEQ || at.Succs[rank(is.Op == token.NEQ)] != b {
		return false
	}
	load, ok := is.X.(*ssa.UnOp)
	k, constant := is.Y.(*ssa.Const)
	if !ok || load.Op != token.MUL || !constant || !k.IsNil() {
		return false
	}
	for _, block := range b.Parent().Blocks {
		if !b.Dominates(block) {
			continue
		}
		for _, instr := range block.Instrs {
			if st, ok := instr.(*ssa.Store); ok && sameVariable(st.Addr, load.X) {
				return true
			}
		}
	}
	return false
}

// sameVariable reports whether two addresses are those of one package variable, or of
// one field of what one value points to.
func sameVariable(a, b ssa.Value) bool {
	if g, ok := a.(*ssa.Global); ok {
		return g == b
	}
	x, ok := a.(*ssa.FieldAddr)
	if !ok {
		return false
	}
	y, ok := b.(*ssa.FieldAddr)
	return ok && x.X == y.X && x.Field == y.Field
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// zero reports whether k is the zero value of its type.
func zero(k *ssa.Const) bool {
	switch {
	case k.Value == nil:
		return true
	case k.Value.Kind() == constant.String:
		return constant.StringVal(k.Value) == ""
	case k.Value.Kind() == constant.Int:
		return constant.Sign(k.Value) == 0
	}
	return false
}

// nextCase ends the comment of a block that asks for another case of a switch.
const nextCase = "switch.next"

// loopBody is the first block of the loop that b decides to enter, nil for others.
func loopBody(b *ssa.BasicBlock) *ssa.BasicBlock {
	if len(b.Succs) != 2 {
		return nil
	}
	kind, body := strings.CutSuffix(b.Succs[0].Comment, ".body")
	if body && (kind == "for" || strings.HasPrefix(kind, "range")) {
		return b.Succs[0]
	}
	return nil
}
