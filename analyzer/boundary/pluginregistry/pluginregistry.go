// Package pluginregistry finds what a lookup in a registry of constructors gives,
// where constants decide it.
//
// Words. A registration is a struct that files a constructor under constant
// keys. A lookup is a call that names such keys.
//
//  1. a function of the registration's package, or one that takes a key of its
//     type, gives what the constructors return that are filed under the constants
//     it is called with; it runs them
//
// The value engine is told of the lookups, so that what is called on what they
// give is decided there. Maps, lists and contexts need no finder: the engine
// follows them itself.
package pluginregistry

import (
	"context"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
)

// Finder finds lookups.
var Finder = boundary.Finder{Name: "pluginregistry", Idioms: []int{29, 30, 31, 36, 41, 46}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, registries: map[*types.TypeName]*registry{}}
	var calls []index.Call
	for _, fn := range u.Program.Funcs {
		if u.Program.Std(fn) {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				switch instr := instr.(type) {
				case *ssa.Alloc:
					f.registration(instr)
				case ssa.CallInstruction:
					calls = append(calls, index.Call{In: fn, Instr: instr})
				}
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
	if len(f.sortedRegistries()) == 0 {
		return
	}
	lookups := map[*ssa.Function]*lookup{}
	for _, call := range calls {
		static := call.Instr.Common().StaticCallee()
		if static == nil {
			continue
		}
		l, known := lookups[static]
		if !known {
			l = f.lookup(static)
			lookups[static] = l
			if l != nil {
				u.Eval.Lookup(static, l.model())
			}
		}
		if l != nil && u.Program.User(call.In) && !u.Index.Dead(call.In) {
			f.plugin(call, l)
		}
	}
}

type finder struct {
	*boundary.Unit
	out        *boundary.Findings
	registries map[*types.TypeName]*registry
	sorted     []*registry
}

// model is the lookup as the value engine asks it.
func (l *lookup) model() eval.Lookup {
	m := eval.Lookup{}
	for i := range l.keys {
		m.Keys = append(m.Keys, i)
	}
	m.Makers = func(words map[int]string) []eval.Maker {
		var out []eval.Maker
		for _, en := range l.filed(words) {
			out = append(out, eval.Maker{Func: en.maker, In: en.at.Parent()})
		}
		return out
	}
	return m
}
