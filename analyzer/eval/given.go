package eval

import "golang.org/x/tools/go/ssa"

// given is what a parameter is when reflection calls its function.
type given struct {
	elems []Elem
	list  bool // it is the list of elems
}

// Give says what a parameter can be, of a function that is called by reflection.
func (ev *Evaluator) Give(p *ssa.Parameter, values []Elem) { ev.given[p] = given{elems: values} }

// GiveList is Give for a list, and its elements.
func (ev *Evaluator) GiveList(p *ssa.Parameter, elems []Elem) { ev.given[p] = given{elems, true} }

func (e *evaluation) handed(g given) []Value {
	if g.list {
		return []Value{List{Elems: g.elems}}
	}
	var out []Value
	for _, el := range g.elems {
		out = append(out, e.elem(el)...)
	}
	return distinct(out)
}
