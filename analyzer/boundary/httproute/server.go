package httproute

import (
	"context"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// served is a library function that serves a handler under a pattern.
type served struct {
	rule    string
	method  string // the HTTP method that the name implies
	verb    int    // argument that is the method, -1 for none
	pattern int    // argument that is the pattern, -1 when the receiver has it
	handler int    // argument that is the handler
	subtree bool   // the pattern is a prefix; the handler may be a router of its own
}

// servedBy is what the called symbol serves. Arguments are counted with the
// receiver as 0.
func servedBy(symbol string) (served, bool) {
	switch symbol {
	case "net/http.Handle", "net/http.HandleFunc":
		return served{rule: "httproute/3", verb: -1, pattern: 0, handler: 1}, true
	case "(*net/http.ServeMux).Handle", "(*net/http.ServeMux).HandleFunc":
		return served{rule: "httproute/3", verb: -1, pattern: 1, handler: 2}, true
	case "(*github.com/gorilla/mux.Router).Handle", "(*github.com/gorilla/mux.Router).HandleFunc":
		return served{rule: "httproute/4", verb: -1, pattern: 1, handler: 2}, true
	case "(*github.com/gorilla/mux.Route).Handler", "(*github.com/gorilla/mux.Route).HandlerFunc":
		return served{rule: "httproute/4", verb: -1, pattern: -1, handler: 1}, true
	}
	name, ok := chiMethod(symbol)
	if !ok {
		return served{}, false
	}
	switch name {
	case "Get", "Post", "Put", "Delete", "Head", "Options", "Patch", "Connect", "Trace":
		return served{rule: "httproute/5", method: strings.ToUpper(name), verb: -1, pattern: 1, handler: 2}, true
	case "Handle", "HandleFunc":
		return served{rule: "httproute/5", verb: -1, pattern: 1, handler: 2}, true
	case "Mount":
		return served{rule: "httproute/5", verb: -1, pattern: 1, handler: 2, subtree: true}, true
	case "Method", "MethodFunc":
		return served{rule: "httproute/5", verb: 1, pattern: 2, handler: 3}, true
	}
	return served{}, false
}

// chiMethod is the method name when symbol is a method of chi's router.
func chiMethod(symbol string) (string, bool) {
	if !strings.Contains(symbol, "github.com/go-chi/chi") {
		return "", false
	}
	recv, name, ok := strings.Cut(symbol, ").")
	if !ok || !strings.HasSuffix(recv, ".Router") && !strings.HasSuffix(recv, ".Mux") {
		return "", false
	}
	return name, true
}

func findServers(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &serverFinder{
		Unit: u, out: out, mounts: map[ssa.Value][]string{}, linked: map[[2]boundary.Node]bool{},
		idle: map[ssa.Value]bool{},
	}
	f.listeners = f.findListeners(ctx)
	for _, pass := range []func(served, index.Call){f.mounted, f.served} {
		for _, symbol := range u.Index.Symbols() {
			s, ok := servedBy(symbol)
			if !ok {
				continue
			}
			for _, call := range u.Index.Calls(symbol) {
				if ctx.Err() != nil {
					return
				}
				if !u.Program.Std(call.In) {
					pass(s, call)
				}
			}
		}
	}
}

type serverFinder struct {
	*boundary.Unit
	out    *boundary.Findings
	linked map[[2]boundary.Node]bool
	mounts map[ssa.Value][]string // call that made a router → patterns it is served under
	idle   map[ssa.Value]bool     // call that made a router → it is never served

	listeners listeners
}

// operand is argument i of the call, the receiver being 0.
func operand(call index.Call, i int) ssa.Value {
	return eval.Argument(call.Instr, i)
}

// mounted notes the routers that are served as handlers of others.
func (f *serverFinder) mounted(s served, call index.Call) {
	root := f.Eval.Root(call.In)
	h := operand(call, s.handler)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { return eval.Holes(c.Eval(h, root)) },
		func(c *eval.Context) {
			for _, v := range c.Eval(h, root) {
				strip, made := f.router(c, v)
				if made == nil || made == call.Instr.Value() {
					continue
				}
				for _, p := range f.patterns(c, s, call, root) {
					prefix := strings.TrimSuffix(strings.TrimSuffix(p, "*"), "/")
					if strip != "" || s.subtree {
						f.mounts[made] = append(f.mounts[made], prefix)
					}
				}
			}
		})
}

// router is the call that made the router which v is, and the prefix that is
// stripped before it, nil when v is no router.
func (f *serverFinder) router(c *eval.Context, v eval.Value) (strip string, made ssa.Value) {
	r, ok := v.(eval.Result)
	if !ok {
		return "", nil
	}
	if program.Symbol(r.Call.Call.StaticCallee()) == "net/http.StripPrefix" {
		p, _ := eval.AsText(c.Eval(r.Call.Call.Args[0], r.Frame)[0]).Const()
		for _, h := range c.Eval(r.Call.Call.Args[1], r.Frame) {
			if _, made := f.router(c, h); made != nil {
				return p, made
			}
		}
		return "", nil
	}
	switch index.TypeSymbol(r.T) {
	case "net/http.ServeMux", "github.com/gorilla/mux.Router":
		return "", r.Call
	}
	if t := index.TypeSymbol(r.T); strings.HasPrefix(t, "github.com/go-chi/chi") {
		return "", r.Call
	}
	return "", nil
}

