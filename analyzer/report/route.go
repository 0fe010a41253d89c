package report

import (
	"fmt"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// route is an indexed flow, as the text view asks it.
type route struct{ *flow.Route }

func newRoute(f *flow.Flow) (*route, error) {
	r, err := flow.NewRoute(f)
	return &route{r}, err
}

// beyond is what edges lead to without touching the spine.
type beyond struct {
	functions int
	crossings tally // into other processes
	gaps      int
}

func (r *route) beyond(edges []flow.Edge) beyond {
	var b beyond
	seen := make(map[int]bool)
	var visit func([]flow.Edge)
	visit = func(edges []flow.Edge) {
		for _, e := range edges {
			if e.Kind.Process() {
				b.crossings.add(e.Kind)
			}
			if _, spine := r.Position[e.To]; spine || seen[e.To] {
				continue
			}
			seen[e.To] = true
			b.functions++
			b.gaps += len(r.GapsAfter[e.To])
			visit(r.Out[e.To])
		}
	}
	visit(edges)
	return b
}

// tally counts kinds and remembers the order in which they came.
type tally struct {
	kinds  []flow.Kind
	counts map[flow.Kind]int
	n      int
}

func (t *tally) add(k flow.Kind) {
	if t.counts == nil {
		t.counts = make(map[flow.Kind]int)
	}
	if t.counts[k] == 0 {
		t.kinds = append(t.kinds, k)
	}
	t.counts[k]++
	t.n++
}

func (t *tally) String() string {
	parts := make([]string, len(t.kinds))
	for i, k := range t.kinds {
		parts[i] = fmt.Sprintf("%d %s", t.counts[k], k)
	}
	return strings.Join(parts, ", ")
}

// listed is the tally in brackets, or nothing.
func (t *tally) listed() string {
	if t.n == 0 {
		return ""
	}
	return " (" + t.String() + ")"
}
