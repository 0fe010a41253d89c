package story

import (
	"cmp"
	"slices"
)

// The main chain. Of two answers of one call the better one is that which is called on
// something that the command makes itself, on ways that are not left to others. Else,
// and of any two crossings of a phase, it is that which, in this order,
//
//  1. is ruled out by no flag, and not left to others: handed on, deferred, in a
//     goroutine for which nobody waits;
//  2. surely runs;
//  3. does more than start a program that the phase surely asks for something;
//  4. comes to more processes surely;
//  5. stands under fewer open conditions, and of those under fewer that ask for
//     something: a text, a switch, an object;
//  6. comes to more programs, whatever is open on the way, but for what only answers,
//     and then, unless both are answers of one call, to more processes;
//  7. is made by a call that carries more: a request for a thing and what is to be
//     done with it rather than a look at the thing;
//  8. is one of fewer answers;
//  9. asks for more than an answer, and then the one whose own way is the surer one;
// 10. comes last, or, of several answers of one call, first.
//
// What all ways come to counts as sure only where nothing on one of them comes as far:
// else it is what they begin with.
//
// Of two effects, but for what a server makes once and keeps, it is the one that counts
// rather than one that makes room for it, which must be sure, then the surest, then the
// last. A phase is told for its best crossing, unless that is ruled out, and it has an
// effect that is not, or is a guess, a choice among several answers under an open
// condition, and it surely has an effect. A phase that was asked for an answer alone is
// told for an effect only if that is sure, and for no crossing that more must be asked
// for.

// situation is a phase that is entered after others.
type situation struct {
	entry     int
	programs  numbers // so far
	processes numbers
	asked     bool // for an answer alone
}

// enter is the situation behind a crossing to a visit.
func (s situation) enter(v *Visit, entry int, asks bool) situation {
	return situation{entry, s.programs.with(v.Program), s.processes.with(v.Process), asks}
}

// closed reports whether a chain does not go on by a crossing: it does not come back
// to a process, nor to a program that it has left.
func (s situation) closed(c *Call, from, to *Visit) bool {
	if c.Work && to.Program == from.Program {
		return false
	}
	return s.processes.has(to.Process) || s.programs.has(to.Program) && to.Program != from.Program
}

// value is what the best crossing of a phase comes to.
type value struct {
	best      *Moment
	sure      int // processes that it comes to surely
	programs  int // that it comes to
	processes int // that it comes to
}

// candidate is a crossing as the comparison sees it.
type candidate struct {
	*Moment
	value
	only    Terms // under which it counts: of what all ways come to and begin with, those of its own way
	made    bool  // it is called on what the command itself makes
	readies bool  // starts what the phase surely asks for something
	carries int
	asks    bool
}

// compare orders candidates; instead says that they are answers of one call.
func (a candidate) compare(b candidate, instead bool) int {
	processes, made := cmp.Compare(b.processes, a.processes), 0
	if instead {
		processes, made = 0, cmp.Compare(rank(b.made), rank(a.made))
	}
	return cmp.Or(
		made,
		cmp.Compare(rank(a.only.Off), rank(b.only.Off)),
		cmp.Compare(min(a.only.Loose, 1), min(b.only.Loose, 1)),
		cmp.Compare(min(a.only.Open, 1), min(b.only.Open, 1)),
		cmp.Compare(rank(a.readies), rank(b.readies)),
		cmp.Compare(b.sure, a.sure),
		cmp.Compare(a.only.Loose, b.only.Loose),
		cmp.Compare(a.only.Open, b.only.Open),
		cmp.Compare(a.only.Special, b.only.Special),
		cmp.Compare(b.programs, a.programs),
		processes,
		cmp.Compare(b.carries, a.carries),
		cmp.Compare(a.only.Choices, b.only.Choices),
		cmp.Compare(rank(a.asks), rank(b.asks)),
		a.way.compare(b.way),
	)
}

// chain follows the best moments from the command on.
func (t *teller) chain(s *Story) {
	at := situation{}.enter(&t.graph.Visits[0], 0, false)
	on := map[int]bool{}
	for {
		on[at.entry] = true
		p := t.phase(at.entry)
		m, effect := t.value(at, on).best, t.effect(p, at.asked)
		told := &s.Phases[t.places[at.entry]]
		if m == nil || effect != nil && (m.Off || m.Open > 0 && m.Choices > 0 && effect.Sure() && t.counts(effect)) {
			told.Main = p.place(effect)
			s.Chain = append(s.Chain, t.end(p, effect, at.asked)...)
			return
		}
		told.Main = p.place(m)
		c := &t.graph.Visits[m.Visit].Calls[m.Call]
		s.Chain = append(append(s.Chain, p.way(m.Visit)...), Step{m.Visit, m.Call})
		at = at.enter(&t.graph.Visits[c.To], c.To, c.Asks)
	}
}

// value finds the best crossing of a phase; on is the entries of the phases that the
// chain is in.
func (t *teller) value(at situation, on map[int]bool) value {
	if v, ok := t.values[at]; ok {
		return v
	}
	p := t.phase(at.entry)
	v := value{}
	if best := p.choose(t.candidates(p, at, on)); best != nil {
		v = value{best.Moment, best.sure, best.programs, best.processes}
	}
	t.values[at] = v
	return v
}

