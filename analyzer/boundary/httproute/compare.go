package httproute

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

const (
	// maxCompared is how many functions hand a path on before it is compared.
	maxCompared = 3
	// maxPairs is how many paths are joined in pairs: a handler that compares
	// more has one constant for each.
	maxPairs = 24
)

// compare collects the paths that a handler compares, which serves without a router.
func (d *dispatch) compare(s ownHandler) {
	s.handlers = slices.DeleteFunc(slices.Clone(s.handlers), func(h boundary.Handler) bool { return !d.Program.User(h.Fn) })
	if len(s.handlers) == 0 {
		return // a library's router looks paths up where they cannot be seen
	}
	asked := &comparison{dispatch: d, ownHandler: s, seen: map[*ssa.Function]bool{}}
	for _, h := range s.handlers {
		asked.function(h.Fn, 0)
	}
	asked.pair()
	d.own = append(d.own, asked)
}

// compared is rule 6: the paths that a handler compares. Where it is not seen to
// compare any, nor are there tables, it answers all that there are.
func (d *dispatch) compared(s *comparison, tables bool) {
	if !s.wraps && !tables && len(s.paths) == 0 {
		s.add(asking{path: "/", pos: s.at.Pos, in: s.at.In})
	}
	for _, a := range s.paths {
		if !strings.HasPrefix(a.path, s.below) || s.looksUp(a) {
			continue
		}
		arrival := boundary.Arrival{
			Kind: flow.HTTP, Key: boundary.Key{Name: a.method, Path: a.path, Address: s.address}, Handlers: s.handlers, Before: s.before, Rule: "httproute/6",
			Registered: []boundary.Place{{In: a.in, Pos: a.pos}, s.at},
		}
		if !s.rewritten() {
			arrival.Seen = a.path
		}
		d.out.Arrivals = append(d.out.Arrivals, arrival)
	}
}

// looksUp reports whether a table behind the handler answers what it asks for, too.
func (c *comparison) looksUp(a asking) bool {
	return slices.ContainsFunc(c.out.Arrivals, func(x boundary.Arrival) bool {
		return x.Rule == tableRule && x.Key.Name == a.method && x.Key.Path == a.path && len(x.Before) > 0 && x.Before[0].Fn == c.handlers[0].Fn
	})
}

// asking is a path that a handler asks for.
type asking struct {
	method, path string
	in           boundary.Node
	pos          token.Pos
}

// comparison collects the paths that handlers compare.
type comparison struct {
	*dispatch
	ownHandler

	seen  map[*ssa.Function]bool
	paths []asking
}

func (c *comparison) add(a asking) {
	if !slices.ContainsFunc(c.paths, func(x asking) bool { return x.method == a.method && x.path == a.path }) {
		c.paths = append(c.paths, a)
	}
}

// function looks at the constants that a function, or one that it hands the
// request or a part of its path to, compares with the path.
func (c *comparison) function(fn *ssa.Function, depth int) {
	if depth > maxCompared || c.seen[fn] {
		return
	}
	c.seen[fn] = true
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.BinOp:
				if instr.Op == token.EQL || instr.Op == token.NEQ {
					c.equal(instr.X, instr.Y, instr)
					c.equal(instr.Y, instr.X, instr)
				}
			case *ssa.Lookup:
				c.keys(instr)
			case *ssa.Call:
				c.call(instr, depth)
			}
		}
	}
	for _, inner := range fn.AnonFuncs {
		c.function(inner, depth+1)
	}
}

func (c *comparison) call(call *ssa.Call, depth int) {
	callee := call.Call.StaticCallee()
	switch symbol := program.Symbol(callee); symbol {
	case "strings.HasPrefix", "strings.CutPrefix", "strings.TrimPrefix":
		c.ending(call, func(p *pathPart, by string) string { return p.prefix + by })
	case "strings.HasSuffix", "strings.CutSuffix", "strings.TrimSuffix":
		c.ending(call, func(p *pathPart, by string) string { return strings.TrimSuffix(p.prefix, "/") + "/{_}" + by + p.suffix })
	default:
		if callee != nil && !c.Program.Std(callee) && slices.ContainsFunc(call.Call.Args, func(a ssa.Value) bool { return c.isRequest(a) || c.part(a, 0) != nil }) {
			c.function(callee, depth+1)
		}
	}
}

