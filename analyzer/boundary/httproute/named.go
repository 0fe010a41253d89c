package httproute

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// pathValues is who reads the parts of a path by the names that patterns have for
// them.
type pathValues struct {
	readers map[*ssa.Function]bool
	types   []string // of the arguments from which they are read
}

// findPathValues tells the engine of the functions of libraries that read them.
func (f *serverFinder) findPathValues() {
	f.pathValues = pathValues{readers: map[*ssa.Function]bool{}}
	for _, m := range f.Models.All {
		for _, p := range m.Passes {
			if p.Of != models.Path || p.To != nil {
				continue
			}
			for _, call := range f.CallsOf(m, p.Call) {
				fn, from := eval.CalledFunc(call.Instr.Common()), eval.Argument(call.Instr, int(p.From))
				if fn == nil || from == nil || call.Instr.Value() == nil {
					continue
				}
				f.Eval.PathValue(fn, eval.PathValue{From: int(p.From), Key: argument(p.Key)})
				f.pathValues.readers[call.In] = true
				if t := index.TypeSymbol(from.Type()); !slices.Contains(f.pathValues.types, t) {
					f.pathValues.types = append(f.pathValues.types, t)
				}
			}
		}
	}
}

// readsPathValues reports whether a handler under study reads a part of the path by
// its name, or one of the functions does that it calls.
func (f *serverFinder) readsPathValues(h boundary.Handler) bool {
	seen := map[*ssa.Function]bool{}
	var reads func(fn *ssa.Function, depth int) bool
	reads = func(fn *ssa.Function, depth int) bool {
		if seen[fn] || depth < 0 || !f.Program.User(fn) {
			return false
		}
		seen[fn] = true
		return f.pathValues.readers[fn] || slices.ContainsFunc(f.Graph.Out(fn), func(s *calls.Site) bool {
			return len(s.Callees) == 1 && reads(s.Callees[0], depth-1)
		})
	}
	return reads(h.Fn, maxCompared)
}

// namedSegments is the segments of a pattern some of which have a name, nil where none has.
func namedSegments(pattern string) []string {
	segs := segments(pattern)
	if hostOf(pattern) != "" || !slices.ContainsFunc(segs, func(s string) bool { return nameOf(s) != "" }) {
		return nil
	}
	return segs
}

// nameOf is the name of a segment that is nothing else: id of "{id}" and "{id:[0-9]+}".
func nameOf(segment string) string {
	inner, ok := strings.CutPrefix(segment, "{")
	if !ok || rest(segment) || !strings.HasSuffix(inner, "}") || inner == "$}" {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(inner, "}"), ":")
	return name
}

// named is the parts of the path by name that a request has.
func (r asked) named() string {
	parts := url.Values{}
	for i, s := range r.segments {
		if s != r.names[i] {
			parts.Set(nameOf(r.names[i]), s)
		}
	}
	return parts.Encode()
}
