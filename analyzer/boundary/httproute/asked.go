package httproute

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/text"
)

const (
	// maxOpen is how many segments of a path are told apart behind those that are
	// known: "/pods/{name}/logs/{n}".
	maxOpen = 4
	// maxAsked is more requests than a handler without a router tells apart.
	maxAsked = 250
	// method is the number of the open part that is the method; those of the segments
	// of the path are their places.
	method = -1
)

// asks is rule 9: a handler that serves a whole subtree is entered with a request of
// which the segments of the path are open. What they are compared with, or looked up
// in, on the way are paths that it serves; with those that are found it is entered
// once more.
//
// So is one that serves a path with names, of which the parts that have them are open.
func (f *serverFinder) asks(ctx context.Context) {
	var b *clone.Builder
	for _, a := range slices.Clone(f.out.Arrivals) {
		first := f.open(a)
		if len(first) == 0 {
			continue
		}
		if b == nil {
			b = clone.New(f.Eval, f.Index, f.Graph, nil, clone.Requests{})
		}
		for _, r := range f.askedOf(ctx, b, a, first) {
			own := a
			own.Key.Path, own.Key.Name, own.Rule = r.path(), r.method, "httproute/9"
			if r.names == nil {
				own.Seen = r.path()
			} else {
				own.Named = boundary.Named{Parts: r.named(), By: strings.Join(f.pathValues.types, " ")}
			}
			own.Registered = append([]boundary.Place{{In: a.Handlers[0].Fn, Pos: r.pos}}, a.Registered...)
			f.out.Arrivals = append(f.out.Arrivals, own)
		}
	}
}

// open is the requests with which the handlers of an arrival are entered to see what
// they ask for, none where they ask for nothing, or what they see of the path is not
// what was asked for.
func (f *serverFinder) open(a boundary.Arrival) []asked {
	if a.Kind != flow.HTTP || hostOf(a.Key.Path) != "" {
		return nil
	}
	if named := namedSegments(a.Key.Path); named != nil && slices.ContainsFunc(a.Handlers, f.readsPathValues) {
		r := asked{method: a.Key.Name, segments: slices.Clone(named), names: named}
		for i, s := range named {
			if nameOf(s) != "" {
				r.segments[i] = ""
			}
		}
		return []asked{r}
	}
	under, subtree := strings.CutSuffix(a.Key.Path, "/")
	if !subtree || strings.ContainsAny(under, "{*") || len(f.rewriters()) > 0 || !slices.ContainsFunc(a.Handlers, f.takesRequest) {
		return nil
	}
	var out []asked
	for n := range maxOpen {
		out = append(out, asked{method: a.Key.Name, known: len(segments(under)), segments: append(segments(under), make([]string, n+1)...)})
	}
	return out
}

// takesRequest reports whether a handler under study is given a request of net/http
// and reads its path, or one of the functions does that it calls.
func (f *serverFinder) takesRequest(h boundary.Handler) bool {
	return f.Program.User(h.Fn) && slices.ContainsFunc(h.Fn.Params, func(p *ssa.Parameter) bool { return index.TypeSymbol(p.Type()) == "net/http.Request" }) &&
		f.readsPath(h.Fn, maxCompared, map[*ssa.Function]bool{})
}

func (f *serverFinder) readsPath(fn *ssa.Function, depth int, seen map[*ssa.Function]bool) bool {
	if seen[fn] || !f.Program.User(fn) {
		return false
	}
	seen[fn] = true
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if load, ok := instr.(*ssa.UnOp); ok && isRequestPath(load) {
				return true
			}
		}
	}
	if depth == 0 {
		return false
	}
	return slices.ContainsFunc(f.Graph.Out(fn), func(s *calls.Site) bool {
		return len(s.Callees) == 1 && f.readsPath(s.Callees[0], depth-1, seen)
	})
}

// asked is a request that a handler tells from others. An empty segment is open.
type asked struct {
	method   string
	segments []string
	names    []string // the segments of a pattern with names; nil where there are none
	known    int      // how many segments are known from the start, where there are no names
	pos      token.Pos
}

func (r asked) path() string {
	var b strings.Builder
	for i, s := range r.segments {
		switch {
		case s != "":
		case r.names != nil:
			s = r.names[i]
		default:
			s = "{_}"
		}
		b.WriteString("/" + s)
	}
	return b.String()
}

