package value

import (
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/summary"
)

// process makes what follows from a fact at once.
func (f *follower) process(i int) {
	x := f.facts[i].fact
	if x.fn == summary.None {
		f.remember(i)
		return
	}
	b := x.exe.Body(x.fn)
	if b == nil {
		return
	}
	u := f.uses(b)
	for _, at := range u.of[x.reg] {
		f.forward(i, x, &b.Steps[at])
	}
	if x.how == written {
		f.back(i, x, b, u)
	}
}

// at is the hop of a step.
func at(x fact, s *dataflow.Step, did string) hop {
	return hop{exe: x.exe, fn: x.fn, line: int(s.Line), did: did, quiet: true}
}

// to is x in another register that is made of its own.
func (x fact) to(r dataflow.Reg, p path) fact {
	x.reg, x.path = r, p
	x.how = min(x.how, changed)
	return x
}

// fresh is x in another register, which nothing else is a part of.
func (x fact) fresh(r dataflow.Reg, p path) fact {
	x.reg, x.path, x.how = r, p, held
	return x
}

// written is x written into another register.
func (x fact) written(r dataflow.Reg, p path) fact {
	x.reg, x.path, x.how = r, p, written
	return x
}

// forward follows one use of the register of a fact.
func (f *follower) forward(i int, x fact, s *dataflow.Step) {
	switch s.Op {
	case dataflow.Copy:
		f.copied(i, x, s)
	case dataflow.Load:
		f.add(x.to(s.To, x.path), i, at(x, s, ""))
	case dataflow.Convert:
		did := ""
		if x.path.empty() {
			did = "converts " + s.Name
		}
		y := x.fresh(s.To, f.renamed(x.path, s))
		if s.Ref {
			y.how = min(x.how, changed)
		}
		f.add(y, i, at(x, s, did))
	case dataflow.Compute:
		if x.path.empty() || x.path.is(encoded) {
			f.compute(i, x, s)
		}
	case dataflow.Field:
		if p, ok := into(x.path, s); ok {
			h := at(x, s, "")
			h.place = fieldName(s)
			f.add(x.to(s.To, p), i, h)
		}
	case dataflow.Elem:
		if p, ok := intoElement(x.path, s.Name); ok {
			f.add(x.to(s.To, p), i, at(x, s, ""))
		}
	case dataflow.Assert:
		if x.path.is(field) && s.Type != "" && x.path.head().owner != "" && x.path.head().owner != s.Type && !x.path.head().embedded {
			return // another type
		}
		f.add(x.to(s.To, x.path), i, at(x, s, ""))
	case dataflow.Store:
		f.store(i, x, s)
	case dataflow.Insert:
		if s.Args[1] == x.reg {
			f.add(x.written(s.Args[0], f.paths.with(elem{kind: element, name: s.Name}, x.path)), i, f.stored(x, s))
		}
	case dataflow.Closure:
		f.capture(i, x, s)
	case dataflow.Call:
		f.call(i, x, s)
	case dataflow.Return:
		for k, r := range s.Args {
			if r == x.reg {
				f.leave(i, x, slot{result: true, at: k}, int(s.Line))
			}
		}
	}
}

// copied follows a value into another register that is the same, or a constant in its
// place.
func (f *follower) copied(i int, x fact, s *dataflow.Step) {
	p, ok := f.paths.moved(x.path, s)
	if !ok {
		return
	}
	did := ""
	if s.Else != "" && p.empty() {
		did = s.Else + " in its place where a condition says so"
	}
	f.add(x.to(s.To, f.renamed(p, s)), i, at(x, s, did))
}

// compute makes a value from the one that is followed. A flag that it is joined to
// stays with it.
func (f *follower) compute(i int, x fact, s *dataflow.Step) {
	p := x.path
	if flag, ok := strings.CutSuffix(s.Name, "= +"); ok && strings.HasPrefix(flag, "-") {
		p = f.paths.with(elem{kind: element, name: flag}, p)
	}
	did := ""
	if x.path.empty() {
		did = "computes " + s.Name
	}
	f.add(x.fresh(s.To, p), i, at(x, s, did))
}

// renamed is a path in a value that was converted to another struct type.
func (f *follower) renamed(p path, s *dataflow.Step) path {
	if s.Type == "" || !p.is(field) || p.head().owner == s.Type {
		return p
	}
	h := p.head()
	h.owner = s.Type
	return f.paths.with(h, p.tail())
}

// store writes the value into an address.
func (f *follower) store(i int, x fact, s *dataflow.Step) {
	if s.Args[1] == x.reg {
		f.add(x.written(s.Args[0], x.path), i, f.stored(x, s))
	}
	if s.Args[0] == x.reg && x.how > held && (s.Ref && !x.path.empty() || x.path.linked()) {
		// What lies at the address is itself an address, or has one.
		f.add(x.written(s.Args[1], x.path), i, at(x, s, ""))
	}
}

// stored is the hop of a store, with the field that is stored into.
func (f *follower) stored(x fact, s *dataflow.Step) hop {
	h := at(x, s, "")
	h.quiet = false
	b := x.exe.Body(x.fn)
	u := f.uses(b)
	if a := s.Args[0]; a >= 0 && u.def[a] >= 0 {
		if d := &b.Steps[u.def[a]]; d.Op == dataflow.Field {
			h.place = fieldName(d)
		}
	}
	return h
}

// fieldName is a field with its type as people write it: "container.Resources.Memory".
func fieldName(s *dataflow.Step) string {
	if s.Type == "" {
		return s.Name
	}
	return s.Type[strings.LastIndexByte(s.Type, '/')+1:] + "." + s.Name
}

// back follows what was written into a register to the object that it is a part of.
func (f *follower) back(i int, x fact, b *dataflow.Body, u *uses) {
	if int(x.reg) < len(b.Vars) {
		f.leave(i, x, slot{at: int(x.reg)}, 0)
		return
	}
	d := u.def[x.reg]
	if d < 0 {
		return // a variable of the function
	}
	s := &b.Steps[d]
	h := at(x, s, "")
	switch s.Op {
	case dataflow.Field:
		h.place = fieldName(s)
		f.add(x.written(s.Args[0], f.paths.with(elem{kind: field, name: s.Name, owner: s.Type, tag: s.Tag, embedded: s.Embedded, link: s.Link}, x.path)), i, h)
	case dataflow.Elem:
		if s.Ref || b.Steps[d].Op == dataflow.Elem {
			f.add(x.written(s.Args[0], f.paths.with(elem{kind: element, name: s.Name}, x.path)), i, h)
		}
	case dataflow.Copy, dataflow.Load, dataflow.Assert, dataflow.Convert:
		if s.Ref {
			for _, a := range s.Args {
				if a >= 0 {
					f.add(x.written(a, x.path), i, h)
				}
			}
		}
	case dataflow.Global:
		if standard(s.Name) {
			return // io.Discard, os.Stdout
		}
		f.add(fact{exe: x.exe, fn: summary.None, reg: dataflow.None, name: s.Name, path: x.path}, i, h)
	case dataflow.Call:
		f.result(i, x, s)
	}
}

// standard reports whether a symbol is one of the standard library.
func standard(symbol string) bool {
	path := models.Split(symbol).Path
	first, _, _ := strings.Cut(path, "/")
	return path != "" && path != "main" && !strings.Contains(first, ".")
}
