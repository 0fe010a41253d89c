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
}

// Build collects the index of p.
func Build(p *program.Program) *Index {
	x := &Index{
		Program: p, fields: map[*types.Var][]*ssa.Store{}, globals: map[*ssa.Global][]*ssa.Store{},
		allocs: map[*types.TypeName][]*ssa.Alloc{}, calls: map[string][]Call{},
		fieldLoads: map[*types.Var][]*ssa.UnOp{}, globalLoads: map[*ssa.Global][]*ssa.UnOp{},
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
	case *ssa.Store:
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
		x.sends = append(x.sends, instr)
	case ssa.CallInstruction:
		if s := CalleeSymbol(instr.Common()); s != "" {
			x.calls[s] = append(x.calls[s], Call{f, instr})
		}
	}
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

// FieldStores is every store to a struct field, through any object.
func (x *Index) FieldStores(v *types.Var) []*ssa.Store { return x.fields[v] }

// GlobalStores is every direct store to a package variable.
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
