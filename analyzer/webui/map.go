package webui

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

var indexTemplate = template.Must(template.New("index.html").ParseFS(assets, "assets/index.html"))

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
	boxWidth  = 144
	boxHeight = 34
	columnGap = 112
	rowGap    = 44
)

// programMap draws the programs in columns, from those that nobody calls to
// those that call nobody, and a line for each pair that meets. A program that
// meets no other is not drawn.
func programMap(e *flow.Endpoints, colour map[string]int) template.HTML {
	all := links(e)
	sorted := sortedLinks(all)
	column := depths(sorted)
	if len(column) == 0 {
		return ""
	}
	type point struct{ x, y int }
	at := map[string]point{}
	rows := map[int]int{}
	width, height := 0, 0
	for _, name := range slices.Sorted(maps.Keys(column)) {
		c := column[name]
		p := point{8 + c*(boxWidth+columnGap), 8 + rows[c]*(boxHeight+rowGap)}
		rows[c]++
		at[name] = p
		width, height = max(width, p.x+boxWidth+8), max(height, p.y+boxHeight+14)
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg class="map" role="group" aria-label="Map of programs" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", width, height, width, height)
	out.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	var said strings.Builder
	for _, l := range sorted {
		a, b := at[l.from], at[l.to]
		x1, y1, x2, y2 := a.x+boxWidth, a.y+boxHeight/2, b.x-2, b.y+boxHeight/2
		var d string
		var tx, ty int
		switch {
		case l.from == l.to:
			x1, y1 = a.x+boxWidth/2, a.y+boxHeight
			d = fmt.Sprintf("M%d %dc10 26 -46 26 -36 2", x1, y1)
			tx, ty = x1-18, y1+30
		case b.x > a.x:
			bend := (x2 - x1) / 2
			d = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
			tx, ty = x1+(x2-x1)*6/10, y1+(y2-y1)*65/100
		default: // back, or inside one column: below the boxes
			x2, y2 = b.x+boxWidth/2, b.y+boxHeight+2
			x1, y1 = a.x+boxWidth/2, a.y+boxHeight
			d = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1, y1+rowGap, x2, y2+rowGap, x2, y2)
			tx, ty = (x1+x2)/2, max(y1, y2)+rowGap*3/4
		}
		fmt.Fprintf(&out, `<path class="wire" fill="none" d="%s" marker-end="url(#tip)"/>`+"\n", d)
		var kinds []string
		for _, k := range slices.Sorted(maps.Keys(all[l])) {
			kinds = append(kinds, fmt.Sprintf("%s %d", k, all[l][k]))
		}
		text := strings.Join(kinds, ", ")
		w := int(float64(cells(text))*7.3) + 6
		width, height = max(width, tx+w/2+4), max(height, ty+8)
		fmt.Fprintf(&said, `<g><title>%s</title><rect class="behind" x="%d" y="%d" width="%d" height="16"/><text text-anchor="middle" x="%d" y="%d">%s</text></g>`+"\n",
			html.EscapeString(l.from+" → "+l.to), tx-w/2, ty-12, w, tx, ty, html.EscapeString(text))
	}
	out.WriteString(said.String())
	for _, name := range slices.Sorted(maps.Keys(at)) {
		p := at[name]
		own := fmt.Sprintf(`<g class="box p%d">`, colour[name]%8)
		end := "</g>"
		if _, listed := colour[name]; listed {
			own = fmt.Sprintf(`<a class="box p%d" href="#%s">`, colour[name]%8, html.EscapeString(anchor("program", name)))
			end = "</a>"
		}
		fmt.Fprintf(&out, `%s<title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6"/><text text-anchor="middle" x="%d" y="%d">%s</text>%s`+"\n",
			own, html.EscapeString(name), p.x, p.y, boxWidth, boxHeight, p.x+boxWidth/2, p.y+boxHeight/2+5, html.EscapeString(fit(name, 17)), end)
	}
	out.WriteString("</svg>")
	return template.HTML(out.String())
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
func endpointTables(e *flow.Endpoints) []indexTable {
	joined := indexTable{Name: "What passes between programs", ID: "endpoints", Summary: "Departures with the arrivals that they reach", Head: []string{"From", "Kind", "What", "Decided in", "Place", "To"}}
	lost := indexTable{Name: "Departures without a partner", ID: "unmatched", Summary: "Where a program sends or starts something that no program here receives", Head: []string{"From", "Kind", "What", "Decided in", "Place", "Why"}}
	idle := indexTable{Name: "Arrivals without a partner", ID: "idle", Summary: "What a program offers and no program here uses", Head: []string{"In", "Kind", "What", "Handled by", "Place", "Why"}}
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
