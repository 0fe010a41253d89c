package wakeup

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

// field is a field of a struct type; of a generic one, of one instance.
type field struct {
	v     *types.Var
	owner string
}

// fieldOf is field i of the struct that v is, or points to.
func fieldOf(v ssa.Value, i int) field {
	f := index.Field(v.Type(), i)
	if f == nil {
		return field{}
	}
	return field{f.Origin(), ownerOf(v.Type())}
}

// ownerOf names the struct type that t is, or points to.
func ownerOf(t types.Type) string {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return types.TypeString(t, nil)
}

// key names the queue that the field is.
func (f field) key(holder field) string {
	name := f.owner + "." + f.v.Name()
	if holder.v != nil {
		name = holder.owner + "." + holder.v.Name() + ": " + name
	}
	return name
}

// source is where a value comes from: a field, and a parameter where it is one
// or the field of one.
type source struct {
	field field
	param *ssa.Parameter
}

// origin follows v back to the field that holds it, or to a parameter. An element
// of a map or a list comes from where the map or list does.
func (f *finder) origin(v ssa.Value) source { return origin(v, map[ssa.Value]bool{}) }

func origin(v ssa.Value, seen map[ssa.Value]bool) source {
	if v == nil || seen[v] {
		return source{}
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Parameter:
		return source{param: v}
	case *ssa.FieldAddr:
		return source{fieldOf(v.X, v.Field), origin(v.X, seen).param}
	case *ssa.Field:
		return source{fieldOf(v.X, v.Field), origin(v.X, seen).param}
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return origin(v.X, seen)
		}
	case *ssa.Lookup:
		return origin(v.X, seen)
	case *ssa.IndexAddr:
		return origin(v.X, seen)
	case *ssa.Extract:
		return origin(v.Tuple, seen)
	case *ssa.ChangeType:
		return origin(v.X, seen)
	case *ssa.ChangeInterface:
		return origin(v.X, seen)
	case *ssa.MakeInterface:
		return origin(v.X, seen)
	case *ssa.FreeVar:
		return origin(calls.Binding(v), seen)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if s := origin(e, seen); s.field.v != nil || s.param != nil {
				return s
			}
		}
	case *ssa.Alloc:
		for _, st := range index.StoresTo(v) {
			if s := origin(st.Val, seen); s.field.v != nil || s.param != nil {
				return s
			}
		}
	}
	return source{}
}

// work is a field that something is put into, and the types of that.
type work struct {
	field field
	types []types.Type
}

// returned reports whether fn returns a value of a type of the work.
func (w work) returned(fn *ssa.Function) bool {
	results := fn.Signature.Results()
	for i := range results.Len() {
		if slices.ContainsFunc(w.types, func(t types.Type) bool { return types.Identical(t, results.At(i).Type()) }) {
			return true
		}
	}
	return false
}

// answered reports whether fn puts a value of a type of the work into a field of
// what an argument points to.
func (w work) answered(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			st, ok := instr.(*ssa.Store)
			if !ok || !slices.ContainsFunc(w.types, func(t types.Type) bool { return types.Identical(t, st.Val.Type()) }) {
				continue
			}
			if at, ok := st.Addr.(*ssa.FieldAddr); ok {
				if p, ok := at.X.(*ssa.Parameter); ok && slices.Index(fn.Params, p) > 0 {
					return true
				}
			}
		}
	}
	return false
}

// callAt is the call of fn that stands at pos, nil for none.
func callAt(fn *ssa.Function, pos token.Pos) ssa.CallInstruction {
	if fn == nil {
		return nil
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok && c.Pos() == pos {
				return c
			}
		}
	}
	return nil
}

