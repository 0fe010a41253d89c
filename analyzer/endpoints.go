package analyzer

import (
	"context"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Endpoints is every place at which a process of the system is left or
// entered, with its partners. It analyzes every program that is not a test,
// an example or a tool of the tree.
func (a *Analyzer) Endpoints(ctx context.Context) (*flow.Endpoints, error) {
	defer a.programs.memory.close(ctx)
	progs := slices.DeleteFunc(slices.Clone(a.programs.all), (*system.Program).Auxiliary)
	j := &joiner{
		stitcher: &stitch.Stitcher{System: a.system, Programs: a.programs, Protocols: protocols},
		askers:   map[side][]string{}, idle: map[side][]string{},
		out: &flow.Endpoints{Departures: []flow.Endpoint{}, Arrivals: []flow.Endpoint{}},
	}
	for _, p := range progs {
		if _, err := a.programs.Get(ctx, p); err != nil {
			return nil, err
		}
	}
	for _, p := range progs {
		exe, err := a.programs.Get(ctx, p)
		if err != nil {
			return nil, err
		}
		j.program(exe)
		if err := j.departures(ctx, exe); err != nil {
			return nil, err
		}
	}
	for _, p := range progs {
		j.arrivals(a.programs.done[p])
	}
	slices.Sort(j.out.Dropped.Packages)
	j.out.Dropped.Packages = slices.Compact(j.out.Dropped.Packages)
	return j.out, nil
}

// side is a handler of a program.
type side struct {
	exe *summary.Executable
	id  summary.ID
}

// joiner collects the endpoints of a system.
type joiner struct {
	stitcher *stitch.Stitcher
	askers   map[side][]string // "program func" of what reaches a handler …
	idle     map[side][]string // … and of what would if it were called
	out      *flow.Endpoints
}

func (j *joiner) program(exe *summary.Executable) {
	p := exe.Program
	j.out.Programs = append(j.out.Programs, flow.Component{Name: p.String(), Package: p.Package, Dir: p.Source.Given, Version: p.Source.Version, Web: p.Source.Web})
	if reader := exe.CommandLine; reader.Library != "" && !reader.Known {
		if j.out.Readers == nil {
			j.out.Readers = map[string]string{}
		}
		j.out.Readers[p.String()] = reader.Library
	}
	j.out.Dropped.Add(exe.Dropped)
}

// departures adds what a program sends and starts.
func (j *joiner) departures(ctx context.Context, exe *summary.Executable) error {
	for i := range exe.Departures {
		d := &exe.Departures[i]
		if !d.Kind.Process() || d.Again {
			continue
		}
		e := departure(exe, d)
		joins, gap, err := j.stitcher.Join(ctx, exe, d)
		if err != nil {
			return err
		}
		askers, list := j.askers, &j.out.Departures
		if d.Idle {
			askers, list = j.idle, &j.out.Idle
		}
		for n, join := range joins {
			peer := join.Exe.Program.String()
			if join.Func != summary.None {
				peer += " " + join.Exe.Func(join.Func).Name
				s := side{join.Exe, join.Func}
				if from := exe.Program.String() + " " + e.Func; !slices.Contains(askers[s], from) {
					askers[s] = append(askers[s], from)
				}
			}
			if slices.ContainsFunc(joins[:n], func(x stitch.Join) bool { return x.Exe == join.Exe && x.Detail == join.Detail }) {
				e.Variants = append(e.Variants, peer) // another handler of the same route
				continue
			}
			e.Peers = append(e.Peers, peer)
		}
		if gap != nil {
			e.Reason, e.Hint = gap.Reason, gap.Hint
		}
		e.Outside = gap == nil && len(joins) == 0
		*list = append(*list, e)
	}
	return nil
}

func departure(exe *summary.Executable, d *summary.Departure) flow.Endpoint {
	origin := exe.Func(d.Origin())
	line := d.Line
	if len(d.Via) > 0 {
		line = d.Via[0].Line
	}
	return flow.Endpoint{
		Program: exe.Program.String(), Kind: d.Kind, Key: d.Key.String(), Func: origin.Name,
		Site: flow.Site{File: origin.File, Line: line}, Rule: d.Rule, Peers: []string{},
	}
}

// arrivals adds what a program serves, with the departures that reach each.
func (j *joiner) arrivals(exe *summary.Executable) {
	for _, ar := range exe.Arrivals {
		if !ar.Kind.Process() {
			continue
		}
		f := exe.Func(ar.Handlers[0].Func)
		e := flow.Endpoint{
			Program: exe.Program.String(), Kind: ar.Kind, Key: ar.Key.String(), Func: f.Name,
			Site: flow.Site{File: f.File, Line: f.Line}, Rule: ar.Rule, Peers: []string{},
		}
		for _, r := range ar.Registered {
			e.Registered = append(e.Registered, exe.SiteOf(r))
		}
		var idle []string
		for _, h := range ar.All() {
			for _, asker := range j.idle[side{exe, h.Func}] {
				program, _, _ := strings.Cut(asker, " ")
				idle = append(idle, program)
			}
			e.Peers = append(e.Peers, j.askers[side{exe, h.Func}]...)
		}
		for _, h := range ar.Handlers[1:] {
			e.Variants = append(e.Variants, exe.Program.String()+" "+exe.Func(h.Func).Name)
		}
		slices.Sort(e.Peers)
		e.Peers = slices.Compact(e.Peers)
		switch {
		case len(e.Peers) > 0:
		case len(idle) > 0:
			slices.Sort(idle)
			e.Reason = "asked for only in functions that nothing is seen to call, of " + strings.Join(slices.Compact(idle), ", ")
		default:
			e.Reason = "no program under study asks for it"
		}
		j.out.Arrivals = append(j.out.Arrivals, e)
	}
}
