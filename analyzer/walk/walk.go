// Package walk follows one command from the function it starts in through
// every program and records the route as a flow.Flow.
//
// Phases, a file each:
//
//	enter       how a program is entered: the way from main to a command, or to
//	            where a handler is registered
//	walk        breadth first from the entry: calls inside a program, joins
//	            between programs, gaps where there is none
//	spine       the one route a person would tell
//	words       what names tell of the way to go
//	view        --to, --focus, --ignore, --show, --hide, --depth
//	ways        what is left of a route under a view
//
// A function is visited once for each activation of its program: what is known
// of the command line or the message that entered it decides which branches can
// run.
package walk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/source"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
)

// Entry is where a route starts.
type Entry struct {
	Exe     *summary.Executable
	Command *summary.Command // a command line …
	Arrival *summary.Arrival // … or something the program serves
	Words   []string         // as they stand in Flow.Command
}

// Walk records the route from e.
func Walk(ctx context.Context, st *stitch.Stitcher, e Entry, v narrow.View) (*flow.Flow, error) {
	w := &walker{
		ctx: ctx, st: st, nodes: map[place]int{}, edges: map[edgeKey]int{},
		visited: map[visit]bool{}, stopOf: map[visit]int{}, startups: map[*summary.Executable]*startup{},
		flow: &flow.Flow{
			Schema: flow.Schema, Program: e.Exe.Program.String(), Command: e.Words,
			Nodes: []flow.Node{}, Edges: []flow.Edge{}, Spine: []int{}, Gaps: []flow.Gap{},
		},
	}
	if w.flow.Command == nil {
		w.flow.Command = []string{}
	}
	w.component(e.Exe) // also if nothing of it can be followed
	w.start(e)
	if err := w.run(); err != nil {
		return nil, err
	}
	w.flow.Spine = w.spine()
	w.finish()
	source.Effects(w.flow, w.file)
	shown, err := v.Apply(w.flow)
	if err != nil {
		return nil, err
	}
	source.Conditions(shown, w.file)
	if v.Code {
		source.Code(shown, w.file)
	}
	return shown, nil
}

// place is a function in a program.
type place struct {
	exe *summary.Executable
	id  summary.ID
}

// activation is what is known of why a program runs.
type activation struct {
	exe   *summary.Executable
	facts string // the words of its command line, separated by \x00
	known bool   // facts is all of them
	sent  bool   // facts is the type of a received message instead
}

type visit struct {
	activation
	id summary.ID
}

// stop is a visit as the spine sees it: a function may lead elsewhere each time
// that its program runs.
type stop struct {
	visit
	node int
	hops []hop
	dead bool // a gap leads outside the system from here
}

type edgeKey struct {
	from, to int
	kind     flow.Kind
	line     int
	detail   string
}

// none stands for no edge.
const none = -1

// hop is a stretch of the route that belongs together: one call, or a request
// with the calls that carry it from the function that decides it to the handler.
type hop struct {
	to      int   // stop
	edge    int   // the one that decides it: the call, or the request that leaves the process
	via     []int // nodes passed on the way, the first after the start and the last before to
	pos     int   // order among the hops of a function
	cost    int
	process bool // leaves the process
	reads   bool // asks only for an answer
	asked   int  // how many words of the command stand in what leaves the process
	failure bool
	maybe   bool // the call may be left out
}

// pending is a call of a function value that came as an argument and can be
// several literals: those that a function on the route makes are meant.
type pending struct {
	visit
	site *summary.Site
	done map[summary.ID]bool
}

type walker struct {
	ctx      context.Context
	st       *stitch.Stitcher
	flow     *flow.Flow
	nodes    map[place]int
	where    []place // by node
	edges    map[edgeKey]int
	visited  map[visit]bool
	queue    []visit
	stops    []stop
	stopOf   map[visit]int // place in stops
	pending  []pending
	startups map[*summary.Executable]*startup
	reads    bool // the spine came into its last program to ask for an answer
	steps    int  // steps of the spine since then without an effect ahead
}

// node is the flow node of a function, made when it is first met.
func (w *walker) node(p place) int {
	p.id = p.exe.Base(p.id)
	if n, ok := w.nodes[p]; ok {
		return n
	}
	f := &p.exe.Funcs[p.id]
	n := len(w.where) + 1
	w.nodes[p] = n
	w.where = append(w.where, p)
	w.flow.Nodes = append(w.flow.Nodes, flow.Node{
		ID: n, Component: p.exe.Program.String(), Func: f.Name, Decl: f.Decl, File: f.File, Line: f.Line, EndLine: f.End, Type: f.Type,
	})
	w.component(p.exe)
	return n
}

