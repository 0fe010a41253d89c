package analyzer

import (
	"context"
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Endpoints is every place at which a process of the system is left or
// entered, with its partners. It analyzes every program that is not a test,
// an example or a tool of the tree.
func (a *Analyzer) Endpoints(ctx context.Context) (*flow.Endpoints, error) {
	st := &stitch.Stitcher{System: a.system, Programs: a.programs}
	out := &flow.Endpoints{Departures: []flow.Endpoint{}, Arrivals: []flow.Endpoint{}}
	type side struct {
		exe *summary.Executable
		id  summary.ID
	}
	reached := map[side][]string{}
	progs := slices.DeleteFunc(slices.Clone(a.programs.all), (*system.Program).Auxiliary)
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
		out.Dropped.Add(exe.Dropped)
		for i := range exe.Departures {
			d := &exe.Departures[i]
			if !d.Kind.Process() {
				continue
			}
			joins, gap, err := st.Join(ctx, exe, d)
			if err != nil {
				return nil, err
			}
			origin := exe.Funcs[d.Origin()]
			line := d.Line
			if len(d.Via) > 0 {
				line = d.Via[0].Line
			}
			e := flow.Endpoint{
				Program: p.Name, Kind: d.Kind, Key: d.Key.String(), Func: origin.Name,
				Site: flow.Site{File: origin.File, Line: line}, Rule: d.Rule, Peers: []string{},
			}
			for n, j := range joins {
				peer := j.Exe.Program.Name
				if j.Func != summary.None {
					peer += " " + j.Exe.Funcs[j.Func].Name
					s := side{j.Exe, j.Func}
					if from := p.Name + " " + origin.Name; !slices.Contains(reached[s], from) {
						reached[s] = append(reached[s], from)
					}
				}
				if i := slices.IndexFunc(joins[:n], func(x stitch.Join) bool { return x.Exe == j.Exe && x.Detail == j.Detail }); i >= 0 {
					e.Variants = append(e.Variants, peer) // another handler of the same route
					continue
				}
				e.Peers = append(e.Peers, peer)
			}
			if gap != nil {
				e.Reason = gap.Reason
			}
			out.Departures = append(out.Departures, e)
		}
	}
	for _, p := range progs {
		out.Arrivals = append(out.Arrivals, a.arrivals(p, func(exe *summary.Executable, id summary.ID) []string { return reached[side{exe, id}] })...)
	}
	slices.Sort(out.Dropped.Packages)
	return out, nil
}

// arrivals is what p serves, with the departures that reach each.
func (a *Analyzer) arrivals(p *system.Program, peers func(*summary.Executable, summary.ID) []string) []flow.Endpoint {
	exe := a.programs.done[p]
	var out []flow.Endpoint
	for _, ar := range exe.Arrivals {
		if !ar.Kind.Process() {
			continue
		}
		f := exe.Funcs[ar.Handlers[0].Func]
		e := flow.Endpoint{
			Program: p.Name, Kind: ar.Kind, Key: ar.Key.String(), Func: f.Name,
			Site: flow.Site{File: f.File, Line: f.Line}, Rule: ar.Rule, Peers: []string{},
		}
		for _, r := range ar.Registered {
			e.Registered = append(e.Registered, flow.Site{File: exe.Funcs[r.In].File, Line: r.Line})
		}
		for _, h := range ar.Handlers {
			e.Peers = append(e.Peers, peers(exe, h.Func)...)
		}
		if len(e.Peers) == 0 {
			e.Reason = "no program under study asks for it"
		}
		out = append(out, e)
	}
	return out
}
