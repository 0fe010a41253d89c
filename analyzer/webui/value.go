package webui

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

//go:embed assets/value.html
var valuePage string

//go:embed assets/value.css
var valueStyle string

// Value writes where a value goes as one HTML file that needs nothing else, no script
// either: the way by programs and by what holds the value, then every other end, each
// with the lines that it passes.
func Value(w io.Writer, v *flow.Value) error {
	return writeValue(w, valueView{Value: v})
}

// valueView is what the template value.html shows.
type valueView struct {
	*flow.Value
	Served bool // fields and places lead to pages of a server
}

// Style is the style sheet of a page that stands alone.
func (v valueView) Style() template.CSS { return template.CSS(valueStyle) }

// FlagsAt is the page of the flags of the command.
func (v valueView) FlagsAt() string {
	if v.Program == "" {
		return ""
	}
	return "/flags" + question{v.Program, strings.Join(v.Command, " ")}.query()
}

func writeValue(w io.Writer, v valueView) error {
	page, err := template.New("value").Funcs(template.FuncMap{"short": flow.Short, "brief": flow.Brief}).Parse(valuePage)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// valuePlace is a place in a source file, and where it can be read.
type valuePlace struct{ Text, Link string }

// Place is where a hop stands.
func (v valueView) Place(h flow.ValueHop) valuePlace {
	p := valuePlace{Text: fmt.Sprintf("%s:%d", h.File, h.Line), Link: v.Component(h.Component).Link(h.Site)}
	if v.Served {
		p.Link = fmt.Sprintf("/source?%s#L%d", url.Values{"program": {h.Component}, "file": {h.File}}.Encode(), h.Line)
	}
	return p
}

// Color is the number of a program's color.
func (v valueView) Color(component string) int {
	for i, name := range v.Programs() {
		if name == component {
			return i % 7
		}
	}
	return 0
}

// Writers is the page of who writes the field of a holder, empty where there is none.
func (v valueView) Writers(h flow.ValueHolder) string {
	if !v.Served || h.Type == "" {
		return ""
	}
	return "/accesses?" + url.Values{"verb": {"writers"}, "symbol": {h.Type + "." + h.Field}}.Encode()
}

// IntoPage is the page of what can end in the field of a holder.
func (v valueView) IntoPage(h flow.ValueHolder) string {
	if !v.Served || h.Type == "" {
		return ""
	}
	return "/into?" + url.Values{"program": {v.Program}, "command": {strings.Join(v.Command, " ")}, "target": {h.Type + "." + h.Field}}.Encode()
}

// Told is the way to a hop.
func (v valueView) Told(hop int) []flow.ValueStretch { return v.Stretches(hop) }

// Of is a stretch with the page that it is on.
func (v valueView) Of(s flow.ValueStretch) stretchView { return stretchView{v, s} }

// stretchView is what the template of a stretch shows.
type stretchView struct {
	View valueView
	Of   flow.ValueStretch
}
