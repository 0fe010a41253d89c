package eval

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// write is one piece that goes into a builder or buffer.
type write struct {
	call *ssa.Call
	text func() []Value
}

// built is the String method of a strings.Builder or bytes.Buffer that is a
// local variable, written in the function that reads it: what was written
// before, in order. A piece that is not always written, or more than once, is a
// hole; a variable that is passed on is not known.
func built(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	al, ok := v.Call.Args[0].(*ssa.Alloc)
	if !ok || al.Parent() != v.Parent() {
		return opaque(v)
	}
	var writes []write
	for _, r := range *al.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
		case *ssa.MakeInterface:
			for _, r := range *r.Referrers() {
				call, ok := r.(*ssa.Call)
				if !ok {
					return opaque(v)
				}
				var text func() []Value
				switch program.Symbol(call.Call.StaticCallee()) {
				case "fmt.Fprintf":
					text = func() []Value { return e.formatted(call.Call.Args[1], call.Call.Args[2], fr) }
				case "io.WriteString":
					text = func() []Value { return e.eval(call.Call.Args[1], fr) }
				default:
					return opaque(v)
				}
				writes = append(writes, write{call, text})
			}
		case *ssa.Call:
			_, method, ok := strings.Cut(program.Symbol(r.Call.StaticCallee()), ").")
			switch {
			case !ok || len(r.Call.Args) == 0 || r.Call.Args[0] != al:
				return opaque(v)
			case method == "WriteString":
				writes = append(writes, write{r, func() []Value { return e.eval(r.Call.Args[1], fr) }})
			case method == "WriteByte" || method == "WriteRune":
				writes = append(writes, write{r, func() []Value { return character(r.Call.Args[1]) }})
			case method == "String" || method == "Len" || method == "Grow" || method == "Cap":
			default:
				return opaque(v)
			}
		default:
			return opaque(v)
		}
	}
	slices.SortFunc(writes, func(a, b write) int { return cmp.Compare(a.call.Pos(), b.call.Pos()) })
	out := []Value{Text{}}
	for _, w := range writes {
		switch {
		case w.call.Block() == v.Block() && slices.Index(v.Block().Instrs, ssa.Instruction(w.call)) > slices.Index(v.Block().Instrs, ssa.Instruction(v)):
		case w.call.Block().Dominates(v.Block()) && !inLoop(w.call.Block()):
			out = e.concat(out, w.text())
		default:
			out = e.concat(out, []Value{Hole{}})
		}
	}
	return out
}

// character is a constant byte or rune as text.
func character(v ssa.Value) []Value {
	if c, ok := v.(*ssa.Const); ok && c.Value != nil {
		return []Value{Lit(string(rune(c.Int64())))}
	}
	return []Value{Hole{}}
}

// inLoop reports whether control can come back to b.
func inLoop(b *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	work := slices.Clone(b.Succs)
	for len(work) > 0 {
		next := work[len(work)-1]
		work = work[:len(work)-1]
		if next == b {
			return true
		}
		if !seen[next] {
			seen[next] = true
			work = append(work, next.Succs...)
		}
	}
	return false
}