func (w *walker) component(exe *summary.Executable) {
	for _, c := range w.flow.Components {
		if c.Package == exe.Program.Package && c.Dir == exe.Program.Source.Given {
			return
		}
	}
	w.flow.Components = append(w.flow.Components, flow.Component{
		Name: exe.Program.String(), Package: exe.Program.Package, Dir: exe.Program.Source.Given, Version: exe.Program.Source.Version,
		Web: exe.Program.Source.Web,
	})
	w.flow.Dropped.Add(exe.Dropped)
}

// edge adds e once and returns its place.
func (w *walker) edge(e flow.Edge) int {
	k := edgeKey{e.From, e.To, e.Kind, e.Site.Line, e.Detail}
	if i, ok := w.edges[k]; ok {
		known := &w.flow.Edges[i]
		for _, o := range e.Origins {
			if !slices.Contains(known.Origins, o) {
				known.Origins = append(known.Origins, o)
			}
		}
		return i
	}
	w.edges[k] = len(w.flow.Edges)
	w.flow.Edges = append(w.flow.Edges, e)
	return len(w.flow.Edges) - 1
}

func (w *walker) push(a activation, id summary.ID) {
	v := visit{a, id}
	if !w.visited[v] {
		w.visited[v] = true
		w.queue = append(w.queue, v)
	}
}

// stop is the place of a visit in stops, made when it is first asked for.
func (w *walker) stop(a activation, id summary.ID) int {
	v := visit{a, id}
	i, ok := w.stopOf[v]
	if !ok {
		i = len(w.stops)
		w.stopOf[v] = i
		w.stops = append(w.stops, stop{visit: v, node: w.node(place{a.exe, id})})
	}
	return i
}

func (w *walker) addHop(from int, h hop) {
	s := &w.stops[from]
	for _, x := range s.hops {
		if x.to == h.to && slices.Equal(x.via, h.via) && x.process == h.process {
			return
		}
	}
	s.hops = append(s.hops, h)
}

// run visits until nothing is left.
func (w *walker) run() error {
	for {
		for len(w.queue) > 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
			v := w.queue[0]
			w.queue = w.queue[1:]
			if err := w.visit(v); err != nil {
				return err
			}
		}
		if w.resume(); len(w.queue) == 0 {
			return nil
		}
	}
}

// resume takes the pending calls whose literals were made meanwhile. When
// nothing else is left, calls none of whose literals were made on this route
// take all of them: they were made before it.
func (w *walker) resume() {
	for i := range w.pending {
		p := &w.pending[i]
		for _, to := range p.site.To {
			maker := p.exe.Funcs[to].Literal
			if !p.done[to] && (maker == summary.None || w.met(p.exe, maker)) {
				p.done[to] = true
				w.take(p.visit, p.site, to)
			}
		}
	}
	if len(w.queue) > 0 {
		return
	}
	for i := range w.pending {
		p := &w.pending[i]
		if len(p.done) == 0 {
			for _, to := range p.site.To {
				p.done[to] = true
				w.take(p.visit, p.site, to)
			}
		}
	}
}

// met reports whether a function is on the route so far.
func (w *walker) met(exe *summary.Executable, id summary.ID) bool {
	_, ok := w.nodes[place{exe, exe.Base(id)}]
	return ok
}

// visit adds what one function does.
func (w *walker) visit(v visit) error {
	f := &v.exe.Funcs[v.id]
	live := w.live(v)
	for i := range f.Sites {
		s := &f.Sites[i]
		if live != nil && !live[cmp.Or(s.Loop, s.Pos)] {
			continue
		}
		if s.Given && s.Candidates > 1 {
			w.pending = append(w.pending, pending{v, s, map[summary.ID]bool{}})
			continue
		}
		if live != nil {
			decided := *s
			decided.Optional = false // the word or the message that is known chose it
			s = &decided
		}
		for _, to := range brought(v, s) {
			w.take(v, s, to)
		}
	}
	for _, l := range f.Lost {
		if live == nil || live[l.Pos] {
			w.gap(flow.Gap{
				After: w.node(place{v.exe, v.id}), Kind: l.Kind, Site: flow.Site{File: f.File, Line: l.Line}, Detail: l.Detail, Reason: l.Reason,
			})
		}
	}
	for _, i := range f.Leaves {
		d := &v.exe.Departures[i]
		if live != nil && !w.leavesLive(d, live) {
			continue
		}
		if err := w.depart(v, d); err != nil {
			return err
		}
	}
	return nil
}

