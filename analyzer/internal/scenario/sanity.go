package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Sane returns what is wrong with a flow whatever was traced:
//
//  1. ids are unique, and every edge, spine step and gap refers to a node;
//  2. the root is main.main of the traced program;
//  3. every node is on a way from the root, or leads to a place that registered
//     something on such a way;
//  4. the spine starts at the root and goes along edges;
//  5. a node's line declares it, and a call site lies inside its caller, unless
//     a finder made the edge: it may give the place of registration;
//  6. the component of every node is listed;
//  7. every edge has a rule and counts at least itself as a candidate.
//
// dirs are the sources' folders.
func Sane(f *flow.Flow, dirs []string) []string {
	var all []string
	bad := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if f.Schema != flow.Schema {
		bad("schema %q", f.Schema)
	}
	components := map[string]bool{}
	for _, c := range f.Components {
		components[c.Name] = true
	}
	g := newGraph(f)
	if len(g.node) != len(f.Nodes) {
		bad("%d nodes have %d ids", len(f.Nodes), len(g.node))
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if !components[n.Component] {
			bad("%s: component %q is not listed", n.Func, n.Component)
		}
		if n.EndLine < n.Line {
			bad("%s: ends at line %d before it starts at %d", n.Func, n.EndLine, n.Line)
		}
		if line := firstLine(dirs, flow.Site{File: n.File, Line: n.Line}); !declares(line, n) {
			bad("%s: %s:%d declares something else: %q", n.Func, n.File, n.Line, line)
		}
	}
	if dangling := g.dangling(); len(dangling) > 0 {
		return append(all, dangling...) // what follows would stumble over them
	}
	for i := range f.Edges {
		e := &f.Edges[i]
		from := g.node[e.From]
		if e.Rule == "" || e.Candidates < 1 {
			bad("no rule or no candidates:%s", g.edge(e))
		}
		if from.Decl == "" && e.Kind != flow.Registration && (e.Kind.Process() || !strings.Contains(e.Rule, "/")) &&
			(e.Site.File != from.File || e.Site.Line < from.Line || e.Site.Line > from.EndLine) {
			bad("the call site is outside its caller (%s:%d-%d):%s", from.File, from.Line, from.EndLine, g.edge(e))
		}
	}
	if root := g.node[f.Root]; !strings.HasSuffix(root.Func, ".main") || root.Component != f.Program {
		bad("the root is %s", short(root))
	}
	reached := g.reached()
	for i := range f.Nodes {
		if !reached[f.Nodes[i].ID] {
			bad("%s is neither on a way from the root nor leads to a place of registration", short(&f.Nodes[i]))
		}
	}
	if len(f.Spine) == 0 || f.Spine[0] != f.Root {
		bad("the spine does not start at the root")
	}
	for i := range len(f.Spine) - 1 {
		joined := false
		for _, to := range g.next[f.Spine[i]] {
			joined = joined || to == f.Spine[i+1]
		}
		if !joined {
			bad("no edge on the spine from %s to %s", short(g.node[f.Spine[i]]), short(g.node[f.Spine[i+1]]))
		}
	}
	return all
}

// reached is the nodes on a way from the root, and those that lead to a place
// which registered a target on such a way.
func (g *graph) reached() map[int]bool {
	all := map[int]bool{}
	var forward, back func(int)
	forward = func(id int) {
		if !all[id] {
			all[id] = true
			for _, to := range g.next[id] {
				forward(to)
			}
		}
	}
	callers := map[int][]int{}
	for i := range g.Edges {
		callers[g.Edges[i].To] = append(callers[g.Edges[i].To], g.Edges[i].From)
	}
	seen := map[int]bool{}
	back = func(id int) {
		if !seen[id] {
			seen[id] = true
			for _, from := range callers[id] {
				back(from)
			}
		}
	}
	forward(g.Root)
	for i := range g.Edges {
		for _, r := range g.Edges[i].Registered {
			if r.Node != nil && all[g.Edges[i].From] {
				back(*r.Node)
			}
		}
	}
	for id := range seen {
		all[id] = true
	}
	for i := range g.Edges { // what stands around a handler runs before it
		if e := &g.Edges[i]; e.Rule == "around" && g.node[e.From] != nil {
			seen = map[int]bool{}
			back(e.From)
			for id := range seen {
				all[id] = true
			}
			forward(e.To)
		}
	}
	return all
}

// dangling lists references to nodes that are not there.
func (g *graph) dangling() []string {
	var all []string
	check := func(id int, what string) {
		if g.node[id] == nil {
			all = append(all, fmt.Sprintf("%s refers to node %d, which is not there", what, id))
		}
	}
	check(g.Root, "the root")
	for i, e := range g.Edges {
		check(e.From, fmt.Sprintf("edge %d", i))
		check(e.To, fmt.Sprintf("edge %d", i))
		for _, r := range e.Registered {
			if r.Node != nil {
				check(*r.Node, fmt.Sprintf("a registration of edge %d", i))
			}
		}
	}
	for _, id := range g.Spine {
		check(id, "the spine")
	}
	for _, gap := range g.Gaps {
		check(gap.After, "a gap")
	}
	return all
}

// declares reports whether a source line begins the node's declaration.
func declares(line string, n *flow.Node) bool {
	name := n.Func[strings.LastIndexAny(n.Func, "./")+1:]
	switch {
	case n.Decl == "var":
		return strings.Contains(line, name)
	case strings.Contains(n.Func, ".func"):
		return strings.Contains(line, "func")
	}
	return strings.Contains(line, "func ") && strings.Contains(line, name)
}

func firstLine(dirs []string, site flow.Site) string {
	for _, dir := range dirs {
		if line := sourceLine(dir, site); line != "" {
			return line
		}
	}
	return ""
}

// sourceLine is the text of one line, empty where there is none.
func sourceLine(dir string, site flow.Site) string {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(site.File)))
	if err != nil {
		return ""
	}
	lines := strings.Split(string(data), "\n")
	if site.Line < 1 || site.Line > len(lines) {
		return ""
	}
	return lines[site.Line-1]
}
