// Package coverage lays what ran beside what a trace tells.
//
// A function of a run and a node of a trace are the same if they are in the same
// program, file and line. What daemons did while nothing was asked is taken off
// first: their calls in that time do not count while the command runs.
//
// Phases, a file each:
//
//	coverage what ran, as nodes; the figures
//	missed   what ran and is not told, and where the route loses it
//	phases   what is told to come always
//	spine    the steps of the spine that did not run; the order of crossings
//	effects  what the processes did to the machine, and the last that lasts
package coverage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/record"
)

// Known is what can be asked of each program: its commands and handlers, as
// `callroute commands` lists them.
type Known []flow.Command

// Flow compares a trace with a run of the same command.
func Flow(f *flow.Flow, run *observe.Run, known Known) *flow.Observed {
	c := newCover(f, run, known)
	c.quiet()
	c.collect()
	o := &flow.Observed{Command: run.Command, Exit: run.Exit, Processes: c.processes()}
	c.figures(o)
	o.Nodes = c.ranNodes()
	o.Missed = c.missed()
	c.spine(o)
	c.phases(o)
	c.effects(o)
	return o
}

// place is where a function is declared.
type place struct {
	program, file string
	line          int
}

// called is the first entry of a function in a process.
type called struct {
	*observe.Call
	process int
}

type cover struct {
	flow  *flow.Flow
	run   *observe.Run
	known Known

	component map[string]string   // of a program's import path
	nodes     map[place]int       // node ids
	edges     map[[2]int]bool     // which nodes are joined
	entries   map[string]bool     // program + name of the commands' functions
	handlers  map[string]bool     // program + name of everything that can be asked for
	idle      map[[4]int]bool     // calls while nothing was asked: process, function, caller, line
	first     []map[int]called    // per process: the first call of each function
	calls     []map[int][]called  // per process: all calls of each function, in the order of time
	setup     []int64             // per process: when its command's function was entered
	ran       map[int]called      // function → its first call while the command ran or after
	joined    map[[2]int][]called // function and caller → their calls, one a process
}

func newCover(f *flow.Flow, run *observe.Run, known Known) *cover {
	c := &cover{
		flow: f, run: run, known: known,
		component: map[string]string{}, nodes: map[place]int{}, edges: map[[2]int]bool{},
		entries: map[string]bool{}, handlers: map[string]bool{}, idle: map[[4]int]bool{},
		ran: map[int]called{}, joined: map[[2]int][]called{},
	}
	program := map[string]string{}
	for _, p := range f.Components {
		c.component[p.Package], program[p.Name] = p.Name, p.Package
	}
	for _, n := range f.Nodes {
		if n.Decl == "" {
			c.nodes[place{program[n.Component], n.File, n.Line}] = n.ID
		}
	}
	for _, e := range f.Edges {
		c.edges[[2]int{e.From, e.To}] = true
	}
	for _, k := range known {
		c.handlers[k.Package+" "+k.Func] = true
		if k.Kind == flow.Registration {
			c.entries[k.Package+" "+k.Func] = true
		}
	}
	return c
}

func (c *cover) fn(i int) *observe.Function { return &c.run.Functions[i] }

func (c *cover) key(i int) string { return c.fn(i).Program + " " + c.fn(i).Name }

// node is the node of a function, 0 if it is not told.
func (c *cover) node(i int) int {
	if i < 0 {
		return 0
	}
	f := c.fn(i)
	return c.nodes[place{f.Program, f.File, f.Line}]
}

// quiet notes what runs while nothing is asked.
func (c *cover) quiet() {
	for p := range c.run.Processes {
		for i := range c.run.Processes[p].Calls {
			if k := &c.run.Processes[p].Calls[i]; k.When == observe.Quiet {
				c.idle[[4]int{p, k.Func, k.Caller, k.Line}] = true
			}
		}
	}
}

// collect finds the first calls, and when each process was set up.
func (c *cover) collect() {
	c.first = make([]map[int]called, len(c.run.Processes))
	c.calls = make([]map[int][]called, len(c.run.Processes))
	c.setup = make([]int64, len(c.run.Processes))
	for p := range c.run.Processes {
		c.first[p], c.calls[p] = map[int]called{}, map[int][]called{}
		for i := range c.run.Processes[p].Calls {
			k := &c.run.Processes[p].Calls[i]
			if k.When < observe.During || c.idle[[4]int{p, k.Func, k.Caller, k.Line}] {
				continue
			}
			if _, ok := c.first[p][k.Func]; !ok {
				c.first[p][k.Func] = called{k, p}
			}
			c.calls[p][k.Func] = append(c.calls[p][k.Func], called{k, p})
			pair := [2]int{k.Caller, k.Func}
			c.joined[pair] = append(c.joined[pair], called{k, p})
			if c.entries[c.key(k.Func)] {
				c.setup[p] = k.At // the last of them: main may be one, too
			}
		}
		for f, k := range c.first[p] {
			if earlier, ok := c.ran[f]; !ok || k.At < earlier.At {
				c.ran[f] = k
			}
		}
	}
}

