package value

import (
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/summary"
)

// reader is a step that reads a field or a package variable.
type reader struct {
	fn   summary.ID
	step *dataflow.Step
}

// publish notes that an object which others have holds the value: it may be any of
// the type of the first field of the path. So may be those on the way that have lists,
// maps or channels, by which values pass from one to another.
func (f *follower) publish(i int, x fact, h hop) {
	p := x.path.inElements()
	for first := true; p.is(field); first = false {
		next := p.tail()
		if owner := p.head().owner; owner != "" && (first || next.is(element)) {
			f.add(fact{exe: x.exe, fn: summary.None, reg: dataflow.None, name: owner, path: p}, i, h)
		}
		p = next.inElements()
	}
}

// remember follows a fact of memory to the steps that read it.
func (f *follower) remember(i int) {
	x := f.facts[i].fact
	r := f.route[x.exe]
	if r == nil {
		return
	}
	r.index()
	for _, rd := range r.readers[x.name] {
		y := fact{exe: x.exe, fn: rd.fn, reg: rd.step.To, path: x.path}
		h := at(y, rd.step, "")
		if rd.step.Op == dataflow.Field {
			b := x.exe.Body(rd.fn)
			p, ok := into(x.path, rd.step)
			if !ok || f.uses(b).rootOf(b, rd.step.Args[0]) != outside {
				continue
			}
			y.path = p
			h.place = fieldName(rd.step)
		}
		f.add(y, i, h)
	}
}
