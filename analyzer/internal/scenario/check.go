package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Hops is how many edges may lie between two functions that a path joins.
// A wrapper or two may stand between.
const Hops = 6

// Problem is an expectation that does not hold.
type Problem struct {
	Line   int
	Text   string
	Reason string
}

func (p Problem) String() string {
	return fmt.Sprintf("line %d: %s\n\t%s", p.Line, p.Text, strings.ReplaceAll(p.Reason, "\n", "\n\t"))
}

// Check holds a flow against the expectations of its trace. dir is the folder
// that the scenario was unpacked to.
func (t *Trace) Check(f *flow.Flow, dir string) []Problem {
	g := newGraph(f)
	var all []Problem
	for _, e := range t.Expect {
		all = e.judge(all, g.check(e, dir))
	}
	return all
}

// judge adds a problem if the expectation does not hold, or if it holds although
// it is marked as unsupported. reason is why it does not hold.
func (e Expectation) judge(all []Problem, reason string) []Problem {
	switch {
	case e.Todo == 0 && reason != "":
		return append(all, Problem{e.Line, e.Text, reason})
	case e.Todo != 0 && reason == "":
		return append(all, Problem{e.Line, e.Text, fmt.Sprintf("it holds: drop the mark, and see whether idiom %d is supported now", e.Todo)})
	}
	return all
}

// graph is a flow with its nodes by id and its edges by source.
type graph struct {
	*flow.Flow
	node map[int]*flow.Node
	out  map[int][]*flow.Edge
	next map[int][]int // edges, and the step from a place of registration to what it registered
}

func newGraph(f *flow.Flow) *graph {
	g := &graph{f, map[int]*flow.Node{}, map[int][]*flow.Edge{}, map[int][]int{}}
	for i := range f.Nodes {
		g.node[f.Nodes[i].ID] = &f.Nodes[i]
	}
	for i := range f.Edges {
		e := &f.Edges[i]
		g.out[e.From] = append(g.out[e.From], e)
		g.next[e.From] = append(g.next[e.From], e.To)
		for _, r := range e.Registered {
			if r.Node != nil {
				g.next[*r.Node] = append(g.next[*r.Node], e.To)
			}
		}
	}
	return g
}

func (g *graph) find(f Func) []*flow.Node {
	var all []*flow.Node
	for i := range g.Nodes {
		if f.matches(&g.Nodes[i]) {
			all = append(all, &g.Nodes[i])
		}
	}
	return all
}

// check returns why the expectation does not hold, empty if it does.
func (g *graph) check(e Expectation, dir string) string {
	switch e.Op {
	case Node:
		return g.checkNode(e)
	case Edge, Under, Label, Rule, Registered, Sent, Made:
		return g.checkEdge(e, dir)
	case Path:
		return g.checkPath(e)
	case Spine:
		return g.checkSpine(e)
	case Gap:
		return g.checkGap(e)
	case Either:
		var reasons []string
		for _, or := range e.Or {
			reason := g.check(or, dir)
			if reason == "" {
				return ""
			}
			reasons = append(reasons, reason)
		}
		return strings.Join(reasons, "\nand ")
	}
	return "no check for " + string(e.Op)
}

func (g *graph) checkNode(e Expectation) string {
	found := g.find(e.Funcs[0])
	switch {
	case e.Not && len(found) > 0:
		return "it is in the trace:\n" + g.into(found[0])
	case !e.Not && len(found) == 0:
		return "not in the trace. " + g.near(e.Funcs[0])
	}
	return ""
}

// checkEdge also checks the attributes of an edge. A negated edge with an
// attribute is one whose attribute must not match.
func (g *graph) checkEdge(e Expectation, dir string) string {
	from, to := e.Funcs[0], e.Funcs[1]
	var seen []string
	for _, n := range g.find(from) {
		for _, edge := range g.out[n.ID] {
			if !to.matches(g.node[edge.To]) {
				continue
			}
			seen = append(seen, g.edge(edge))
			if len(e.Kinds) > 0 && !slices.Contains(e.Kinds, edge.Kind) {
				continue
			}
			if e.Match == nil || slices.ContainsFunc(attribute(e.Op, edge, dir), e.Match.MatchString) {
				if e.Not {
					return "there is\n" + g.edge(edge)
				}
				return ""
			}
		}
	}
	if e.Not {
		return ""
	}
	if len(seen) > 0 {
		return "only\n" + strings.Join(seen, "\n")
	}
	return g.missing(from, to)
}

// attribute is the text of an edge that an expectation's pattern is held
// against: any one of them has to match.
func attribute(op Op, e *flow.Edge, dir string) []string {
	switch op {
	case Under:
		return e.Under
	case Label:
		return []string{e.Label}
	case Rule:
		return []string{e.Rule}
	case Sent:
		if e.Spine {
			return []string{e.Detail}
		}
	case Made:
		var names []string
		for _, m := range e.Made {
			names = append(names, flow.Short(m.Func))
		}
		return []string{strings.Join(names, " <- ")}
	case Registered:
		var lines []string
		for _, r := range e.Registered {
			lines = append(lines, sourceLine(dir, r.Site))
		}
		return lines
	}
	return nil
}