// settingUp says that a call was made before the process came to its command.
func (c *cover) settingUp(k called) bool { return k.At < c.setup[k.process] }

func (c *cover) processes() []flow.ObservedProcess {
	out := []flow.ObservedProcess{}
	for _, p := range c.run.Processes {
		o := flow.ObservedProcess{Component: cmp.Or(c.component[p.Program], p.Program), Args: p.Args, Started: p.Start >= c.run.Begin}
		begun := false
		for _, k := range p.Calls {
			if k.When < observe.During {
				continue
			}
			if !begun {
				o.Begin, begun = k.At-c.run.Begin, true
			}
			o.End = k.At - c.run.Begin
		}
		out = append(out, o)
	}
	return out
}

// figures counts functions, calls and arrivals.
func (c *cover) figures(o *flow.Observed) {
	for f := range c.ran {
		if !c.fn(f).Own || c.node(f) == 0 && c.settingUpEverywhere(f) {
			continue
		}
		count(&o.Functions, c.node(f) != 0)
		if c.handlers[c.key(f)] {
			count(&o.Arrivals, c.node(f) != 0)
		}
	}
	for pair, calls := range c.joined {
		from, to := c.node(pair[0]), c.node(pair[1])
		calls = slices.DeleteFunc(calls, c.settingUp)
		if len(calls) == 0 || from == 0 || to == 0 || !c.fn(pair[0]).Own || !c.fn(pair[1]).Own || calls[0].How == record.Through {
			continue
		}
		joined := c.edges[[2]int{from, to}]
		count(&o.Calls, joined)
		if !joined {
			o.Unjoined = append(o.Unjoined, flow.Unjoined{From: from, To: to, Line: calls[0].Line})
		}
	}
	slices.SortFunc(o.Unjoined, func(a, b flow.Unjoined) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
}

// settingUpEverywhere says that a function ran only while processes were set up.
func (c *cover) settingUpEverywhere(f int) bool {
	for p := range c.first {
		if k, ok := c.first[p][f]; ok && !c.settingUp(k) {
			return false
		}
	}
	return true
}

func count(s *flow.Share, is bool) {
	s.All++
	if is {
		s.Are++
	}
}

// ranNodes is the nodes that ran, in the order of time.
func (c *cover) ranNodes() []flow.ObservedNode {
	var order []called
	for f, k := range c.ran {
		if c.node(f) != 0 {
			order = append(order, k)
		}
	}
	slices.SortFunc(order, func(a, b called) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Func, b.Func)) })
	out := []flow.ObservedNode{}
	at := map[int]int{}
	for _, k := range order {
		at[c.node(k.Func)] = len(out)
		out = append(out, flow.ObservedNode{
			Node: c.node(k.Func), Process: k.process, By: c.caller(k),
			Begin: k.At - c.run.Begin, End: k.At - c.run.Begin, After: k.When == observe.After,
		})
	}
	// What ran last is below all of its callers.
	for i := range slices.Backward(out) {
		for n := &out[i]; n.By != 0; {
			by, ok := at[n.By]
			if !ok || out[by].End >= n.End {
				break
			}
			out[by].End = n.End
			n = &out[by]
		}
	}
	return out
}

// caller is the nearest node above a call, 0 if there is none.
func (c *cover) caller(k called) int {
	for _, f := range c.above(k) {
		if n := c.node(f); n != 0 {
			return n
		}
	}
	return 0
}

// above is the callers of a call, the nearest first, as far as they are known.
func (c *cover) above(k called) []int {
	var out []int
	for k.Caller >= 0 && !slices.Contains(out, k.Caller) {
		out = append(out, k.Caller)
		up, ok := c.entry(k.process, k.Caller, moment{k.Goroutine, k.At})
		if !ok {
			break
		}
		k = up
	}
	return out
}

// moment is when something happens, and where.
type moment struct {
	goroutine uint64
	at        int64
}

// entry is the call by which a function was entered that does something at a
// moment: the last before in its goroutine, else the last before. A function is
// recorded once for each caller, so it may be one of another time.
func (c *cover) entry(process, f int, m moment) (called, bool) {
	var best called
	for _, k := range c.calls[process][f] {
		switch {
		case best.Call == nil:
		case k.At > m.at:
			return best, true
		case best.Goroutine == m.goroutine && k.Goroutine != m.goroutine:
			continue
		}
		best = k
	}
	return best, best.Call != nil
}

// short is a function's name without the folders of its import path.
func short(name string) string { return name[strings.LastIndex(name, "/")+1:] }