// served reports the arrivals of one call that serves a handler, one for each
// context that decides pattern and handler.
func (f *serverFinder) served(s served, call index.Call) {
	if s.subtree {
		return
	}
	root := f.Eval.Root(call.In)
	h := operand(call, s.handler)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			holes := eval.Holes(c.Eval(h, root))
			if s.pattern >= 0 {
				holes = append(holes, eval.Holes(c.Eval(operand(call, s.pattern), root))...)
			}
			if s.verb >= 0 {
				holes = append(holes, eval.Holes(c.Eval(operand(call, s.verb), root))...)
			}
			for _, a := range f.chain(c, call, root) {
				holes = append(holes, a.holes...)
			}
			return holes
		},
		func(c *eval.Context) {
			handlers := f.handlers(c, c.Eval(h, root), 0)
			for _, p := range f.patterns(c, s, call, root) {
				f.report(c, p, s, call, root, handlers)
			}
		})
}

func (f *serverFinder) report(c *eval.Context, pattern string, s served, call index.Call, root *eval.Frame, handlers []boundary.Handler) {
	methods := f.methods(c, s, call, root)
	if s.rule == "httproute/3" {
		if m, p, ok := strings.Cut(pattern, " "); ok {
			methods, pattern = []string{m}, strings.TrimLeft(p, " \t")
		}
	}
	if !strings.Contains(pattern, "/") || len(handlers) == 0 {
		return
	}
	router, known := f.servedOn(c, call, root)
	if known && !f.serves(router) {
		return
	}
	if len(methods) == 0 {
		methods = []string{""}
	}
	places := append(f.written(c), boundary.Callers(c, root)...)
	places = append(places, boundary.Place{In: call.In, Pos: call.Instr.Pos()})
	for _, m := range methods {
		f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
			Kind: flow.HTTP, Key: boundary.Key{Name: strings.ToUpper(m), Path: pattern, Address: f.listeners.address(router, known)},
			Handlers: handlers, Registered: places, Rule: s.rule,
		})
	}
}

// written is where the chosen table entries stand in the source.
func (f *serverFinder) written(c *eval.Context) []boundary.Place {
	var out []boundary.Place
	for _, p := range c.Picks() {
		if p.V == nil || p.V.Parent() == nil {
			continue
		}
		out = append(out, boundary.Place{In: p.V.Parent(), Pos: eval.Position(p.V)})
	}
	return out
}

// patterns is the patterns of the call, with what is in front of them: the
// path of the route, the prefix of subrouters, the mounts of the router.
func (f *serverFinder) patterns(c *eval.Context, s served, call index.Call, root *eval.Frame) []string {
	own := []string{""}
	if s.pattern >= 0 {
		own = nil
		for _, v := range c.Eval(operand(call, s.pattern), root) {
			own = append(own, eval.AsText(v).Pattern())
		}
	}
	for _, a := range f.chain(c, call, root) {
		for i, p := range own {
			switch {
			case len(a.path) > 0 && a.prefix && p == "":
				own[i] = strings.TrimSuffix(a.path, "/") + "/" // all that is below
			case len(a.path) > 0:
				own[i] = concat(a.path, below(p, s.rule))
			}
		}
		if a.router != nil {
			if prefixes := f.mounts[a.router]; len(prefixes) > 0 {
				var out []string
				for _, pre := range prefixes {
					for _, p := range own {
						out = append(out, concat(pre, below(p, s.rule)))
					}
				}
				own = out
			}
		}
	}
	if s.pattern >= 0 {
		for i, p := range own {
			own[i] = closed(p, s.rule)
		}
	}
	return own
}

// below is a pattern of a router that is served under a prefix. chi serves "/"
// there for the prefix itself.
func below(p, rule string) string {
	if rule == "httproute/5" && p == "/" {
		return ""
	}
	return closed(p, rule)
}

// closed marks the end of a path that ends in a slash, for the routers to which
// that is not the name of a subtree.
func closed(p, rule string) string {
	if rule != "httproute/3" && strings.HasSuffix(p, "/") && p != "/" {
		return p + "{$}"
	}
	return p
}

// concat puts a prefix before a pattern that may begin with a method.
func concat(prefix, p string) string {
	if m, rest, ok := strings.Cut(p, " "); ok && m != "" && strings.HasPrefix(strings.TrimLeft(rest, " "), "/") {
		return m + " " + strings.TrimSuffix(prefix, "/") + strings.TrimLeft(rest, " ")
	}
	return strings.TrimSuffix(prefix, "/") + p
}