// candidates is the crossings of a phase by which a chain may go on.
func (t *teller) candidates(p *phase, at situation, on map[int]bool) []candidate {
	var out []candidate
	for i := range p.moments {
		m := &p.moments[i]
		if m.Call == None || m.Error || m.Handed {
			continue
		}
		from := &t.graph.Visits[m.Visit]
		c := &from.Calls[m.Call]
		to := &t.graph.Visits[c.To]
		if on[c.To] || at.closed(c, from, to) || at.asked && m.Special > 0 {
			continue
		}
		on[c.To] = true
		next := t.value(at.enter(to, c.To, c.Asks), on)
		delete(on, c.To)
		x := candidate{Moment: m, only: m.Terms, made: t.made(p, m), readies: c.Starts && p.asks(to.Program), carries: p.carries(m), asks: c.Asks}
		if m.Loose == 0 && !m.Off {
			x.processes = 1
			if !c.Asks {
				x.programs, x.processes = next.programs, 1+next.processes
			}
			if !at.programs.has(to.Program) {
				x.programs++
			}
		}
		if m.Sure() {
			x.sure = 1 + next.sure
		}
		out = append(out, x)
	}
	for i := range out {
		x := &out[i]
		if x.all && slices.ContainsFunc(out, func(y candidate) bool { return y.Open > 0 && y.programs >= x.programs }) {
			x.only, x.sure = x.way, 0
		}
	}
	return out
}

// choose is the best of some crossings, nil for none.
func (p *phase) choose(all []candidate) *candidate {
	var best *candidate
	for i := range all {
		x := &all[i]
		if best == nil {
			best = x
			continue
		}
		instead := p.instead(x.Moment, best.Moment)
		if better := x.compare(*best, instead); better < 0 || better == 0 && !instead {
			best = x
		}
	}
	return best
}

// effect is the best effect of a phase, nil for none.
func (t *teller) effect(p *phase, asked bool) *Moment {
	var best *Moment
	for i := range p.moments {
		m := &p.moments[i]
		if m.Effect == None || m.Error || m.Off || m.Handed || m.Once && t.serves(p.entry) || (asked || !t.counts(m)) && (!m.Sure() || m.Choices > 0) {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(rank(t.counts(best)), rank(t.counts(m))), m.Terms.compare(best.Terms)) <= 0 {
			best = m
		}
	}
	return best
}

// serves reports whether a phase answers a request: its process was there before, and
// has most likely made already what it makes once.
func (t *teller) serves(entry int) bool {
	if t.served == nil {
		t.served = map[int]bool{}
		for i := range t.graph.Visits {
			for _, c := range t.graph.Visits[i].Calls {
				if c.Leaves && !c.Starts {
					t.served[c.To] = true
				}
			}
		}
	}
	return t.served[entry]
}

// counts reports whether an effect does more than make room for others.
func (t *teller) counts(m *Moment) bool { return !t.graph.Visits[m.Visit].Effects[m.Effect].Prepares }

// end is the steps to what a phase is told for that crosses into no other process:
// where control surely leaves the system, its effect, or where it makes its answer.
func (t *teller) end(p *phase, effect *Moment, asked bool) []Step {
	leaves := None
	for v := range p.best {
		if a := p.best[v].Terms; !t.graph.Visits[v].Ends || a.Error || a.Handed || asked && !a.Sure() {
			continue
		}
		if leaves == None || cmp.Or(p.best[v].compare(p.best[leaves]), cmp.Compare(v, leaves)) < 0 {
			leaves = v
		}
	}
	switch {
	case leaves != None && (effect == nil || p.best[leaves].Terms.compare(effect.Terms) < 0):
		return p.way(leaves)
	case effect != nil:
		return p.way(effect.Visit)
	}
	return t.answer(p)
}

// answer is the steps to where a phase makes its answer: in each function the last
// call behind which as many of the program's own functions run as behind any other,
// where nobody asks for anything special.
func (t *teller) answer(p *phase) []Step {
	var out []Step
	on := map[int]bool{}
	for at := p.entry; ; {
		on[at] = true
		best, most := None, 0
		for _, i := range p.order(at) {
			c := &t.graph.Visits[at].Calls[i]
			if !c.goesOn() || on[c.To] {
				continue
			}
			if n := t.behind(c.To); n > 0 && n >= most {
				best, most = i, n
			}
		}
		if best == None {
			return out
		}
		out = append(out, Step{at, best})
		at = t.graph.Visits[at].Calls[best].To
	}
}

// behind is how many functions of the sources under study run when a visit is made,
// itself included, where nobody asks for anything special.
func (t *teller) behind(visit int) int {
	seen := map[int]bool{visit: true}
	n := 0
	for work := []int{visit}; len(work) > 0; {
		v := &t.graph.Visits[work[len(work)-1]]
		work = work[:len(work)-1]
		if !v.Library {
			n++
		}
		for i := range v.Calls {
			if c := &v.Calls[i]; c.goesOn() && !seen[c.To] {
				seen[c.To] = true
				work = append(work, c.To)
			}
		}
	}
	return n
}

// numbers is a set of programs, or of processes.
type numbers [4]uint64

// mostNumbers is how many are told apart; the others count as one. More are on no
// route that was met.
const mostNumbers = 256

func (s numbers) has(n int) bool {
	n = min(n, mostNumbers-1)
	return s[n/64]&(1<<(n%64)) != 0
}

func (s numbers) with(n int) numbers {
	n = min(n, mostNumbers-1)
	s[n/64] |= 1 << (n % 64)
	return s
}
