// Package draw makes SVG and PNG of the DOT that package diagram writes, with
// Graphviz as a library.
//
// It belongs to the program callroute-graphviz alone: the library starts a
// WebAssembly machine in every process that imports it.
//
// Phases: the graph is laid out without its crossings, which Graphviz would
// lead around half of the picture; route.go leads them through the gutters
// between the lanes; the finished layout is rendered. png.go mends the
// library's PNG, font.go finds letters for it.
//
// From the graph it takes, besides Graphviz's own attributes: class=crossing of
// an edge, and lane=N of a node.
package draw

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/goccy/go-graphviz"
	"github.com/goccy/go-graphviz/cgraph"
	"github.com/goccy/go-graphviz/gvc"

	"github.com/callroute/callroute/analyzer/diagram"
)

// Format is the form of a picture.
type Format string

// The formats.
const (
	SVG Format = "svg"
	PNG Format = "png"
)

// fixedWidth is what the picture's font is called in SVG: Graphviz knows it as
// Courier, whose letters are as wide as those of all of these.
const fixedWidth = "text { font-family: ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', 'Liberation Mono', monospace }\n"

// Draw renders DOT. It fails on text that is not DOT. The library is not safe
// for concurrent use: one Draw at a time.
func Draw(ctx context.Context, dot []byte, format Format) ([]byte, error) {
	plain, err := graphviz.New(ctx)
	if err != nil {
		return nil, err
	}
	graph, err := graphviz.ParseBytes(dot)
	if err != nil {
		return nil, fmt.Errorf("not DOT: %w", err)
	}
	crossings, err := takeCrossings(graph)
	if err != nil {
		return nil, err
	}
	var placed bytes.Buffer
	if err := plain.Render(ctx, graph, graphviz.XDOT, &placed); err != nil {
		return nil, err
	}
	if graph, err = graphviz.ParseBytes(placed.Bytes()); err != nil {
		return nil, err
	}
	if err := putCrossings(graph, crossings); err != nil {
		return nil, err
	}
	return render(ctx, graph, format)
}

// styled gives an SVG its fonts, once for all letters, and its dark colors.
func styled(svg string) []byte {
	svg = strings.ReplaceAll(svg, ` font-family="Courier"`, "")
	head := strings.Index(svg, "<svg")
	end := head + strings.IndexByte(svg[max(head, 0):], '>') + 1
	if head < 0 || end <= head {
		return []byte(svg)
	}
	return []byte(svg[:end] + "\n<style>\n" + fixedWidth + diagram.DarkStyle() + "</style>" + svg[end:])
}

// Pixels of a picture, beyond which it gets coarser.
const (
	manyPixels = 12e6
	maxPixels  = 16e6
)

// dotsPerInch is 96, as on a screen, for a picture that is not too big for it;
// bb is its size as Graphviz gives it, "0,0,width,height" in points.
func dotsPerInch(bb string) string {
	var x, y, width, height float64
	if _, err := fmt.Sscanf(bb, "%g,%g,%g,%g", &x, &y, &width, &height); err != nil {
		return "96"
	}
	const point = 72
	dpi := 96.0
	if width*height*dpi*dpi/point/point > manyPixels {
		dpi = point
	}
	if area := width * height * dpi * dpi / point / point; area > maxPixels {
		dpi *= math.Sqrt(maxPixels / area)
	}
	return fmt.Sprintf("%.1f", dpi)
}

// render writes a graph whose places are known.
func render(ctx context.Context, graph *cgraph.Graph, format Format) ([]byte, error) {
	var out bytes.Buffer
	switch format {
	case SVG:
		gv, err := graphviz.New(ctx)
		if err != nil {
			return nil, err
		}
		if err := gv.SetLayout(graphviz.NOP2).Render(ctx, graph, graphviz.SVG, &out); err != nil {
			return nil, err
		}
		return styled(out.String()), nil
	case PNG:
		if err := graph.SafeSet("dpi", dotsPerInch(graph.GetStr("bb")), ""); err != nil {
			return nil, err
		}
		renderer, err := gvc.NewRenderPlugin(ctx, string(PNG), newPNG())
		if err != nil {
			return nil, err
		}
		device, err := gvc.PNGDevicePlugin(ctx)
		if err != nil {
			return nil, err
		}
		gv, err := graphviz.NewWithPlugins(ctx, renderer, device)
		if err != nil {
			return nil, err
		}
		if err := gv.SetLayout(graphviz.NOP2).Render(ctx, graph, graphviz.PNG, &out); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	}
	return nil, fmt.Errorf("no format %q: svg or png", format)
}
