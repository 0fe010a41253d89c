package webui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// MostNodes is how many functions a page holds at most. More than that make a
// page that browsers open slowly, and nobody reads.
const MostNodes = 6000

// data is a flow as the explorer wants it. Nodes, programs and files are named
// by their place in their lists.
type data struct {
	Title    string        `json:"title"`
	Program  string        `json:"program"`
	Command  []string      `json:"command"`
	Programs []programData `json:"programs"`
	Files    []fileData    `json:"files"`
	Nodes    []nodeData    `json:"nodes"`
	Edges    []edgeData    `json:"edges"`
	Spine    []int         `json:"spine"`
	Gaps     []gapData     `json:"gaps"`
	LeftOut  leftOut       `json:"leftOut"`
}

// leftOut counts what a page does not hold.
type leftOut struct {
	Nodes     int `json:"nodes"`
	Edges     int `json:"edges"`
	Functions int `json:"functions"` // that the loader could not read
}

type programData struct {
	Name    string `json:"name"`
	Package string `json:"package"`
	Dir     string `json:"dir"`
	Version string `json:"version,omitempty"`
	Web     string `json:"web,omitempty"`
}

// fileData is a source file of one program.
type fileData struct {
	Name    string `json:"name"`
	Program int    `json:"program"`
	Web     string `json:"web,omitempty"` // where it can be read; #L and a line may follow
}

type nodeData struct {
	Name    string     `json:"name"` // for people
	Func    string     `json:"func"`
	Decl    string     `json:"decl,omitempty"`
	Type    *typeData  `json:"type,omitempty"` // see flow.Node
	Program int        `json:"program"`
	File    int        `json:"file"` // -1: none
	Line    int        `json:"line"`
	End     int        `json:"end"`
	Does    []doesData `json:"does,omitempty"`
	Ran     runData    `json:"ran,omitempty"`
	Code    []codeData `json:"code,omitempty"`
}

// typeData is the type of a method's receiver, and where it is declared.
type typeData struct {
	Name string `json:"name"`
	File int    `json:"file"`
	Line int    `json:"line"`
}

// runData says whether a function ran, where the command was run.
type runData int

const (
	ran    runData = 1
	notRun runData = -1
)

// doesData is what a function does to the machine.
type doesData struct {
	Line int    `json:"line"`
	Verb string `json:"verb"`
	What string `json:"what"`
}

// codeData is one line: its number and its text.
type codeData [2]any

type edgeData struct {
	From       int         `json:"from"`
	To         int         `json:"to"`
	Kind       flow.Kind   `json:"kind"`
	File       int         `json:"file"`
	Line       int         `json:"line"`
	Detail     string      `json:"detail,omitempty"`
	Rule       string      `json:"rule,omitempty"`
	Candidates int         `json:"candidates,omitempty"` // where there are several
	Label      string      `json:"label,omitempty"`
	Under      []string    `json:"under,omitempty"`
	Registered []placeData `json:"registered,omitempty"`
	Made       []makerData `json:"made,omitempty"`
	Origins    []int       `json:"origins,omitempty"` // nodes, see flow.Edge
	Leaves     bool        `json:"leaves,omitempty"`  // the process
	Spine      bool        `json:"spine,omitempty"`   // see flow.Edge
}

// makerData is who had the value in hand on which an interface method is
// called, and where.
type makerData struct {
	Name string `json:"name"`
	Func string `json:"func"`
	File int    `json:"file"`
	Line int    `json:"line"` // of the declaration
	At   int    `json:"at"`   // line at which it does
}

// placeData is a file's number and a line.
type placeData [2]int

type gapData struct {
	After  int       `json:"after"`
	Kind   flow.Kind `json:"kind"`
	File   int       `json:"file"`
	Line   int       `json:"line"`
	Detail string    `json:"detail,omitempty"`
	Reason string    `json:"reason"`
	Hint   string    `json:"hint,omitempty"`
}

// collector makes the data of one flow.
type collector struct {
	*flow.Route
	link    linker
	out     data
	program map[string]int
	file    map[fileKey]int
	node    map[int]int // by id
}

type fileKey struct{ component, name string }

// linker is where a place of a program can be read, "" for nowhere.
type linker func(flow.Component, flow.Site) string

// title is the command as a person types it.
func title(f *flow.Flow) string {
	return strings.Join(append([]string{f.Program}, f.Command...), " ")
}

// collect makes the data of r: all of the spine, and of the rest what is
// nearest, until there are most functions.
func collect(r *flow.Route, link linker, most int) *data {
	c := &collector{
		Route: r, link: link,
		program: map[string]int{}, file: map[fileKey]int{}, node: map[int]int{},
		out: data{
			Title: title(r.Flow), Program: r.Program, Command: r.Flow.Command,
			Programs: []programData{}, Files: []fileData{}, Nodes: []nodeData{}, Edges: []edgeData{}, Spine: []int{}, Gaps: []gapData{},
		},
	}
	c.collectNodes(c.nearest(most))
	c.collectEdges()
	for _, id := range r.Spine {
		c.out.Spine = append(c.out.Spine, c.node[id])
	}
	c.collectGaps()
	c.out.LeftOut.Functions = r.Dropped.Functions
	return &c.out
}

