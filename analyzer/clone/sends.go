package clone

import (
	"golang.org/x/tools/go/ssa"
)

// sent marks the inputs that the operands of a call are made from which sends
// something: what it passes on decides what is asked for. Where that is captured,
// or kept in the object of a method that only a library calls, it is relevant; what
// comes as an argument is not, for the caller is then the function that decides.
func (r *relevance) sent(call ssa.CallInstruction) {
	f := call.Parent()
	seen := map[ssa.Value]bool{}
	var work []ssa.Value
	push := func(v ssa.Value) {
		if v != nil && !seen[v] {
			seen[v] = true
			work = append(work, v)
		}
	}
	for _, v := range call.Operands(nil) {
		push(*v)
	}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		switch x := v.(type) {
		case *ssa.FreeVar:
			r.captured(f, x)
		case *ssa.Parameter:
			if f.Signature.Recv() != nil && x == f.Params[0] && len(r.graph.In(f)) == 0 {
				r.parameter(f, x)
			}
		case *ssa.Alloc:
			eachStored(x, push)
		case ssa.Instruction:
			for _, o := range x.Operands(nil) {
				push(*o)
			}
		}
	}
}

// eachStored visits what is put into a variable, an array or the parts of it.
func eachStored(v ssa.Value, visit func(ssa.Value)) {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == v {
				visit(ref.Val)
			}
		case *ssa.FieldAddr:
			eachStored(ref, visit)
		case *ssa.IndexAddr:
			if ref.X == v {
				eachStored(ref, visit)
			}
		}
	}
}
