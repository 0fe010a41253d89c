package value

import (
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/summary"
)

// library follows argument k of a call without a body.
func (f *follower) library(i int, x fact, s *dataflow.Step, k int) {
	if f.effect(i, x, s, k) {
		return // what such a call gives is how it went
	}
	passes := f.models.Passes(s.Name)
	for _, p := range passes {
		if int(p.From) == k && !p.None && !p.File {
			f.pass(i, x, s, p)
		}
	}
	if len(passes) > 0 {
		return
	}
	// What is made of the value itself is made of it; what a library does with an
	// object that has it is its own.
	p := x.path.inElements()
	if !p.empty() && !p.is(encoded) {
		f.lose(i, x, s, "an object that has it is given to ")
		return
	}
	if !slices.ContainsFunc(s.Results, func(r dataflow.Reg) bool { return r != dataflow.None }) && f.models.Effect(s.Name) == nil {
		f.lose(i, x, s, "it is given to ")
		return
	}
	did := ""
	if p.empty() {
		did = shortSymbol(s.Name)
	}
	for _, r := range s.Results {
		f.add(x.fresh(r, p), i, at(x, s, did))
	}
}

// lose notes that the value goes where it is not followed. The standard library keeps
// nothing that is not known.
func (f *follower) lose(i int, x fact, s *dataflow.Step, how string) {
	if x.exe.Func(x.fn).Library || standard(s.Name) {
		return
	}
	if s.Callee >= 0 && int(s.Callee) < x.exe.Body(x.fn).Params() && x.how > held {
		return // it was given to be filled in
	}
	what := shortSymbol(s.Name)
	if what == "" {
		what = "a function that is not known"
	}
	f.losses = append(f.losses, loss{fact: i, hop: byCall(at(x, s, ""), s), why: how + what + ", which is not followed"})
}

// pass follows what a model says of a call.
func (f *follower) pass(i int, x fact, s *dataflow.Step, m *models.Pass) {
	p, wire := x.path, ""
	h := at(x, s, shortSymbol(s.Name))
	h.quiet = false
	if m.Says != "" {
		h.did += ", " + m.Says
	}
	key := ""
	if m.Key != nil && int(*m.Key) < len(s.Texts) {
		key = s.Texts[*m.Key]
	}
	if m.Of != "" {
		p = p.inElements()
		switch {
		case p.is(encoded) && p.head().form == m.Of:
			p, wire = p.tail(), p.document()
		case !p.empty():
			return
		}
	}
	if m.Key != nil && m.To == nil {
		var ok bool
		if p, ok = intoElement(p, key); !ok {
			return
		}
		wire = key
	}
	if m.As != "" {
		var ok bool
		if p.dropped(m.As) {
			h.did += ", left out when it is empty"
		}
		if p, ok = f.paths.encode(m.As, p); !ok {
			return
		}
		wire = p.document()
	}
	if m.Of == "" && m.As == "" && m.Field == "" && m.Key == nil {
		if q := p.inElements(); q.empty() || q.is(encoded) {
			p = q
		}
	}
	if m.Field != "" {
		p = f.paths.with(elem{kind: field, name: m.Field}, p)
	}
	h.wire = wire
	if m.To == nil {
		if len(s.Results) > 0 {
			f.add(x.fresh(s.Results[0], p), i, h)
		}
		return
	}
	if int(*m.To) >= len(s.Args) {
		return
	}
	if m.Key != nil {
		p = f.paths.with(elem{kind: element, name: key}, p)
		h.wire = key
	}
	f.add(x.written(s.Args[*m.To], p), i, h)
}

// result follows what was written into what a call gave: to what the callee made it
// of, and to the file that it opened.
func (f *follower) result(i int, x fact, s *dataflow.Step) {
	if f.cross(i, x, s) {
		return
	}
	r := f.route[x.exe]
	if r == nil {
		return
	}
	callees := r.callees(x.fn, s)
	for _, to := range callees {
		f.intoResult(i, x, s, to)
	}
	if callees != nil {
		return
	}
	for _, p := range f.models.Passes(s.Name) {
		if p.Same && int(p.From) < len(s.Args) {
			f.add(x.written(s.Args[p.From], x.path), i, at(x, s, ""))
		}
	}
	if p := x.path; !p.empty() && !p.is(encoded) {
		f.publish(i, x, at(x, s, ""))
		return
	}
	if e := f.models.Effect(s.Name); e != nil && e.Does == models.Writes || s.Type == "os.File" {
		f.ends = append(f.ends, end{fact: i, hop: byCall(at(x, s, ""), s), what: shortSymbol(s.Name), symbol: s.Name})
	}
}

// intoResult enters a callee by what it returned.
func (f *follower) intoResult(i int, x fact, s *dataflow.Step, to summary.ID) {
	b := x.exe.Body(to)
	if b == nil {
		return
	}
	c := caller{fn: x.fn, entry: x.entry, step: s, shift: b.Params() - len(s.Args)}
	if c.shift < 0 || c.shift > 1 {
		return
	}
	for k, r := range s.Results {
		if r != x.reg {
			continue
		}
		key := entryKey{x.exe, to, -1 - k, x.path}
		n := f.entry(i, key, c, byCall(at(x, s, ""), s))
		for at := range b.Steps {
			if ret := &b.Steps[at]; ret.Op == dataflow.Return && k < len(ret.Args) {
				y := fact{exe: x.exe, fn: to, entry: n}
				f.add(y.written(ret.Args[k], x.path), i, byCall(hop{exe: x.exe, fn: x.fn, line: int(s.Line)}, s))
			}
		}
	}
}

// byCall is a hop with the constant arguments of its call.
func byCall(h hop, s *dataflow.Step) hop {
	h.texts, h.quiet = s.Texts, false
	return h
}

// effect notes that a call writes the value. It reports whether it does.
func (f *follower) effect(i int, x fact, s *dataflow.Step, k int) bool {
	p := x.path.inElements()
	if !p.empty() && !p.is(encoded) {
		return false
	}
	e := f.models.Effect(s.Name)
	if e == nil || e.Does != models.Writes && e.Does != models.Sends {
		return false
	}
	if k == 0 && strings.HasPrefix(s.Name, "(") {
		return false // what is written to
	}
	h := byCall(at(x, s, ""), s)
	named, ok := f.fileOf(s)
	f.ends = append(f.ends, end{fact: i, hop: h, what: shortSymbol(s.Name), symbol: s.Name, names: ok && named == k})
	return true
}

// shortSymbol is a symbol with the last element of its path alone: "strconv.Itoa",
// "(*bytes.Buffer).Write".
func shortSymbol(symbol string) string {
	i := strings.LastIndexByte(symbol, '/') + 1
	switch {
	case i > 0 && strings.HasPrefix(symbol, "(*"):
		return "(*" + symbol[i:]
	case i > 0 && strings.HasPrefix(symbol, "("):
		return "(" + symbol[i:]
	}
	return symbol[i:]
}
