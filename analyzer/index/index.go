// Package index answers where-is questions about one executable: which values
// are stored in a field or a package variable, where a struct is made, which
// calls name a function.
//
// It holds no results of its own reasoning, only what one pass over every
// instruction collects, in the order of Program.Funcs and of the source.
package index

import (
	"go/token"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// Call is one call of a named function or interface method.
type Call struct {
	In    *ssa.Function
	Instr ssa.CallInstruction
}

// Index is the collected facts.
type Index struct {
	Program *program.Program
	fields  map[*types.Var][]*ssa.Store
	globals map[*ssa.Global][]*ssa.Store
	allocs  map[*types.TypeName][]*ssa.Alloc
	calls   map[string][]Call // symbol of the static callee or interface method
	sends   []*ssa.Send
	selects []*ssa.Select

	fieldLoads  map[*types.Var][]*ssa.UnOp
	globalLoads map[*ssa.Global][]*ssa.UnOp

	closures  map[*ssa.Function][]*ssa.MakeClosure
	addressed map[any]bool                   // fields (*types.Var) and package variables whose address is used for more than reading and writing, and functions that are values
	live      map[*ssa.Function]bool         // see Dead
	decoded   map[*types.TypeName]bool       // struct types of which a pointer was put into an interface without methods
	whole     map[*types.TypeName]bool       // struct types that are assigned as a whole through a pointer
	owners    map[*types.Var]*types.TypeName // made when it is first asked for
}

// Build collects the index of p.
func Build(p *program.Program) *Index {
	x := &Index{
		Program: p, fields: map[*types.Var][]*ssa.Store{}, globals: map[*ssa.Global][]*ssa.Store{},
		allocs: map[*types.TypeName][]*ssa.Alloc{}, calls: map[string][]Call{},
		fieldLoads: map[*types.Var][]*ssa.UnOp{}, globalLoads: map[*ssa.Global][]*ssa.UnOp{},
		closures: map[*ssa.Function][]*ssa.MakeClosure{},
		live:     findLive(p), addressed: map[any]bool{}, decoded: map[*types.TypeName]bool{}, whole: map[*types.TypeName]bool{},
	}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				x.add(f, instr)
			}
		}
	}
	return x
}

func (x *Index) add(f *ssa.Function, instr ssa.Instruction) {
	switch instr := instr.(type) {
	case *ssa.MakeClosure:
		fn := instr.Fn.(*ssa.Function)
		x.closures[fn] = append(x.closures[fn], instr)
		x.uses(instr.Bindings...)
	case *ssa.FieldAddr:
		if v := Field(instr.X.Type(), instr.Field); v != nil && addressUsed(instr) {
			x.addressed[v] = true
		}
	case *ssa.MakeInterface:
		if it, ok := instr.Type().Underlying().(*types.Interface); ok && it.NumMethods() == 0 {
			if _, ok := instr.X.Type().Underlying().(*types.Pointer); ok {
				x.decodes(instr.X.Type())
			}
		}
		x.uses(instr.X)
	case *ssa.Phi:
		x.uses(instr.Edges...)
	case *ssa.ChangeType:
		x.uses(instr.X)
	case *ssa.MapUpdate:
		x.uses(instr.Key, instr.Value)
	case *ssa.Return:
		x.uses(instr.Results...)
	case *ssa.Store:
		x.uses(instr.Val)
		if n := Named(instr.Val.Type()); n != nil {
			if _, ok := instr.Val.Type().Underlying().(*types.Struct); ok && !named(instr.Addr) {
				x.whole[n.Obj()] = true
			}
		}
		if x.Dead(f) {
			return
		}
		switch a := instr.Addr.(type) {
		case *ssa.FieldAddr:
			if v := Field(a.X.Type(), a.Field); v != nil {
				x.fields[v] = append(x.fields[v], instr)
			}
		case *ssa.Global:
			x.globals[a] = append(x.globals[a], instr)
		}
	case *ssa.Alloc:
		if n := Named(instr.Type()); n != nil {
			if _, ok := n.Underlying().(*types.Struct); ok {
				x.allocs[n.Obj()] = append(x.allocs[n.Obj()], instr)
			}
		}
	case *ssa.UnOp:
		if instr.Op != token.MUL {
			return
		}
		switch a := instr.X.(type) {
		case *ssa.FieldAddr:
			if v := Field(a.X.Type(), a.Field); v != nil {
				x.fieldLoads[v] = append(x.fieldLoads[v], instr)
			}
		case *ssa.Global:
			x.globalLoads[a] = append(x.globalLoads[a], instr)
		}
	case *ssa.Select:
		x.selects = append(x.selects, instr)
	case *ssa.Send:
		x.uses(instr.X)
		x.sends = append(x.sends, instr)
	case ssa.CallInstruction:
		x.uses(instr.Common().Args...)
		if s := CalleeSymbol(instr.Common()); s != "" {
			x.calls[s] = append(x.calls[s], Call{f, instr})
		}
	}
}

