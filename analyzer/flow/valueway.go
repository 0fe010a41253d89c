package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Title is the question as a person asks it.
func (v *Value) Title() string {
	words := append([]string{v.Program}, v.Command...)
	switch {
	case v.Into != "":
		words = append(words, "into", v.Into)
	case v.Arg > 0:
		words = append(words, fmt.Sprintf("argument %d", v.Arg))
	case v.Flag != "":
		words = append(words, "--"+v.Flag)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// Says is the source as a person types it.
func (s ValueSource) Says() string {
	words := append([]string{s.Program}, s.Command...)
	switch s.Kind {
	case FlagSource:
		words = append(words, "--"+s.Name)
	case ArgumentSource:
		words = append(words, "ARGUMENT")
	case ConstantSource:
		return s.Name
	}
	return strings.Join(words, " ")
}

// Way is the hops to one, the first of them first.
func (v *Value) Way(last int) []ValueHop {
	var out []ValueHop
	for i := last; i >= 0; i = v.Hops[i].After {
		out = append(out, v.Hops[i])
	}
	slices.Reverse(out)
	return out
}

// ValueStretch is the part of a value's way in one program.
type ValueStretch struct {
	Component string
	Holders   []ValueHolder
	Leaves    *ValueHop // how the value leaves the program, nil where it ends there
}

// ValueHolder is what holds a value for a part of its way.
type ValueHolder struct {
	Type  string // "container.Resources", "" for a variable
	Field string
	Hops  []ValueHop // while it is there
}

// Wire is the names that the value has in documents while it is there.
func (h ValueHolder) Wire() []string {
	return distinct(h.Hops, func(x ValueHop) string { return x.Wire })
}

// Did is what is done to the value meanwhile.
func (h ValueHolder) Did() []string {
	return distinct(h.Hops, func(x ValueHop) string { return x.Did })
}

func distinct(hops []ValueHop, of func(ValueHop) string) []string {
	var out []string
	for _, h := range hops {
		if text := of(h); text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// Stretches is the way to a hop by programs, and there by what holds the value.
func (v *Value) Stretches(last int) []ValueStretch {
	var out []ValueStretch
	for _, h := range v.Way(last) {
		if n := len(out); n == 0 || out[n-1].Leaves != nil || out[n-1].Component != h.Component {
			out = append(out, ValueStretch{Component: h.Component})
		}
		s := &out[len(out)-1]
		typ, field := "", h.Place
		if i := strings.LastIndexByte(h.Place, '.'); i >= 0 {
			typ, field = h.Place[:i], h.Place[i+1:]
		}
		n := len(s.Holders)
		if n == 0 || h.Place != "" && (s.Holders[n-1].Type != typ || s.Holders[n-1].Field != field) {
			s.Holders = append(s.Holders, ValueHolder{Type: typ, Field: field})
		}
		holder := &s.Holders[len(s.Holders)-1]
		holder.Hops = append(holder.Hops, h)
		if h.Kind != Call {
			s.Leaves = &h
		}
	}
	return out
}

// Fork is an end beside the first, and the hop at which the way to it leaves that of
// the first, -1 where they have nothing in common.
type Fork struct {
	End  ValueEnd
	From int
}

// Forks is where the value also goes.
func (v *Value) Forks() []Fork {
	if len(v.Ends) < 2 {
		return nil
	}
	first := map[int]bool{}
	for _, h := range v.Way(v.Ends[0].Hop) {
		first[h.ID] = true
	}
	var out []Fork
	for _, e := range v.Ends[1:] {
		at := e.Hop
		for at >= 0 && !first[at] {
			at = v.Hops[at].After
		}
		out = append(out, Fork{e, at})
	}
	return out
}

// Says is what an end is, as a person says it.
func (e ValueEnd) Says() string {
	if e.What == "" {
		return "given to " + e.Call
	}
	return "written to " + e.What + " by " + e.Call
}

// Furthest is the hop that a view tells the way to: the first end, the way from the
// source that passes most programs, or where the value is seen last; -1 for none.
func (v *Value) Furthest() int {
	if len(v.Ends) > 0 {
		return v.Ends[0].Hop
	}
	most, best := -1, -1
	for _, s := range v.Sources {
		if s.Hop >= 0 && len(s.Through) > most {
			most, best = len(s.Through), s.Hop
		}
	}
	if best >= 0 {
		return best
	}
	if v.Last != nil {
		return *v.Last
	}
	return -1
}

// Component is the program of a name.
func (v *Value) Component(name string) Component {
	i := slices.IndexFunc(v.Components, func(c Component) bool { return c.Name == name })
	if i < 0 {
		return Component{Name: name}
	}
	return v.Components[i]
}

// Programs is the names of the programs that the value passes, in the order of the
// way that is told, then the others.
func (v *Value) Programs() []string {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, h := range v.Way(v.Furthest()) {
		add(h.Component)
	}
	for _, h := range v.Hops {
		add(cmp.Or(h.Component, "?"))
	}
	return out
}
