package flagcmd

import (
	"go/constant"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// comparison is argument == word, or != when not is set.
type comparison struct {
	argument
	instr condition
	word  string
	not   bool
	pos   token.Pos
}

type condition interface {
	ssa.Value
	ssa.Instruction
}

// target is where control goes when the argument is the word: a block that the
// names of one case share, or the comparison itself when it is no condition.
func (c *comparison) target() any {
	b := c.instr.Block()
	i, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	switch {
	case !ok || i.Cond != c.instr:
		return c.instr
	case c.not:
		return b.Succs[1]
	}
	return b.Succs[0]
}

// decided is a function with comparisons.
type decided struct {
	fn          *ssa.Function
	comparisons []*comparison
	lengths     map[*ssa.BinOp]length
	last        bool // only the last words of commands are compared
}

// length is a check of the number of arguments: count op n, where count is at
// least i+1-from when argument i is there.
type length struct {
	op   token.Token
	n    int
	from int
}

// choice is the known arguments by place. The empty text stands for none of
// the words that are compared.
type choice map[int]string

func choiceOf(words []string) choice {
	c := choice{}
	for i, w := range words {
		c[i] = w
	}
	return c
}

// decided collects the comparisons of fn, nil when there are none.
func (a *arguments) decided(fn *ssa.Function) *decided {
	d := &decided{fn: fn, lengths: map[*ssa.BinOp]length{}}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.BinOp:
				if c := a.comparison(instr); c != nil {
					d.comparisons = append(d.comparisons, c)
				} else if l, ok := a.length(instr); ok {
					d.lengths[instr] = l
				}
			case *ssa.Call:
				if program.Symbol(instr.Call.StaticCallee()) == "strings.EqualFold" {
					if c := a.between(instr, instr.Call.Args[0], instr.Call.Args[1]); c != nil {
						c.pos = instr.Pos()
						d.comparisons = append(d.comparisons, c)
					}
				}
			}
		}
	}
	if len(d.comparisons) == 0 {
		return nil
	}
	return d
}

func (a *arguments) comparison(op *ssa.BinOp) *comparison {
	if op.Op != token.EQL && op.Op != token.NEQ {
		return nil
	}
	c := a.between(op, op.X, op.Y)
	if c != nil {
		c.not, c.pos = op.Op == token.NEQ, op.Pos()
	}
	return c
}

// between is the comparison of an argument with a constant, in either order.
func (a *arguments) between(instr condition, x, y ssa.Value) *comparison {
	k, ok := y.(*ssa.Const)
	if !ok {
		x, y = y, x
		if k, ok = y.(*ssa.Const); !ok {
			return nil
		}
	}
	if k.Value == nil || k.Value.Kind() != constant.String {
		return nil
	}
	arg, ok := a.of(x)
	if !ok || arg.place < 0 {
		return nil
	}
	return &comparison{argument: arg, instr: instr, word: constant.StringVal(k.Value)}
}

// swapped is the operator that says the same with its operands exchanged.
var swapped = map[token.Token]token.Token{
	token.LSS: token.GTR, token.LEQ: token.GEQ, token.GTR: token.LSS, token.GEQ: token.LEQ, token.EQL: token.EQL, token.NEQ: token.NEQ,
}

func (a *arguments) length(op *ssa.BinOp) (length, bool) {
	o, ok := swapped[op.Op]
	if !ok {
		return length{}, false
	}
	x, y := op.Y, op.X
	if _, isConst := op.Y.(*ssa.Const); isConst {
		x, y, o = op.X, op.Y, op.Op
	}
	k, ok := y.(*ssa.Const)
	if !ok || k.Value == nil || k.Value.Kind() != constant.Int {
		return length{}, false
	}
	call, ok := x.(*ssa.Call)
	if !ok {
		return length{}, false
	}
	from, ok := a.counted(call)
	return length{o, int(k.Int64()), from}, ok
}

// decide is what the check says when argument last is there.
func (l length) decide(last int) (yes, known bool) {
	least := last + 1 - l.from
	switch l.op {
	case token.LSS:
		return false, least >= l.n
	case token.LEQ, token.EQL:
		return false, least > l.n
	case token.GTR, token.NEQ:
		return true, least > l.n
	case token.GEQ:
		return true, least >= l.n
	}
	return false, false
}

// words is the constants that the argument is compared with, in source order.
func (d *decided) words(place int) []string {
	var out []string
	for _, c := range d.comparisons {
		if c.place == place && !slices.Contains(out, c.word) {
			out = append(out, c.word)
		}
	}
	return out
}