// uses notes the package variables whose address is an operand, and the
// functions that are one.
func (x *Index) uses(operands ...ssa.Value) {
	for _, v := range operands {
		switch v := v.(type) {
		case *ssa.Global, *ssa.Function:
			x.addressed[v] = true
		}
	}
}

// decodes notes that a library may fill the struct that t points to, and those
// it holds, by reflection.
func (x *Index) decodes(t types.Type) {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		x.decodes(u.Elem())
	case *types.Slice:
		x.decodes(u.Elem())
	case *types.Array:
		x.decodes(u.Elem())
	case *types.Map:
		x.decodes(u.Elem())
	case *types.Struct:
		if n := Named(t); n != nil {
			if x.decoded[n.Obj()] {
				return
			}
			x.decoded[n.Obj()] = true
		}
		for i := range u.NumFields() {
			if u.Field(i).Exported() || u.Field(i).Embedded() {
				x.decodes(u.Field(i).Type())
			}
		}
	}
}

// addressUsed reports whether the address of a field is used for more than
// reading and writing it and its parts.
func addressUsed(v ssa.Value) bool {
	return slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool {
		switch r := r.(type) {
		case *ssa.UnOp, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.DebugRef:
			return false
		case *ssa.Store:
			return r.Val == v
		}
		return true
	})
}

// named reports whether an address is that of a variable or of a part of one.
func named(addr ssa.Value) bool {
	for {
		switch a := addr.(type) {
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		case *ssa.Slice:
			addr = a.X
		case *ssa.Alloc, *ssa.Global, *ssa.FreeVar:
			return true
		default:
			return false
		}
	}
}

// Addressed reports whether the address of a package variable is used for more
// than reading and writing it, or whether a function is used as a value.
func (x *Index) Addressed(v ssa.Value) bool { return x.addressed[v] }

// FieldAddressed reports whether the address of a field is used for more than
// reading and writing it and its parts.
func (x *Index) FieldAddressed(f *types.Var) bool { return x.addressed[f] }

// Closures is every place at which a literal is made.
func (x *Index) Closures(fn *ssa.Function) []*ssa.MakeClosure { return x.closures[fn] }

// Open reports whether a field can be written in ways that FieldStores does not
// have: through its address, by reflection, or with the struct as a whole.
func (x *Index) Open(f *types.Var) bool {
	owner := x.owner(f)
	return x.Overwritten(f) || owner == nil || x.decoded[owner]
}

// Overwritten reports whether a field can be written through its address, or
// with its struct as a whole, where that is not the struct of a variable.
func (x *Index) Overwritten(f *types.Var) bool { return x.addressed[f] || x.Whole(f) }

// Whole reports whether a field can be written with its struct as a whole, where that
// is not the struct of a variable.
func (x *Index) Whole(f *types.Var) bool {
	owner := x.owner(f)
	return owner != nil && x.whole[owner]
}

// Decoded reports whether a library may fill the structs to which a field belongs by
// reflection.
func (x *Index) Decoded(f *types.Var) bool {
	owner := x.owner(f)
	return owner != nil && x.decoded[owner]
}