// given is the fields of the struct with the condition that the function which
// signals puts something into.
func (f *finder) given(s point) []work {
	var out []work
	add := func(to field, ts ...types.Type) {
		if to.v == nil || to == s.cond || to.owner != s.cond.owner {
			return
		}
		i := slices.IndexFunc(out, func(w work) bool { return w.field == to })
		if i < 0 {
			i = len(out)
			out = append(out, work{field: to})
		}
		out[i].types = append(out[i].types, ts...)
	}
	for _, b := range s.in.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Store:
				at, ok := instr.Addr.(*ssa.FieldAddr)
				if ok && (adds(instr.Val) || f.selects(index.Field(at.X.Type(), at.Field))) {
					add(fieldOf(at.X, at.Field), elements(instr.Val.Type())...)
				}
			case *ssa.MapUpdate:
				if m := instr.Map.Type().Underlying().(*types.Map); carriesWork(m.Elem()) || carriesWork(m.Key()) {
					add(f.origin(instr.Map).field, elements(m)...)
				}
			case ssa.CallInstruction:
				if to, ts := f.collected(instr.Common()); len(ts) > 0 {
					add(to, ts...)
				}
			}
		}
	}
	return out
}

// adds reports whether storing v to a field leaves work there: it is a list with
// something appended, or the node of a linked list. What else is assigned is a
// state; see selects for one that is work.
func adds(v ssa.Value) bool {
	if call, ok := v.(*ssa.Call); ok {
		b, ok := call.Call.Value.(*ssa.Builtin)
		return ok && b.Name() == "append"
	}
	p, ok := v.Type().Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	if _, empties := v.(*ssa.Const); empties {
		return false
	}
	s, ok := p.Elem().Underlying().(*types.Struct)
	return ok && linked(v.Type(), s)
}

// selects reports whether a text in a field chooses what is done: some function looks
// functions or implementations up by it.
func (f *finder) selects(v *types.Var) bool {
	if b, ok := v.Type().Underlying().(*types.Basic); !ok || b.Info()&types.IsString == 0 {
		return false
	}
	return slices.ContainsFunc(f.Index.FieldLoads(v), func(load *ssa.UnOp) bool {
		return slices.ContainsFunc(*load.Referrers(), func(r ssa.Instruction) bool {
			l, ok := r.(*ssa.Lookup)
			if !ok || l.Index != load {
				return false
			}
			m, ok := l.X.Type().Underlying().(*types.Map)
			if !ok {
				return false
			}
			switch m.Elem().Underlying().(type) {
			case *types.Signature, *types.Interface:
				return true
			}
			return false
		})
	})
}

// collected is the field whose collection a call puts something into, and the
// types of what it puts there: container/heap, container/list, or a type with a
// method that gives back what another of its methods takes.
func (f *finder) collected(cc *ssa.CallCommon) (field, []types.Type) {
	args := cc.Args
	if cc.IsInvoke() {
		args = append([]ssa.Value{cc.Value}, args...)
	}
	if len(args) < 2 || cc.Signature().Results().Len() > 1 {
		return field{}, nil
	}
	var ts []types.Type
	for _, a := range args[1:] {
		if mi, ok := a.(*ssa.MakeInterface); ok {
			a = mi.X
		}
		if carriesWork(a.Type()) {
			ts = append(ts, a.Type())
		}
	}
	if callee := cc.StaticCallee(); len(ts) == 0 || !cc.IsInvoke() && (callee == nil || !stores(callee.String()) && !f.givesBack(args[0].Type(), args[1].Type())) ||
		cc.IsInvoke() && !f.givesBack(args[0].Type(), args[1].Type()) {
		return field{}, nil
	}
	return f.origin(args[0]).field, ts
}

// stores reports whether a function of the standard library puts its second
// argument into its first.
func stores(symbol string) bool {
	return symbol == "container/heap.Push" || symbol == "(*container/list.List).PushBack" || symbol == "(*container/list.List).PushFront"
}

// givesBack reports whether a method without arguments of the collection returns
// values of the type that another one was called with, texts excepted: loggers
// and builders have names.
func (f *finder) givesBack(collection, t types.Type) bool {
	if _, basic := t.Underlying().(*types.Basic); basic {
		return false
	}
	set := types.NewMethodSet(collection)
	for i := range set.Len() {
		sig := set.At(i).Type().(*types.Signature)
		if sig.Params().Len() == 0 && sig.Results().Len() > 0 && carriesWork(t) && types.Identical(sig.Results().At(0).Type(), t) {
			return true
		}
	}
	return false
}

