package report

import (
	"fmt"
	"io"

	"github.com/callroute/callroute/analyzer/flow"
)

// Check writes the findings of each rule, with the way to what must not be.
func Check(w io.Writer, c *flow.Check, o CallersOptions) error {
	v := &checkView{callersView{paint: paint{o.Color}, names: namesOf(c.Programs), ways: o.Ways}}
	rule := ""
	for _, f := range c.Findings {
		if f.Rule != rule {
			rule = f.Rule
			fmt.Fprintf(v, "%s  %s\n", v.paint.gap(f.Rule), v.paint.aside(printable(f.Why)))
		}
		v.finding(f)
	}
	if len(c.Findings) > 0 {
		v.WriteByte('\n')
	}
	if len(c.Suppressed) > 0 {
		fmt.Fprintf(v, "%s\n", v.paint.program("accepted"))
		for _, f := range c.Suppressed {
			v.finding(f)
			fmt.Fprintf(v, "%s%s\n", indent+indent, v.paint.aside(fmt.Sprintf("until %s: %s", f.Until, printable(f.Reason))))
		}
		v.WriteByte('\n')
	}
	fmt.Fprintf(v, "%s, %s; %s, %d accepted\n", count(c.Rules, "rule"), count(c.Routes, "route"), count(len(c.Findings), "finding"), len(c.Suppressed))
	_, err := w.Write(v.Bytes())
	return err
}

type checkView struct{ callersView }

func (v *checkView) finding(f flow.Finding) {
	where := f.Program
	if where != "" {
		where = " in " + where
	}
	if f.Route != "" {
		fmt.Fprintf(v, "%s%s\n", indent, v.paint.title(printable(f.Route)))
	}
	fmt.Fprintf(v, "%s%s  %s%s\n", indent+indent, v.paint.place(place(f.Site)), printable(f.Message), v.paint.aside(where))
	if len(f.Way) > 0 {
		if v.ways {
			v.way(f.Way)
		} else {
			fmt.Fprintf(v, "%s%s\n", indent+indent, v.paint.aside("by "+v.brief(flow.Caller{Way: f.Way})))
		}
	}
}