// owner is the named struct type that declares f, nil for none.
func (x *Index) owner(f *types.Var) *types.TypeName {
	if x.owners == nil {
		x.owners = map[*types.Var]*types.TypeName{}
		for _, p := range x.Program.SSA.AllPackages() {
			for _, name := range p.Pkg.Scope().Names() {
				tn, ok := p.Pkg.Scope().Lookup(name).(*types.TypeName)
				if !ok || tn.IsAlias() {
					continue
				}
				if s, ok := tn.Type().Underlying().(*types.Struct); ok {
					for i := range s.NumFields() {
						x.owners[s.Field(i)] = tn
					}
				}
			}
		}
	}
	return x.owners[f]
}

// CalleeSymbol is the symbol of a call's static callee, or of the interface
// method it invokes: "(google.golang.org/grpc.ClientConnInterface).Invoke".
func CalleeSymbol(cc *ssa.CallCommon) string {
	if cc.IsInvoke() {
		return cc.Method.FullName()
	}
	return program.Symbol(cc.StaticCallee())
}

// Calls is every call whose callee has this symbol.
func (x *Index) Calls(symbol string) []Call { return x.calls[symbol] }

// Symbols is every called symbol, sorted.
func (x *Index) Symbols() []string { return slices.Sorted(maps.Keys(x.calls)) }

// FieldStores is every store to a struct field, through any object, in functions
// that are not dead.
func (x *Index) FieldStores(v *types.Var) []*ssa.Store { return x.fields[v] }

// GlobalStores is every direct store to a package variable, in functions that are
// not dead.
func (x *Index) GlobalStores(g *ssa.Global) []*ssa.Store { return x.globals[g] }

// FieldLoads is every read of a struct field, through any object.
func (x *Index) FieldLoads(v *types.Var) []*ssa.UnOp { return x.fieldLoads[v] }

// GlobalLoads is every read of a package variable.
func (x *Index) GlobalLoads(g *ssa.Global) []*ssa.UnOp { return x.globalLoads[g] }

// AllocsOf is every place where a variable of the struct type with this
// symbol ("os/exec.Cmd") is made.
func (x *Index) AllocsOf(symbol string) []*ssa.Alloc {
	for t, allocs := range x.allocs {
		if t.Pkg() != nil && t.Pkg().Path()+"."+t.Name() == symbol {
			return allocs
		}
	}
	return nil
}

// Sends is every channel send.
func (x *Index) Sends() []*ssa.Send { return x.sends }

// Field is field i of the struct that t is or points to, nil when t is not one.
func Field(t types.Type, i int) *types.Var {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if s, ok := t.Underlying().(*types.Struct); ok && i < s.NumFields() {
		return s.Field(i).Origin()
	}
	return nil
}

// FieldNamed is the place of the named field in the struct that t is or
// points to, -1 for none.
func FieldNamed(t types.Type, name string) int {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for i := range s.NumFields() {
			if s.Field(i).Name() == name {
				return i
			}
		}
	}
	return -1
}

// Named is the named type that t is or points to, nil for others.
func Named(t types.Type) *types.Named {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, _ := types.Unalias(t).(*types.Named)
	return n
}

// TypeSymbol is the import path and name of a named type or of the type it
// points to: "net/http.Request"; "" for others.
func TypeSymbol(t types.Type) string {
	n := Named(t)
	if n == nil || n.Obj().Pkg() == nil {
		return ""
	}
	return n.Obj().Pkg().Path() + "." + n.Obj().Name()
}

// Selects is every select statement.
func (x *Index) Selects() []*ssa.Select { return x.selects }

// StoresTo is the stores to a local variable, also from literals that
// captured it.
func StoresTo(v ssa.Value) []*ssa.Store {
	var out []*ssa.Store
	if v.Referrers() == nil {
		return nil
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr == v {
				out = append(out, r)
			}
		case *ssa.MakeClosure:
			fn := r.Fn.(*ssa.Function)
			for i, b := range r.Bindings {
				if b == v && i < len(fn.FreeVars) {
					out = append(out, StoresTo(fn.FreeVars[i])...)
				}
			}
		}
	}
	return out
}
