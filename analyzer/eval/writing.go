package eval

import (
	"go/constant"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// entry is a value that is put into something under a name.
type entry struct {
	Input
	v   ssa.Value
	fr  *Frame
	way []step
}

// step is a place that control must pass for something to be written, and where it is
// on its way to.
type step struct {
	fr *Frame
	at *ssa.BasicBlock
	to []*ssa.BasicBlock
}

// writing collects what is written into a variable.
type writing struct {
	d        *Decisions
	all      []entry
	parts    []Sent // of what its fields carry
	complete bool
	left     int
	keys     bool         // something was written under a key
	message  *types.Named // the message that it is
	depth    int
	callers  int // as in carried
}

// of collects what is written into what v is, a map or the address of a struct that
// is made in fr.
func (w *writing) of(v ssa.Value, fr *Frame) {
	if p, ok := v.Type().Underlying().(*types.Pointer); ok {
		w.message = index.Named(p)
	} else {
		w.keys = true
	}
	all, to := w.uses(v, fr)
	for i := range all {
		all[i].way[0].to = to
	}
	w.all = append(w.all, all...)
}

// uses is what is written through v, and the blocks in which v is handed on.
func (w *writing) uses(v ssa.Value, fr *Frame) (all []entry, to []*ssa.BasicBlock) {
	if v.Referrers() == nil || fr == nil {
		w.complete = false
		return nil, nil
	}
	put := func(in Input, val ssa.Value, at ssa.Instruction) {
		all = append(all, entry{in, val, fr, []step{{fr: fr, at: at.Block()}}})
	}
	for _, r := range *v.Referrers() {
		if w.left--; w.left < 0 {
			w.complete = false
			return all, to
		}
		switch r := r.(type) {
		case *ssa.FieldAddr:
			f := index.Field(v.Type(), r.Field)
			for _, st := range *r.Referrers() {
				switch st := st.(type) {
				case *ssa.Store:
					if in, ok := Field(v.Type(), f); ok && st.Addr == r {
						put(in, st.Val, st)
					} else if st.Addr == r && carrier(st.Val) && w.callers > 0 {
						w.parts = append(w.parts, w.d.carried(st.Val, fr, w.callers-1)...)
					}
				case *ssa.UnOp, *ssa.DebugRef:
				default:
					if f != nil && scalar(f.Type()) {
						w.complete = false
					}
				}
			}
		case *ssa.MapUpdate:
			if r.Map != v {
				w.complete = false
				continue
			}
			if key, ok := w.d.text(r.Key, fr); ok {
				put(Key(key), element(r.Value), r)
			} else {
				w.complete = false
			}
		case *ssa.Store:
			switch {
			case r.Addr == v:
				w.complete = false
			case part(r.Addr):
				to = append(to, r.Block()) // of what carries it on
			case !w.stored(r, fr, &all, &to):
				w.complete = false
			}
		case *ssa.ChangeType:
			more, on := w.uses(r, fr)
			all, to = append(all, more...), append(to, on...)
		case *ssa.MakeInterface, *ssa.UnOp:
			if val := r.(ssa.Value); val.Referrers() != nil && len(*val.Referrers()) > 0 {
				to = append(to, r.Block())
			}
		case *ssa.Phi, *ssa.MakeClosure:
			w.complete = false
		case ssa.CallInstruction:
			more, ok := w.call(r, v, fr)
			w.complete = w.complete && ok
			if all = append(all, more...); len(more) == 0 {
				to = append(to, r.Block())
			}
		}
	}
	return all, to
}

// part reports whether an address is that of a field of a local variable.
func part(addr ssa.Value) bool {
	if _, ok := addr.(*ssa.FieldAddr); !ok {
		return false
	}
	_, ok := baseOf(addr).(*ssa.Alloc)
	return ok
}

// stored follows a local variable that v is kept in; ok is false where others can
// reach it.
func (w *writing) stored(st *ssa.Store, fr *Frame, all *[]entry, to *[]*ssa.BasicBlock) bool {
	al, ok := st.Addr.(*ssa.Alloc)
	if !ok || len(index.StoresTo(al)) != 1 || addressed(al) {
		return false
	}
	for _, r := range *al.Referrers() {
		switch r := r.(type) {
		case *ssa.UnOp:
			more, on := w.uses(r, fr)
			*all, *to = append(*all, more...), append(*to, on...)
		case *ssa.MakeClosure:
			return false
		}
	}
	return true
}

// call is what a call writes into its argument v; ok is false where that is not known.
func (w *writing) call(c ssa.CallInstruction, v ssa.Value, fr *Frame) (all []entry, ok bool) {
	cc := c.Common()
	fn := cc.StaticCallee()
	if fn == nil {
		return nil, true // who sends it: a stub behind an interface
	}
	symbol := program.Symbol(fn)
	if w.d.e.ev.Writes != nil {
		if into, key, value, known := w.d.e.ev.Writes(symbol); known && max(into, key, value) < len(cc.Args) && cc.Args[into] == v {
			name, ok := w.d.text(cc.Args[key], fr)
			if !ok {
				return nil, false
			}
			return []entry{{Key(name), cc.Args[value], fr, []step{{fr: fr, at: c.Block()}}}}, true
		}
	}
	i := slices.Index(cc.Args, v)
	if i < 0 || fn.Blocks == nil || i >= len(fn.Params) {
		return nil, true
	}
	if w.depth++; w.depth > maxHanded {
		w.depth--
		return nil, w.message != nil
	}
	defer func() { w.depth-- }()
	inner := w.d.e.ev.Below(fr, c, fn)
	all, _ = w.uses(fn.Params[i], inner)
	var returns []*ssa.BasicBlock
	for _, b := range fn.Blocks {
		if calls.Returns(b) {
			returns = append(returns, b)
		}
	}
	for j := range all {
		all[j].way[0].to = returns
		all[j].way = append([]step{{fr: fr, at: c.Block()}}, all[j].way...)
	}
	return all, true
}

// element is the first element of a list that is written down, else v.
func element(v ssa.Value) ssa.Value {
	s, ok := v.(*ssa.Slice)
	if !ok {
		return v
	}
	al, ok := s.X.(*ssa.Alloc)
	if !ok {
		return v
	}
	for _, r := range *al.Referrers() {
		at, ok := r.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		if k, ok := at.Index.(*ssa.Const); !ok || k.Value == nil || constant.Sign(k.Value) != 0 {
			continue
		}
		for _, st := range *at.Referrers() {
			if st, ok := st.(*ssa.Store); ok && st.Addr == at {
				return st.Val
			}
		}
	}
	return v
}
