package calls

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// typeFlow is step 2. VTA begins with go/types' answer to what implements an
// interface, which is lenient: a type that embeds something invalid, as a type of a
// package that was not found, implements everything, methods of another signature
// included, and VTA panics on a call whose callee has other results. Methods of
// such types are hidden from it; lenient gives them back to the calls that fit.
func typeFlow(funcs map[*ssa.Function]bool) (graph *callgraph.Graph, hidden []*ssa.Function, err error) {
	signatures := map[*ssa.Function]*types.Signature{}
	known := map[types.Type]bool{}
	for f := range funcs {
		recv := f.Signature.Recv()
		if recv == nil {
			continue
		}
		loose, ok := known[recv.Type()]
		if !ok {
			loose = types.Implements(recv.Type(), unimplemented)
			known[recv.Type()] = loose
		}
		if loose {
			hidden = append(hidden, f)
			signatures[f] = f.Signature
			f.Signature = types.NewSignatureType(nil, nil, nil, f.Signature.Params(), f.Signature.Results(), f.Signature.Variadic())
		}
	}
	defer func() {
		for f, sig := range signatures {
			f.Signature = sig
		}
		if r := recover(); r != nil {
			graph, err = &callgraph.Graph{}, fmt.Errorf("%v", r)
		}
	}()
	return vta.CallGraph(funcs, nil), hidden, nil
}

// byID groups methods by name, and by package where they are not exported.
func byID(methods []*ssa.Function) map[string][]*ssa.Function {
	out := map[string][]*ssa.Function{}
	for _, m := range methods {
		if o, ok := m.Object().(*types.Func); ok && m.Signature.Recv() != nil {
			out[o.Id()] = append(out[o.Id()], m)
		}
	}
	return out
}

// unimplemented is an interface that no type has a method of.
var unimplemented = types.NewInterfaceType([]*types.Func{
	types.NewFunc(token.NoPos, nil, "·", types.NewSignatureType(nil, nil, nil, nil, nil, false)),
}, nil).Complete()

// lenient is rule 6: the methods that VTA was not shown and an interface call can
// mean, of types that become values of an interface anywhere in the program.
func (b *builder) lenient(cc *ssa.CallCommon) []*ssa.Function {
	iface, ok := cc.Value.Type().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	at := method{iface, cc.Method.Id()}
	if known, ok := b.meant[at]; ok {
		return known
	}
	b.meant[at] = nil // a wrapper that calls itself
	var out []*ssa.Function
	for _, m := range b.hidden[at.id] {
		if t := m.Signature.Recv().Type(); b.isBoxed(t) && b.fits(t, iface) {
			out = append(out, b.through(m)...)
		}
	}
	b.meant[at] = out
	return out
}

// method is a method of an interface type.
type method struct {
	of *types.Interface
	id string // types.Func.Id
}

// fits reports whether those methods of iface that t is known to have, have the
// same signature there.
func (b *builder) fits(t types.Type, iface *types.Interface) bool {
	set := b.Program.SSA.MethodSets.MethodSet(t)
	for m := range iface.Methods() {
		has := set.Lookup(m.Pkg(), m.Name())
		if has == nil && !types.Implements(t, unimplemented) || has != nil && !types.Identical(has.Type(), m.Type()) {
			return false
		}
	}
	return true
}

// isBoxed reports whether a value of an interface is made of a t.
func (b *builder) isBoxed(t types.Type) bool {
	if b.anyBoxed == nil {
		b.anyBoxed = &typeutil.Map{}
		for _, f := range b.Program.Funcs {
			for _, block := range f.Blocks {
				for _, instr := range block.Instrs {
					if mi, ok := instr.(*ssa.MakeInterface); ok {
						b.anyBoxed.Set(mi.X.Type(), true)
					}
				}
			}
		}
	}
	return b.anyBoxed.At(t) != nil
}
