package walk

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

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
	line  line   // the flags of its command line

	framing bool // a function of a frame, whose calls are followed already
	around  bool // below a frame, where what a server is given is not asked for

	by    *summary.Executable // the program that started this one, nil where that is not known
	cause cause
	after int // goes on after this position of the function; 0 for its entry
}

type visit struct {
	activation
	id summary.ID
}

// stop is a visit as the story sees it: a function may lead elsewhere each time
// that its program runs.
type stop struct {
	visit
	node   int
	hops   []hop
	around []hop // to what runs before or after what a hop leads to; on no spine
	dead   bool  // a gap leads outside the system from here
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
	story.Call
	edge int   // the one that decides it: the call, or the request that leaves the process
	via  []int // nodes passed on the way, the first after the start and the last before to

	made []summary.ID // of several answers: the functions that make what it is called on
}

// graph is what was found of a route: the visits that control comes to, and the
// same as nodes and edges of a flow.
type graph struct {
	flow   *flow.Flow
	nodes  map[place]int
	where  []place // by node
	edges  map[edgeKey]int
	stops  []stop
	stopOf map[visit]int // place in stops
}

func newGraph(e Entry) *graph {
	g := &graph{
		nodes: map[place]int{}, edges: map[edgeKey]int{}, stopOf: map[visit]int{},
		flow: &flow.Flow{
			Schema: flow.Schema, Program: e.Exe.Program.String(), Command: e.Words,
			Nodes: []flow.Node{}, Edges: []flow.Edge{}, Spine: []int{}, Gaps: []flow.Gap{},
		},
	}
	if g.flow.Command == nil {
		g.flow.Command = []string{}
	}
	g.component(e.Exe) // also if nothing of it can be followed
	return g
}

// node is the flow node of a function, made when it is first met.
func (g *graph) node(p place) int {
	p.id = p.exe.Base(p.id)
	if n, ok := g.nodes[p]; ok {
		return n
	}
	f := p.exe.Func(p.id)
	n := len(g.where) + 1
	g.nodes[p] = n
	g.where = append(g.where, p)
	g.flow.Nodes = append(g.flow.Nodes, flow.Node{
		ID: n, Component: p.exe.Program.String(), Func: f.Name, Decl: f.Decl, File: f.File, Line: f.Line, EndLine: f.End, Type: f.Type,
	})
	g.component(p.exe)
	return n
}

func (g *graph) component(exe *summary.Executable) {
	for _, c := range g.flow.Components {
		if c.Package == exe.Program.Package && c.Dir == exe.Program.Source.Given {
			return
		}
	}
	g.flow.Components = append(g.flow.Components, flow.Component{
		Name: exe.Program.String(), Package: exe.Program.Package, Dir: exe.Program.Source.Given, Version: exe.Program.Source.Version,
		Web: exe.Program.Source.Web,
	})
	g.flow.Dropped.Add(exe.Dropped)
}

// edge adds e once and returns its place.
func (g *graph) edge(e flow.Edge) int {
	k := edgeKey{e.From, e.To, e.Kind, e.Site.Line, e.Detail}
	if i, ok := g.edges[k]; ok {
		known := &g.flow.Edges[i]
		for _, o := range e.Origins {
			if !slices.Contains(known.Origins, o) {
				known.Origins = append(known.Origins, o)
			}
		}
		return i
	}
	g.edges[k] = len(g.flow.Edges)
	g.flow.Edges = append(g.flow.Edges, e)
	return len(g.flow.Edges) - 1
}

// stop is the place of a visit in stops, made when it is first asked for.
func (g *graph) stop(a activation, id summary.ID) int {
	v := visit{a, id}
	i, ok := g.stopOf[v]
	if !ok {
		i = len(g.stops)
		g.stopOf[v] = i
		g.stops = append(g.stops, stop{visit: v, node: g.node(place{a.exe, id})})
	}
	return i
}

func (g *graph) addHop(from int, h hop) {
	s := &g.stops[from]
	for _, x := range s.hops {
		if x.Call == h.Call && slices.Equal(x.via, h.via) {
			return
		}
	}
	s.hops = append(s.hops, h)
}

// addAround remembers where control passes on the way of a hop, before or after
// what it leads to.
func (g *graph) addAround(from int, h hop) {
	g.stops[from].around = append(g.stops[from].around, h)
}

// met reports whether a function is on the route so far.
func (g *graph) met(exe *summary.Executable, id summary.ID) bool {
	_, ok := g.nodes[place{exe, exe.Base(id)}]
	return ok
}

// runs tells at which positions of a function what stands there can run in this
// activation.
func (v visit) runs() func(pos int) bool {
	live := v.live()
	off, _ := v.decided()
	comes := func(int) bool { return true }
	if v.after > 0 {
		comes = following(v.exe.Func(v.id), v.after)
	}
	return func(pos int) bool { return (live == nil || live[pos]) && (!v.line.typed || !off[pos]) && comes(pos) }
}

// live is the site positions of a function that can run in this activation,
// nil when all can.
func (v visit) live() map[int]bool {
	f := v.exe.Func(v.id)
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
		flag := strings.HasPrefix(b.Word, "-")
		switch {
		case b.Sent != v.sent:
		case b.Word == "" && other == nil:
			other = b
		case flag && slices.Contains(words, b.Word): // a word behind it says more
			other = b
		case b.Word != "" && !flag && slices.Contains(words, b.Word):
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

func set(list []int) map[int]bool {
	out := map[int]bool{}
	for _, i := range list {
		out[i] = true
	}
	return out
}

// file is where the source of a node is.
func (g *graph) file(n flow.Node) string {
	return g.where[n.ID-1].exe.Path(n.File)
}

// finish sorts what was found in the order it was met.
func (g *graph) finish() {
	for i := range g.flow.Nodes {
		slices.Sort(g.flow.Nodes[i].Calls)
	}
	for i := range g.flow.Edges {
		slices.SortFunc(g.flow.Edges[i].Registered, func(a, b flow.Registered) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
	}
	slices.SortStableFunc(g.flow.Gaps, func(a, b flow.Gap) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(a.Site.Line, b.Site.Line), strings.Compare(a.Detail, b.Detail))
	})
}

// gap adds a gap once.
func (g *graph) gap(gap flow.Gap) {
	if !slices.Contains(g.flow.Gaps, gap) {
		g.flow.Gaps = append(g.flow.Gaps, gap)
	}
}
