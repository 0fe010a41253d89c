package flow

import (
	"slices"
	"strings"
)

// Tale is a moment as a person tells it: with what comes of it, inside.
type Tale struct {
	Moment
	Program string
	Enters  string // of a crossing: the program that is entered
	Inner   []Tale
	Again   bool // what comes of it was told before
}

// mostEffects is how many effects of a phase are told, the last ones: of a program
// that prepares much, what it comes to.
const mostEffects = 3

// Tales is what happens, in order: what surely runs, what runs under an open
// condition unless that asks for something special, and of the command itself all that
// its conditions may lead to. What is left to others, what flags rule out and what only
// an error leads to is told where the spine passes it.
func (r *Route) Tales() []Tale {
	if len(r.Phases) == 0 {
		return nil
	}
	return r.tales(0, map[int]bool{0: true})
}

// tellable reports whether a crossing of a phase is told though the spine does not
// pass it.
func tellable(m Moment, phase int) bool {
	return m.When == Always || m.When == Or || m.When == If && (phase == 0 || !m.Special)
}

func (r *Route) tales(phase int, told map[int]bool) []Tale {
	p := r.Phases[phase]
	var out []Tale
	effects := 0
	for _, m := range slices.Backward(p.Moments) {
		if m.To == 0 {
			if r.repeats(out, m) {
				continue
			}
			if effects++; effects > mostEffects && !m.Main {
				continue
			}
		} else if !m.Main && !tellable(m, phase) {
			continue
		}
		out = append(out, Tale{Moment: m, Program: p.Component})
	}
	slices.Reverse(out)
	out = answersOnce(out)
	for i := range out {
		t := &out[i]
		if t.To == 0 {
			continue
		}
		t.Enters = r.Node[t.To].Component
		if t.Phase == nil {
			continue
		}
		if told[*t.Phase] {
			t.Again = len(r.Phases[*t.Phase].Moments) > 0
			continue
		}
		told[*t.Phase] = true
		t.Inner = r.tales(*t.Phase, told)
	}
	return out
}

// answersOnce leaves out the answers of a call that come to what another one of them
// comes to.
func answersOnce(tales []Tale) []Tale {
	entered := map[int]bool{}
	return slices.DeleteFunc(tales, func(t Tale) bool {
		if t.Phase == nil {
			return false
		}
		again := entered[*t.Phase] && t.When == Or && !t.Main
		entered[*t.Phase] = true
		return again
	})
}

// repeats reports whether an effect is one that the same function has again.
func (r *Route) repeats(told []Tale, m Moment) bool {
	return slices.ContainsFunc(told, func(t Tale) bool {
		return t.To == 0 && t.Effect == m.Effect && t.At() == m.At()
	})
}

// At is the node in which a moment stands.
func (m Moment) At() int { return m.Way[len(m.Way)-1] }

// Does is what an effect does, as its function's body says it; the name of what is
// called where that does not tell.
func (r *Route) Does(m Moment) Effect {
	for _, e := range r.Node[m.At()].Does {
		if e.Line == m.Line {
			return e
		}
	}
	return Effect{Line: m.Line, Verb: "calls", What: m.Effect}
}

// Condition is the last condition that the calls on the way of a moment stand under,
// as the source says it, empty where none is known.
func (r *Route) Condition(m Moment) string {
	out := ""
	for i, from := range m.Way {
		to := m.To
		if i+1 < len(m.Way) {
			to = m.Way[i+1]
		}
		j := slices.IndexFunc(r.Out[from], func(e Edge) bool { return e.To == to })
		if j < 0 {
			continue
		}
		for _, c := range r.Out[from][j].Under {
			if c != "for" && !strings.HasPrefix(c, "for ") {
				out = c
			}
		}
	}
	return out
}
