package webui

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
)

var indexTemplate = template.Must(template.New("index.html").ParseFS(assets, "assets/index.html", "assets/icon.html"))

// link is what passes from one program to another.
type link struct{ from, to string }

// links are the pairs of programs that meet, with how often by which kind.
func links(e *flow.Endpoints) map[link]map[flow.Kind]int {
	all := map[link]map[flow.Kind]int{}
	for _, d := range e.Departures {
		for _, peer := range d.Peers {
			to, _, _ := strings.Cut(peer, " ")
			l := link{d.Program, to}
			if all[l] == nil {
				all[l] = map[flow.Kind]int{}
			}
			all[l][d.Kind]++
		}
	}
	return all
}

// sortedLinks lists links in the order of their names.
func sortedLinks(all map[link]map[flow.Kind]int) []link {
	return slices.SortedFunc(maps.Keys(all), func(a, b link) int {
		return cmp.Or(strings.Compare(a.from, b.from), strings.Compare(a.to, b.to))
	})
}

// Measures of the map, in pixels.
const (
	boxWidth  = 136
	boxHeight = 34
	columnGap = 116
	rowGap    = 44
	mapMargin = 8
)

// mapSketch is the map being drawn. Boxes stand in columns. A line between
// neighbouring columns is a curve through the gutter; any other goes down its
// gutter, along a channel of its own below the boxes, and up another gutter.
type mapSketch struct {
	column   map[string]int
	row      map[string]int
	below    int // y of the first free channel
	channels int
	lines    strings.Builder
	labels   strings.Builder
}

func (m *mapSketch) x(name string) int { return mapMargin + m.column[name]*(boxWidth+columnGap) }
func (m *mapSketch) y(name string) int { return mapMargin + m.row[name]*(boxHeight+rowGap) }

// programMap draws the programs in columns, from those that nobody calls to
// those that call nobody, and a line for each pair that meets. A program that
// meets no other is not drawn.
func (l labels) programMap(e *flow.Endpoints, colour map[string]int) template.HTML {
	all := links(e)
	sorted := sortedLinks(all)
	m := &mapSketch{column: depths(sorted), row: map[string]int{}}
	if len(m.column) == 0 {
		return ""
	}
	rows := map[int]int{}
	names := slices.Sorted(maps.Keys(m.column))
	width := 0
	for _, name := range names {
		m.row[name] = rows[m.column[name]]
		rows[m.column[name]]++
		m.below = max(m.below, m.y(name)+boxHeight+rowGap)
		width = max(width, m.x(name)+boxWidth+mapMargin)
	}
	for _, to := range sorted {
		m.link(to, all[to])
	}
	if m.channels > 0 {
		width += 24
	}
	height := m.below + m.channels*22
	var out strings.Builder
	fmt.Fprintf(&out, `<svg class="map" role="group" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", html.EscapeString(l.T("Map of programs")), width, height, width, height)
	out.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	out.WriteString(m.lines.String() + m.labels.String())
	for _, name := range names {
		start, end := fmt.Sprintf(`<g class="box p%d">`, colour[name]%8), "</g>"
		if _, listed := colour[name]; listed {
			start, end = fmt.Sprintf(`<a class="box p%d" href="#%s">`, colour[name]%8, html.EscapeString(anchor("program", name))), "</a>"
		}
		fmt.Fprintf(&out, `%s<title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6"/><text text-anchor="middle" x="%d" y="%d">%s</text>%s`+"\n",
			start, html.EscapeString(name), m.x(name), m.y(name), boxWidth, boxHeight, m.x(name)+boxWidth/2, m.y(name)+boxHeight/2+5, html.EscapeString(diagram.Fit(name, 16)), end)
	}
	out.WriteString("</svg>")
	return template.HTML(out.String())
}

