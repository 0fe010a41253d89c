package report

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
)

// tree writes the calls of the i-th step that the spine does not take, with
// everything below them. A function is expanded where it is met first; one
// that is on the spine is expanded there.
func (t *text) tree(i int) {
	b := &branches{text: t, stem: "│ "}
	before := []flow.Edge{t.Onward(i)}
	for _, e := range oncePerTarget(t.Out[t.Spine[i]]) {
		if i+1 == len(t.Spine) || e.To != t.Spine[i+1] {
			b.node(e, before, "├─ ", "│  ")
			before = append(before, e)
		}
	}
}

// unentered writes the trees of the functions that nothing on the route calls:
// they are in the flow because they registered something.
func (t *text) unentered() {
	entered := make(map[int]bool)
	for _, e := range t.Edges {
		entered[e.To] = true
	}
	b := &branches{text: t}
	titled := false
	for _, n := range slices.SortedFunc(slices.Values(t.Nodes), t.CompareNodes) {
		if _, onSpine := t.Position[n.ID]; onSpine || entered[n.ID] {
			continue
		}
		if !titled {
			t.line()
			t.line("ran earlier, and registered what the route uses")
			titled = true
		}
		b.node(flow.Edge{To: n.ID}, nil, t.paint.program(n.Component)+": ", "")
	}
}

// branches writes trees of calls behind a common stem.
type branches struct {
	*text
	stem string
}

// node writes the target of e behind first, and all below it behind rest. before
// is the edges of the same function that have been told.
func (b *branches) node(e flow.Edge, before []flow.Edge, first, rest string) {
	n := b.text.Node[e.To]
	where := place(flow.Site{File: n.File, Line: n.Line})
	name := b.how(e, before) + b.Name(n) + b.paint.aside(b.ran(n))
	if _, onSpine := b.Position[n.ID]; onSpine {
		b.row(where, b.stem+first+name+b.paint.aside("  (on the route)"))
		return
	}
	if b.shown[n.ID] {
		b.row(where, b.stem+first+name+b.paint.aside("  (shown above)"))
		return
	}
	b.shown[n.ID] = true
	b.row(where, b.stem+first+name)

	edges, gaps := oncePerTarget(b.Out[n.ID]), b.GapsAfter[n.ID]
	left := len(edges) + len(gaps)
	fork := func() (stem, more string) {
		left--
		if left == 0 {
			return rest + "└─ ", rest + "   "
		}
		return rest + "├─ ", rest + "│  "
	}
	for _, g := range gaps {
		stem, more := fork()
		b.row(place(g.Site), b.stem+stem+b.paint.gap(gapTitle(g)))
		b.row("", b.stem+more+"  "+printable(g.Reason))
		if g.Hint != "" {
			b.row("", b.stem+more+"  add to callroute.yaml: "+g.Hint)
		}
	}
	for i, next := range edges {
		stem, more := fork()
		b.node(next, edges[:i], stem, more)
	}
}

// how says what kind of edge this is, if it is more than a call, and whether it
// is taken instead of one that has been told.
func (b *branches) how(e flow.Edge, before []flow.Edge) string {
	label := b.label(e)
	if slices.ContainsFunc(before, e.Instead) {
		label = "or " + label
	}
	switch {
	case e.Kind == "", e.Kind == flow.Call:
		return label
	case e.Kind.Process():
		to := b.text.Node[e.To].Component
		return label + b.paint.crossing("══ "+described(e)+" ══▶ ") + b.paint.program(to) + indent
	case e.Kind.Crossing():
		return label + b.paint.crossing("══ "+described(e)+" ══▶ ")
	}
	return label + b.paint.aside(described(e)) + indent
}

func oncePerTarget(edges []flow.Edge) []flow.Edge {
	seen := make(map[int]bool, len(edges))
	var once []flow.Edge
	for _, e := range edges {
		if !seen[e.To] {
			seen[e.To] = true
			once = append(once, e)
		}
	}
	return once
}
