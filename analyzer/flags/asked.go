package flags

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// Asked is the flag for which a call asks by its name: for its value, or whether it
// was given.
func (s *Set) Asked(call *ssa.Call) (f Flag, given, ok bool) {
	if name, ok := asked(call, "Changed", "IsSet"); ok {
		return s.named(name), true, true
	}
	if name, ok := asked(call, "GetBool", "GetString", "GetInt"); ok {
		f := s.named(name)
		return f, false, f.Known
	}
	if name, ok := asked(call, "Bool"); ok {
		f := s.named(name)
		if !f.Known { // of urfave/cli: what is not given is false
			f = Flag{Name: name, Switch: true, Default: "false", Known: true}
		}
		return f, false, true
	}
	return Flag{}, false, false
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
	if fn := call.Call.StaticCallee(); fn == nil || !slices.Contains(methods, fn.Name()) {
		return "", false
	}
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
