package clone

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
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

// carries marks the parameters from which a request is made that leaves by a call: each
// caller may make another one.
func (r *relevance) carries(call ssa.CallInstruction) {
	for _, v := range eval.Carriers(call) {
		r.carried(v)
	}
}

// carried marks the parameter that v is, and those that are put into the message that it
// is, with those of callers that they come from.
func (r *relevance) carried(v ssa.Value) {
	switch x := v.(type) {
	case *ssa.MakeInterface:
		r.carried(x.X)
	case *ssa.ChangeType:
		r.carried(x.X)
	case *ssa.ChangeInterface:
		r.carried(x.X)
	case *ssa.Convert:
		r.carried(x.X)
	case *ssa.Alloc:
		eachStored(x, r.carried)
	case *ssa.Parameter:
		f := x.Parent()
		i := slices.Index(f.Params, x)
		in := r.of(f)
		if i < 0 || in.carried[i] || carriesNothing(x.Type()) {
			return
		}
		in.params[i], in.carried[i] = true, true
		for _, s := range r.graph.In(f) {
			if s.Rule != calls.Passed && len(s.Callees) <= manyCallees {
				r.carried(argument(s.Instr.Common(), i))
			}
		}
	}
}
