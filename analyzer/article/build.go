package article

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
)

// Article is a flow arranged for reading.
type Article struct {
	*flow.Route
	Sections []Section
	// Crossings has those of the spine, in order.
	Crossings []Crossing
	// Elsewhere is the gaps that stand at no step of the spine.
	Elsewhere []flow.Gap
}

// Section is the part of the spine inside one process.
type Section struct {
	Component flow.Component
	Setup     []Row
	Steps     []Step
	Next      *Crossing // by which the spine leaves it
}

// Row is a line of a section's table.
type Row struct {
	Name string
	Kind RowKind
	flow.Site
	Node int // 0 for a type or a maker that the route does not pass
}

// RowKind says why a row is in the table.
type RowKind int

// The kinds of a row.
const (
	SetupRow   RowKind = iota // on the way to where the handler is registered
	TypeRow                   // the type whose method comes next
	StepRow                   // on the spine
	PrepareRow                // called by a step to make what its next call is made on, or with
	MakerRow                  // made the value on which a step calls the next, or had it in its hands
)

// Step is a function of the spine.
type Step struct {
	flow.Node
	Name     string
	Onward   flow.Edge   // to the next step; no kind at the end
	Prepare  []flow.Edge // calls on the line of the next one
	Branches []flow.Edge // other calls
	Gaps     []flow.Gap
}

// Crossing is an edge of the spine from one process into another.
type Crossing struct {
	flow.Edge
	From, To flow.Node
	// Origins are the functions that decide what is sent.
	Origins []flow.Node
}

// Build arranges f.
func Build(f *flow.Flow) (*Article, error) {
	r, err := flow.NewRoute(f)
	if err != nil {
		return nil, err
	}
	a := &Article{Route: r}
	at := 0
	var arrival *Crossing
	for _, s := range r.Sections() {
		section := Section{Component: s.Component}
		if arrival != nil {
			section.Setup = a.setup(arrival)
		}
		for range s.Steps {
			section.Steps = append(section.Steps, a.step(at))
			at++
		}
		if last := section.Steps[len(section.Steps)-1]; last.Onward.Kind.Process() {
			section.Next = a.crossing(last.Onward)
			a.Crossings = append(a.Crossings, *section.Next)
		}
		arrival = section.Next
		a.Sections = append(a.Sections, section)
	}
	for _, n := range f.Nodes {
		if _, spine := r.Position[n.ID]; !spine {
			a.Elsewhere = append(a.Elsewhere, r.GapsAfter[n.ID]...)
		}
	}
	return a, nil
}

func (a *Article) step(i int) Step {
	n := a.Node[a.Spine[i]]
	s := Step{Node: n, Name: a.Name(n), Onward: a.Onward(i), Gaps: a.GapsAfter[n.ID]}
	answers, others := a.Route.Branches(i)
	for _, e := range append(answers, others...) {
		if s.Onward.Kind != "" && e.Site == s.Onward.Site && !e.Kind.Crossing() && e.Label == "" {
			s.Prepare = append(s.Prepare, e)
		} else {
			s.Branches = append(s.Branches, e)
		}
	}
	slices.SortStableFunc(s.Branches, func(x, y flow.Edge) int { return flow.CompareSites(x.Site, y.Site) })
	return s
}

func (a *Article) crossing(e flow.Edge) *Crossing {
	c := &Crossing{Edge: e, From: a.Node[e.From], To: a.Node[e.To]}
	for _, id := range e.Origins {
		if n, ok := a.Node[id]; ok {
			c.Origins = append(c.Origins, n)
		}
	}
	return c
}

// setup is the way from where the arriving program starts to where it
// registered the handler, as far as the flow knows it.
func (a *Article) setup(c *Crossing) []Row {
	into := map[int][]flow.Edge{}
	for _, e := range a.Edges {
		into[e.To] = append(into[e.To], e)
	}
	wanted := map[int]bool{}
	var queue []int
	for _, r := range c.Registered {
		if r.Node == nil {
			continue
		}
		if n, ok := a.Node[*r.Node]; ok && n.Component == c.To.Component && !wanted[n.ID] {
			wanted[n.ID] = true
			queue = append(queue, n.ID)
		}
	}
	// Backwards over calls inside the program to what nothing calls.
	for i := 0; i < len(queue); i++ {
		for _, e := range into[queue[i]] {
			from := a.Node[e.From]
			if e.Kind.Process() || from.Component != c.To.Component || wanted[from.ID] {
				continue
			}
			if _, spine := a.Position[from.ID]; spine {
				continue
			}
			wanted[from.ID] = true
			queue = append(queue, from.ID)
		}
	}
	return a.inCallOrder(wanted)
}

// inCallOrder lists nodes as a run meets them: a caller first, then what it
// calls, in the order of its lines.
func (a *Article) inCallOrder(wanted map[int]bool) []Row {
	called := map[int]bool{}
	for id := range wanted {
		for _, e := range a.Out[id] {
			if wanted[e.To] && e.To != id {
				called[e.To] = true
			}
		}
	}
	var rows []Row
	seen := map[int]bool{}
	var visit func(id int)
	visit = func(id int) {
		if seen[id] {
			return
		}
		seen[id] = true
		rows = append(rows, a.row(a.Node[id], SetupRow))
		for _, e := range a.Out[id] {
			if wanted[e.To] && !e.Kind.Process() {
				visit(e.To)
			}
		}
	}
	var starts []flow.Node
	for _, n := range a.Nodes {
		if wanted[n.ID] && !called[n.ID] {
			starts = append(starts, n)
		}
	}
	if len(starts) == 0 { // a circle
		for _, n := range a.Nodes {
			if wanted[n.ID] {
				starts = append(starts, n)
			}
		}
	}
	slices.SortFunc(starts, a.CompareNodes)
	for _, n := range starts {
		visit(n.ID)
	}
	return rows
}

func (a *Article) row(n flow.Node, kind RowKind) Row {
	return Row{Name: a.Name(n), Kind: kind, Site: flow.Site{File: n.File, Line: n.Line}, Node: n.ID}
}

// Rows is the table of a section: the setup, then each step after the type of
// its receiver, where that is new, and before what prepares its next call and
// who made what that is called on.
func (a *Article) Rows(s Section) []Row {
	var rows []Row
	types, listed := map[string]bool{}, map[flow.Site]bool{}
	add := func(r Row) {
		listed[r.Site] = true
		n := a.Node[r.Node]
		if t := n.Type; t != nil && !types[t.Name] {
			types[t.Name] = true
			rows = append(rows, Row{Name: a.Name(flow.Node{Component: n.Component, Func: t.Name}), Kind: TypeRow, Site: t.Site})
		}
		rows = append(rows, r)
	}
	for _, r := range s.Setup {
		add(r)
	}
	for _, step := range s.Steps {
		add(a.row(step.Node, StepRow))
		for _, e := range step.Prepare {
			add(a.row(a.Node[e.To], PrepareRow))
		}
		for _, m := range step.Onward.Made {
			r := Row{Name: a.Maker(s.Component, m), Kind: MakerRow, Site: flow.Site{File: m.File, Line: m.Line}}
			if !listed[r.Site] {
				add(r)
			}
		}
	}
	return rows
}

// Maker is the short name of a maker, which is in the program that calls.
func (a *Article) Maker(c flow.Component, m flow.Maker) string {
	return a.Name(flow.Node{Component: c.Name, Func: m.Func})
}
