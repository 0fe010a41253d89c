package eval

import "golang.org/x/tools/go/ssa"

// Lookup describes a function whose first result is made by constructors that
// are filed under constants.
type Lookup struct {
	Keys   []int                        // the parameters that name what is asked for
	Makers func(map[int]string) []Maker // those that are filed under these words, by parameter
}

// Maker is an operand that is a constructor, in the function that files it.
type Maker struct {
	Func ssa.Value
	In   *ssa.Function
}

// Lookup tells the engine of a function that looks up what others file.
func (ev *Evaluator) Lookup(fn *ssa.Function, l Lookup) { ev.lookups[fn] = l }

// lookedUp is what a call of a lookup gives, not ok where its words are not
// constants or nothing is filed under them.
func (e *evaluation) lookedUp(l Lookup, call *ssa.Call, fr *Frame) ([]Value, bool) {
	words := map[int]string{}
	for _, i := range l.Keys {
		values := e.aside(Argument(call, i), fr)
		if len(values) != 1 {
			return nil, false
		}
		var ok bool
		if words[i], ok = AsText(values[0]).Const(); !ok {
			return nil, false
		}
	}
	var out []Value
	for _, m := range l.Makers(words) {
		for _, v := range e.eval(m.Func, e.ev.Root(m.In)) {
			f, ok := v.(Func)
			if !ok {
				e.incomplete = true
				continue
			}
			out = append(out, e.firstResult(f)...)
		}
	}
	return distinct(out), len(out) > 0
}

// firstResult is the first result of a function, whoever calls it.
func (e *evaluation) firstResult(f Func) []Value {
	inner := e.ev.enter(f.Fn, nil, nil, &f)
	var out []Value
	for _, r := range returns(f.Fn) {
		if len(r.Results) > 0 && !isNil(r.Results[0]) && !e.running(r.Results[0], inner) {
			out = append(out, e.eval(r.Results[0], inner)...)
		}
	}
	if len(out) == 0 {
		e.incomplete = true
	}
	return out
}
