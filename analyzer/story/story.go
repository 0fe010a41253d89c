// Package story tells what a command does, in order, from the graph of all that it
// can reach.
//
// Words. A visit is a function in one calling context. A phase is what a program
// does from where it is entered until it has answered: the run of a command line, or
// a request that is served. A moment is what a phase is told for: a crossing into
// another process, or an effect that lasts. The way to a moment is the calls from
// the visit in which its phase begins. The main chain is the moment of each phase
// that a person would tell if it could be only one.
//
// Algorithm, a file each:
//
//	graph   the route graph, and under which terms a call runs
//	phase   the best way to each visit of a phase, its moments in order
//	surely  what is crossed to whichever way a run goes
//	made    what the command makes on its way
//	chain   which moment is the main one
//
// One comparison decides at each place, and it has no weights. Of two ways to the same
// visit the better one is that which is no error's, which no flag rules out and which
// is not merely handed on; then that on which fewer functions are deferred or left to
// others; then that under fewer open conditions; then that with fewer choices among
// several callees; then the shorter one. Of two moments the better one is told in
// chain.go.
//
// What it cannot see: how often a loop runs, and the order of what runs at the same
// time.
package story

// Story is what was told of a graph.
type Story struct {
	Phases []Phase // the first is that of the command; each is told once
	Chain  []Step  // of the main chain
}

// Step is a call on the main chain.
type Step struct {
	Visit int // the caller
	Call  int // place in the caller's Calls
}

// Phase is what a program does once it is entered.
type Phase struct {
	Entry   int // visit
	Moments []Moment
	Main    int // place in Moments of the one on the main chain, None where it passes none
}

// None stands for no moment, no phase and no call.
const None = -1

// Moment is a crossing or an effect of a phase.
type Moment struct {
	Way    []Step // from the entry to the visit in which it stands
	Visit  int    // that visit
	Call   int    // of a crossing: place in the visit's Calls; None for an effect
	Effect int    // of an effect: place in the visit's Effects; None for a crossing
	Phase  int    // that a crossing enters; None where that is not followed
	Terms         // under which it is come to: those of its way and its own

	all bool  // open on its way, and all ways come to one like it
	way Terms // of its way alone
}

// Tell tells the story of g.
func Tell(g *Graph) *Story {
	t := &teller{graph: g, told: map[int]*phase{}, places: map[int]int{0: 0}, values: map[situation]value{}, crossed: map[int]map[int]bool{}}
	s := &Story{}
	if len(g.Visits) == 0 {
		return s
	}
	t.phases(s)
	t.chain(s)
	return s
}

// teller tells one graph.
type teller struct {
	graph  *Graph
	told   map[int]*phase // by the visit of their entry
	places map[int]int    // in Story.Phases, by the same
	values map[situation]value

	crossed map[int]map[int]bool // what surely found
	runs    map[int]bool         // what running found
	served  map[int]bool         // visits that requests enter, nil until serves was asked
}

// phases tells each phase that the command comes to, in the order in which it does.
func (t *teller) phases(s *Story) {
	entries := []int{0}
	for i := 0; i < len(entries); i++ {
		p := t.phase(entries[i])
		out := Phase{Entry: entries[i], Main: None}
		for _, m := range p.moments {
			said := m
			said.Way, said.Phase = p.way(m.Visit), None
			if said.Call != None && !said.Error {
				to := t.graph.Visits[said.Visit].Calls[said.Call].To
				if _, ok := t.places[to]; !ok {
					t.places[to] = len(entries)
					entries = append(entries, to)
				}
				said.Phase = t.places[to]
			}
			out.Moments = append(out.Moments, said)
		}
		s.Phases = append(s.Phases, out)
	}
}