// ending adds the path of which a beginning or an end is asked for.
func (c *comparison) ending(call *ssa.Call, path func(*pathPart, string) string) {
	by, ok := textOf(call.Call.Args[1])
	part := c.part(call.Call.Args[0], 0)
	if !ok || by == "" || by == "/" || part == nil || part.segment || part.method {
		return
	}
	at := asking{path: path(part, by), in: call.Parent(), pos: call.Pos()}
	if !strings.HasPrefix(at.path, "/") {
		return
	}
	if strings.Contains(call.Call.StaticCallee().Name(), "Prefix") {
		at.path = strings.TrimSuffix(at.path, "/") + "/{_...}" // "/x" is a prefix of "/x/y" too
	}
	c.add(at)
}

// equal adds the path of a request of which v, if that is a part of its path, is
// a constant.
func (c *comparison) equal(v, with ssa.Value, at *ssa.BinOp) {
	if text, ok := textOf(with); ok {
		c.constant(v, text, at.Parent(), at.Pos())
	}
}

// constant adds the path of a request of which v, a part of its path, is text.
func (c *comparison) constant(v ssa.Value, text string, in *ssa.Function, pos token.Pos) {
	part := c.part(v, 0)
	if part == nil || text == "" && part.prefix == "" {
		return
	}
	method, path := part.of(text)
	if !strings.HasPrefix(path, "/") || part.segment && strings.HasSuffix(path, "/") {
		return
	}
	if !part.segment && strings.HasSuffix(path, "/") && path != "/" || path == "/" {
		path += "{$}"
	}
	c.add(asking{method, path, in, pos})
	if part.segment {
		c.add(asking{method, path + "/{_...}", in, pos})
	}
}

// keys adds the paths under which a table has something.
func (c *comparison) keys(l *ssa.Lookup) {
	if m, ok := l.X.Type().Underlying().(*types.Map); !ok || c.handlerLike(m.Elem()) || c.part(l.Index, 0) == nil {
		return // a table of handlers is rule 5
	}
	for _, key := range c.Eval.Context().Keys(l.X, c.Eval.Root(l.Parent())) {
		c.constant(l.Index, key, l.Parent(), l.Pos())
	}
}

// pair adds the paths that answer two of the questions at once.
func (c *comparison) pair() {
	single := slices.Clone(c.paths)
	if len(single) > maxPairs {
		return
	}
	for i, a := range single {
		for _, b := range single[i+1:] {
			if path, ok := both(a.path, b.path); ok && (a.method == b.method || a.method == "" || b.method == "") {
				c.add(asking{a.method + strings.TrimPrefix(b.method, a.method), path, b.in, b.pos})
			}
		}
	}
}

// both is the paths that two patterns take.
func both(a, b string) (string, bool) {
	x, y := segments(a), segments(b)
	var out []string
	for i := 0; i < len(x) || i < len(y); i++ {
		switch {
		case i < len(x) && rest(x[i]):
			return "/" + strings.Join(append(out, y[min(i, len(y)):]...), "/"), i <= len(y)
		case i < len(y) && rest(y[i]):
			return "/" + strings.Join(append(out, x[min(i, len(x)):]...), "/"), i <= len(x)
		case i >= len(x) || i >= len(y):
			return "", false
		case x[i] == y[i] || placeholder(y[i]):
			out = append(out, x[i])
		case placeholder(x[i]):
			out = append(out, y[i])
		default:
			return "", false
		}
	}
	return "/" + strings.Join(out, "/"), true
}

// rewritten reports whether the handler, or what stands before it, may set the path of
// the request, so that another one is compared than was asked for.
func (c *comparison) rewritten() bool {
	rewriters := c.rewriters()
	return len(rewriters) > 0 && len(c.before) > 0 || slices.ContainsFunc(rewriters, func(fn *ssa.Function) bool { return c.seen[fn] })
}

// rewriters is the functions that set the path of a request which the program serves.
func (f *serverFinder) rewriters() []*ssa.Function {
	if f.rewrites == nil {
		f.rewrites = []*ssa.Function{}
		pkg := f.Program.SSA.ImportedPackage("net/url")
		if pkg == nil || pkg.Type("URL") == nil {
			return nil
		}
		t := pkg.Type("URL").Type()
		for _, st := range f.Index.FieldStores(index.Field(t, index.FieldNamed(t, "Path"))) {
			if !f.Program.Std(st.Parent()) && f.ofRequest(st.Addr) {
				f.rewrites = append(f.rewrites, st.Parent())
			}
		}
	}
	return f.rewrites
}

// ofRequest reports whether an address is that of a field of the URL of a
// request.
func (f *serverFinder) ofRequest(addr ssa.Value) bool {
	field, ok := addr.(*ssa.FieldAddr)
	if !ok {
		return false
	}
	load, ok := field.X.(*ssa.UnOp)
	if !ok {
		return false
	}
	url, ok := load.X.(*ssa.FieldAddr)
	return ok && f.isRequest(url.X)
}
