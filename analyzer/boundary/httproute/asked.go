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
func (f *serverFinder) asks(ctx context.Context) {
	if len(f.rewriters()) > 0 {
		return // what is seen is not what was asked for
	}
	var b *clone.Builder
	for _, a := range slices.Clone(f.out.Arrivals) {
		under, subtree := strings.CutSuffix(a.Key.Path, "/")
		if a.Kind != flow.HTTP || !subtree || hostOf(a.Key.Path) != "" || strings.ContainsAny(under, "{*") || !slices.ContainsFunc(a.Handlers, f.takesRequest) {
			continue
		}
		if b == nil {
			b = clone.New(f.Eval, f.Index, f.Graph, nil, nil)
		}
		for _, r := range f.askedOf(ctx, b, a, segments(under)) {
			own := a
			own.Key.Path, own.Key.Name, own.Seen, own.Rule = r.path(), r.method, r.path(), "httproute/9"
			own.Registered = append([]boundary.Place{{In: a.Handlers[0].Fn, Pos: r.pos}}, a.Registered...)
			f.out.Arrivals = append(f.out.Arrivals, own)
		}
	}
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
	pos      token.Pos
}

func (r asked) path() string {
	var b strings.Builder
	for _, s := range r.segments {
		if s == "" {
			s = "{_}"
		}
		b.WriteString("/" + s)
	}
	return b.String()
}

// with is r with open parts that are known now; ok is false where nothing of the path
// is.
func (r asked) with(a eval.Asked) (out asked, ok bool) {
	out = asked{r.method, slices.Clone(r.segments), a.Pos}
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

// askedOf is the requests that the handlers of an arrival tell apart below the
// segments that are known.
func (f *serverFinder) askedOf(ctx context.Context, b *clone.Builder, a boundary.Arrival, known []string) []asked {
	var all, found []asked
	for n := range maxOpen {
		all = append(all, asked{method: a.Key.Name, segments: append(slices.Clone(known), make([]string, n+1)...)})
	}
	for i := 0; i < len(all) && len(all) < maxAsked && ctx.Err() == nil; i++ {
		for _, x := range leading(f.enter(ctx, b, a.Handlers, all[i])) {
			next, ok := all[i].with(x)
			if ok && !slices.ContainsFunc(all, func(y asked) bool { return y.method == next.method && slices.Equal(y.segments, next.segments) }) {
				all, found = append(all, next), append(found, next)
			}
		}
	}
	return withRests(shallowest(found, len(known)))
}

// shallowest is the requests without those of which another one has the same end
// behind fewer open segments: whoever asks for the end of a path asks it of any.
func shallowest(all []asked, known int) []asked {
	end := func(r asked) (open int, tail []string) {
		n := known
		for n < len(r.segments) && r.segments[n] == "" {
			n++
		}
		return n - known, r.segments[n:]
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
	for i, s := range r.segments {
		part := text.Lit(s)
		if s == "" {
			part = text.Hole(text.Segment{By: asking.Open(i)})
		}
		path = text.Concat(path, text.Lit("/"), part)
	}
	by := text.Lit(r.method)
	if r.method == "" {
		by = text.Hole(asking.Open(method))
	}
	var clones []*clone.Clone
	for _, h := range handlers {
		clones = append(clones, b.Called(h.Fn, h.Value, func(i int, t types.Type) eval.Answer {
			if h.Given != nil && h.Given.Param == i {
				return h.Given.Answer
			}
			return requestOf(t, eval.Text{Text: by}, eval.Text{Text: path})
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