// nearest is the spine and the nodes nearest to it, in the order of their ids.
func (c *collector) nearest(most int) []flow.Node {
	seen := map[int]bool{}
	var order []int
	visit := func(id int) {
		if !seen[id] {
			seen[id] = true
			order = append(order, id)
		}
	}
	for _, id := range c.Spine {
		visit(id)
	}
	spine := len(order)
	for i := 0; i < len(order); i++ {
		for _, e := range c.Out[order[i]] {
			visit(e.To)
		}
	}
	// The way to where a handler is registered is not reached from the spine.
	rest := slices.Clone(c.Nodes)
	slices.SortFunc(rest, func(a, b flow.Node) int { return cmp.Compare(a.ID, b.ID) })
	for _, n := range rest {
		visit(n.ID)
	}
	if keep := max(most, spine); len(order) > keep {
		c.out.LeftOut.Nodes = len(order) - keep
		order = order[:keep]
	}
	slices.Sort(order)
	nodes := make([]flow.Node, len(order))
	for i, id := range order {
		nodes[i] = c.Node[id]
	}
	return nodes
}

func (c *collector) collectNodes(nodes []flow.Node) {
	// Programs are numbered as the route meets them: so are their colours.
	for _, id := range c.Spine {
		c.programOf(c.Node[id].Component)
	}
	for _, n := range nodes {
		c.node[n.ID] = len(c.out.Nodes)
		d := nodeData{
			Name: c.Name(n), Func: n.Func, Decl: n.Decl, Program: c.programOf(n.Component),
			File: c.fileOf(n.Component, n.File), Line: n.Line, End: n.EndLine,
		}
		if n.Type != nil {
			d.Type = &typeData{n.Type.Name, c.fileOf(n.Component, n.Type.File), n.Type.Line}
		}
		for _, e := range n.Does {
			d.Does = append(d.Does, doesData(e))
		}
		if yes, known := c.Observed.Ran(n.ID); yes {
			d.Ran = ran
		} else if known && n.Decl == "" {
			d.Ran = notRun
		}
		for _, l := range n.Code {
			d.Code = append(d.Code, codeData{l.Line, l.Text})
		}
		c.out.Nodes = append(c.out.Nodes, d)
	}
}

func (c *collector) programOf(name string) int {
	i, ok := c.program[name]
	if !ok {
		i = len(c.out.Programs)
		c.program[name] = i
		p := c.Component[name]
		c.out.Programs = append(c.out.Programs, programData(p))
	}
	return i
}

func (c *collector) fileOf(component, name string) int {
	if name == "" {
		return -1
	}
	key := fileKey{component, name}
	i, ok := c.file[key]
	if !ok {
		i = len(c.out.Files)
		c.file[key] = i
		web, _, _ := strings.Cut(c.link(c.Component[component], flow.Site{File: name, Line: 1}), "#")
		c.out.Files = append(c.out.Files, fileData{Name: name, Program: c.programOf(component), Web: web})
	}
	return i
}

func (c *collector) collectEdges() {
	for _, n := range c.Nodes {
		if _, kept := c.node[n.ID]; !kept {
			c.out.LeftOut.Edges += len(c.Out[n.ID])
		}
	}
	ids := make([]int, 0, len(c.node))
	for id := range c.node {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		for _, e := range c.Out[id] {
			to, kept := c.node[e.To]
			if !kept {
				c.out.LeftOut.Edges++
				continue
			}
			from := c.Node[id].Component
			d := edgeData{
				From: c.node[id], To: to, Kind: e.Kind, File: c.fileOf(from, e.Site.File), Line: e.Site.Line,
				Detail: e.Detail, Rule: e.Rule, Label: e.Label, Under: e.Under, Leaves: e.Kind.Process(), Spine: e.Spine,
			}
			if e.Candidates > 1 {
				d.Candidates = e.Candidates
			}
			for _, r := range e.Registered {
				d.Registered = append(d.Registered, placeData{c.fileOf(c.Node[e.To].Component, r.File), r.Line})
			}
			for _, m := range e.Made {
				d.Made = append(d.Made, makerData{flow.Short(m.Func), m.Func, c.fileOf(from, m.File), m.Line, m.At})
			}
			for _, o := range e.Origins {
				if origin, kept := c.node[o]; kept {
					d.Origins = append(d.Origins, origin)
				}
			}
			c.out.Edges = append(c.out.Edges, d)
		}
	}
}

func (c *collector) collectGaps() {
	ids := make([]int, 0, len(c.GapsAfter))
	for id := range c.GapsAfter {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		after, kept := c.node[id]
		if !kept {
			continue
		}
		for _, g := range c.GapsAfter[id] {
			c.out.Gaps = append(c.out.Gaps, gapData{
				After: after, Kind: g.Kind, File: c.fileOf(c.Node[id].Component, g.Site.File), Line: g.Site.Line,
				Detail: g.Detail, Reason: g.Reason, Hint: g.Hint,
			})
		}
	}
}