// targets is where the function goes when the argument is word.
func (d *decided) targets(place int, word string) []any {
	var out []any
	for _, c := range d.comparisons {
		if t := c.target(); c.place == place && c.word == word && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// places is the arguments that are compared, the last first.
func (d *decided) places() []int {
	var out []int
	for _, c := range d.comparisons {
		if !slices.Contains(out, c.place) {
			out = append(out, c.place)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// firstOf is the only first word under which the second is compared with w.
func (d *decided) firstOf(w string, under map[*comparison][]string) string {
	var firsts []string
	for _, c := range d.comparisons {
		if c.place == 1 && c.word == w {
			firsts = append(firsts, under[c]...)
		}
	}
	slices.Sort(firsts)
	if firsts = slices.Compact(firsts); len(firsts) == 1 {
		return firsts[0]
	}
	return ""
}

// lively is what can run of a function.
type lively struct {
	blocks map[*ssa.BasicBlock]bool
	calls  []ssa.CallInstruction
}

// live is what can run when the arguments are as known says. Blocks that were
// found dead can decide more conditions, so it is repeated until it is stable.
func (d *decided) live(known choice) lively {
	s := solver{decided: d, known: known}
	for {
		next := s.pass()
		if len(next.blocks) == len(s.alive) {
			return next
		}
		s.alive = next.blocks
	}
}

type solver struct {
	*decided
	known choice
	alive map[*ssa.BasicBlock]bool // of the pass before; nil: all
}

func (s *solver) pass() lively {
	out := lively{blocks: map[*ssa.BasicBlock]bool{}}
	if len(s.fn.Blocks) == 0 {
		return out
	}
	work := []*ssa.BasicBlock{s.fn.Blocks[0]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if out.blocks[b] {
			continue
		}
		out.blocks[b] = true
		work = append(work, s.next(b)...)
	}
	for _, b := range s.fn.Blocks {
		if !out.blocks[b] {
			continue
		}
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				out.calls = append(out.calls, c)
				if exits(c) {
					break
				}
			}
		}
	}
	slices.SortStableFunc(out.calls, func(x, y ssa.CallInstruction) int { return int(x.Pos() - y.Pos()) })
	return out
}

// next is the blocks to which b can go.
func (s *solver) next(b *ssa.BasicBlock) []*ssa.BasicBlock {
	for _, instr := range b.Instrs {
		if c, ok := instr.(ssa.CallInstruction); ok && exits(c) {
			return nil
		}
	}
	if i, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok {
		if yes, known := s.value(i.Cond, 0); known {
			if yes {
				return b.Succs[:1]
			}
			return b.Succs[1:]
		}
	}
	return b.Succs
}

// exits reports whether the call ends the program, or at least never returns.
func exits(c ssa.CallInstruction) bool {
	if _, ok := c.(*ssa.Call); !ok {
		return false
	}
	return endless(c.Common().StaticCallee(), deepest)
}

// deepest is through how many functions a call is followed that never returns.
const deepest = 3

// endless reports whether f never returns: it is known to end the program, or
// no way through it leads to a return.
func endless(f *ssa.Function, depth int) bool {
	symbol := program.Symbol(f)
	if symbol == "os.Exit" || strings.HasPrefix(symbol, "log.Fatal") || strings.HasPrefix(symbol, "(*log.Logger).Fatal") {
		return true
	}
	if f == nil || len(f.Blocks) == 0 || depth == 0 {
		return false
	}
	seen := map[*ssa.BasicBlock]bool{}
	work := []*ssa.BasicBlock{f.Blocks[0]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[b] || slices.ContainsFunc(b.Instrs, func(i ssa.Instruction) bool {
			c, ok := i.(*ssa.Call)
			return ok && endless(c.Call.StaticCallee(), depth-1)
		}) {
			continue
		}
		seen[b] = true
		if _, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok {
			return false
		}
		work = append(work, b.Succs...)
	}
	return true
}

// value decides a condition.
func (s *solver) value(v ssa.Value, depth int) (yes, known bool) {
	if depth > 8 {
		return false, false
	}
	for _, c := range s.comparisons {
		if c.instr == v {
			return s.compare(c)
		}
	}
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.Bool {
			return constant.BoolVal(v.Value), true
		}
	case *ssa.BinOp:
		if l, ok := s.lengths[v]; ok {
			return s.count(l)
		}
	case *ssa.UnOp:
		if v.Op == token.NOT {
			yes, known = s.value(v.X, depth+1)
			return !yes, known
		}
	case *ssa.Phi:
		return s.phi(v, depth)
	}
	return false, false
}

func (s *solver) compare(c *comparison) (yes, known bool) {
	word, ok := s.known[c.place]
	if !ok {
		return false, false
	}
	if word == "" && (c.word == "" || slices.Contains(c.defaults, c.word)) {
		return false, false // no argument at all
	}
	return (c.word == word) != c.not, true
}

func (s *solver) count(l length) (yes, known bool) {
	last := -1
	for place, word := range s.known {
		if word != "" {
			last = max(last, place)
		}
	}
	if last < 0 {
		return false, false
	}
	return l.decide(last)
}

// phi is what all edges from living blocks agree on.
func (s *solver) phi(v *ssa.Phi, depth int) (yes, known bool) {
	seen := false
	for i, e := range v.Edges {
		if s.alive != nil && !s.alive[v.Block().Preds[i]] {
			continue
		}
		y, k := s.value(e, depth+1)
		if !k || seen && y != yes {
			return false, false
		}
		yes, seen = y, true
	}
	return yes, seen
}