func (g *graph) checkPath(e Expectation) string {
	for i := range len(e.Funcs) - 1 {
		from, to := e.Funcs[i], e.Funcs[i+1]
		route := g.route(from, to)
		switch {
		case e.Not && route != nil:
			return "joined:\n" + g.nodes(route)
		case !e.Not && route == nil:
			return g.missing(from, to)
		}
	}
	return ""
}

// route is the shortest way of at most Hops edges, nil without one.
func (g *graph) route(from, to Func) []int {
	var queue [][]int
	seen := map[int]bool{}
	for _, n := range g.find(from) {
		queue = append(queue, []int{n.ID})
		seen[n.ID] = true
	}
	for len(queue) > 0 {
		way := queue[0]
		queue = queue[1:]
		if len(way) > 1 && to.matches(g.node[way[len(way)-1]]) {
			return way
		}
		if len(way) > Hops {
			continue
		}
		for _, id := range g.next[way[len(way)-1]] {
			if !seen[id] {
				seen[id] = true
				queue = append(queue, append(slices.Clone(way), id))
			}
		}
	}
	return nil
}

func (g *graph) checkSpine(e Expectation) string {
	at := 0
	for _, want := range e.Funcs {
		i := slices.IndexFunc(g.Spine[at:], func(id int) bool { return want.matches(g.node[id]) })
		switch {
		case e.Not && i >= 0:
			return "it is on the spine:\n" + g.nodes(g.Spine)
		case !e.Not && i < 0:
			return fmt.Sprintf("%s is not on the spine from step %d on; %s\n%s", want, at, g.near(want), g.nodes(g.Spine))
		}
		at += i + 1
	}
	return ""
}

func (g *graph) checkGap(e Expectation) string {
	var seen []string
	for _, gap := range g.Gaps {
		n := g.node[gap.After]
		seen = append(seen, fmt.Sprintf("gap %s after %s: %s [%s] hint %s", gap.Kind, n.Func, gap.Reason, gap.Detail, gap.Hint))
		if len(e.Funcs) > 0 && !e.Funcs[0].matches(n) || e.Kind != "" && e.Kind != gap.Kind {
			continue
		}
		if e.Match == nil || e.Match.MatchString(gap.Reason+"\n"+gap.Detail+"\n"+gap.Hint) {
			if e.Not {
				return seen[len(seen)-1]
			}
			return ""
		}
	}
	if e.Not {
		return ""
	}
	if len(e.Funcs) > 0 && len(g.find(e.Funcs[0])) == 0 {
		return "not in the trace. " + g.near(e.Funcs[0])
	}
	return fmt.Sprintf("%d gaps\n%s", len(seen), strings.Join(seen, "\n"))
}

// missing explains why two functions are not joined: what leaves the first and
// what reaches the second.
func (g *graph) missing(from, to Func) string {
	src, dst := g.find(from), g.find(to)
	var b strings.Builder
	if len(src) == 0 {
		fmt.Fprintf(&b, "%s is not in the trace. %s\n", from, g.near(from))
	}
	for _, n := range src {
		fmt.Fprintf(&b, "from %s:\n", n.Func)
		for _, e := range g.out[n.ID] {
			fmt.Fprintln(&b, g.edge(e))
		}
		for _, gap := range g.Gaps {
			if gap.After == n.ID {
				fmt.Fprintf(&b, "  gap %s: %s\n", gap.Kind, gap.Reason)
			}
		}
	}
	if len(dst) == 0 {
		fmt.Fprintf(&b, "%s is not in the trace. %s\n", to, g.near(to))
	}
	for _, n := range dst {
		fmt.Fprintln(&b, g.into(n))
	}
	return strings.TrimSpace(b.String())
}

func (g *graph) into(n *flow.Node) string {
	lines := []string{"into " + n.Func + ":"}
	for i := range g.Edges {
		if g.Edges[i].To == n.ID {
			lines = append(lines, g.edge(&g.Edges[i]))
		}
	}
	return strings.Join(lines, "\n")
}

func (g *graph) edge(e *flow.Edge) string {
	return fmt.Sprintf("  %s --%s--> %s  (%s:%d, rule %s, %d candidates, label %q, under %q)",
		short(g.node[e.From]), e.Kind, short(g.node[e.To]), e.Site.File, e.Site.Line, e.Rule, e.Candidates, e.Label, e.Under)
}

func (g *graph) nodes(ids []int) string {
	var lines []string
	for _, id := range ids {
		lines = append(lines, "  "+short(g.node[id]))
	}
	return strings.Join(lines, "\n")
}

func short(n *flow.Node) string {
	return n.Component + ":" + n.Func[strings.LastIndex(n.Func, "/")+1:]
}

// near lists the nodes that a misspelled or missing name could have meant.
func (g *graph) near(f Func) string {
	last := f.Name[strings.LastIndexAny(f.Name, "./")+1:]
	last = strings.TrimRight(last, "0123456789")
	var similar []string
	for _, n := range g.Nodes {
		if strings.Contains(strings.ToLower(n.Func), strings.ToLower(last)) {
			similar = append(similar, short(&n))
		}
	}
	if len(similar) == 0 {
		return fmt.Sprintf("Nothing like it among %d nodes.", len(g.Nodes))
	}
	return "Near: " + strings.Join(similar, ", ")
}
