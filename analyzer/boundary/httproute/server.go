package httproute

import (
	"context"
	"go/types"
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
}

// servedBy is what the called symbol serves.
func (f *serverFinder) servedBy(symbol string) (served, bool) {
	e, ok := models.Find(f.Models, func(m *models.Model) []models.Route { return m.Routes }, func(r *models.Route) models.Symbol { return r.Call }, symbol)
	return served{e.Of, e.Model, models.Split(symbol).Name}, ok
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
		Unit: u, out: out, variables: u.NewCommandRoutes(), mounts: map[ssa.Value][]string{}, linked: map[[2]boundary.Node]bool{},
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
	mounts map[ssa.Value][]string           // call that made a router → patterns it is served under
	uses   map[ssa.Value][]boundary.Handler // what made a router or group → what stands before all that is registered on it
	within map[ssa.Value][]ssa.Value        // call that made a router → those that made the routers it is served by
	idle   map[ssa.Value]bool               // call that made a router → it is never served

	listeners listeners
	stripped  string             // the prefix that net/http.StripPrefix takes off, of those
	wrapping  []boundary.Handler // the wrappers that were looked through since it was cleared, innermost first
	variables *boundary.CommandRoutes

	rewrites []*ssa.Function // see rewriters; nil until asked for

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
		func(c *eval.Context) []eval.Hole { return eval.Holes(s.handler(c, call, root)) },
		func(c *eval.Context) {
			for _, v := range s.handler(c, call, root) {
				strip, made := f.router(c, v)
				if made == nil || made == call.Instr.Value() {
					continue
				}
				for _, p := range f.patterns(c, s, call, root) {
					prefix := strings.TrimSuffix(strings.TrimSuffix(p, "*"), "/")
					if outer, known := f.servedOn(c, call, root); known {
						f.within[made] = append(f.within[made], outer)
					}
					f.uses[made] = boundary.Distinct(append(f.inFront(f.chain(c, call, root)), f.uses[made]...))
					if strip != "" || s.Mount {
						f.mounts[made] = append(f.mounts[made], prefix)
					}
				}
			}
		})
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
			holes := eval.Holes(s.handler(c, call, root))
			if s.Path != nil {
				holes = append(holes, eval.Holes(c.Eval(operand(call, int(*s.Path)), root))...)
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

// patterns is the patterns of the call, with what is in front of them: the
// path of the route, the prefix of subrouters, the mounts of the router.
func (f *serverFinder) patterns(c *eval.Context, s served, call index.Call, root *eval.Frame) []string {
	own := []string{""}
	if s.Path != nil {
		own = nil
		for _, v := range c.Eval(operand(call, int(*s.Path)), root) {
			own = append(own, written(s.model, eval.AsText(v).Pattern()))
		}
	}
	for _, a := range f.chain(c, call, root) {
		for i, p := range own {
			switch {
			case len(a.path) > 0 && a.prefix && p == "":
				own[i] = strings.TrimSuffix(a.path, "/") + "/" // all that is below
			case len(a.path) > 0:
				own[i] = concat(a.path, s.below(p))
			}
		}
		if a.router != nil {
			if prefixes := f.mounts[a.router]; len(prefixes) > 0 {
				var out []string
				for _, pre := range prefixes {
					for _, p := range own {
						out = append(out, concat(pre, s.below(p)))
					}
				}
				own = out
			}
		}
	}
	if s.Path != nil {
		for i, p := range own {
			own[i] = s.closed(p)
		}
	}
	return own
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

// attribute is what one call of a router chain says: r.PathPrefix("/x"),
// .Methods("POST"), r.Route("/y", func…).
type attribute struct {
	path    string
	prefix  bool // the path is that of everything below it
	methods []string
	holes   []eval.Hole
	router  ssa.Value // the call that made the router at the end of the chain
	node    ssa.Value // what made the router or group: a call, a variable, or the parameter that a library gives it in
	before  []boundary.Handler
}

// maxChain is how many calls stand one behind the other on one router or route.
const maxChain = 12

// chain is the attributes that precede the call on its receiver, nearest
// first, and those named after it.
func (f *serverFinder) chain(c *eval.Context, call index.Call, root *eval.Frame) []attribute {
	var out []attribute
	if v, ok := call.Instr.(*ssa.Call); ok {
		out = f.after(c, v, root, 0)
	}
	if withoutReceiver(call.Instr) {
		return out
	}
	return append(out, f.behind(c, operand(call, 0), root, 0)...)
}

// after is what calls on the result of v say: r.Handle(…).Name("x").Methods("GET").
func (f *serverFinder) after(c *eval.Context, v *ssa.Call, root *eval.Frame, depth int) []attribute {
	var out []attribute
	for _, r := range *v.Referrers() {
		next, ok := r.(*ssa.Call)
		if !ok || eval.Argument(next, 0) != ssa.Value(v) || depth > maxChain {
			continue
		}
		a, ok := f.attribute(c, next, root)
		if ok {
			out = append(out, a)
		}
		if ok || f.fluent(next) {
			out = append(out, f.after(c, next, root, depth+1)...)
		}
	}
	return out
}

// fluent reports whether a call of a modelled library returns what it is called
// on, as far as types tell.
func (f *serverFinder) fluent(call *ssa.Call) bool {
	recv := eval.Argument(call, 0)
	return recv != nil && !withoutReceiver(call) && types.Identical(recv.Type(), call.Type()) &&
		f.Models.Of(models.Split(index.CalleeSymbol(&call.Call)).Path) != nil
}

// behind is the attributes of the router or route that v is.
func (f *serverFinder) behind(c *eval.Context, v ssa.Value, fr *eval.Frame, depth int) []attribute {
	if depth > maxChain {
		return nil
	}
	v = boundary.Promoted(v)
	var out []attribute
	for _, x := range c.Eval(v, fr) {
		switch x := x.(type) {
		case eval.Result:
			a, ok := f.attribute(c, x.Call, x.Frame)
			if ok {
				a.node = x.Call
				out = append(out, a)
			}
			if recv := eval.Argument(x.Call, 0); (ok || f.fluent(x.Call)) && recv != nil {
				return append(out, f.behind(c, recv, x.Frame, depth+1)...)
			}
			out = append(out, f.itself(c, x.Call, x.Frame)...)
			return append(out, attribute{router: x.Call, node: x.Call})
		case eval.Object:
			if f.isRouter(x.T) {
				out = append(out, f.itself(c, x.Site, x.Frame)...)
				return append(out, attribute{router: x.Site, node: x.Site})
			}
		case eval.Hole:
			if x.Kind != eval.Param {
				continue
			}
			if a, recv, in := f.passedTo(c, x); recv != nil {
				a[0].node = x.V
				out = append(out, a...)
				return append(out, f.behind(c, recv, in, depth+1)...)
			}
			return append(out, attribute{holes: []eval.Hole{x}})
		}
	}
	return out
}

// itself is what calls on a router say of the router: ws.Path("/users").
func (f *serverFinder) itself(c *eval.Context, router ssa.Value, fr *eval.Frame) []attribute {
	if router.Referrers() == nil {
		return nil
	}
	var out []attribute
	for _, r := range *router.Referrers() {
		call, ok := r.(*ssa.Call)
		if !ok || eval.Argument(call, 0) != router {
			continue
		}
		if g, ok := f.group(call); ok && g.Of.Itself {
			if a, ok := f.attribute(c, call, fr); ok {
				out = append(out, a)
			}
		}
	}
	return out
}

// passedTo is the call that runs the literal whose parameter h is, with a group
// for that parameter.
func (f *serverFinder) passedTo(c *eval.Context, h eval.Hole) ([]attribute, ssa.Value, *eval.Frame) {
	for _, s := range f.Graph.In(h.Frame.Fn) {
		call, ok := s.Instr.(*ssa.Call)
		if !ok || s.Rule != "passed" {
			continue
		}
		g, ok := f.group(call)
		if !ok || g.Of.Callback == nil {
			continue
		}
		fr := f.Eval.Root(s.Caller)
		a, _ := f.attribute(c, call, fr)
		return []attribute{a}, eval.Argument(call, 0), fr
	}
	return nil, nil, nil
}

// group is what a model says of a call of a router chain.
func (f *serverFinder) group(call *ssa.Call) (models.Entry[models.Group], bool) {
	return models.Find(f.Models, func(m *models.Model) []models.Group { return m.Groups }, func(g *models.Group) models.Symbol { return g.Call }, index.CalleeSymbol(&call.Call))
}

// attribute reads one call of a router chain; ok is false for calls that are
// no part of one.
func (f *serverFinder) attribute(c *eval.Context, call *ssa.Call, fr *eval.Frame) (attribute, bool) {
	g, ok := f.group(call)
	if !ok {
		return attribute{}, false
	}
	a := attribute{prefix: g.Of.Prefix}
	if g.Of.Path != nil {
		vs := c.Eval(eval.Argument(call, int(*g.Of.Path)), fr)
		a.path, a.holes = written(g.Model, eval.AsText(vs[0]).Pattern()), eval.Holes(vs)
	}
	for _, arg := range g.Of.Before {
		if v := eval.Argument(call, int(arg)); v != nil {
			a.before = append(a.before, f.standing(c, v, fr)...)
		}
	}
	if g.Of.Method != nil {
		a.methods = methodsOf(c, g.Of.Method, call, fr)
		if v := methodOperand(g.Of.Method, call); v != nil {
			a.holes = append(a.holes, eval.Holes(c.Elements(c.Eval(v, fr)))...)
		}
	}
	return a, true
}
