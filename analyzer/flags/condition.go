package flags

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// Conditions is the branches of a function that flags decide.
func (s *Set) Conditions(fn *ssa.Function) []Condition {
	var out []Condition
	for _, b := range fn.Blocks {
		branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		if c, ok := s.condition(branch.Cond); ok {
			c.If = branch
			out = append(out, c)
		}
	}
	return out
}

// condition reads a truth value that one flag decides.
func (s *Set) condition(v ssa.Value) (Condition, bool) {
	switch x := v.(type) {
	case *ssa.UnOp:
		if x.Op == token.NOT {
			c, ok := s.condition(x.X)
			c.Not = !c.Not
			return c, ok
		}
	case *ssa.BinOp:
		not, ok := equality(x.Op)
		k, constant := x.Y.(*ssa.Const)
		if !ok || !constant {
			return Condition{}, false
		}
		f, known := s.value(x.X)
		return Condition{Flag: f, Op: Equal, Value: constantText(k), Not: not}, known
	case *ssa.Call:
		if name, ok := asked(x, "Changed", "IsSet"); ok {
			return Condition{Flag: s.named(name), Op: Given}, true
		}
	}
	f, ok := s.value(v)
	return Condition{Flag: f, Op: Equal, Value: "true"}, ok && f.Switch
}

// value is the flag of which v is the value.
func (s *Set) value(v ssa.Value) (Flag, bool) {
	switch x := v.(type) {
	case *ssa.UnOp:
		if x.Op != token.MUL {
			break
		}
		variable := variableOf(x.X)
		if call, ok := x.X.(*ssa.Call); ok {
			variable = call
		}
		if variable != nil {
			f, ok := s.variables[variable]
			return f, ok
		}
	case *ssa.Field:
		if f := index.Field(x.X.Type(), x.Field); f != nil {
			flag, ok := s.variables[f]
			return flag, ok
		}
	case *ssa.Extract:
		if call, ok := x.Tuple.(*ssa.Call); ok && x.Index == 0 {
			if name, ok := asked(call, "GetBool", "GetString", "GetInt"); ok {
				f := s.named(name)
				return f, f.Known
			}
		}
	case *ssa.Call:
		if name, ok := asked(x, "Bool"); ok {
			f := s.named(name)
			if !f.Known { // of urfave/cli: what is not given is false
				f = Flag{Name: name, Switch: true, Default: "false", Known: true}
			}
			return f, true
		}
	}
	return Flag{}, false
}

// named is the flag of a name, of which only the name is known where several differ.
func (s *Set) named(name string) Flag {
	out := Flag{Name: name}
	for i, f := range s.defined {
		if f.Name != name {
			continue
		}
		if out.In != nil && !out.same(f) {
			return Flag{Name: name, Short: f.Short}
		}
		out = s.defined[i]
	}
	return out
}

// asked is the name of the flag that a call asks for by one of these methods of a
// set of flags or of a command's context.
func asked(call *ssa.Call, methods ...string) (string, bool) {
	symbol := index.CalleeSymbol(&call.Call)
	recv, method, ok := cutLast(symbol)
	if !ok || len(call.Call.Args) != 2 {
		return "", false
	}
	for _, m := range methods {
		if m != method {
			continue
		}
		if strings.HasSuffix(recv, "pflag.FlagSet)") || strings.Contains(recv, "/cli") && strings.HasSuffix(recv, ".Context)") {
			return text(call.Call.Args[1])
		}
	}
	return "", false
}

// cutLast splits a symbol before the name of its method.
func cutLast(symbol string) (recv, method string, ok bool) {
	i := strings.LastIndexByte(symbol, '.')
	if i < 0 {
		return "", "", false
	}
	return symbol[:i], symbol[i+1:], true
}
