package httproute

import (
	"cmp"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
)

// handlers is the functions that do the work behind a handler value: wrappers
// that captured another handler are looked through.
func (f *serverFinder) handlers(c *eval.Context, values []eval.Value, depth int) []boundary.Handler {
	var out []boundary.Handler
	var wrappers []eval.Func // that hide what they wrap
	add := func(hs ...boundary.Handler) {
		for _, h := range hs {
			if !slices.ContainsFunc(out, func(x boundary.Handler) bool { return x.Is(h) && x.Label == h.Label }) {
				out = append(out, h)
			}
		}
	}
	if depth > 8 {
		return nil
	}
	for _, v := range values {
		switch v := v.(type) {
		case eval.Func:
			if inner := f.handlers(c, c.Captured(v, f.handlerLike), depth+1); len(inner) > 0 {
				f.wraps(c, v)
				add(inner...)
				continue
			}
			next := f.passesOn(v)
			if inner := f.handlers(c, f.inside(c, v, next), depth+1); len(inner) > 0 {
				f.wraps(c, v)
				add(inner...)
				continue
			}
			if len(next) > 0 || v.Closure != nil && slices.ContainsFunc(v.Fn.FreeVars, func(fv *ssa.FreeVar) bool { return f.handlerLike(fv.Type()) }) {
				wrappers = append(wrappers, v)
				continue
			}
			if inner := f.adapted(c, v); inner != nil {
				f.wraps(c, v)
				add(inner...)
				continue
			}
			add(f.Functions(c, v)...)
		case eval.Object:
			add(f.serveHTTP(c, v, depth)...)
		case eval.Result:
			if wrapped := f.handlerArguments(v.Call); len(wrapped) > 0 {
				for _, h := range slices.Backward(f.decorating(c, v.Call, v.Frame, 0)) {
					f.wrapping = append(f.wrapping, h)
				}
				for _, a := range wrapped {
					add(f.handlers(c, c.Eval(a, v.Frame), depth+1)...)
				}
				continue
			}
			add(f.method(c, v)...)
		case eval.Hole:
			add(f.method(c, v)...)
		}
	}
	// A wrapper beside handlers is another way to one of them: for _, o := range
	// options { r = o(r) }. Alone it stands for itself.
	inner := out
	for _, w := range wrappers {
		if len(inner) > 0 {
			f.wraps(c, w)
			continue
		}
		add(f.Functions(c, w)...)
	}
	return out
}

// passesOn is the handlers that a closure calls with its own request and that
// come out of something it captured: route.Handler()(w, r), table[name].ServeHTTP(w, r).
func (f *serverFinder) passesOn(w eval.Func) []ssa.Value {
	if w.Closure == nil || !f.handlerLike(w.Fn.Signature) {
		return nil
	}
	var out []ssa.Value
	for _, b := range w.Fn.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			cc := &call.Call
			if cc.StaticCallee() == nil && f.handlerLike(cc.Value.Type()) && fromCaptured(cc.Value) &&
				(!cc.IsInvoke() || cc.Method.Name() == "ServeHTTP") && slices.ContainsFunc(cc.Args, f.isRequest) {
				out = append(out, cc.Value)
			}
		}
	}
	return out
}

func (f *serverFinder) isRequest(v ssa.Value) bool {
	return f.requests[index.TypeSymbol(v.Type())]
}

// fromCaptured reports whether v is reached from a captured variable.
func fromCaptured(v ssa.Value) bool {
	for range 16 {
		switch x := v.(type) {
		case *ssa.FreeVar:
			return true
		case *ssa.UnOp:
			v = x.X
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.Field:
			v = x.X
		case *ssa.IndexAddr:
			v = x.X
		case *ssa.Lookup:
			v = x.X
		case *ssa.Extract:
			v = x.Tuple
		case *ssa.TypeAssert:
			v = x.X
		case *ssa.Call:
			v = eval.Argument(x, 0)
		default:
			return false
		}
	}
	return false
}

func (f *serverFinder) inside(c *eval.Context, w eval.Func, operands []ssa.Value) []eval.Value {
	var out []eval.Value
	for _, v := range operands {
		for _, x := range c.Inside(w, v) {
			if h, ok := x.(eval.Hole); ok && h.Type() == nil {
				continue
			}
			out = append(out, x)
		}
	}
	return out
}

