package webui

import (
	"fmt"
	"strings"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

// mostSteps is how many steps of one process the article shows, mostRows how
// many rows of its table, and mostBranches how many calls a fold lists.
const (
	mostSteps    = 400
	mostRows     = 1000
	mostBranches = 40
)

// part is a section of the article: one process.
type part struct {
	Number  int
	Colour  int
	Name    string
	Count   string // of its steps
	All     int    // its steps, those that are left out too
	Rows    []rowView
	Steps   []stepView
	Cut     string // how many steps are left out
	Next    *crossingView
	Package string
}

type rowView struct {
	Place placeView
	Name  string
	Role  string
	Kind  string // class
}

// placeView is a place in a source file, with a link if there is one.
type placeView struct {
	File string
	Line int
	Link string
}

// Text is the place as compilers write it.
func (p placeView) Text() string {
	if p.File == "" {
		return "?"
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

type stepView struct {
	Name     string
	Func     string
	Place    placeView
	Code     []codeView
	Under    []string
	Through  string
	Detail   string
	Made     []named // at the lines where they do it
	Ends     bool
	At       int // of the page's spine
	Cut      int // see flow.Flow
	Skipped  int // functions that a view left out before the next step
	Gaps     []gapView
	Calls    string // title of the fold
	Branches []branchView
	More     int // branches that are not listed
}

// codeView is a source line; a Gap is a place where lines are left out.
type codeView struct {
	Line int
	Text string
	Gap  bool
	Call bool // the next step is called here
}

type branchView struct {
	Line   int
	Link   string
	Name   string
	How    string
	Place  placeView
	Answer bool
}

type crossingView struct {
	From, To   string
	Kind       string
	Detail     string
	Under      []string
	Decided    []named
	Registered []placeView
	Arrives    named
}

type named struct {
	Name  string
	Place placeView
}

type gapView struct {
	Func, Kind, Detail, Reason, Hint string
}

// arrange turns the article into what the template shows.
func (p *page) arrange() {
	if n := p.data.LeftOut.Nodes; n > 0 {
		p.LeftOut = fmt.Sprintf(p.Say.LeftOut, n)
	}
	if n := p.Article.Dropped.Functions; n > 0 {
		p.Dropped = fmt.Sprintf(p.Say.Dropped, n)
	}
	colours := map[string]int{}
	for i, s := range p.Sections {
		colour, ok := colours[s.Component.Name]
		if !ok {
			colour = len(colours)
			colours[s.Component.Name] = colour
			p.Programs = append(p.Programs, s.Component)
		}
		p.Parts = append(p.Parts, p.part(i+1, colour%8, s))
	}
	for i, g := range p.Elsewhere {
		if i == mostBranches {
			p.MoreGaps = len(p.Elsewhere) - i
			break
		}
		p.Gaps = append(p.Gaps, p.gap(g))
	}
}

func (p *page) part(number, colour int, s article.Section) part {
	v := part{
		Number: number, Colour: colour, Name: s.Component.Name, Package: s.Component.Package,
		Count: fmt.Sprintf(p.Say.Steps, len(s.Steps)), All: len(s.Steps),
	}
	roles := map[article.RowKind]string{
		article.SetupRow: p.Say.Setup, article.TypeRow: p.Say.TypeOf,
		article.PrepareRow: p.Say.Prepares, article.MakerRow: p.Say.Makes, article.StepRow: p.Say.Step,
	}
	kinds := map[article.RowKind]string{
		article.SetupRow: "is-setup", article.TypeRow: "is-type", article.PrepareRow: "is-prepare", article.MakerRow: "is-maker",
	}
	for i, r := range p.Rows(s) {
		if i == mostRows {
			break
		}
		v.Rows = append(v.Rows, rowView{Place: p.place(s.Component.Name, r.Site), Name: r.Name, Role: roles[r.Kind], Kind: kinds[r.Kind]})
	}
	steps := s.Steps
	if more := len(steps) - mostSteps; more > 0 {
		v.Cut = fmt.Sprintf(p.Say.Cut, more)
		steps = steps[:mostSteps]
	}
	for _, step := range steps {
		v.Steps = append(v.Steps, p.step(step))
	}
	if s.Next != nil {
		v.Next = p.crossing(s.Next)
	}
	return v
}

func (p *page) place(component string, at flow.Site) placeView {
	return placeView{File: at.File, Line: at.Line, Link: p.Component[component].Link(at)}
}

func (p *page) named(n flow.Node) named {
	return named{Name: p.Name(n), Place: p.place(n.Component, flow.Site{File: n.File, Line: n.Line})}
}

func (p *page) step(s article.Step) stepView {
	own := p.named(s.Node)
	v := stepView{Name: own.Name, Func: s.Func, Place: own.Place}
	for i, l := range s.Code {
		if i > 0 && l.Line != s.Code[i-1].Line+1 {
			v.Code = append(v.Code, codeView{Gap: true, Text: l.Text[:len(l.Text)-len(strings.TrimLeft(l.Text, "\t "))] + "…"})
		}
		call := s.Onward.Kind != "" && s.Onward.Site.Line == l.Line && s.Onward.Site.File == s.File
		v.Code = append(v.Code, codeView{Line: l.Line, Text: l.Text, Call: call})
	}
	switch e := s.Onward; {
	case e.Kind == "":
		v.Ends, v.Cut = p.Cut == 0, p.Cut
	case !e.Kind.Process():
		v.Under = e.Under
		if e.Kind != flow.Call {
			v.Through, v.Detail = p.how(e), e.Detail
		}
		for _, m := range e.Made {
			at := p.place(s.Component, flow.Site{File: m.File, Line: m.At})
			v.Made = append(v.Made, named{Name: p.Maker(p.Component[s.Component], m), Place: at})
		}
	}
	v.Skipped = s.Onward.Skipped
	for _, g := range s.Gaps {
		v.Gaps = append(v.Gaps, p.gap(g))
	}
	if len(s.Branches) > 0 {
		v.Calls = fmt.Sprintf(p.Say.Calls, len(s.Branches))
	}
	for i, e := range s.Branches {
		if i == mostBranches {
			v.More = len(s.Branches) - i
			break
		}
		to := p.named(p.Node[e.To])
		b := branchView{Line: e.Site.Line, Link: p.place(s.Component, e.Site).Link, Name: to.Name, Place: to.Place, Answer: s.Onward.Kind != "" && e.Instead(s.Onward)}
		if e.Kind != flow.Call {
			b.How = strings.TrimSpace(p.how(e) + " " + e.Detail)
		}
		v.Branches = append(v.Branches, b)
	}
	return v
}

// how says by which kind of edge control passes, and of how many answers.
func (p *page) how(e flow.Edge) string {
	how := string(e.Kind)
	if e.Label != "" {
		how += " (" + e.Label + ")"
	}
	if e.Candidates > 1 {
		how += " (" + fmt.Sprintf(p.Say.Candidates, e.Candidates) + ")"
	}
	return how
}

func (p *page) crossing(c *article.Crossing) *crossingView {
	v := &crossingView{From: c.From.Component, To: c.To.Component, Kind: string(c.Kind), Detail: c.Detail, Under: c.Under, Arrives: p.named(c.To)}
	for _, n := range c.Origins {
		v.Decided = append(v.Decided, p.named(n))
	}
	for _, r := range c.Registered {
		v.Registered = append(v.Registered, p.place(c.To.Component, r.Site))
	}
	return v
}

func (p *page) gap(g flow.Gap) gapView {
	return gapView{Func: p.Name(p.Node[g.After]), Kind: string(g.Kind), Detail: g.Detail, Reason: g.Reason, Hint: g.Hint}
}
