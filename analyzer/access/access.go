// Package access finds who writes and who reads a field, a package variable or what a
// method keeps.
//
// Words. A target is a field or variable that was asked for. A part of it is a
// register that holds its address, the value it points to, or a field or element of
// either. A function writes a target when it stores into a part of it, or gives a part
// of it to a function that writes what it is given; so who calls the methods that a
// variable's type has is told, not the methods alone.
//
// Phases, a file each:
//
//	access  the registers of each function that are parts of a target
//	change  which parameters a function writes or reads, by fixpoint over calls
//	symbol  the targets that a text names
//
// It does not see writes by reflection, other than what models say of decoders, nor
// through a pointer that was kept elsewhere.
package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/summary"
)

// Kind is what is asked: who writes or who reads.
type Kind uint8

// The kinds.
const (
	Writes Kind = 1 << iota
	Reads
)

// Site is a line at which a function accesses a target.
type Site struct {
	Exe  *summary.Executable
	Func summary.ID // the base
	Line int
	How  string // "sets it", "removes an element", "calls (*T).set"
	Own  bool   // it is a method of the type that a variable has
}

// Find is the places in functions of the sources under study at which targets are
// accessed, in the order of the programs and the source. A function that several
// programs have is found in the first of them.
func Find(exes []*summary.Executable, m *models.Set, targets []Target, k Kind) []Site {
	var out []Site
	seen := map[[2]any]bool{}
	for _, exe := range exes {
		s := newSearch(exe, m, targets)
		for id := range summary.ID(exe.NumFuncs()) {
			f := exe.Func(id)
			if exe.Base(id) != id || f.Library || exe.Body(id) == nil {
				continue
			}
			if key := [2]any{f.Name, f.File}; !seen[key] {
				seen[key] = true
				out = append(out, s.sites(id, k)...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Site) int {
		return cmp.Or(strings.Compare(a.Exe.Func(a.Func).File, b.Exe.Func(b.Func).File), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(out)
}

// Callers is the places in the sources under study at which a function is called, in
// any program, in the order of the source.
func Callers(exes []*summary.Executable, fn *summary.Func) []flow.CallSite {
	out := []flow.CallSite{}
	for _, exe := range exes {
		for id := range summary.ID(exe.NumFuncs()) {
			f := exe.Func(id)
			if f.Library {
				continue
			}
			for _, site := range f.Sites {
				if site.Rule == calls.Passed || !slices.ContainsFunc(site.To, func(to summary.ID) bool {
					callee := exe.Func(to)
					return callee.Name == fn.Name && callee.File == fn.File
				}) {
					continue
				}
				out = append(out, flow.CallSite{Func: f.Name, Site: flow.Site{File: f.File, Line: site.Line}})
			}
		}
	}
	slices.SortFunc(out, func(a, b flow.CallSite) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Func, b.Func))
	})
	return slices.Compact(out)
}

// search looks for targets in one program.
type search struct {
	exe     *summary.Executable
	models  *models.Set
	targets map[Target]bool
	types   map[string]bool // of variables that are targets
	callees map[summary.ID]map[int][]summary.ID
	effects map[*dataflow.Body][]Kind // of each parameter, that of targets last
}

func newSearch(exe *summary.Executable, m *models.Set, targets []Target) *search {
	s := &search{exe: exe, models: m, targets: map[Target]bool{}, types: map[string]bool{}, callees: map[summary.ID]map[int][]summary.ID{}}
	for _, t := range targets {
		s.targets[t] = true
	}
	for b := range exe.Bodies() {
		for i := range b.Steps {
			if st := &b.Steps[i]; st.Op == dataflow.Global && s.isTarget(st) && st.Type != "" {
				s.types[st.Type] = true
			}
		}
	}
	s.settle()
	return s
}

// parts is the registers that are parts of what the marks of others begin.
func (s *search) parts(b *dataflow.Body, begin func(*dataflow.Step) bool, params []dataflow.Reg) []bool {
	part := make([]bool, b.Regs)
	for _, p := range params {
		part[p] = true
	}
	for changed := true; changed; {
		changed = false
		mark := func(r dataflow.Reg) {
			if r >= 0 && !part[r] {
				part[r], changed = true, true
			}
		}
		for i := range b.Steps {
			st := &b.Steps[i]
			if begin != nil && begin(st) {
				mark(st.To)
			}
			switch st.Op {
			case dataflow.Copy, dataflow.Load, dataflow.Assert, dataflow.Field, dataflow.Elem, dataflow.Convert:
				if !st.Ref && st.Op != dataflow.Field {
					continue
				}
				for _, a := range st.Args {
					if a >= 0 && part[a] {
						mark(st.To)
					}
				}
			}
		}
	}
	return part
}

// isTarget reports whether a step gives the address of a target.
func (s *search) isTarget(st *dataflow.Step) bool {
	switch st.Op {
	case dataflow.Field:
		return s.targets[Target{st.Type, st.Name}]
	case dataflow.Global:
		return s.targets[Target{"", st.Name}]
	}
	return false
}

// sites is where a function accesses a target.
func (s *search) sites(id summary.ID, k Kind) []Site {
	b := s.exe.Body(id)
	var self []dataflow.Reg
	if s.exe.Func(id).Type != nil && s.types[s.exe.Func(id).Type.Name] {
		self = []dataflow.Reg{0}
	}
	if self == nil && !slices.ContainsFunc(b.Steps, func(st dataflow.Step) bool { return s.isTarget(&st) }) {
		return nil
	}
	part := s.parts(b, s.isTarget, self)
	var out []Site
	s.each(id, b, part, func(st *dataflow.Step, kind Kind, how string) {
		if kind&k != 0 {
			out = append(out, Site{s.exe, id, int(st.Line), how, self != nil})
		}
	})
	return out
}

// each visits the steps of a function that access parts.
func (s *search) each(id summary.ID, b *dataflow.Body, part []bool, visit func(*dataflow.Step, Kind, string)) {
	is := func(r dataflow.Reg) bool { return r >= 0 && part[r] }
	written := map[dataflow.Reg]bool{} // addresses that are stored to
	used := map[dataflow.Reg]bool{}
	for i := range b.Steps {
		st := &b.Steps[i]
		if st.Op == dataflow.Store {
			written[st.Args[0]] = true
		}
		for _, a := range st.Args {
			used[a] = true
		}
	}
	for i := range b.Steps {
		st := &b.Steps[i]
		switch st.Op {
		case dataflow.Store:
			if is(st.Args[0]) {
				visit(st, Writes, "sets it")
			}
		case dataflow.Insert:
			if is(st.Args[0]) {
				how := "puts an element into it"
				if st.Removes {
					how = "removes an element"
				}
				visit(st, Writes, how)
			}
		case dataflow.Load:
			if is(st.Args[0]) && (!st.Ref || !used[st.To]) { // what no step uses is compared or counted
				visit(st, Reads, "reads it")
			}
		case dataflow.Elem:
			if is(st.Args[0]) && !written[st.To] {
				visit(st, Reads, "reads an element")
			}
		case dataflow.Return:
			if slices.ContainsFunc(st.Args, is) {
				visit(st, Reads, "gives it to its caller")
			}
		case dataflow.Call:
			s.call(id, st, is, visit)
		}
	}
}

// call visits what a call does with parts.
func (s *search) call(id summary.ID, st *dataflow.Step, is func(dataflow.Reg) bool, visit func(*dataflow.Step, Kind, string)) {
	callees := s.called(id, st)
	for k, a := range st.Args {
		if !is(a) {
			continue
		}
		if len(callees) == 0 {
			if kind := s.library(st, k); kind != 0 {
				visit(st, kind, "calls "+shortSymbol(st.Name))
			}
			continue
		}
		for _, to := range callees {
			b := s.exe.Body(to)
			shift := b.Params() - len(st.Args)
			if shift < 0 || shift > 1 {
				continue
			}
			if kind := s.effects[b][k+shift]; kind != 0 {
				visit(st, kind, "calls "+shortName(s.exe.Func(to).Name))
			}
		}
	}
}

// library is what a call without a body does with argument k.
func (s *search) library(st *dataflow.Step, k int) Kind {
	var kind Kind
	for _, p := range s.models.Passes(st.Name) {
		if p.To != nil && int(*p.To) == k {
			kind |= Writes
		}
		if int(p.From) == k && !p.None {
			kind |= Reads
		}
	}
	return kind
}

// called is the functions with bodies that a call can reach.
func (s *search) called(id summary.ID, st *dataflow.Step) []summary.ID {
	at := s.callees[id]
	if at == nil {
		at = map[int][]summary.ID{}
		for i := range s.exe.Func(id).Sites {
			site := &s.exe.Func(id).Sites[i]
			if site.Rule == calls.Passed || site.Kind == flow.Registration || site.Pos == 0 {
				continue
			}
			for _, to := range site.To {
				if s.exe.Body(to) != nil {
					at[site.Pos] = append(at[site.Pos], to)
				}
			}
		}
		s.callees[id] = at
	}
	if to := at[st.Pos]; to != nil {
		return to
	}
	if st.Func >= 0 && s.exe.Body(summary.ID(st.Func)) != nil {
		return []summary.ID{summary.ID(st.Func)}
	}
	return nil
}

// shortName is a function's name with the last element of its path alone.
func shortName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// shortSymbol is the same of a symbol: "(*bytes.Buffer).Write".
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
