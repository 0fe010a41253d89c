// Package flags finds the flags that a program defines.
//
// A flag is defined by a call that gives it a name, a default and often the variable
// that it sets. A variable stands for its flag only where nothing else sets it: every
// store to it is its definition. A field is one variable for all objects of its type
// where the flags that set it agree in name and default; else it is one for each
// object (Defines, By).
//
// It knows the libraries of the two families of which the rest of the analyzer reads
// flags: package flag and pflag, which set variables, and urfave/cli, which is asked
// by name.
package flags

import (
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Flag is a flag that a program defines.
type Flag struct {
	Name, Short string
	Switch      bool          // it needs no value
	Default     string        // as text: "false", "0", ""
	Known       bool          // Default is a constant
	In          *ssa.Function // that defines it, nil where that is not known
}

// same reports whether two definitions mean one flag.
func (f Flag) same(g Flag) bool {
	return f.Name == g.Name && f.Short == g.Short && f.Default == g.Default && f.Known && g.Known
}

// Set is the flags of a program.
type Set struct {
	defined   []Flag
	variables map[any]Flag // *types.Var of a field, *ssa.Alloc, *ssa.Global, or the *ssa.Call that returns a pointer
	by        map[ssa.CallInstruction]Flag
	fields    map[*types.Var]bool // whose address goes to definitions alone
}

// Find finds the flags of a program.
func Find(p *program.Program, x *index.Index) *Set {
	s := &Set{variables: map[any]Flag{}, by: map[ssa.CallInstruction]Flag{}, fields: map[*types.Var]bool{}}
	contested := map[any]bool{}
	for _, symbol := range x.Symbols() {
		method, ok := definition(symbol)
		if !ok {
			continue
		}
		for _, c := range x.Calls(symbol) {
			f, variable, ok := define(method, c)
			if !ok {
				continue
			}
			s.defined, s.by[c.Instr] = append(s.defined, f), f
			if field, ok := variable.(*types.Var); ok {
				s.fields[field] = true
			}
			if known, twice := s.variables[variable]; twice && !known.same(f) {
				contested[variable] = true
			}
			if variable != nil {
				s.variables[variable] = f
			}
		}
	}
	s.settled(p, x)
	for v := range s.variables {
		if field, ok := v.(*types.Var); contested[v] || s.set(v, x) || ok && !s.fields[field] {
			delete(s.variables, v)
		}
	}
	return s
}

// Of is the flag that a variable stands for: a field (*types.Var) of any object, a
// local (*ssa.Alloc) or package (*ssa.Global) variable, or what the pointer points to
// that a call (*ssa.Call) returns.
func (s *Set) Of(variable any) (Flag, bool) {
	f, ok := s.variables[variable]
	return f, ok
}

// By is the flag that a call defines.
func (s *Set) By(call ssa.CallInstruction) (Flag, bool) {
	f, ok := s.by[call]
	return f, ok
}

// Defines reports whether the address of a field goes to definitions of flags and
// nowhere else: a flag is then all that can set it, beside stores that can be seen.
func (s *Set) Defines(f *types.Var) bool { return s.fields[f] }

// Defined is every flag, in the order of the names of what defines them.
func (s *Set) Defined() []Flag { return s.defined }

// definition is the name of the function that a symbol is of a library of flags.
func definition(symbol string) (method string, ok bool) {
	for _, recv := range []string{"flag.", "github.com/spf13/pflag.", "(*flag.FlagSet).", "(*github.com/spf13/pflag.FlagSet)."} {
		if method, ok = strings.CutPrefix(symbol, recv); ok {
			return method, true
		}
	}
	return "", false
}

// define reads a call that defines a flag. Its first constant text is the name, a
// second one its letter where the function's name ends in P, and the default is what
// stands before the last argument, which is the help text.
func define(method string, c index.Call) (f Flag, variable any, ok bool) {
	args := c.Instr.Common().Args
	if sig := c.Instr.Common().Signature(); sig.Recv() != nil && len(args) > 0 {
		args = args[1:]
	}
	at := slices.IndexFunc(args, func(a ssa.Value) bool { _, ok := text(a); return ok })
	base, short := strings.CutSuffix(method, "P")
	least := 3
	if short {
		least = 4
	}
	if at < 0 || at > 1 || len(args) < least {
		return Flag{}, nil, false
	}
	f.Name, _ = text(args[at])
	if short {
		f.Short, _ = text(args[at+1])
	}
	f.In = c.In
	f.Switch = strings.HasPrefix(base, "Bool") || strings.HasPrefix(base, "Count")
	if def := len(args) - 2; def > at && base != "Var" {
		if k, constant := args[def].(*ssa.Const); constant {
			f.Default, f.Known = constantText(k), true
		}
	}
	if at == 1 {
		variable = variableOf(args[0])
	} else if call, ok := c.Instr.(*ssa.Call); ok {
		variable = call
	}
	return f, variable, true
}

// variableOf is what a pointer points to, nil where that is no variable that is told
// apart.
func variableOf(v ssa.Value) any {
	switch v := v.(type) {
	case *ssa.FieldAddr:
		if f := index.Field(v.X.Type(), v.Field); f != nil {
			return f
		}
	case *ssa.Alloc:
		return v
	case *ssa.Global:
		return v
	case *ssa.FreeVar:
		if a := captured(v); a != nil {
			return a
		}
	}
	return nil
}

// captured is the variable that a literal captures, nil where it is not one.
func captured(v *ssa.FreeVar) *ssa.Alloc {
	fn := v.Parent()
	if fn.Parent() == nil {
		return nil
	}
	i := slices.Index(fn.FreeVars, v)
	for _, b := range fn.Parent().Blocks {
		for _, instr := range b.Instrs {
			mc, ok := instr.(*ssa.MakeClosure)
			if !ok || mc.Fn != fn {
				continue
			}
			switch x := mc.Bindings[i].(type) {
			case *ssa.Alloc:
				return x
			case *ssa.FreeVar:
				return captured(x)
			}
		}
	}
	return nil
}

// set reports whether anything but its definitions sets a variable.
func (s *Set) set(variable any, x *index.Index) bool {
	switch v := variable.(type) {
	case *types.Var:
		return len(x.FieldStores(v)) > 0
	case *ssa.Global:
		return len(x.GlobalStores(v)) > 0
	case *ssa.Alloc:
		return slices.ContainsFunc(index.StoresTo(v), func(st *ssa.Store) bool {
			_, constant := st.Val.(*ssa.Const)
			return !constant || st.Block() != v.Block()
		})
	}
	return false
}

// settled drops the fields whose address goes to anybody but a definition, or whose
// struct is written as a whole through a pointer.
func (s *Set) settled(p *program.Program, x *index.Index) {
	for f := range s.fields {
		if x.Whole(f) {
			delete(s.fields, f)
		}
	}
	for _, fn := range p.Funcs {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				fa, ok := instr.(*ssa.FieldAddr)
				if !ok || fa.Referrers() == nil {
					continue
				}
				f := index.Field(fa.X.Type(), fa.Field)
				if !s.fields[f] {
					continue
				}
				for _, r := range *fa.Referrers() {
					if !defines(r, fa) {
						delete(s.fields, f)
					}
				}
			}
		}
	}
}

// defines reports whether a use of the address of a variable is a load, a store to
// it, or the definition of a flag.
func defines(r ssa.Instruction, addr ssa.Value) bool {
	switch r := r.(type) {
	case *ssa.UnOp, *ssa.DebugRef:
		return true
	case *ssa.Store:
		return r.Addr == addr
	case ssa.CallInstruction:
		_, ok := definition(index.CalleeSymbol(r.Common()))
		return ok
	}
	return false
}

func text(v ssa.Value) (string, bool) {
	k, ok := v.(*ssa.Const)
	if !ok || k.Value == nil || k.Value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(k.Value), true
}

// constantText is a constant as it is typed: true, 5, text.
func constantText(k *ssa.Const) string {
	switch {
	case k.Value == nil:
		return ""
	case k.Value.Kind() == constant.String:
		return constant.StringVal(k.Value)
	}
	return k.Value.ExactString()
}
