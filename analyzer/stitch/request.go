package stitch

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// request is a departure that a program may answer which serves its key.
type request struct {
	*Stitcher
	from     *summary.Executable
	d        *summary.Departure
	protocol boundary.Protocol
}

// join finds the handlers that answer best.
func (r *request) join(ctx context.Context) ([]Join, *Gap, error) {
	var best answers
	var foreign boundary.Fit
	var library *summary.Executable
	anywhere := r.d.Key
	anywhere.Address = ""
	whole := r.protocol.Answers(r.d.Key, anywhere).Equal
	if r.Programs.Many() {
		if own := r.answer(r.from, r.d); own.fit.Equal >= whole && !own.fit.Weak() {
			return own.joins, nil, nil // it has both ends of this API
		}
	}
	alike := 0 // programs that link what answers, and were not analyzed
	for _, p := range r.programs() {
		if b := best.program(); best.fit.Equal >= whole && (r.daemon(b) && !r.daemon(p) || r.named(b) && !r.named(p)) {
			break // it serves all of the key
		}
		if r.Programs.Many() && len(best.joins) > 0 && best.fit.Equal >= whole && r.links(ctx, p, best) {
			alike++
			continue
		}
		exe, err := r.server(ctx, p, r.d)
		if err != nil {
			return nil, nil, err
		}
		if exe == nil || r.protocol.Shared && r.from.Func(r.d.In).Library && !r.speaksTo(exe) {
			continue
		}
		own := r.answer(exe, r.d)
		best.add(own)
		if n := r.foreign(exe); n.Compare(foreign) > 0 && n.Compare(own.fit) > 0 {
			foreign, library = n, exe
		}
	}
	if library != nil && foreign.Equal >= best.fit.Equal && !foreign.Weak() {
		return nil, &Gap{Reason: fmt.Sprintf("%s serves %s with a function of a library", library.Program.Name, r.d.Key)}, nil
	}
	switch own := r.answer(r.from, r.d); {
	case len(best.joins) == 0 && (!r.protocol.Shared || r.speaksTo(r.from)):
		best.add(own)
	case len(best.joins) > 0 && own.fit.Equal >= max(whole, best.fit.Equal) && !own.fit.Weak() && sameCode(own, best):
		best = own // it has both ends; the others link its server
	}
	if len(best.joins) == 0 && r.d.Key.Address != "" {
		exe, err := r.behind(ctx)
		if err != nil {
			return nil, nil, err
		}
		if exe != nil {
			best = r.answer(exe, r.d)
		}
	}
	if len(best.joins) == 0 {
		if op := r.described(); op != nil {
			return nil, &Gap{Reason: fmt.Sprintf("it ends at its contract, %s in %s:%d, which no program under study serves", op.Name, op.File, op.Line), Contract: op}, nil
		}
		gap := r.nobody()
		return nil, gap, r.unread(ctx, gap)
	}
	joins := r.label(r.from, narrow(r.from, best.joins))
	if alike > 0 && !manyPrograms(joins) {
		for i := range joins {
			joins[i].Label = fmt.Sprintf("%s, one of %d programs with this code", joins[i].Exe.Program.Name, alike+1)
		}
	}
	return joins, nil, nil
}

// nobody is the gap of a request that no program answers which was asked.
func (r *request) nobody() *Gap {
	at, who, hint := "", "no program under study", ""
	if r.d.Key.Address != "" {
		at = " at " + r.d.Key.Address
	}
	switch {
	case !r.Programs.Many():
	case len(golist.Words(r.d.Key.Path)) == 0:
		who = fmt.Sprintf("none of the programs that were asked, of %d which the path does not tell apart,", len(r.Programs.All()))
		hint = fmt.Sprintf("choices: {%s: {http: PROGRAM}}", r.from.Program.Name)
	default:
		who = "no program under study that mentions this path"
	}
	return &Gap{Reason: fmt.Sprintf("%s serves %s%s", who, r.d.Key, at), Hint: hint}
}

// unread adds to a gap the programs of which it is not known what they serve.
func (r *request) unread(ctx context.Context, gap *Gap) error {
	for _, p := range r.Programs.All() {
		exe, err := r.server(ctx, p, r.d)
		if err != nil {
			return err
		}
		if exe == nil {
			continue
		}
		for i := range exe.Departures {
			if d := &exe.Departures[i]; d.Serves == r.d.Kind {
				gap.Reason += fmt.Sprintf("; %s gives its routes to %s, which no model describes", p.Name, d.Key.Name)
				gap.Hint = d.Hint
				break
			}
		}
	}
	return nil
}

// answers is what fits one departure best.
type answers struct {
	joins []Join
	fit   boundary.Fit
}

// program is the one that answers best so far, nil for none.
func (a *answers) program() *system.Program {
	if len(a.joins) == 0 {
		return nil
	}
	return a.joins[0].Exe.Program
}

// add puts the answers of another program beside those found: how specific a
// pattern is says which one a server takes, not which server is asked, so that
// only more equal text is better.
func (a *answers) add(other answers) {
	switch {
	case len(other.joins) == 0 || other.fit.Weak() || other.fit.Equal < a.fit.Equal:
	case other.fit.Equal > a.fit.Equal:
		*a = other
	default:
		a.joins = append(a.joins, other.joins...)
		if other.fit.Compare(a.fit) > 0 {
			a.fit = other.fit
		}
	}
}

