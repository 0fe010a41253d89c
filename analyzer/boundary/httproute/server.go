package httproute

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// served is a library function that serves a handler under a pattern, as a model
// says.
type served struct {
	*models.Route
	model *models.Model
	name  string // of the function
	index *index.Index
}

// servedBy is what the called symbol serves.
func (f *serverFinder) servedBy(symbol string) (served, bool) {
	e, ok := models.Find(f.Models, func(m *models.Model) []models.Route { return m.Routes }, func(r *models.Route) models.Symbol { return r.Call }, symbol)
	return served{e.Of, e.Model, models.Split(symbol).Name, f.Index}, ok
}

func (s served) rule() string {
	if s.Patterns {
		return "httproute/3"
	}
	return "httproute/4"
}

// argument is the number of an argument, -1 for none.
func argument(a *models.Arg) int {
	if a == nil {
		return -1
	}
	return int(*a)
}

// paths is the values of the path that a call is given.
func (s served) paths(c *eval.Context, call index.Call, root *eval.Frame) []eval.Value {
	if s.Fields != nil {
		return s.field(c, call, root, s.Fields.Path)
	}
	values := c.Eval(operand(call, int(*s.Path)), root)
	if s.Compiled != nil {
		return s.templates(c, values, root)
	}
	return values
}

// field is the values of a field of the struct that describes a route.
func (s served) field(c *eval.Context, call index.Call, root *eval.Frame, name string) []eval.Value {
	var out []eval.Value
	for _, v := range c.Eval(operand(call, int(*s.Path)), root) {
		switch v := v.(type) {
		case eval.Object:
			out = append(out, c.Field(v, name)...)
		case eval.Hole:
			out = append(out, v)
		}
	}
	return out
}

// constants is the texts among values that are known.
func constants(values []eval.Value) []string {
	var out []string
	for _, v := range values {
		if text, ok := eval.AsText(v).Const(); ok {
			out = append(out, text)
		}
	}
	return out
}

