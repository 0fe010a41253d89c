package coverage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
)

// effects lists what the processes did to the machine, in the order of time, each
// thing once for each function.
func (c *cover) effects(o *flow.Observed) {
	type acted struct {
		*observe.Effect
		process int
	}
	var all []acted
	for p := range c.run.Processes {
		for i := range c.run.Processes[p].Effects {
			if e := &c.run.Processes[p].Effects[i]; e.When >= observe.During && lasts(e) {
				all = append(all, acted{e, p})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b acted) int { return cmp.Compare(a.At, b.At) })
	end := 0
	if n := len(c.flow.Spine); n > 0 {
		end = c.flow.Spine[n-1]
	}
	o.Effects = []flow.ObservedEffect{}
	seen := map[flow.ObservedEffect]bool{}
	for _, e := range all {
		program := c.run.Processes[e.process].Program
		out := flow.ObservedEffect{
			Component: cmp.Or(c.component[program], short(program)), Verb: e.Verb, What: e.What, After: e.When == observe.After,
		}
		if e.Func >= 0 {
			f := c.fn(e.Func)
			out.Func, out.Site, out.Node = f.Name, flow.Site{File: f.File, Line: e.Line}, c.node(e.Func)
			ways := append([]int{e.Func}, c.callersOf(e.Func, e.process, moment{e.Goroutine, e.At})...)
			out.Told = slices.ContainsFunc(ways, func(f int) bool { return c.node(f) != 0 })
			out.Spine = slices.ContainsFunc(ways, func(f int) bool { return c.node(f) == end })
		}
		if seen[out] {
			continue
		}
		seen[out] = true
		o.Effects = append(o.Effects, out)
		if !out.After && (o.Last == nil || !passes(out.Verb) || passes(o.Last.Verb)) {
			last := out
			o.Last = &last
		}
	}
}

// passes says that nothing of an effect can be seen when it is over: a signal or a
// start is the last effect only of a command that has no other.
func passes(verb string) bool { return verb == "signals" || verb == "starts" }

// callersOf is the functions above f, which does something at a moment.
func (c *cover) callersOf(f, process int, m moment) []int {
	k, ok := c.entry(process, f, m)
	if !ok {
		return nil
	}
	return c.above(k)
}

// lasts leaves out devices, and what a process does to itself.
func lasts(e *observe.Effect) bool {
	return !slices.ContainsFunc([]string{"/dev/null", "/dev/pts/", "/dev/tty", "/dev/ptmx", "/proc/self/", "/proc/thread-self/"}, func(prefix string) bool {
		return strings.HasPrefix(e.What, prefix) && e.Verb == "writes"
	})
}
