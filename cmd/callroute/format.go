package main

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/export"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

// format is a way to write a flow. It is also the value of a flag.
type format struct {
	name   string
	ending string // of a file's name, where it is not the name
	view   func(io.Writer, *flow.Flow, viewOptions) error
	code   bool // it shows code
	pipe   bool // it is no text, and not for a terminal
	chosen bool // by --format
}

// viewOptions is what a person can say about how a flow is shown.
type viewOptions struct {
	text     report.TextOptions
	brief    bool
	portrait bool
	tables   bool // of an article
	lang     article.Lang
	nodes    int
	draw     drawer
	gaps     bool // as results of their own
	time     time.Time
}

var (
	textFormat = format{name: "text", ending: "txt", view: writeText}
	jsonFormat = format{name: "json", view: func(w io.Writer, f *flow.Flow, _ viewOptions) error { return report.JSON(w, f) }}

	formats = []format{
		textFormat,
		jsonFormat,
		{name: "md", view: writeArticle, code: true},
		{name: "html", view: writePage, code: true},
		{name: "dot", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return diagram.DOT(w, f, o.diagram(f)) }},
		{name: "svg", view: writeSVG},
		{name: "png", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return drawFlow(w, f, o, "png") }, pipe: true},
		{name: "mermaid", ending: "mmd", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return diagram.Mermaid(w, f, o.diagram(f)) }},
		{name: "sequence", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return diagram.Sequence(w, f, o.diagram(f)) }},
		{name: "plantuml", ending: "puml", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return diagram.PlantUML(w, f, o.diagram(f)) }},
		{name: "sarif", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return export.SARIF(w, f, o.export()) }},
		{name: "otlp", view: func(w io.Writer, f *flow.Flow, o viewOptions) error { return export.OTLP(w, f, o.export()) }},
	}
)

func formatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Set chooses a format by name.
func (f *format) Set(name string) error {
	for _, known := range formats {
		if known.name == name {
			*f = known
			f.chosen = true
			return nil
		}
	}
	return fmt.Errorf("the formats are %s", strings.Join(formatNames(), ", "))
}

// formatOf is the format that a file's name asks for, nil if none.
func formatOf(file string) *format {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
	for i := range formats {
		if ending != "" && ending == cmp.Or(formats[i].ending, formats[i].name) {
			return &formats[i]
		}
	}
	return nil
}

func (f *format) String() string { return f.name }

// Type is shown as the flag's argument in help texts.
func (f *format) Type() string { return "FORMAT" }

// diagram is the options of a picture of f.
func (o viewOptions) diagram(f *flow.Flow) diagram.Options {
	components := map[string]flow.Component{}
	for _, c := range f.Components {
		components[c.Name] = c
	}
	return diagram.Options{
		Nodes: o.nodes, Lang: o.lang,
		Link: func(n flow.Node) string { return components[n.Component].Link(flow.Site{File: n.File, Line: n.Line}) },
	}
}

// export is the options of what goes into other people's viewers.
func (o viewOptions) export() export.Options {
	return export.Options{Time: o.time, Base: sourceURI, Gaps: o.gaps}
}

// sourceURI is where the sources of a program lie: in their folder, or where they
// can be read if that is not on this machine.
func sourceURI(c flow.Component) string {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return ""
	}
	if info, err := os.Stat(dir); (err != nil || !info.IsDir()) && c.Web != "" {
		return c.Web + "/"
	}
	path := filepath.ToSlash(dir)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter
	}
	return (&url.URL{Scheme: "file", Path: strings.TrimSuffix(path, "/") + "/"}).String()
}

func writeText(w io.Writer, f *flow.Flow, o viewOptions) error {
	if o.brief {
		return report.Brief(w, f, o.text)
	}
	return report.Text(w, f, o.text)
}

func writeSVG(w io.Writer, f *flow.Flow, o viewOptions) error {
	if o.portrait {
		return diagram.Portrait(w, f, o.diagram(f))
	}
	return drawFlow(w, f, o, "svg")
}

func writeArticle(w io.Writer, f *flow.Flow, o viewOptions) error {
	var sequence strings.Builder
	if err := diagram.Sequence(&sequence, f, o.diagram(f)); err != nil {
		return err
	}
	return article.Markdown(w, f, article.Options{Lang: o.lang, Link: flow.Component.Link, Sequence: sequence.String(), Tables: o.tables})
}