// operands is what a call is given to serve; the last of them does.
func (s served) operands(call ssa.CallInstruction) []ssa.Value {
	args := s.Chain
	if s.Handler != nil {
		args = []models.Arg{*s.Handler}
	}
	var out []ssa.Value
	for _, a := range args {
		if v := eval.Argument(call, int(a)); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// handler is the values of what serves: of several functions that run one after
// the other, the last.
func (s served) handler(c *eval.Context, call index.Call, root *eval.Frame) []eval.Value {
	operands := s.operands(call.Instr)
	for i := len(operands) - 1; i >= 0; i-- {
		var out []eval.Value
		for _, v := range c.Eval(operands[i], root) {
			l, ok := v.(eval.List)
			switch {
			case !ok:
				out = append(out, v)
			case len(l.Elems) > 0:
				last := l.Elems[len(l.Elems)-1]
				if h, ok := last.Hole(); ok {
					out = append(out, h)
				} else {
					out = append(out, c.Element(last)...)
				}
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// withoutReceiver reports whether the call is one of a function of a package,
// which has a router of its own.
func withoutReceiver(call ssa.CallInstruction) bool {
	cc := call.Common()
	return !cc.IsInvoke() && cc.Signature().Recv() == nil
}

func findServers(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &serverFinder{
		Unit: u, out: out, variables: u.NewCommandRoutes(), mounts: map[ssa.Value][]mount{}, linked: map[[2]boundary.Node]bool{},
		idle: map[ssa.Value]bool{}, within: map[ssa.Value][]ssa.Value{}, uses: map[ssa.Value][]boundary.Handler{}, requests: map[string]bool{}, routerTypes: map[string]bool{},
	}
	for _, m := range u.Models.All {
		for _, t := range u.TypesOf(m, m.Handlers) {
			f.requests[t] = true
		}
		for _, t := range u.TypesOf(m, m.Routers) {
			f.routerTypes[t] = true
		}
	}
	f.findPathValues()
	f.findUses(ctx)
	f.listeners = f.findListeners(ctx)
	f.dispatched(ctx)
	f.called()
	all := f.registrations()
	for _, pass := range []func(served, index.Call){f.mounted, f.served} {
		for _, r := range all {
			if ctx.Err() != nil {
				return
			}
			pass(r.served, r.call)
		}
	}
	f.asks(ctx)
}

type serverFinder struct {
	*boundary.Unit
	out    *boundary.Findings
	linked map[[2]boundary.Node]bool
	mounts map[ssa.Value][]mount            // call that made a router → where it is served
	uses   map[ssa.Value][]boundary.Handler // what made a router or group → what stands before all that is registered on it
	within map[ssa.Value][]ssa.Value        // call that made a router → those that made the routers it is served by
	idle   map[ssa.Value]bool               // call that made a router → it is never served

	listeners listeners
	stripped  string             // the prefix that net/http.StripPrefix takes off, of those
	wrapping  []boundary.Handler // the wrappers that were looked through since it was cleared, innermost first
	variables *boundary.CommandRoutes

	pathValues pathValues
	rewrites   []*ssa.Function // see rewriters; nil until asked for

	requests    map[string]bool // types by which a function is known to handle requests
	routerTypes map[string]bool
}

// operand is argument i of the call, the receiver being 0.
func operand(call index.Call, i int) ssa.Value {
	return eval.Argument(call.Instr, i)
}

// mounted notes the routers that are served as handlers of others.
func (f *serverFinder) mounted(s served, call index.Call) {
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { return f.holesIn(c, s.handler(c, call, root), 0) },
		func(c *eval.Context) {
			for _, v := range s.handler(c, call, root) {
				strip, made := f.router(c, v)
				if made == nil || made == call.Instr.Value() {
					continue
				}
				patterns, _ := f.patternsOn(c, s, call, root)
				for _, p := range patterns {
					at := mount{prefix: strings.TrimSuffix(strings.TrimSuffix(p, "*"), "/")}
					if outer, known := f.servedOn(c, call, root); known {
						f.within[made] = append(f.within[made], outer)
						at.outer = outer
					}
					f.uses[made] = boundary.Distinct(append(f.inFront(f.chain(c, call, root)), f.uses[made]...))
					if strip != "" || s.Mount {
						f.mounts[made] = append(f.mounts[made], at)
					}
				}
			}
		})
}

// holesIn is what can be chosen for handlers, also for those that functions of
// libraries stand around: http.StripPrefix(prefix, p.Handler()).
func (f *serverFinder) holesIn(c *eval.Context, handlers []eval.Value, depth int) []eval.Hole {
	holes := eval.Holes(handlers)
	for _, v := range handlers {
		if around, ok := v.(eval.Result); ok && depth < maxChain {
			for _, a := range f.handlerArguments(around.Call) {
				holes = append(holes, f.holesIn(c, c.Eval(a, around.Frame), depth+1)...)
			}
		}
	}
	return holes
}

// router is the call that made the router which v is or stands around, and the
// prefix that is stripped before it, nil when v is no router.
func (f *serverFinder) router(c *eval.Context, v eval.Value) (strip string, made ssa.Value) {
	f.wrapping, f.stripped = nil, ""
	all, _ := f.routers(c, v, 0)
	for _, m := range all {
		if m != nil {
			f.listeners.around[m] = boundary.Distinct(append(f.listeners.around[m], f.wrapping...))
			return f.stripped, m
		}
	}
	return "", nil
}

// served reports the arrivals of one call that serves a handler, one for each
// context that decides pattern and handler.
func (f *serverFinder) served(s served, call index.Call) {
	if s.Mount {
		return
	}
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			holes := f.holesIn(c, s.handler(c, call, root), 0)
			if s.Path != nil {
				holes = append(holes, eval.Holes(s.paths(c, call, root))...)
			}
			if v := methodOperand(s.Method, call.Instr); v != nil {
				holes = append(holes, eval.Holes(c.Elements(c.Eval(v, root)))...)
			}
			for _, a := range f.chain(c, call, root) {
				holes = append(holes, a.holes...)
			}
			return holes
		},
		func(c *eval.Context) {
			if !runs(c, call, root) {
				return
			}
			f.wrapping = nil
			handlers := f.handlers(c, s.handler(c, call, root), 0)
			for _, p := range f.patterns(c, s, call, root) {
				f.report(c, p, s, call, root, handlers)
			}
		})
}

// runs reports whether a call can run for the table entry that the context chose:
// if e.Path != "" { r.Handle(e.Path, e) } else { r.PathPrefix(e.Prefix).Handler(e) }.
func runs(c *eval.Context, call index.Call, root *eval.Frame) bool {
	block := call.Instr.Block()
	return c.Depth() == 0 || block.Index == 0 || c.Decide().Live(c.BindFrame(root))[block]
}

func (f *serverFinder) report(c *eval.Context, pattern string, s served, call index.Call, root *eval.Frame, handlers []boundary.Handler) {
	methods := f.methods(c, s, call, root)
	if s.Patterns {
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
	places := append(f.written(c), boundary.Callers(c, root)...)
	places = append(places, boundary.Place{In: call.In, Pos: call.Instr.Pos()})
	before := f.before(router, known)
	before = append(before, f.inFront(f.chain(c, call, root))...)
	before = boundary.Distinct(append(before, f.chained(c, s, call, root, handlers)...))
	byVerb, handlers := verbs(handlers)
	for _, v := range byVerb {
		if len(methods) == 0 || slices.Contains(methods, v.Label) {
			f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
				Kind: flow.HTTP, Key: boundary.Key{Name: v.Label, Path: pattern, Address: f.listeners.address(router, known)},
				Handlers: []boundary.Handler{{Fn: v.Fn, Value: v.Value}}, Before: before, Registered: places, Rule: s.rule(),
			})
		}
	}
	if len(handlers) == 0 {
		return
	}
	if len(methods) == 0 {
		methods = []string{""}
	}
	for _, m := range methods {
		f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
			Kind: flow.HTTP, Key: boundary.Key{Name: strings.ToUpper(m), Path: pattern, Address: f.listeners.address(router, known)},
			Handlers: handlers, Before: before, Registered: places, Rule: s.rule(),
		})
	}
}