// take follows one callee of a site.
func (w *walker) take(v visit, s *summary.Site, to summary.ID) {
	f := &v.exe.Funcs[v.id]
	from, n := w.node(place{v.exe, v.id}), w.node(place{v.exe, to})
	e := flow.Edge{
		From: from, To: n, Kind: s.Kind, Site: flow.Site{File: f.File, Line: s.Line},
		Detail: s.Detail, Rule: s.Rule, Candidates: s.Candidates,
	}
	if s.Candidates > 1 {
		e.Label = cmp.Or(s.Label, v.exe.Funcs[to].Name)
	}
	if i := slices.Index(s.To, to); i >= 0 && i < len(s.Made) {
		for _, p := range s.Made[i] {
			m := &v.exe.Funcs[p.In]
			e.Made = append(e.Made, flow.Maker{Func: m.Name, File: m.File, Line: m.Line, At: p.Line})
		}
	}
	for _, r := range s.Registered {
		e.Registered = append(e.Registered, flow.Registered{Site: v.exe.SiteOf(r)})
	}
	at := w.edge(e)
	if s.Kind == flow.Registration {
		w.registersMore(v.exe, n, to)
		return
	}
	w.addHop(w.stop(v.activation, v.id), hop{to: w.stop(v.activation, to), edge: at, pos: s.Pos, cost: w.cost(v.exe, s, to), failure: s.Failure, maybe: s.Optional})
	w.push(v.activation, to)
}

// registersMore follows a registered table or wrapper to the handlers in it. A
// handler is shown and not entered: it runs when something arrives.
func (w *walker) registersMore(exe *summary.Executable, from int, id summary.ID) {
	f := &exe.Funcs[id]
	for i := range f.Sites {
		s := &f.Sites[i]
		if s.Kind != flow.Registration {
			continue
		}
		for _, to := range s.To {
			n := w.node(place{exe, to})
			e := flow.Edge{
				From: from, To: n, Kind: s.Kind, Site: flow.Site{File: f.File, Line: s.Line},
				Detail: s.Detail, Rule: s.Rule, Candidates: s.Candidates,
			}
			if before := len(w.flow.Edges); w.edge(e) == before {
				w.registersMore(exe, n, to)
			}
		}
	}
}

// live is the site positions of a function that can run in this activation,
// nil when all can.
func (w *walker) live(v visit) map[int]bool {
	f := &v.exe.Funcs[v.id]
	if len(f.Branches) == 0 || !v.known {
		return nil
	}
	words := strings.Split(v.facts, "\x00")
	if v.sent {
		return liveFor(f, words)
	}
	var other *summary.Branch
	for i := range f.Branches {
		b := &f.Branches[i]
		if b.Sent != v.sent {
			continue
		}
		if b.Word == "" {
			other = b
			continue
		}
		if slices.Contains(words, b.Word) {
			return set(b.Live)
		}
	}
	if other != nil {
		return set(other.Live)
	}
	return nil
}

// liveFor is the site positions that can run for a received message: the type
// of the value and the channel it came from each exclude some.
func liveFor(f *summary.Func, words []string) map[int]bool {
	var out map[int]bool
	for i := range f.Branches {
		b := &f.Branches[i]
		if !b.Sent || !slices.Contains(words, b.Word) {
			continue
		}
		live := set(b.Live)
		if out == nil {
			out = live
		}
		for pos := range out {
			if !live[pos] {
				delete(out, pos)
			}
		}
	}
	return out
}

// brought is the callees of a site: of a function that came with a message,
// those that the sender put there. They run when the message arrives, not when
// the receiver is started.
func brought(v visit, s *summary.Site) []summary.ID {
	if !s.Carried {
		return s.To
	}
	if !v.sent {
		return slices.DeleteFunc(slices.Clone(s.To), func(id summary.ID) bool { return slices.Contains(s.Sent, id) })
	}
	words := strings.Split(v.facts, "\x00")
	out := slices.DeleteFunc(slices.Clone(s.To), func(id summary.ID) bool { return !slices.Contains(words, v.exe.Funcs[id].Name) })
	if len(out) == 0 {
		return s.To
	}
	return out
}

func set(list []int) map[int]bool {
	out := map[int]bool{}
	for _, i := range list {
		out[i] = true
	}
	return out
}

// file is where the source of a node is.
func (w *walker) file(n flow.Node) string {
	return w.where[n.ID-1].exe.Path(n.File)
}

// finish sorts what was found in the order it was met.
func (w *walker) finish() {
	for i := range w.flow.Edges {
		slices.SortFunc(w.flow.Edges[i].Registered, func(a, b flow.Registered) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
	}
	slices.SortStableFunc(w.flow.Gaps, func(a, b flow.Gap) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(a.Site.Line, b.Site.Line), strings.Compare(a.Detail, b.Detail))
	})
}
