package eval

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// PathValue describes a function that reads a part of a request's path by the name
// that the pattern of the route has for it: r.PathValue("id"), mux.Vars(r)["id"].
type PathValue struct {
	From int // the argument that has it, the receiver being 0: the request, or a library's context of it
	Key  int // the argument that is the name, -1 where all parts are given, by their names
}

// PathValue tells the engine of a function that reads a part of a path.
func (ev *Evaluator) PathValue(fn *types.Func, v PathValue) { ev.pathValues[fn] = v }

// ReadsPathValue is the argument from which a call reads a part of a request's path
// by its name, nil for other calls.
func (ev *Evaluator) ReadsPathValue(call ssa.CallInstruction) ssa.Value {
	if v, ok := ev.pathValues[CalledFunc(call.Common())]; ok {
		return Argument(call, v.From)
	}
	return nil
}

// CalledFunc is the declared function or method that a call names, nil for others.
func CalledFunc(cc *ssa.CallCommon) *types.Func {
	if cc.IsInvoke() {
		return cc.Method
	}
	if fn := cc.StaticCallee(); fn != nil {
		f, _ := fn.Object().(*types.Func)
		return f
	}
	return nil
}

// pathValue is the part of a path that a call reads, nil where it reads none of a
// request that is known.
func (e *evaluation) pathValue(v *ssa.Call, i int, fr *Frame) []Value {
	if len(e.ev.pathValues) == 0 || i != 0 {
		return nil
	}
	how, ok := e.ev.pathValues[CalledFunc(&v.Call)]
	if !ok {
		return nil
	}
	named := e.namedBy(Argument(v, how.From), fr)
	if named == nil {
		return nil
	}
	if how.Key < 0 {
		return []Value{Outside{T: v.Type(), Named: named}}
	}
	return e.namedParts(named, Argument(v, how.Key), fr)
}

// namedBy is the parts of a path, by their names, that the request v has.
func (e *evaluation) namedBy(v ssa.Value, fr *Frame) map[string]Value {
	values := e.aside(v, fr)
	if len(values) != 1 {
		return nil
	}
	o, ok := values[0].(Outside)
	if !ok {
		return nil
	}
	return o.Named
}

// namedParts is the parts that have one of the names that key can be. What has no
// such name is empty.
func (e *evaluation) namedParts(named map[string]Value, key ssa.Value, fr *Frame) []Value {
	var out []Value
	for _, k := range e.eval(key, fr) {
		name, ok := AsText(k).Const()
		if !ok {
			return nil
		}
		if part := named[name]; part != nil {
			out = append(out, part)
		} else {
			out = append(out, Text{})
		}
	}
	return distinct(out)
}
