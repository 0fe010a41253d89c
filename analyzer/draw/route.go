package draw

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-graphviz/cgraph"
)

// crossing is an edge from lane to lane, taken out of the layout.
type crossing struct {
	tail, head string            // nodes
	attributes map[string]string // those of kept
}

// kept are the attributes of a crossing.
var kept = []string{"color", "penwidth", "style", "tooltip", "class", "URL"}

// gutter is how far from the border of a lane a crossing runs, in points.
const (
	gutter = 9.0
	round  = 10.0 // radius of its corners
)

// takeCrossings removes the crossings of a graph.
func takeCrossings(g *cgraph.Graph) ([]crossing, error) {
	var out []crossing
	var found []*cgraph.Edge
	err := eachEdge(g, func(e *cgraph.Edge) error {
		if e.GetStr("class") != "crossing" {
			return nil
		}
		c := crossing{attributes: map[string]string{}}
		var err error
		if c.tail, err = nodeName(e.Tail); err != nil {
			return err
		}
		if c.head, err = nodeName(e.Head); err != nil {
			return err
		}
		for _, name := range kept {
			if value := e.GetStr(name); value != "" {
				c.attributes[name] = value
			}
		}
		out = append(out, c)
		found = append(found, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		if _, err := g.DeleteEdge(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func nodeName(end func() (*cgraph.Node, error)) (string, error) {
	n, err := end()
	if err != nil {
		return "", err
	}
	return n.Name()
}

func eachEdge(g *cgraph.Graph, visit func(*cgraph.Edge) error) error {
	return eachNode(g, func(n *cgraph.Node) error {
		e, err := g.FirstOut(n)
		for ; err == nil && e != nil; e, err = g.NextOut(e) {
			if err := visit(e); err != nil {
				return err
			}
		}
		return err
	})
}

func eachNode(g *cgraph.Graph, visit func(*cgraph.Node) error) error {
	n, err := g.FirstNode()
	for ; err == nil && n != nil; n, err = g.NextNode(n) {
		if err := visit(n); err != nil {
			return err
		}
	}
	return err
}

// box is the place of a node or lane. Graphviz's y grows upwards.
type box struct{ left, bottom, right, top float64 }

func (b box) middle() point { return point{(b.left + b.right) / 2, (b.bottom + b.top) / 2} }

func (b box) with(c box) box {
	return box{math.Min(b.left, c.left), math.Min(b.bottom, c.bottom), math.Max(b.right, c.right), math.Max(b.top, c.top)}
}

type point struct{ x, y float64 }

// putCrossings leads the crossings through a graph that is laid out.
func putCrossings(g *cgraph.Graph, crossings []crossing) error {
	nodes, lanes, laneOf := map[string]box{}, map[string]box{}, map[string]string{}
	err := eachNode(g, func(n *cgraph.Node) error {
		name, err := n.Name()
		if err != nil {
			return err
		}
		b, ok := placeOf(n)
		if !ok {
			return fmt.Errorf("node %s has no place", name)
		}
		nodes[name] = b
		lane := n.GetStr("lane")
		laneOf[name] = lane
		if have, ok := lanes[lane]; ok {
			b = b.with(have)
		}
		lanes[lane] = b
		return nil
	})
	if err != nil {
		return err
	}
	var all box
	for lane, b := range lanes {
		lanes[lane] = border(g, lane, b)
		if all == (box{}) {
			all = lanes[lane]
		}
		all = all.with(lanes[lane])
	}
	for i, c := range crossings {
		tail, err := g.NodeByName(c.tail)
		if err != nil {
			return err
		}
		head, err := g.NodeByName(c.head)
		if err != nil {
			return err
		}
		e, err := g.CreateEdgeByName(fmt.Sprintf("crossing %d", i), tail, head)
		if err != nil {
			return err
		}
		for _, name := range kept {
			if value := c.attributes[name]; value != "" {
				if err := e.SafeSet(name, value, ""); err != nil {
					return err
				}
			}
		}
		way := lead(nodes[c.tail], nodes[c.head], lanes[laneOf[c.tail]], lanes[laneOf[c.head]], all)
		if err := e.SafeSet("pos", spline(way), ""); err != nil {
			return err
		}
	}
	return nil
}

// border is where Graphviz drew the border of a lane around its nodes, which has
// room for a title.
func border(g *cgraph.Graph, lane string, nodes box) box {
	const margin = 14 // where it does not tell
	around := box{nodes.left - margin, nodes.bottom - margin, nodes.right + margin, nodes.top + margin}
	cluster, err := g.SubGraphByName("cluster_" + lane)
	if err != nil || cluster == nil {
		return around
	}
	var b box
	if _, err := fmt.Sscanf(cluster.GetStr("bb"), "%f,%f,%f,%f", &b.left, &b.bottom, &b.right, &b.top); err != nil {
		return around
	}
	return b
}

// placeOf reads where Graphviz put a node: points for the middle, inches for
// the size.
func placeOf(n *cgraph.Node) (box, bool) {
	x, y, ok := strings.Cut(n.GetStr("pos"), ",")
	var v [4]float64
	for i, text := range []string{x, y, n.GetStr("width"), n.GetStr("height")} {
		var err error
		v[i], err = strconv.ParseFloat(text, 64)
		ok = ok && err == nil
	}
	const inch = 72
	w, h := v[2]*inch/2, v[3]*inch/2
	return box{v[0] - w, v[1] - h, v[0] + w, v[1] + h}, ok
}

// lead is the corners of the way from one node to another.
//
// In one lane, where a program starts itself: along the lane's left border to
// above the head, and down into it.
// Lanes that stand side by side: to the right out of the lane, in the gutter up
// or down to the height of the head, and right into it. Where another lane is
// between, the way passes below all it must pass.
// Lanes below each other: around them, see around. A way back to the left goes
// straight.
func lead(tail, head, from, to, all box) []point {
	start, end := point{tail.right, tail.middle().y}, point{head.left, head.middle().y}
	if from == to {
		x, above := to.left+gutter/2, head.top+gutter
		return []point{{tail.left, start.y}, {x, start.y}, {x, above}, {head.middle().x, above}, {head.middle().x, head.top}}
	}
	if from.top < to.bottom || to.top < from.bottom {
		return around(start, end, from, to, all)
	}
	if end.x < start.x {
		return straight(tail, head)
	}
	if head.left > to.left+head.right-head.left {
		// Others arrive left of it: in from above.
		x, above := (from.right+to.left)/2, head.top+gutter
		return []point{start, {x, start.y}, {x, above}, {head.middle().x, above}, {head.middle().x, head.top}}
	}
	out, in := from.right+gutter, to.left-gutter
	if in < out || in-out < 3*gutter {
		x := (from.right + to.left) / 2
		return []point{start, {x, start.y}, {x, end.y}, end}
	}
	below := math.Min(from.bottom, to.bottom) - gutter
	return []point{start, {out, start.y}, {out, below}, {in, below}, {in, end.y}, end}
}

// around is the way between lanes that lie below each other: out to the right
// of all lanes, along the border of the head's lane that faces the tail, and
// into the head from the left.
func around(start, end point, from, to, all box) []point {
	between := to.top + math.Min(gutter, math.Abs(from.bottom-to.top)/2)
	if to.bottom > from.top {
		between = to.bottom - math.Min(gutter, math.Abs(to.bottom-from.top)/2)
	}
	right, left := all.right+gutter, to.left-gutter
	return []point{start, {right, start.y}, {right, between}, {left, between}, {left, end.y}, end}
}

// straight is the way from below or above a node into the left of another.
func straight(tail, head box) []point {
	start, end := point{tail.middle().x, tail.bottom}, point{head.left, head.middle().y}
	if end.y > start.y {
		start.y = tail.top
	}
	return []point{start, end}
}

// spline writes a way with round corners as Graphviz's pos: the end with the
// arrow first, then Bézier curves.
func spline(way []point) string {
	end := way[len(way)-1]
	before := way[len(way)-2]
	// The line ends where the arrow head begins.
	const arrow = 8
	length := math.Hypot(end.x-before.x, end.y-before.y)
	if length > arrow {
		way[len(way)-1] = point{end.x - (end.x-before.x)*arrow/length, end.y - (end.y-before.y)*arrow/length}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "e,%.2f,%.2f %.2f,%.2f", end.x, end.y, way[0].x, way[0].y)
	at := way[0]
	curve := func(c1, c2, to point) {
		fmt.Fprintf(&b, " %.2f,%.2f %.2f,%.2f %.2f,%.2f", c1.x, c1.y, c2.x, c2.y, to.x, to.y)
		at = to
	}
	for i := 1; i < len(way)-1; i++ {
		corner := way[i]
		r := math.Min(round, math.Min(distance(at, corner), distance(corner, way[i+1])/2))
		in, out := towards(corner, at, r), towards(corner, way[i+1], r)
		curve(at, in, in)
		curve(corner, corner, out)
	}
	last := way[len(way)-1]
	curve(at, last, last)
	return b.String()
}

func distance(a, b point) float64 { return math.Hypot(a.x-b.x, a.y-b.y) }

// towards is the point at a distance from one point on the way to another.
func towards(from, to point, r float64) point {
	d := distance(from, to)
	if d == 0 {
		return from
	}
	return point{from.x + (to.x-from.x)*r/d, from.y + (to.y-from.y)*r/d}
}