// before is what stands around the router and around the handlers that were
// looked at last, outermost first.
func (f *serverFinder) before(router ssa.Value, known bool) []boundary.Handler {
	var out []boundary.Handler
	if known {
		out = f.around(router, 0)
	}
	own := slices.Clone(f.wrapping)
	slices.Reverse(own) // found from the handler outwards
	return boundary.Distinct(append(slices.Clone(out), own...))
}

// around is what stands around a router, and around those in which it is mounted,
// outermost first.
func (f *serverFinder) around(router ssa.Value, depth int) []boundary.Handler {
	var out []boundary.Handler
	if depth < maxChain {
		for _, outer := range f.within[router] {
			out = append(out, f.around(outer, depth+1)...)
		}
	}
	out = append(out, f.listeners.around[router]...)
	return append(out, f.uses[router]...)
}

// written is where the chosen table entries stand in the source.
func (f *serverFinder) written(c *eval.Context) []boundary.Place {
	var out []boundary.Place
	for _, p := range c.Picks() {
		switch {
		case p.V == nil || p.V.Parent() == nil:
		case p.V.Parent().Synthetic == "":
			out = append(out, boundary.Place{In: p.V.Parent(), Pos: eval.Position(p.V)})
		default: // of a package variable, which has no function around it
			if g := f.variables.Variable(p.V); g != nil {
				out = append(out, boundary.Place{In: g, Pos: eval.Position(p.V)})
			}
		}
	}
	return out
}

// mount is where a router is served: under a prefix, in another router or by itself.
type mount struct {
	prefix string
	outer  ssa.Value
}