func (m *mapSketch) link(l link, kinds map[flow.Kind]int) {
	var said []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		said = append(said, fmt.Sprintf("%s %d", k, kinds[k]))
	}
	x1, y1 := m.x(l.from)+boxWidth, m.y(l.from)+boxHeight/2
	x2, y2 := m.x(l.to)-2, m.y(l.to)+boxHeight/2
	switch {
	case l.from == l.to:
		bottom := m.y(l.from) + boxHeight
		m.line(fmt.Sprintf("M%d %dc10 26 -46 26 -36 2", x1-boxWidth/2+18, bottom))
		m.label(l, x1-boxWidth/2, bottom+32, strings.Join(said, ", "))
	case m.column[l.to] == m.column[l.from]+1:
		m.line(fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+columnGap/2, y1, x2-columnGap/2, y2, x2, y2))
		at := (y1+y2)/2 + 4 - 7*(len(said)-1)
		for i, text := range said {
			m.label(l, (x1+x2)/2, at+14*i, text)
		}
	default:
		channel := m.below + m.channels*22
		down, up := x1+10+m.channels%5*4, x2-14-m.channels%5*4
		m.channels++
		m.line(fmt.Sprintf("M%d %dH%dV%dH%dV%dH%d", x1, y1+6, down, channel, up, y2+8, x2))
		m.label(l, (down+up)/2, channel+4, strings.Join(said, ", "))
	}
}

func (m *mapSketch) line(d string) {
	fmt.Fprintf(&m.lines, `<path class="wire" fill="none" d="%s" marker-end="url(#tip)"/>`+"\n", d)
}

func (m *mapSketch) label(l link, x, y int, text string) {
	w := int(float64(diagram.Cells(text))*7.3) + 6
	fmt.Fprintf(&m.labels, `<g><title>%s</title><rect class="behind" x="%d" y="%d" width="%d" height="15"/><text text-anchor="middle" x="%d" y="%d">%s</text></g>`+"\n",
		html.EscapeString(l.from+" → "+l.to), x-w/2, y-11, w, x, y, html.EscapeString(text))
}

// depths is the column of each program: the longest way to it from a program
// that nobody calls, as far as there is no circle.
func depths(sorted []link) map[string]int {
	column := map[string]int{}
	called := map[string]bool{}
	for _, l := range sorted {
		column[l.from], column[l.to] = 0, 0
		if l.from != l.to {
			called[l.to] = true
		}
	}
	var visit func(name string, depth int, above map[string]bool)
	visit = func(name string, depth int, above map[string]bool) {
		column[name] = max(column[name], depth)
		above[name] = true
		for _, l := range sorted {
			if l.from == name && !above[l.to] && depth+1 > column[l.to] {
				visit(l.to, depth+1, above)
			}
		}
		delete(above, name)
	}
	for _, name := range slices.Sorted(maps.Keys(column)) {
		if !called[name] {
			visit(name, 0, map[string]bool{})
		}
	}
	// What only a circle reaches.
	for _, l := range sorted {
		if called[l.from] && column[l.from] == 0 && column[l.to] == 0 && l.from != l.to {
			visit(l.from, 0, map[string]bool{})
		}
	}
	return column
}

// endpointTables are what passes between programs, and what finds no partner.
func (l labels) endpointTables(e *flow.Endpoints) []indexTable {
	joined := indexTable{
		Name: l.T("What passes between programs"), ID: "endpoints", Summary: l.T("Departures with the arrivals that they reach"),
		Head: []string{l.T("From"), l.T("Kind"), l.T("What"), l.T("Decided in"), l.T("Place"), l.T("To")},
	}
	lost := indexTable{
		Name: l.T("Departures without a partner"), ID: "unmatched", Summary: l.T("Where a program sends or starts something that no program here receives"),
		Head: []string{l.T("From"), l.T("Kind"), l.T("What"), l.T("Decided in"), l.T("Place"), l.T("Why")},
	}
	idle := indexTable{
		Name: l.T("Arrivals without a partner"), ID: "idle", Summary: l.T("What a program offers and no program here uses"),
		Head: []string{l.T("In"), l.T("Kind"), l.T("What"), l.T("Handled by"), l.T("Place"), l.T("Why")},
	}
	row := func(d flow.Endpoint, last string) []string {
		return []string{d.Program, string(d.Kind), d.Key, flow.Short(d.Func), fmt.Sprintf("%s:%d", d.Site.File, d.Site.Line), last}
	}
	for _, d := range e.Departures {
		if len(d.Peers) == 0 {
			lost.Rows = append(lost.Rows, row(d, d.Reason))
			continue
		}
		var peers []string
		for _, p := range d.Peers {
			program, fn, _ := strings.Cut(p, " ")
			peers = append(peers, program+" "+flow.Short(fn))
		}
		joined.Rows = append(joined.Rows, row(d, strings.Join(peers, ", ")))
	}
	for _, a := range e.Arrivals {
		if len(a.Peers) == 0 {
			idle.Rows = append(idle.Rows, row(a, a.Reason))
		}
	}
	lost.Open = len(lost.Rows) > 0
	return []indexTable{joined, lost, idle}
}
