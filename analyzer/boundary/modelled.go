package boundary

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// CallsOf is the calls of the functions that s names in the library m, those of
// a function value too.
func (u *Unit) CallsOf(m *models.Model, s models.Symbol) []index.Call {
	var out []index.Call
	for _, symbol := range u.of(m).symbols {
		if m.Matches(s, models.Split(symbol)) {
			out = append(out, u.Index.Calls(symbol)...)
		}
	}
	for _, fn := range u.functionsOf(m, s) {
		for _, site := range u.Graph.In(fn) {
			switch {
			case site.Rule == calls.Passed:
				out = append(out, handedTo(site.Instr, fn)...)
			case site.Instr.Common().StaticCallee() == nil && !site.Instr.Common().IsInvoke():
				out = append(out, index.Call{In: site.Caller, Instr: site.Instr})
			}
		}
	}
	return out
}

// handedTo is the calls of the parameter for which call passes fn.
func handedTo(call ssa.CallInstruction, fn *ssa.Function) []index.Call {
	callee := call.Common().StaticCallee()
	if callee == nil || len(callee.Params) != len(call.Common().Args) {
		return nil
	}
	var out []index.Call
	for i, a := range call.Common().Args {
		for {
			change, ok := a.(*ssa.ChangeType)
			if !ok {
				break
			}
			a = change.X
		}
		if a != ssa.Value(fn) {
			continue
		}
		for _, r := range *callee.Params[i].Referrers() {
			if c, ok := r.(ssa.CallInstruction); ok && c.Common().Value == ssa.Value(callee.Params[i]) {
				out = append(out, index.Call{In: callee, Instr: c})
			}
		}
	}
	return out
}

// functionsOf is the functions without a receiver that s names.
func (u *Unit) functionsOf(m *models.Model, s models.Symbol) []*ssa.Function {
	var out []*ssa.Function
	for _, p := range u.packagesOf(m) {
		for name, member := range p.Members {
			if fn, ok := member.(*ssa.Function); ok && m.Matches(s, models.Called{Path: p.Pkg.Path(), Name: name}) {
				out = append(out, fn)
			}
		}
	}
	slices.SortFunc(out, u.Graph.Before)
	return out
}

// modelled is what a program has of a library that a model describes.
type modelled struct {
	packages []*ssa.Package
	symbols  []string // that are called
}

// of is what the program has of a library.
func (u *Unit) of(m *models.Model) *modelled {
	if u.modelled == nil {
		u.modelled = map[*models.Model]*modelled{}
		for _, m := range u.Models.All {
			u.modelled[m] = &modelled{}
		}
		for _, p := range u.Program.SSA.AllPackages() {
			if m := u.Models.Of(p.Pkg.Path()); m != nil {
				u.modelled[m].packages = append(u.modelled[m].packages, p)
			}
		}
		for _, symbol := range u.Index.Symbols() {
			if m := u.Models.Of(models.Split(symbol).Path); m != nil {
				u.modelled[m].symbols = append(u.modelled[m].symbols, symbol)
			}
		}
	}
	return u.modelled[m]
}

func (u *Unit) packagesOf(m *models.Model) []*ssa.Package { return u.of(m).packages }

// Linked reports whether the program has a library in it.
func (u *Unit) Linked(m *models.Model) bool { return len(u.packagesOf(m)) > 0 }

// Method is the method of t or *t with this name, as a handler.
func (u *Unit) Method(t types.Type, name string) []Handler {
	fn := u.MethodNamed(t, name)
	if fn == nil {
		return nil
	}
	return u.Functions(u.Eval.Context(), eval.Func{Fn: fn})
}

// MethodNamed is the method of t or *t with this name, nil for none.
func (u *Unit) MethodNamed(t types.Type, name string) *ssa.Function {
	if t == nil {
		return nil
	}
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		if types.IsInterface(t) {
			continue
		}
		set := types.NewMethodSet(t)
		for i := range set.Len() {
			if set.At(i).Obj().Name() == name {
				return u.Program.SSA.MethodValue(set.At(i))
			}
		}
	}
	return nil
}

// Promoted is the value in which an embedded field was looked up: p for
// p.Command.AddCommand, when p.AddCommand is written.
func Promoted(v ssa.Value) ssa.Value {
	return promoted(v, func(types.Type) bool { return true })
}

// Embedding is Promoted for what types of libraries embed: a router of a library that
// a type of the program's own embeds is a router by itself.
func (u *Unit) Embedding(v ssa.Value) ssa.Value {
	return promoted(v, func(t types.Type) bool {
		n := index.Named(t)
		return n == nil || n.Obj().Pkg() == nil || !u.Program.UserPackage(n.Obj().Pkg())
	})
}

// promoted is Promoted through the types that are wanted.
func promoted(v ssa.Value, through func(types.Type) bool) ssa.Value {
	for {
		at := v
		if load, ok := at.(*ssa.UnOp); ok && load.Op == token.MUL {
			at = load.X
		}
		addr, ok := at.(*ssa.FieldAddr)
		if !ok {
			return v
		}
		if field := index.Field(addr.X.Type(), addr.Field); field == nil || !field.Embedded() || !through(addr.X.Type()) {
			return v
		}
		v = addr.X
	}
}

// TypesOf is the types of the program that the symbols name, as
// "import/path.Type".
func (u *Unit) TypesOf(m *models.Model, symbols []models.Symbol) []string {
	var out []string
	for _, p := range u.packagesOf(m) {
		for name, member := range p.Members {
			if _, ok := member.(*ssa.Type); !ok {
				continue
			}
			symbol := p.Pkg.Path() + "." + name
			for _, s := range symbols {
				if m.IsType(s, symbol) {
					out = append(out, symbol)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