// reads reports whether fn, or what it calls, reads the field; what it calls for
// other reasons than to give work.
func (f *finder) reads(fn *ssa.Function, from field, giver *ssa.Function, depth int) bool {
	if fn == giver {
		return false
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.FieldAddr:
				if fieldOf(instr.X, instr.Field) == from {
					return true
				}
			case *ssa.Call:
				callee := instr.Call.StaticCallee()
				if callee != nil && depth < maxWrappers && callee.Pkg == fn.Pkg && f.reads(callee, from, giver, depth+1) {
					return true
				}
			}
		}
	}
	return false
}

// carriesWork reports whether values of a type can be work: no flags, numbers,
// times, locks, channels, errors or contexts.
func carriesWork(t types.Type) bool {
	if n := index.Named(t); n != nil {
		if n.Obj().Pkg() == nil {
			return false
		}
		switch n.Obj().Pkg().Path() {
		case "sync", "sync/atomic", "time", "context":
			return false
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Interface, *types.Signature, *types.Pointer, *types.Slice, *types.Map, *types.TypeParam:
		return true
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Struct:
		return u.NumFields() > 0
	}
	return false
}

// plainSignal reports whether a channel says only that something happened.
func plainSignal(t types.Type) bool {
	c, ok := t.Underlying().(*types.Chan)
	if !ok {
		return false
	}
	s, ok := c.Elem().Underlying().(*types.Struct)
	return ok && s.NumFields() == 0
}

// conditionMethod is the method of sync.Cond that fn is, "" for others.
func conditionMethod(fn *ssa.Function) string {
	if fn == nil || fn.Signature.Recv() == nil || fn.Signature.Recv().Type().String() != "*sync.Cond" {
		return ""
	}
	return fn.Name()
}

// elements is a type, and what values of it hold: the elements of a list or map,
// and what the nodes of a linked list stand for.
func elements(t types.Type) []types.Type {
	var out []types.Type
	add := func(t types.Type) {
		if carriesWork(t) && !slices.ContainsFunc(out, func(x types.Type) bool { return types.Identical(x, t) }) {
			out = append(out, t)
		}
	}
	var visit func(t types.Type, depth int)
	visit = func(t types.Type, depth int) {
		if depth > 2 {
			return
		}
		switch u := t.Underlying().(type) {
		case *types.Slice:
			visit(u.Elem(), depth+1)
			return
		case *types.Map:
			visit(u.Key(), depth+1)
			visit(u.Elem(), depth+1)
			return
		case *types.Pointer:
			s, ok := u.Elem().Underlying().(*types.Struct)
			for i := 0; ok && i < s.NumFields() && linked(t, s); i++ {
				add(s.Field(i).Type())
			}
		}
		add(t)
	}
	visit(t, 0)
	return out
}

// linked reports whether a struct has a field that points to another such struct.
func linked(p types.Type, s *types.Struct) bool {
	for i := range s.NumFields() {
		if types.Identical(s.Field(i).Type(), p) {
			return true
		}
	}
	return false
}

// inLoop reports whether control can come back to b.
func inLoop(b *ssa.BasicBlock) bool {
	return slices.Contains(after(b), b)
}

// after is the blocks to which control can come from b.
func after(b *ssa.BasicBlock) []*ssa.BasicBlock {
	seen := map[*ssa.BasicBlock]bool{}
	var out []*ssa.BasicBlock
	work := slices.Clone(b.Succs)
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if !seen[x] {
			seen[x] = true
			out = append(out, x)
			work = append(work, x.Succs...)
		}
	}
	return out
}

// callsAfter is the calls that can run after the instruction.
func callsAfter(at ssa.Instruction) []ssa.CallInstruction {
	var out []ssa.CallInstruction
	add := func(instrs []ssa.Instruction) {
		for _, instr := range instrs {
			if c, ok := instr.(ssa.CallInstruction); ok && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	block := at.Block()
	add(block.Instrs[slices.Index(block.Instrs, at)+1:])
	for _, b := range after(block) {
		add(b.Instrs)
	}
	return out
}