// answer is what exe serves that fits d best.
func (r *request) answer(exe *summary.Executable, d *summary.Departure) answers {
	var out answers
	for i := range exe.Arrivals {
		a := &exe.Arrivals[i]
		fit := r.fit(d, a)
		if !fit.Fits() || fit.Compare(out.fit) < 0 {
			continue
		}
		if fit.Compare(out.fit) > 0 {
			out = answers{fit: fit}
		}
		for _, h := range a.For(d.Key.Name) {
			j := Join{Exe: exe, Func: h.Func, Before: a.Before, Registered: a.Registered, Detail: r.protocol.Detail(d.Key, a.Key), Label: h.Label}
			if d.Key.Name != "" && (d.Kind == flow.Queue || d.Kind == flow.Task) {
				j.Argv, j.ArgvKnown = message(d), true
			}
			if !slices.ContainsFunc(out.joins, func(x Join) bool { return x.Func == h.Func }) {
				out.joins = append(out.joins, j)
			}
		}
	}
	return out
}

// sameCode reports whether all that answer are functions which own has, too.
func sameCode(own, others answers) bool {
	return !slices.ContainsFunc(others.joins, func(j Join) bool {
		f := j.Exe.Func(j.Func)
		return !slices.ContainsFunc(own.joins, func(o Join) bool {
			g := o.Exe.Func(o.Func)
			return f.Name == g.Name && f.File == g.File && f.Line == g.Line
		})
	})
}

// foreign tells how well exe answers with a function that is not in its
// summary.
func (r *request) foreign(exe *summary.Executable) boundary.Fit {
	var best boundary.Fit
	for i := range exe.Foreign {
		if fit := r.fit(r.d, &exe.Foreign[i]); fit.Compare(best) > 0 {
			best = fit
		}
	}
	return best
}

// fit tells how well an arrival answers a departure.
func (r *request) fit(d *summary.Departure, a *summary.Arrival) boundary.Fit {
	if d.Kind != a.Kind {
		return boundary.Fit{}
	}
	return r.protocol.Answers(d.Key, a.Key)
}

// behind is the program that other requests to the same constant address reach
// with a path of their own. There a route for everything answers the rest.
func (r *request) behind(ctx context.Context) (*summary.Executable, error) {
	for i := range r.from.Departures {
		other := &r.from.Departures[i]
		if other.Kind != r.d.Kind || other.Key.Address != r.d.Key.Address || other.Reason != "" {
			continue
		}
		for _, p := range r.Programs.All() {
			exe, err := r.server(ctx, p, other)
			if err != nil {
				return nil, err
			}
			if exe != nil && !r.answer(exe, other).fit.Weak() {
				return exe, nil
			}
		}
	}
	return nil, nil
}

// speaksTo reports whether at least half of what the package that sends the
// request sends is served by exe. A client of some other API may share a path
// with exe; its own server answers all of them. It is asked where a partner is
// unlikely: of a library's client, and of a program that would ask itself.
func (r *request) speaksTo(exe *summary.Executable) bool {
	k := client{r.from, exe, r.d.Kind, path.Dir(r.from.Func(r.d.In).File)}
	yes, ok := r.spoken[k]
	if !ok {
		yes = r.serves(exe, k.dir)
		if r.spoken == nil {
			r.spoken = map[client]bool{}
		}
		r.spoken[k] = yes
	}
	return yes
}

// client is a package that sends requests, and who may serve them.
type client struct {
	from, to *summary.Executable
	kind     flow.Kind
	dir      string
}

// serves reports whether exe serves at least half of what the package in dir
// sends.
func (r *request) serves(exe *summary.Executable, dir string) bool {
	served := map[string]bool{}
	for i := range r.from.Departures {
		other := &r.from.Departures[i]
		if other.Kind != r.d.Kind || other.Reason != "" || path.Dir(r.from.Func(other.In).File) != dir {
			continue
		}
		if key := other.Key.String(); !served[key] {
			served[key] = !r.answer(exe, other).fit.Weak()
		}
	}
	n := 0
	for _, ok := range served {
		if ok {
			n++
		}
	}
	return 2*n >= len(served)
}

// narrow keeps, of several programs that serve the same key, those that the
// departing program starts, or else those that start it.
func narrow(from *summary.Executable, joins []Join) []Join {
	if !manyPrograms(joins) {
		return joins
	}
	var children, parents []Join
	for _, j := range joins {
		if starts(from, j.Exe) {
			children = append(children, j)
		}
		if starts(j.Exe, from) {
			parents = append(parents, j)
		}
	}
	switch {
	case len(children) > 0:
		return children
	case len(parents) > 0:
		return parents
	}
	return joins
}

func manyPrograms(joins []Join) bool {
	return slices.ContainsFunc(joins, func(j Join) bool { return j.Exe != joins[0].Exe })
}

// label names the program on each of several answers, or keeps the one that
// callroute.yaml chose.
func (s *Stitcher) label(from *summary.Executable, joins []Join) []Join {
	if !manyPrograms(joins) {
		return joins
	}
	for _, answer := range s.System.Choices[from.Program.Name] {
		var chosen []Join
		for _, j := range joins {
			if j.Exe.Program.Name == answer {
				chosen = append(chosen, j)
			}
		}
		if len(chosen) > 0 {
			return chosen
		}
	}
	for i := range joins {
		joins[i].Label = joins[i].Exe.Program.Name
	}
	return joins
}
