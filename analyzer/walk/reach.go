package walk

import (
	"context"
	"slices"

	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
)

// Reach is what the route from e visits, and what is on the way to it: clones, by
// program, sorted.
func Reach(ctx context.Context, st *stitch.Stitcher, e Entry) (map[*summary.Executable][]summary.ID, error) {
	w := newWalker(ctx, st, e)
	w.start(e)
	if err := w.run(); err != nil {
		return nil, err
	}
	out := map[*summary.Executable][]summary.ID{}
	visited := map[place]bool{}
	for v := range w.visited {
		out[v.exe] = append(out[v.exe], v.id)
		visited[place{v.exe, v.exe.Base(v.id)}] = true
	}
	for _, p := range w.where {
		if !visited[p] {
			out[p.exe] = append(out[p.exe], p.id)
		}
	}
	for exe, ids := range out {
		slices.Sort(ids)
		out[exe] = slices.Compact(ids)
	}
	return out, nil
}
