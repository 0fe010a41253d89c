package value

import (
	"bufio"
	"cmp"
	"os"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/source"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// tell turns the facts that lead to an end into hops: one for each line of a function
// that the value passes.
func (f *follower) tell(q Query) *flow.Value {
	t := newTeller(&flow.Value{
		Schema: flow.ValueSchema, Program: q.Entry.Exe.Program.String(), Command: q.Entry.Words, Flag: q.Flag, Arg: q.Arg,
		Hops: []flow.ValueHop{}, Ends: []flow.ValueEnd{}, Gaps: []flow.ValueGap{},
	})
	t.follower = f
	type reached struct {
		end
		hops []hop
	}
	var all []reached
	for _, e := range f.ends {
		for _, hops := range f.histories(e) {
			all = append(all, reached{e, hops})
		}
	}
	slices.SortStableFunc(all, func(a, b reached) int {
		return cmp.Or(cmp.Compare(crossings(b.hops), crossings(a.hops)), cmp.Compare(len(a.hops), len(b.hops)))
	})
	for _, e := range all {
		t.end(e.end, e.hops)
	}
	for _, l := range f.losses {
		t.loss(l)
	}
	if len(t.out.Ends) == 0 && len(f.facts) > 0 {
		t.out.Last = t.furthest()
	}
	t.components()
	if f.capped {
		t.out.Gaps = append(t.out.Gaps, flow.ValueGap{Hop: -1, Reason: "the value is taken to pass so many places that it is followed no further"})
	}
	if f.deep {
		t.out.Gaps = append(t.out.Gaps, flow.ValueGap{Hop: -1, Reason: "what lies deeper in lists that hold themselves is not followed"})
	}
	return t.out
}

// components names the programs that hops are in.
func (t *teller) components() {
	programs := map[string]*system.Program{}
	for exe := range t.route {
		if p := exe.Program; programs[p.String()] == nil || p.Package < programs[p.String()].Package {
			programs[p.String()] = p
		}
	}
	for _, name := range t.out.Programs() {
		if p := programs[name]; p != nil && t.out.Component(name).Package == "" {
			t.out.Components = append(t.out.Components, flow.Component{Name: name, Package: p.Package, Dir: p.Source.Given, Version: p.Source.Version, Web: p.Source.Web})
		}
	}
}

// mostWays is how many calls of the function that writes are told apart.
const mostWays = 40

// histories is the hops to an end, oldest first, for each call that led there: what is
// written to is often said by who calls a function that writes.
func (f *follower) histories(e end) [][]hop {
	var out [][]hop
	var back func(i int, later []hop, named bool)
	back = func(i int, later []hop, named bool) {
		for ; i >= 0 && len(out) < mostWays; i = f.facts[i].from {
			m := f.facts[i]
			if in := f.entered[m.entry]; !named && in != nil && m.fn != summary.None && m.reg == dataflow.Reg(in.slot) && m.path == in.path && len(in.ways) > 1 {
				for _, w := range in.ways {
					back(w.from, append(slices.Clip(later), w.hop), nameOf(w.hop) != "")
				}
				return
			}
			later = append(later, m.hop)
			named = named || nameOf(m.hop) != "" || m.hop.kind != ""
		}
		hops := slices.Clone(later)
		slices.Reverse(hops)
		out = append(out, hops)
	}
	back(e.fact, []hop{e.hop}, nameOf(e.hop) != "")
	return out
}

// nameOf is the constant argument of a call that names a file or a property.
func nameOf(h hop) string {
	for _, text := range h.texts {
		if isName(text) {
			return text
		}
	}
	return ""
}

func crossings(hops []hop) int {
	n := 0
	for _, h := range hops {
		if h.kind != "" {
			n++
		}
	}
	return n
}

// hopKey is a hop as readers tell them apart.
type hopKey struct {
	after int
	exe   *summary.Executable
	fn    summary.ID
	line  int
	kind  flow.Kind
	wire  string
}

type teller struct {
	*follower
	out   *flow.Value
	hopOf map[hopKey]int
	ended map[endKey]bool
	files map[string][]string // lines by file

	conditions source.Lines
}

// newTeller tells into a value.
func newTeller(out *flow.Value) *teller {
	return &teller{hopOf: map[hopKey]int{}, ended: map[endKey]bool{}, files: map[string][]string{}, out: out}
}

// writtenTo is the name of what is written, as the last calls on the way say it.
func writtenTo(hops []hop) string {
	what := ""
	for i := len(hops) - 1; i >= 0 && what == "" && (i == len(hops)-1 || hops[i].kind == ""); i-- {
		what = nameOf(hops[i])
	}
	return what
}

// end adds the hops to an end. Of several ways to one write the first is told.
func (t *teller) end(e end, hops []hop) {
	what := writtenTo(hops)
	if e.names {
		what = ""
	}
	key := endKey{e.hop.exe, e.hop.exe.Base(e.hop.fn), e.hop.line, what}
	if t.ended[key] {
		return
	}
	t.ended[key] = true
	t.out.Ends = append(t.out.Ends, flow.ValueEnd{Hop: t.way(hops), Call: e.what, What: what})
}

// furthest is the hop at which a value that is written nowhere is seen last: behind
// the most crossings, and there the last that was found.
func (t *teller) furthest() *int {
	best, most := 0, -1
	for i := range t.facts {
		n := 0
		for j := i; j >= 0; j = t.facts[j].from {
			if t.facts[j].hop.kind != "" {
				n++
			}
		}
		if n >= most && t.facts[i].fn != summary.None {
			best, most = i, n
		}
	}
	var hops []hop
	for i := best; i >= 0; i = t.facts[i].from {
		hops = append(hops, t.facts[i].hop)
	}
	slices.Reverse(hops)
	last := t.way(hops)
	return &last
}

// mostLosses is how many places from which the value is not followed are told.
const mostLosses = 20

// loss adds a gap. Of several ways to one function the first is told.
func (t *teller) loss(l loss) {
	if len(t.out.Gaps) >= mostLosses || slices.ContainsFunc(t.out.Gaps, func(g flow.ValueGap) bool { return g.Reason == l.why }) {
		return
	}
	hops := []hop{l.hop}
	for i := l.fact; i >= 0; i = t.facts[i].from {
		hops = append(hops, t.facts[i].hop)
	}
	slices.Reverse(hops)
	t.out.Gaps = append(t.out.Gaps, flow.ValueGap{Hop: t.way(hops), Reason: l.why})
}

// way adds hops, oldest first, and returns the last.
func (t *teller) way(hops []hop) int {
	last := -1
	var under []string // conditions of lines that are not told
	for i := 0; i < len(hops); {
		joined := hops[i]
		if i > 0 && (joined.exe != hops[i-1].exe || joined.fn != hops[i-1].fn) {
			under = nil
		}
		i++
		if joined.line == 0 {
			continue
		}
		// One line does several things at once.
		for i < len(hops) && joined.kind == "" && (hops[i].line == 0 || hops[i].at() == joined.at()) {
			joined.join(hops[i])
			i++
		}
		for _, c := range t.under(joined) {
			if !slices.Contains(under, c) {
				under = append(under, c)
			}
		}
		if !joined.quiet || joined.did != "" || i >= len(hops) {
			last = t.hop(last, joined, under)
			under = nil
		}
	}
	return last
}

// endKey is a write as readers tell them apart.
type endKey struct {
	exe  *summary.Executable
	fn   summary.ID
	line int
	what string
}

// at is where a hop stands.
func (h hop) at() endKey { return endKey{exe: h.exe, fn: h.fn, line: h.line} }

// join adds what else happens on the line of a hop.
func (h *hop) join(next hop) {
	if next.line == 0 {
		return
	}
	h.quiet, h.itself = h.quiet && next.quiet, h.itself || next.itself
	h.place, h.wire = cmp.Or(next.place, h.place), cmp.Or(next.wire, h.wire)
	h.kind, h.detail = next.kind, next.detail
	if next.did != "" && !strings.Contains(h.did, next.did) {
		h.did = strings.TrimPrefix(h.did+", "+next.did, ", ")
	}
}

// isName reports whether a constant argument is the name of a file or property.
func isName(text string) bool {
	return len(text) > 1 && !strings.ContainsAny(text, " %\n") && text != "true" && text != "false" && strings.Trim(text, "0123456789-") != ""
}

// under is the conditions that the line of a hop stands under.
func (t *teller) under(h hop) []string {
	if h.fn == summary.None {
		return nil
	}
	fn := h.exe.Func(h.fn)
	return t.conditions.Under(h.exe.Path(fn.File), fn.Line, fn.End, h.line)
}

// hop adds one hop behind another.
func (t *teller) hop(after int, h hop, under []string) int {
	key := hopKey{after, h.exe, h.exe.Base(h.fn), h.line, h.kind, h.wire}
	if n, ok := t.hopOf[key]; ok {
		return n
	}
	n := len(t.out.Hops)
	t.hopOf[key] = n
	fn := h.exe.Func(h.fn)
	t.out.Hops = append(t.out.Hops, flow.ValueHop{
		ID: n, After: after, Component: h.exe.Program.String(), Func: fn.Name, Site: flow.Site{File: fn.File, Line: h.line},
		Under: slices.Clone(under),
		Kind:  cmp.Or(h.kind, flow.Call), Detail: h.detail, Place: h.place, Wire: h.wire, Did: h.did, Itself: h.itself, Code: t.line(h.exe.Path(fn.File), h.line),
	})
	return n
}

// line is a line of a source file, "" where it cannot be read.
func (t *teller) line(file string, n int) string {
	lines, ok := t.files[file]
	if !ok {
		if in, err := os.Open(file); err == nil {
			for s := bufio.NewScanner(in); s.Scan(); {
				lines = append(lines, s.Text())
			}
			in.Close()
		}
		t.files[file] = lines
	}
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[n-1])
}