// prefixes is what stands before the patterns of a router that others serve, none
// for one that is served by itself.
func (f *serverFinder) prefixes(router ssa.Value, depth int) []string {
	var out []string
	for _, m := range f.mounts[router] {
		outer := []string{""}
		if above := f.prefixes(m.outer, depth+1); len(above) > 0 && depth < maxChain {
			outer = above
		}
		for _, p := range outer {
			if p = concat(p, m.prefix); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// patterns is the patterns of the call, with what is in front of them: the
// path of the route, the prefix of subrouters, the mounts of the router.
func (f *serverFinder) patterns(c *eval.Context, s served, call index.Call, root *eval.Frame) []string {
	own, router := f.patternsOn(c, s, call, root)
	if router == nil {
		return own
	}
	prefixes := f.prefixes(router, 0)
	if len(prefixes) == 0 {
		return own
	}
	var out []string
	for _, pre := range prefixes {
		for _, p := range own {
			out = append(out, concat(pre, s.below(p)))
			if s.model.Trims && p == "/" && pre != "" {
				out = append(out, pre+"/{$}")
			}
		}
	}
	return out
}

// patternsOn is the patterns of the call on its router, which is nil where it is not
// known.
func (f *serverFinder) patternsOn(c *eval.Context, s served, call index.Call, root *eval.Frame) (own []string, router ssa.Value) {
	own = []string{""}
	slash := false // "/" below a prefix is that prefix with a slash, too
	if s.Path != nil {
		own = nil
		for _, v := range s.paths(c, call, root) {
			p := written(s.model, eval.AsText(v).Pattern())
			own = append(own, p)
			slash = slash || s.model.Trims && p == "/"
		}
	}
	for _, a := range f.chain(c, call, root) {
		for i, p := range own {
			switch {
			case len(a.path) > 0 && a.prefix && p == "" && s.Path == nil:
				own[i] = strings.TrimSuffix(a.path, "/") + "/" // all that is below
			case len(a.path) > 0:
				own[i] = concat(a.path, s.below(p))
			}
		}
		if a.router != nil {
			router = a.router
		}
	}
	if s.Path != nil {
		for i, p := range own {
			own[i] = s.closed(p)
			if slash && p != "/" {
				own = append(own, p+"/{$}")
			}
		}
	}
	return own, router
}

// below is a pattern of a router that is served under a prefix. Some routers
// serve "/" there for the prefix itself.
func (s served) below(p string) string {
	if s.model.Trims && p == "/" {
		return ""
	}
	return s.closed(p)
}

// closed marks the end of a path that ends in a slash, for the routers to which
// that is not the name of a subtree.
func (s served) closed(p string) string {
	if !s.Patterns && strings.HasSuffix(p, "/") && p != "/" {
		return p + "{$}"
	}
	return p
}

// written is a pattern in the syntax of net/http.
func written(m *models.Model, p string) string {
	if m.Syntax != models.Colons {
		return p
	}
	segs := strings.Split(p, "/")
	for i, seg := range segs {
		switch {
		case strings.HasPrefix(seg, ":"):
			name := strings.FieldsFunc(seg[1:], func(r rune) bool { return r == '<' || r == '(' || r == '?' || r == '-' || r == '.' })
			if len(name) > 0 {
				segs[i] = "{" + name[0] + "}"
			}
		case len(seg) > 1 && seg[0] == '*':
			segs[i] = "{" + seg[1:] + "...}"
		}
	}
	return strings.Join(segs, "/")
}

// concat puts a prefix before a pattern that may begin with a method.
func concat(prefix, p string) string {
	if m, rest, ok := strings.Cut(p, " "); ok && m != "" && strings.HasPrefix(strings.TrimLeft(rest, " "), "/") {
		return m + " " + strings.TrimSuffix(prefix, "/") + strings.TrimLeft(rest, " ")
	}
	return strings.TrimSuffix(prefix, "/") + p
}

func (f *serverFinder) methods(c *eval.Context, s served, call index.Call, root *eval.Frame) []string {
	if s.Fields != nil {
		return constants(s.field(c, call, root, s.Fields.Method))
	}
	if s.Method != nil {
		return methodsOf(c, s.Method, call.Instr, root)
	}
	var out []string
	for _, a := range f.chain(c, call, root) {
		out = append(out, a.methods...)
	}
	return out
}

// methodOperand is the argument with the HTTP method, nil when it is not one.
func methodOperand(o *models.Operand, call ssa.CallInstruction) ssa.Value {
	if o == nil || o.IsText() || o.Name {
		return nil
	}
	return eval.Argument(call, int(o.Arg))
}

// methodsOf is the HTTP methods that a model's operand gives.
func methodsOf(c *eval.Context, o *models.Operand, call ssa.CallInstruction, root *eval.Frame) []string {
	switch v := methodOperand(o, call); {
	case o.IsText():
		return []string{o.Text}
	case o.Name:
		return []string{strings.ToUpper(models.Split(index.CalleeSymbol(call.Common())).Name)}
	case v != nil:
		var out []string
		for _, m := range c.Elements(c.Eval(v, root)) {
			out = append(out, eval.AsText(m).Pattern())
		}
		return out
	}
	return nil
}
