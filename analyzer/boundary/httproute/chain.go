package httproute

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

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
	on := 0
	if withoutReceiver(call.Instr) {
		s, ok := f.servedBy(index.CalleeSymbol(call.Instr.Common()))
		if !ok || s.On == nil {
			return out
		}
		on = int(*s.On)
	}
	return append(out, f.behind(c, operand(call, on), root, 0)...)
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
	v = f.Embedding(v)
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
		if vs := c.Elements(c.Eval(eval.Argument(call, int(*g.Of.Path)), fr)); len(vs) > 0 {
			a.path, a.holes = written(g.Model, eval.AsText(vs[0]).Pattern()), eval.Holes(vs)
		}
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
