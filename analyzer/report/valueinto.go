package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// ValueInto writes what can end in a field or a file: flags, arguments and requests
// with the crossings on their way, then constants; with o.Tree each way line by line.
func ValueInto(w io.Writer, v *flow.Value, o TextOptions) error {
	t := &valueText{text: &text{options: o, paint: paint{o.Color}}, v: v, shown: map[int]bool{}}
	t.line(t.paint.title("into " + v.Into))
	for _, f := range v.Fields {
		if f != v.Into {
			t.line(indent, t.paint.aside("that is "+f))
		}
	}
	if len(v.Sources) == 0 {
		t.line()
		t.line("Nothing is seen to end there.")
	}
	for _, kind := range []flow.ValueSourceKind{flow.FlagSource, flow.ArgumentSource, flow.RequestSource, flow.ConstantSource} {
		t.sources(kind)
	}
	for _, g := range v.Gaps {
		t.line()
		t.line(t.paint.gap("gap: " + g.Reason))
	}
	_, err := w.Write(t.Bytes())
	return err
}

// sources writes the sources of one kind.
func (t *valueText) sources(kind flow.ValueSourceKind) {
	all := slices.DeleteFunc(slices.Clone(t.v.Sources), func(s flow.ValueSource) bool { return s.Kind != kind })
	if len(all) == 0 {
		return
	}
	t.line()
	t.line(count(len(all), string(kind)) + ":")
	for _, s := range all {
		if kind == flow.ConstantSource {
			t.line(indent, s.Name, t.paint.aside(fmt.Sprintf(" in %s at %s:%d", flow.Short(s.Func), s.File, s.Line)))
			continue
		}
		last := t.v.Hops[s.Hop]
		t.line(indent, s.Says(), t.paint.aside(fmt.Sprintf(", at %s:%d", last.File, last.Line)))
		if len(s.Through) > 0 {
			t.line(indent, indent, t.paint.crossing("by "+strings.Join(s.Through, ", ")))
		}
		if t.options.Tree {
			t.shown = map[int]bool{}
			t.way(s.Hop)
			t.line()
		}
	}
}
