package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

// Options says how much is drawn.
type Options struct {
	// Nodes is how many functions are drawn at most beyond the spine, those
	// nearest to it.
	Nodes int
	// Link is the address to which a node leads when it is clicked, if any.
	Link func(flow.Node) string
	// Lang is the language of a picture's own words, English if empty.
	Lang article.Lang
}

// picture is what is drawn of a flow.
type picture struct {
	*flow.Route
	say    words
	lanes  []lane
	edges  []flow.Edge
	chosen map[int]bool

	laneOf   map[string]int // by program
	arrivals map[string]int // id of an arrival, by arrivalKey
}

// lane is one program and its drawn functions, in the order of the route.
type lane struct {
	component flow.Component
	arrivals  []arrival
	nodes     []flow.Node
}

// arrival is a message that comes to a lane from another process, or a start
// of it.
type arrival struct {
	id    int
	to    int // node
	words string
}

// arrivalKey is the same for all edges that bring the same message to the same
// function.
func arrivalKey(e flow.Edge) string { return fmt.Sprintf("%d %s %s", e.To, e.Kind, e.Detail) }

// pick chooses what to draw of f.
func pick(f *flow.Flow, o Options) (*picture, error) {
	r, err := flow.NewRoute(f)
	if err != nil {
		return nil, err
	}
	say, ok := vocabulary[cmp.Or(o.Lang, article.English)]
	if !ok {
		return nil, fmt.Errorf("no language %q: en or zh", o.Lang)
	}
	p := &picture{Route: r, say: say, chosen: map[int]bool{}, laneOf: map[string]int{}, arrivals: map[string]int{}}
	for _, id := range f.Spine {
		p.chosen[id] = true
	}
	order, from := p.breadthFirst()
	p.nearest(order, from, o.Nodes)
	p.collectEdges()
	p.collectLanes(order)
	p.collectArrivals()
	return p, nil
}

// breadthFirst is the nodes in their distance from the spine, and the node from
// which each was reached.
func (p *picture) breadthFirst() (order []int, from map[int]int) {
	from = map[int]int{}
	order = slices.Clone(p.Spine)
	seen := map[int]bool{}
	for _, id := range order {
		seen[id] = true
	}
	for i := 0; i < len(order); i++ {
		for _, e := range p.Out[order[i]] {
			if !seen[e.To] {
				seen[e.To] = true
				from[e.To] = order[i]
				order = append(order, e.To)
			}
		}
	}
	return order, from
}

// way chooses the nodes from the spine to id if all have room.
func (p *picture) way(id int, from map[int]int, room int) int {
	var way []int
	for n, ok := id, true; ok && !p.chosen[n]; n, ok = from[n] {
		way = append(way, n)
	}
	if len(way) > room {
		return room
	}
	for _, n := range way {
		p.chosen[n] = true
	}
	return room - len(way)
}

// nearest chooses what is nearest to the spine.
func (p *picture) nearest(order []int, from map[int]int, room int) {
	for _, id := range order {
		if room <= 0 {
			return
		}
		room = p.way(id, from, room)
	}
}

// collectEdges takes the edges between chosen nodes, one for each pair and kind.
func (p *picture) collectEdges() {
	type key struct {
		from, to int
		kind     flow.Kind
	}
	seen := map[key]bool{}
	for i := range p.Spine {
		if e := p.Onward(i); e.To != 0 {
			seen[key{e.From, e.To, e.Kind}] = true
			p.edges = append(p.edges, e)
		}
	}
	for _, n := range p.Nodes {
		for _, e := range p.Out[n.ID] {
			k := key{e.From, e.To, e.Kind}
			if !p.chosen[e.From] || !p.chosen[e.To] || seen[k] || e.From == e.To {
				continue
			}
			seen[k] = true
			p.edges = append(p.edges, e)
		}
	}
	slices.SortStableFunc(p.edges, func(a, b flow.Edge) int {
		return cmp.Or(p.CompareNodes(p.Node[a.From], p.Node[b.From]), flow.CompareSites(a.Site, b.Site),
			p.CompareNodes(p.Node[a.To], p.Node[b.To]), strings.Compare(string(a.Kind), string(b.Kind)))
	})
}

// collectLanes sorts the chosen nodes into lanes, in the order in which the
// route meets the programs.
func (p *picture) collectLanes(order []int) {
	for _, id := range order {
		if !p.chosen[id] {
			continue
		}
		n := p.Node[id]
		i, ok := p.laneOf[n.Component]
		if !ok {
			i = len(p.lanes)
			p.laneOf[n.Component] = i
			p.lanes = append(p.lanes, lane{component: p.Component[n.Component]})
		}
		p.lanes[i].nodes = append(p.lanes[i].nodes, n)
	}
}

// collectArrivals gives each lane what the spine brings to it.
func (p *picture) collectArrivals() {
	for i := range p.Spine {
		e := p.Onward(i)
		if !e.Kind.Process() {
			continue
		}
		l := &p.lanes[p.laneOf[p.Node[e.To].Component]]
		a := arrival{id: len(p.arrivals) + 1, to: e.To, words: says(e)}
		p.arrivals[arrivalKey(e)] = a.id
		l.arrivals = append(l.arrivals, a)
	}
}

// onSpine reports whether e is the step from one node of the spine to the next.
func (p *picture) onSpine(e flow.Edge) bool {
	for i := range p.Spine {
		// A program that starts itself comes by its main function twice.
		if s := p.Onward(i); s.From == e.From && s.To == e.To && s.Kind == e.Kind && s.Site == e.Site && s.Detail == e.Detail {
			return true
		}
	}
	return false
}

// title is the command that is drawn.
func (p *picture) title() string {
	return strings.Join(append([]string{p.Program}, p.Command...), " ")
}

// caption says what is drawn and what is not.
func (p *picture) caption() string {
	crossings := 0
	for i := range p.Spine {
		if p.Onward(i).Kind.Process() {
			crossings++
		}
	}
	functions := fmt.Sprintf(p.say.functions[0], len(p.chosen))
	if n := len(p.Nodes); n != 1 {
		functions = fmt.Sprintf(p.say.functions[1], len(p.chosen), n)
	}
	said := []string{count(len(p.lanes), p.say.programs), count(crossings, p.say.crossings), functions}
	if gaps := len(p.Gaps); gaps > 0 {
		said = append(said, count(gaps, p.say.gaps))
	}
	return strings.Join(said, p.say.separator)
}

// says is the words on an edge: what crosses a border, and which of several
// answers it is. A plain call says nothing.
func says(e flow.Edge) string {
	switch {
	case e.Kind.Process(), e.Kind == flow.Channel, e.Kind == flow.Plugin:
		if e.Detail == "" {
			return string(e.Kind)
		}
		return string(e.Kind) + " " + flow.Brief(e.Kind, e.Detail)
	case e.Kind == flow.Go, e.Kind == flow.Defer, e.Kind == flow.Registration, e.Kind == flow.Reflection:
		return string(e.Kind)
	}
	return ""
}

// place is where a node is declared.
func place(n flow.Node) string { return fmt.Sprintf("%s:%d", n.File, n.Line) }