// adapted is the function that a closure turns into a handler, where the
// function itself knows nothing of HTTP: the closure captured that one function
// only, calls it with something made from the request, and uses what it
// returns. A closure that is made once needs no such look.
func (f *serverFinder) adapted(c *eval.Context, w eval.Func) []boundary.Handler {
	if w.Closure == nil || !f.handlerLike(w.Fn.Signature) || len(f.Graph.In(w.Closure.Parent())) < 2 && w.Fn.Origin() == nil {
		return nil
	}
	var captured []*ssa.FreeVar
	for _, fv := range w.Fn.FreeVars {
		if callable(fv.Type()) {
			captured = append(captured, fv)
		}
	}
	if len(captured) != 1 || !servesWith(w.Fn, captured[0]) {
		return nil
	}
	var out []boundary.Handler
	for _, v := range c.Captured(w, callable) {
		fn, ok := v.(eval.Func)
		if !ok {
			return nil
		}
		for _, g := range f.Graph.Through(fn.Fn) {
			out = append(out, boundary.Handler{Fn: g})
		}
	}
	return out
}

// callable reports whether t is a function type or a variable of one.
func callable(t types.Type) bool {
	_, ok := deref(t).Underlying().(*types.Signature)
	return ok
}

// servesWith reports whether w calls the captured function fv with a value made
// from one of w's parameters and uses a result.
func servesWith(w *ssa.Function, fv *ssa.FreeVar) bool {
	request := map[ssa.Value]bool{}
	for _, p := range w.Params {
		spread(p, request)
	}
	for _, b := range w.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok || !callsCaptured(call, fv) || len(*call.Referrers()) == 0 {
				continue
			}
			if slices.ContainsFunc(call.Call.Args, func(a ssa.Value) bool { return request[a] }) {
				return true
			}
		}
	}
	return false
}

func callsCaptured(call *ssa.Call, fv *ssa.FreeVar) bool {
	v := call.Call.Value
	if load, ok := v.(*ssa.UnOp); ok {
		v = load.X
	}
	return v == ssa.Value(fv)
}

// spread collects the values that are made from v.
func spread(v ssa.Value, seen map[ssa.Value]bool) {
	if seen[v] {
		return
	}
	seen[v] = true
	if v.Referrers() == nil {
		return
	}
	for _, r := range *v.Referrers() {
		if r, ok := r.(ssa.Value); ok {
			spread(r, seen)
		}
		if st, ok := r.(*ssa.Store); ok && st.Val == v {
			spread(st.Addr, seen)
		}
	}
}

// wraps notes that a wrapper runs before the handlers it captured, and links the
// function that makes it to it. The wrapper's own call of what it captured is cut:
// where that is not known it would reach the handlers of every route.
func (f *serverFinder) wraps(c *eval.Context, w eval.Func) {
	f.wrapping = append(f.wrapping, f.Functions(c, w)...)
	if w.Fn.Parent() == nil {
		return
	}
	f.link(boundary.Link{From: w.Fn.Parent(), Pos: w.Closure.Pos(), To: w.Fn})
	like := f.handlerLike
	if !slices.ContainsFunc(w.Fn.FreeVars, func(fv *ssa.FreeVar) bool { return f.handlerLike(fv.Type()) }) {
		like = callable
	}
	for _, s := range f.Graph.Out(w.Fn) {
		if s.Kind == flow.Closure && s.Rule == "vta" && like(s.Instr.Common().Value.Type()) && !slices.Contains(f.out.Cuts, s.Instr) {
			f.out.Cuts = append(f.out.Cuts, s.Instr)
		}
	}
}

// link adds a registration once.
func (f *serverFinder) link(l boundary.Link) {
	l.Kind, l.Rule, l.Candidates = flow.Registration, "httproute/wrapper", 1
	k := [2]boundary.Node{l.From, l.To}
	if !f.linked[k] {
		f.linked[k] = true
		f.out.Links = append(f.out.Links, l)
	}
}

