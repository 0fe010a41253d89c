package stitch

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// programs is every program in turn; of many that behind the daemon which the path
// begins with.
func (r *request) programs() []*system.Program {
	all := r.inTurn()
	from := 0
	if len(all) > 0 && r.daemon(all[0]) {
		from = 1
	}
	i := slices.IndexFunc(all, r.named)
	if i <= from {
		return all
	}
	return slices.Concat(all[:from], all[i:i+1], all[from:i], all[i+1:])
}

// named reports whether p is one of many and the path begins with its name, as
// /lamps/7/on does for lamps.
func (r *request) named(p *system.Program) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.d.Key.Path, "/"), "/")
	return p != nil && r.Programs.Many() && len(first) >= shortestName && p.Name == first
}

// shortestName is how long a program's name is at least for a path to begin with it:
// api is none.
const shortestName = 4

// inTurn is every program, the daemon of the asking one first, then those that it
// starts. Of many those come next that are the daemon of another program by their name.
func (r *request) inTurn() []*system.Program {
	if known := r.turns[r.from]; known != nil {
		return known
	}
	all := slices.Clone(r.Programs.All())
	daemons := map[string]bool{}
	if r.Programs.Many() {
		for _, p := range all {
			daemons[p.Name+"d"] = true
		}
	}
	turn := map[*system.Program]int{}
	for _, p := range all {
		switch {
		case r.daemon(p):
		case startsNamed(r.from, p):
			turn[p] = 1
		case daemons[p.Name]:
			turn[p] = 2
		default:
			turn[p] = 3
		}
	}
	slices.SortStableFunc(all, func(a, b *system.Program) int { return cmp.Compare(turn[a], turn[b]) })
	if r.turns == nil {
		r.turns = map[*summary.Executable][]*system.Program{}
	}
	r.turns[r.from] = all
	return all
}

// links reports whether p has all packages whose functions answer, so that it would
// answer with the same code if it served the key.
func (r *request) links(ctx context.Context, p *system.Program, best answers) bool {
	return r.protocol.Shared && p != best.program() && !slices.ContainsFunc(best.joins, func(j Join) bool {
		f := j.Exe.Func(j.Func)
		return f.Library || !r.Programs.Links(ctx, p, filepath.Join(j.Exe.Program.Source.Dir, f.File))
	})
}

// daemon reports whether p goes by the name of the asking program with a d behind
// it, as docker and dockerd.
func (r *request) daemon(p *system.Program) bool {
	return p != nil && p.Name == r.from.Program.Name+"d"
}

// chosen reports whether callroute.yaml names p as what the asking program reaches.
func (r *request) chosen(p *system.Program) bool {
	for _, answer := range r.System.Choices[r.from.Program.Name] {
		if answer == p.Name {
			return true
		}
	}
	return false
}

// server is p analyzed, nil when it is the asking program itself or surely
// serves nothing like d.
func (r *request) server(ctx context.Context, p *system.Program, d *summary.Departure) (*summary.Executable, error) {
	asked := d.Key.Path
	if r.daemon(p) || r.chosen(p) {
		asked = "" // it is a likely one
	}
	if p == r.from.Program || !r.Programs.Serves(ctx, p, d.Kind, asked) {
		return nil, nil
	}
	return r.Programs.Get(ctx, p)
}
