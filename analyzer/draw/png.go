package draw

import (
	"context"

	"github.com/goccy/go-graphviz/gvc"
)

// pngRenderer is the library's image renderer with two mends: it fills the area
// under each edge, and it does not draw the border of what it fills.
type pngRenderer struct {
	*gvc.ImageRenderer
	edge bool // an edge is being drawn
}

func newPNG() *pngRenderer {
	gvc.SetFontLoader(loadFont)
	return &pngRenderer{ImageRenderer: &gvc.ImageRenderer{DefaultRenderEngine: new(gvc.DefaultRenderEngine)}}
}

// BeginEdge notes that what follows is an edge.
func (r *pngRenderer) BeginEdge(ctx context.Context, job *gvc.Job) error {
	r.edge = true
	return r.ImageRenderer.BeginEdge(ctx, job)
}

// EndEdge notes that the edge is done.
func (r *pngRenderer) EndEdge(ctx context.Context, job *gvc.Job) error {
	r.edge = false
	return r.ImageRenderer.EndEdge(ctx, job)
}

// BezierCurve draws an edge, or the border of a node or lane with round
// corners. Only the latter are filled.
func (r *pngRenderer) BezierCurve(ctx context.Context, job *gvc.Job, points []*gvc.PointFloat, filled bool) error {
	if !r.edge {
		if err := r.ImageRenderer.BezierCurve(ctx, job, points, true); err != nil {
			return err
		}
	}
	return r.ImageRenderer.BezierCurve(ctx, job, points, false)
}

// Polygon draws a border or an arrow head.
func (r *pngRenderer) Polygon(ctx context.Context, job *gvc.Job, points []*gvc.PointFloat, filled bool) error {
	if filled {
		if err := r.ImageRenderer.Polygon(ctx, job, points, true); err != nil {
			return err
		}
	}
	return r.ImageRenderer.Polygon(ctx, job, points, false)
}