// serveHTTP is the handler that an object is, or the handlers in its fields
// when it wraps others.
func (f *serverFinder) serveHTTP(c *eval.Context, o eval.Object, depth int) []boundary.Handler {
	var inner []boundary.Handler
	unnamed := 0 // fields with handlers that are not named after a method
	t := o.T
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for i := range s.NumFields() {
			if f.handlerLike(s.Field(i).Type()) {
				verb := strings.ToUpper(s.Field(i).Name())
				if !slices.Contains(httpMethods, verb) {
					verb = ""
				}
				found := f.handlers(c, c.Field(o, s.Field(i).Name()), depth+1)
				for _, h := range found {
					h.Label = cmp.Or(verb, h.Label)
					inner = append(inner, h)
				}
				if verb == "" && len(found) > 0 {
					unnamed++
				}
			}
		}
	}
	own := f.method(c, o)
	if len(inner) == 0 || unnamed > 1 && len(own) > 0 {
		return own // which of several it is, its own code decides
	}
	for _, h := range own {
		if slices.ContainsFunc(inner, h.Is) {
			continue
		}
		f.wrapping = append(f.wrapping, h)
		f.cutFields(h.Fn)
	}
	return inner
}

// cutFields cuts the calls by which a handler passes on to handlers in its fields:
// where the receiver is not known they would reach those of every route.
func (f *serverFinder) cutFields(fn *ssa.Function) {
	for _, s := range f.Graph.Out(fn) {
		cc := s.Instr.Common()
		if s.Rule == calls.VTA && cc.StaticCallee() == nil && f.handlerLike(cc.Value.Type()) && ofReceiver(cc.Value, map[ssa.Value]bool{}) && !slices.Contains(f.out.Cuts, s.Instr) {
			f.out.Cuts = append(f.out.Cuts, s.Instr)
		}
	}
}

// ofReceiver reports whether v is a field of the receiver, one of several or none.
func ofReceiver(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] {
		return true
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Const:
		return v.IsNil()
	case *ssa.Phi:
		return !slices.ContainsFunc(v.Edges, func(e ssa.Value) bool { return !ofReceiver(e, seen) })
	case *ssa.UnOp:
		return ofReceiver(v.X, seen)
	case *ssa.FieldAddr:
		return ofReceiver(v.X, seen)
	case *ssa.Field:
		return ofReceiver(v.X, seen)
	case *ssa.Parameter:
		fn := v.Parent()
		return fn.Signature.Recv() != nil && v == fn.Params[0]
	}
	return false
}

var httpMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// verbs parts handlers that a field named after a HTTP method holds from others.
func verbs(handlers []boundary.Handler) (byVerb, others []boundary.Handler) {
	for _, h := range handlers {
		if slices.Contains(httpMethods, h.Label) {
			byVerb = append(byVerb, h)
		} else {
			others = append(others, h)
		}
	}
	return byVerb, others
}

// method is the ServeHTTP method of a value whose type is known.
func (f *serverFinder) method(c *eval.Context, v eval.Value) []boundary.Handler {
	t := v.Type()
	if t == nil || strings.HasPrefix(index.TypeSymbol(t), "net/http.") {
		return nil
	}
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		ms := types.NewMethodSet(t)
		for i := range ms.Len() {
			if ms.At(i).Obj().Name() != "ServeHTTP" {
				continue
			}
			var out []boundary.Handler
			if fn := f.Program.SSA.MethodValue(ms.At(i)); fn != nil {
				for _, g := range f.Graph.Through(fn) {
					h := boundary.Handler{Fn: g}
					if g == fn {
						h.Given = boundary.Self(c.Bind(v))
					}
					out = append(out, h)
				}
			}
			return out
		}
	}
	return nil
}

// handlerArguments is the handlers that a library function wraps.
func (f *serverFinder) handlerArguments(call *ssa.Call) []ssa.Value {
	var out []ssa.Value
	for _, a := range call.Call.Args {
		if f.handlerLike(a.Type()) {
			out = append(out, a)
		}
	}
	return out
}

// handlerLike reports whether t can serve a request: a function that takes one
// of the types by which a model knows handlers, or a type with ServeHTTP.
func (f *serverFinder) handlerLike(t types.Type) bool {
	if p, ok := t.(*types.Pointer); ok {
		switch p.Elem().Underlying().(type) {
		case *types.Signature, *types.Interface:
			t = p.Elem() // the captured variable
		}
	}
	if sig, ok := t.Underlying().(*types.Signature); ok {
		for i := range sig.Params().Len() {
			if f.requests[index.TypeSymbol(sig.Params().At(i).Type())] {
				return true
			}
		}
		return false
	}
	if it, ok := t.Underlying().(*types.Interface); ok {
		for i := range it.NumMethods() {
			if it.Method(i).Name() == "ServeHTTP" {
				return true
			}
		}
	}
	return false
}