func (f *serverFinder) methods(c *eval.Context, s served, call index.Call, root *eval.Frame) []string {
	if s.method != "" {
		return []string{s.method}
	}
	if s.verb >= 0 {
		var out []string
		for _, v := range c.Eval(operand(call, s.verb), root) {
			out = append(out, eval.AsText(v).Pattern())
		}
		return out
	}
	var out []string
	for _, a := range f.chain(c, call, root) {
		out = append(out, a.methods...)
	}
	return out
}

// attribute is what one call of a router chain says: r.PathPrefix("/x"),
// .Methods("POST"), r.Route("/y", func…).
type attribute struct {
	path    string
	prefix  bool // the path is that of everything below it
	methods []string
	holes   []eval.Hole
	router  ssa.Value // the call that made the router at the end of the chain
}

// chain is the attributes that precede the call on its receiver, nearest
// first, and the methods named after it.
func (f *serverFinder) chain(c *eval.Context, call index.Call, root *eval.Frame) []attribute {
	var out []attribute
	if v := call.Instr.Value(); v != nil {
		for _, r := range *v.Referrers() {
			if next, ok := r.(*ssa.Call); ok && len(next.Call.Args) > 0 && next.Call.Args[0] == v {
				if a, ok := f.attribute(c, next, root); ok {
					out = append(out, a)
				}
			}
		}
	}
	recv := operand(call, 0)
	if recv == nil || index.CalleeSymbol(call.Instr.Common()) == "net/http.HandleFunc" || index.CalleeSymbol(call.Instr.Common()) == "net/http.Handle" {
		return out
	}
	return append(out, f.behind(c, recv, root, 0)...)
}

// behind is the attributes of the router or route that v is.
func (f *serverFinder) behind(c *eval.Context, v ssa.Value, fr *eval.Frame, depth int) []attribute {
	if depth > 12 {
		return nil
	}
	var out []attribute
	for _, x := range c.Eval(v, fr) {
		switch x := x.(type) {
		case eval.Result:
			a, ok := f.attribute(c, x.Call, x.Frame)
			if ok {
				out = append(out, a)
			}
			if recv := eval.Argument(x.Call, 0); ok && recv != nil {
				return append(out, f.behind(c, recv, x.Frame, depth+1)...)
			}
			return append(out, attribute{router: x.Call})
		case eval.Hole:
			if x.Kind != eval.Param {
				continue
			}
			if a, recv, in := f.passedTo(c, x); recv != nil {
				out = append(out, a...)
				return append(out, f.behind(c, recv, in, depth+1)...)
			}
			return append(out, attribute{holes: []eval.Hole{x}})
		}
	}
	return out
}

// passedTo is the chi Route or Group call that runs the literal whose
// parameter h is.
func (f *serverFinder) passedTo(c *eval.Context, h eval.Hole) ([]attribute, ssa.Value, *eval.Frame) {
	for _, s := range f.Graph.In(h.Frame.Fn) {
		name, ok := chiMethod(index.CalleeSymbol(s.Instr.Common()))
		if !ok || s.Rule != "passed" {
			continue
		}
		fr := f.Eval.Root(s.Caller)
		recv := eval.Argument(s.Instr, 0)
		switch name {
		case "Route":
			return []attribute{{path: eval.AsText(c.Eval(eval.Argument(s.Instr, 1), fr)[0]).Pattern()}}, recv, fr
		case "Group":
			return nil, recv, fr
		}
	}
	return nil, nil, nil
}

// attribute reads one call of a router chain; ok is false for calls that are
// no part of one.
func (f *serverFinder) attribute(c *eval.Context, call *ssa.Call, fr *eval.Frame) (attribute, bool) {
	symbol := index.CalleeSymbol(&call.Call)
	if name, ok := chiMethod(symbol); ok {
		switch name {
		case "With", "Group":
			return attribute{}, true
		case "Route":
			return attribute{path: eval.AsText(c.Eval(eval.Argument(call, 1), fr)[0]).Pattern()}, true
		}
		return attribute{}, false
	}
	recv, name, ok := strings.Cut(symbol, ").")
	if !ok || recv != "(*github.com/gorilla/mux.Route" && recv != "(*github.com/gorilla/mux.Router" {
		return attribute{}, false
	}
	switch name {
	case "Methods":
		var a attribute
		for _, v := range c.Eval(call.Call.Args[1], fr) {
			l, ok := v.(eval.List)
			if !ok {
				a.holes = append(a.holes, eval.Holes([]eval.Value{v})...)
				continue
			}
			for _, el := range l.Elems {
				vs := c.Element(el)
				a.holes = append(a.holes, eval.Holes(vs)...)
				for _, m := range vs {
					if s, ok := eval.AsText(m).Const(); ok {
						a.methods = append(a.methods, s)
					}
				}
			}
		}
		return a, true
	case "Path", "PathPrefix":
		vs := c.Eval(call.Call.Args[1], fr)
		return attribute{path: eval.AsText(vs[0]).Pattern(), prefix: name == "PathPrefix", holes: eval.Holes(vs)}, true
	}
	return attribute{}, true
}