// with is r with open parts that are known now; ok is false where nothing of the path
// is.
func (r asked) with(a eval.Asked) (out asked, ok bool) {
	out = r
	out.segments, out.pos = slices.Clone(r.segments), a.Pos
	for part, s := range a.Parts {
		switch {
		case part == method:
			out.method = s
		case strings.ContainsAny(s, "{}*"):
			return out, false
		default:
			out.segments[part], ok = s, true
		}
	}
	return out, ok
}

// askedOf is the requests that the handlers of an arrival tell apart.
func (f *serverFinder) askedOf(ctx context.Context, b *clone.Builder, a boundary.Arrival, all []asked) []asked {
	var found []asked
	for i := 0; i < len(all) && len(all) < maxAsked && ctx.Err() == nil; i++ {
		for _, x := range leading(f.enter(ctx, b, a.Handlers, all[i])) {
			next, ok := all[i].with(x)
			if ok && !slices.ContainsFunc(all, func(y asked) bool { return y.method == next.method && slices.Equal(y.segments, next.segments) }) {
				all, found = append(all, next), append(found, next)
			}
		}
	}
	if len(found) > 0 && found[0].names != nil {
		return found
	}
	return withRests(shallowest(found))
}

// shallowest is the requests without those of which another one has the same end
// behind fewer open segments: whoever asks for the end of a path asks it of any.
func shallowest(all []asked) []asked {
	end := func(r asked) (open int, tail []string) {
		n := r.known
		for n < len(r.segments) && r.segments[n] == "" {
			n++
		}
		return n - r.known, r.segments[n:]
	}
	return slices.DeleteFunc(slices.Clone(all), func(r asked) bool {
		open, tail := end(r)
		return open > 0 && len(tail) > 0 && slices.ContainsFunc(all, func(x asked) bool {
			fewer, same := end(x)
			return x.method == r.method && 0 < fewer && fewer < open && slices.Equal(same, tail)
		})
	})
}

// leading is the comparisons of the first segment that something is asked of: what is
// asked of those behind it depends on it.
func leading(all []eval.Asked) []eval.Asked {
	first := -1
	for _, x := range all {
		for part := range x.Parts {
			if part != method && (first < 0 || part < first) {
				first = part
			}
		}
	}
	return slices.DeleteFunc(all, func(x eval.Asked) bool { _, ok := x.Parts[first]; return !ok })
}

// enter is what the handlers compare with the open parts of a request.
func (f *serverFinder) enter(ctx context.Context, b *clone.Builder, handlers []boundary.Handler, r asked) []eval.Asked {
	asking := &eval.Asking{}
	path := text.Text{}
	parts := map[string]eval.Value{}
	for i, s := range r.segments {
		part := text.Lit(s)
		if s == "" {
			part = text.Hole(text.Segment{By: asking.Open(i)})
		}
		path = text.Concat(path, text.Lit("/"), part)
		if r.names != nil && nameOf(r.names[i]) != "" {
			parts[nameOf(r.names[i])] = eval.Text{Text: part}
		}
	}
	by := text.Lit(r.method)
	if r.method == "" {
		by = text.Hole(asking.Open(method))
	}
	arriving := received{method: eval.Text{Text: by}, parts: parts, by: f.pathValues.types}
	if r.names == nil {
		arriving.path = eval.Text{Text: path}
	}
	var clones []*clone.Clone
	for _, h := range handlers {
		clones = append(clones, b.Called(h.Fn, h.Value, func(i int, t types.Type) eval.Answer {
			if h.Given != nil && h.Given.Param == i {
				return h.Given.Answer
			}
			return requestOf(t, arriving)
		})...)
	}
	b.Ask(ctx, clones...)
	return asking.All()
}

// withRests has one pattern for all that is below a path in place of one for each
// number of segments.
func withRests(all []asked) []asked {
	var out []asked
	seen := map[string]bool{}
	for _, r := range all {
		n := len(r.segments)
		for n > 0 && r.segments[n-1] == "" {
			n--
		}
		if n > 0 && n < len(r.segments) && slices.ContainsFunc(all, func(x asked) bool { return x.method == r.method && slices.Equal(x.segments, r.segments[:n]) }) {
			r.segments = append(slices.Clone(r.segments[:n]), "{_...}")
		}
		if k := fmt.Sprint(r.method, " ", r.path()); !seen[k] {
			seen[k] = true
			out = append(out, r)
		}
	}
	return out
}
