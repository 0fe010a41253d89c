package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// mostEntries is how many of the entries that lead to a function are listed.
const mostEntries = 12

// Accesses writes who writes or reads something, and what leads there. With Ways in
// o, every step of each way.
func Accesses(w io.Writer, a *flow.Accesses, o CallersOptions) error {
	v := &callersView{paint: paint{o.Color}, names: namesOf(a.Programs), ways: o.Ways}
	fmt.Fprintf(v, "%s\n", v.paint.title("what "+a.Verb+" "+strings.Join(a.Targets, ", ")))
	n := 0
	for _, x := range a.Accesses {
		if !x.Own {
			n++
			v.access(x)
		}
	}
	if own := len(a.Accesses) - n; own > 0 {
		fmt.Fprintf(v, "\n%s\n", v.paint.aside("methods of its own, through which others go"))
		for _, x := range a.Accesses {
			if x.Own {
				v.access(x)
			}
		}
	}
	verb := a.Verb
	if n != 1 {
		verb = strings.TrimSuffix(verb, "s")
	}
	fmt.Fprintf(v, "\n%s %s it\n", count(n, "function"), verb)
	_, err := w.Write(v.Bytes())
	return err
}

func (v *callersView) access(x flow.Access) {
	fmt.Fprintf(v, "\n%s  %s  in %s\n", v.paint.title(v.name(x.Program, x.Func, "")), v.paint.place(place(x.Site)), v.paint.program(x.Program))
	for _, l := range x.Lines {
		fmt.Fprintf(v, "  line %d  %s\n", l.Line, l.How)
	}
	for _, c := range x.From {
		fmt.Fprintf(v, "  from %s  %s\n", v.name(x.Program, c.Func, ""), v.paint.place(place(c.Site)))
	}
	if x.Own {
		return // who goes through it is told
	}
	for i, c := range x.Callers {
		if i == mostEntries && !v.ways {
			fmt.Fprintf(v, "    %s\n", v.paint.aside("and "+count(len(x.Callers)-mostEntries, "more entry")))
			break
		}
		fmt.Fprintf(v, "    %s  %s\n", v.entry(c), v.paint.aside(v.brief(c)))
		if v.ways {
			v.way(c.Way)
		}
	}
	if len(x.Callers) == 0 {
		fmt.Fprintf(v, "    %s\n", v.paint.aside("before any command, or nothing is seen to call it"))
	}
}
