package httproute

import (
	"context"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// listener is a library function that serves a handler at an address.
type listener struct {
	symbol  string
	addr    int // the argument that is the address, -1 when a listener is given, which net.Listen made
	handler int // the argument that is the handler, -1 when the receiver is a http.Server
}

var listening = []listener{
	{"net/http.ListenAndServe", 0, 1},
	{"net/http.ListenAndServeTLS", 0, 3},
	{"net/http.Serve", -1, 1},
	{"net/http.ServeTLS", -1, 1},
	{"(*net/http.Server).ListenAndServe", 0, -1},
	{"(*net/http.Server).ListenAndServeTLS", 0, -1},
	{"(*net/http.Server).Serve", -1, -1},
	{"(*net/http.Server).ServeTLS", -1, -1},
}

// listeners is where the routers of a program listen.
type listeners struct {
	at       map[ssa.Value][]string           // what made a router → its addresses, "" for one that is not known; nil for http.DefaultServeMux
	around   map[ssa.Value][]boundary.Handler // what made a router → what is served in its place and calls it, outermost first
	byItself bool                             // whether http.DefaultServeMux is served
	own      []ownHandler
	places   []boundary.Place
}

// ownHandler is what is served without a router.
type ownHandler struct {
	handlers []boundary.Handler
	before   []boundary.Handler
	address  string
	at       boundary.Place
	below    string // the prefix of the paths that reach it
	wraps    bool   // a router behind it answers the paths that it does not ask for
}

// address is the one constant address at which a router listens.
func (l listeners) address(router ssa.Value, known bool) string {
	if at := l.at[router]; known && len(at) == 1 {
		return at[0]
	}
	return ""
}

func (f *serverFinder) findListeners(ctx context.Context) listeners {
	l := listeners{at: map[ssa.Value][]string{}, around: map[ssa.Value][]boundary.Handler{}}
	found := false
	for _, how := range listening {
		for _, call := range f.Index.Calls(how.symbol) {
			if f.Program.Std(call.In) || ctx.Err() != nil {
				continue
			}
			found = true
			f.listens(&l, how, call)
		}
	}
	for _, m := range f.Models.All {
		for _, by := range m.Listens {
			for _, call := range f.CallsOf(m, by.Call) {
				if ctx.Err() == nil {
					f.listens(&l, listener{addr: argument(by.Address), handler: max(argument(by.Handler), 0)}, call)
				}
			}
		}
	}
	l.byItself = l.byItself || !found || f.namesDefault()
	return l
}

// listens notes what one call serves, for each context that decides it.
func (f *serverFinder) listens(l *listeners, how listener, call index.Call) {
	root := f.Eval.Root(call.In)
	l.places = append(l.places, boundary.Place{In: call.In, Pos: call.Instr.Pos()})
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			holes := eval.Holes(f.handlerOf(c, how, call, root))
			if how.addr >= 0 && how.handler >= 0 {
				holes = append(holes, eval.Holes(c.Eval(operand(call, how.addr), root))...)
			}
			return holes
		},
		func(c *eval.Context) {
			at := f.addressOf(c, how, call, root)
			values := f.handlerOf(c, how, call, root)
			if len(values) == 0 {
				values = []eval.Value{nil}
			}
			for _, v := range values {
				f.wrapping, f.stripped = nil, ""
				made, unclear := f.routers(c, v, 0)
				stripped := f.stripped
				around := f.wrapping
				own := ownHandler{address: at, at: boundary.Place{In: call.In, Pos: call.Instr.Pos()}}
				switch {
				case v == nil:
				case len(made) == 0:
					f.wrapping = nil
					own.handlers = f.handlers(c, []eval.Value{v}, 0)
					own.before = f.before(nil, false)
				default:
					own.handlers, own.wraps = around, true
				}
				l.own = append(l.own, own)
				if unclear {
					l.byItself = true
				}
				for _, m := range made {
					if m == nil {
						l.byItself = true
					}
					if at := (mount{prefix: stripped}); stripped != "" && !slices.Contains(f.mounts[m], at) {
						f.mounts[m] = append(f.mounts[m], at)
					}
					l.around[m] = boundary.Distinct(append(l.around[m], around...))
					if !slices.Contains(l.at[m], at) {
						l.at[m] = append(l.at[m], at)
					}
				}
			}
		})
}

func (f *serverFinder) handlerOf(c *eval.Context, how listener, call index.Call, root *eval.Frame) []eval.Value {
	if how.handler >= 0 {
		return c.Eval(operand(call, how.handler), root)
	}
	var out []eval.Value
	for _, v := range c.Eval(operand(call, 0), root) {
		if o, ok := v.(eval.Object); ok {
			out = append(out, f.kept(c, c.Field(o, "Handler"))...)
			continue
		}
		out = append(out, owner(c, operand(call, 0), root))
	}
	return out
}

// owner is the hole that stands for the object of which a server that is not known
// is a field, as its method is where it is started.
func owner(c *eval.Context, server ssa.Value, root *eval.Frame) eval.Hole {
	for {
		field, ok := server.(*ssa.FieldAddr)
		if !ok {
			return eval.Hole{}
		}
		server = field.X
		if holes := eval.Holes(c.Eval(server, root)); len(holes) == 1 {
			return holes[0]
		}
	}
}

// kept is values, and in place of a field of which it is not known whose it is what
// the program stores to that field of any struct.
func (f *serverFinder) kept(c *eval.Context, values []eval.Value) []eval.Value {
	var out []eval.Value
	for _, v := range values {
		field := fieldOf(v)
		if field == nil || f.Index.Open(field) {
			out = append(out, v)
			continue
		}
		for _, st := range f.Index.FieldStores(field) {
			out = append(out, c.Eval(st.Val, f.Eval.Root(st.Parent()))...)
		}
	}
	return out
}

// fieldOf is the field that a hole is read from, nil for others.
func fieldOf(v eval.Value) *types.Var {
	h, ok := v.(eval.Hole)
	if !ok {
		return nil
	}
	load, ok := h.V.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return nil
	}
	addr, ok := load.X.(*ssa.FieldAddr)
	if !ok {
		return nil
	}
	return index.Field(addr.X.Type(), addr.Field)
}

func (f *serverFinder) addressOf(c *eval.Context, how listener, call index.Call, root *eval.Frame) string {
	c = c.Fixed()
	var values []eval.Value
	switch {
	case how.addr >= 0 && how.handler >= 0:
		values = c.Elements(c.Eval(operand(call, how.addr), root))
	case how.handler >= 0 && how.symbol == "":
		return "" // a router of a library that listens where something else says
	case how.addr >= 0:
		for _, v := range c.Eval(operand(call, 0), root) {
			if o, ok := v.(eval.Object); ok {
				values = append(values, c.Field(o, "Addr")...)
			}
		}
	default:
		at := 0
		if how.handler < 0 {
			at = 1
		}
		for _, v := range c.Eval(operand(call, at), root) {
			r, ok := v.(eval.Result)
			if !ok || program.Symbol(r.Call.Call.StaticCallee()) != "net.Listen" {
				return ""
			}
			if network, _ := eval.AsText(c.Eval(r.Call.Call.Args[0], r.Frame)[0]).Const(); !strings.HasPrefix(network, "tcp") {
				return ""
			}
			values = append(values, c.Eval(r.Call.Call.Args[1], r.Frame)...)
		}
	}
	if len(values) != 1 {
		return ""
	}
	return address("", eval.AsText(values[0]).Pattern())
}

// routers is what made the routers behind a served handler, nil for
// http.DefaultServeMux; unclear when the handler is not known.
func (f *serverFinder) routers(c *eval.Context, v eval.Value, depth int) (made []ssa.Value, unclear bool) {
	if depth > 8 {
		return nil, true
	}
	all := func(values []eval.Value) {
		for _, v := range values {
			m, u := f.routers(c, v, depth+1)
			made, unclear = append(made, m...), unclear || u
		}
	}
	switch v := v.(type) {
	case nil:
		return []ssa.Value{nil}, false
	case eval.Hole:
		if k, ok := v.V.(*ssa.Const); ok && k.IsNil() {
			return []ssa.Value{nil}, false
		}
		return nil, v.T == nil || types.IsInterface(v.T)
	case eval.Func:
		f.wrapping = append(f.wrapping, f.Functions(c, v)...)
		f.strips(v.Fn, func(x ssa.Value) []eval.Value { return c.Inside(v, x) })
		all(c.Captured(v, f.handlerLike))
	case eval.Object:
		if f.isRouter(v.T) {
			return []ssa.Value{v.Site}, false
		}
		serving := f.method(c, v)
		f.wrapping = append(f.wrapping, serving...)
		for _, h := range serving {
			in := f.Eval.Enter(eval.Func{Fn: h.Fn}, []eval.Answer{boundary.Self(c.Bind(v)).Answer})
			f.strips(h.Fn, func(x ssa.Value) []eval.Value { return c.Eval(x, in) })
		}
		if s, ok := deref(v.T).Underlying().(*types.Struct); ok {
			for i := range s.NumFields() {
				if f.handlerLike(s.Field(i).Type()) || f.isRouter(s.Field(i).Type()) {
					all(c.Field(v, s.Field(i).Name()))
				}
			}
		}
	case eval.Result:
		if f.isRouter(v.T) {
			return []ssa.Value{v.Call}, false
		}
		if program.Symbol(v.Call.Call.StaticCallee()) == "net/http.StripPrefix" {
			f.stripped, _ = eval.AsText(c.Eval(v.Call.Call.Args[0], v.Frame)[0]).Const()
		}
		for _, a := range f.handlerArguments(v.Call) {
			all(c.Eval(a, v.Frame))
		}
	}
	return made, unclear
}

// strips notes the prefix that a handler takes off the path of a request before it
// passes it on, as net/http.StripPrefix does; inside evaluates operands of its body.
func (f *serverFinder) strips(fn *ssa.Function, inside func(ssa.Value) []eval.Value) {
	if !slices.Contains(f.rewriters(), fn) {
		return
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			st, ok := instr.(*ssa.Store)
			if !ok || !f.ofRequest(st.Addr) {
				continue
			}
			v := st.Val
			if x, ok := v.(*ssa.Extract); ok {
				v = x.Tuple
			}
			call, ok := v.(*ssa.Call)
			if !ok {
				continue
			}
			switch program.Symbol(call.Call.StaticCallee()) {
			case "strings.TrimPrefix", "strings.CutPrefix":
				if values := inside(call.Call.Args[1]); len(values) == 1 {
					f.stripped, _ = eval.AsText(values[0]).Const()
				}
			}
		}
	}
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// isRouter reports whether t is a router that a model knows.
func (f *serverFinder) isRouter(t types.Type) bool { return f.routerTypes[index.TypeSymbol(t)] }

// namesDefault reports whether the program itself speaks of
// http.DefaultServeMux.
func (f *serverFinder) namesDefault() bool {
	pkg := f.Program.SSA.ImportedPackage("net/http")
	if pkg == nil {
		return true
	}
	g := pkg.Var("DefaultServeMux")
	return g == nil || slices.ContainsFunc(f.Index.GlobalLoads(g), func(l *ssa.UnOp) bool { return !f.Program.Std(l.Parent()) })
}

// servedOn is what made the router that a call adds a route to, nil for
// http.DefaultServeMux; known tells whether that can be told.
func (f *serverFinder) servedOn(c *eval.Context, call index.Call, root *eval.Frame) (router ssa.Value, known bool) {
	if withoutReceiver(call.Instr) {
		return nil, strings.HasPrefix(index.CalleeSymbol(call.Instr.Common()), "net/http.")
	}
	for _, a := range f.chain(c, call, root) {
		if a.router != nil {
			return a.router, true
		}
	}
	return nil, false
}

// serves reports whether a router can be served: its value goes somewhere else
// than to the calls that add its routes.
func (f *serverFinder) serves(router ssa.Value) bool {
	if router == nil {
		return f.listeners.byItself
	}
	idle, ok := f.idle[router]
	if !ok {
		idle = !f.escapes(router, map[ssa.Value]bool{})
		f.idle[router] = idle
	}
	return !idle
}

func (f *serverFinder) escapes(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] {
		return false
	}
	seen[v] = true
	if v.Referrers() == nil {
		return true
	}
	return slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool {
		switch r := r.(type) {
		case *ssa.DebugRef:
			return false
		case *ssa.Phi:
			return f.escapes(r, seen)
		case *ssa.Extract:
			return f.escapes(r, seen)
		case *ssa.Store:
			return r.Val == v && f.escapesFrom(r.Addr, seen)
		case *ssa.UnOp:
			return r.Op != token.MUL || f.escapes(r, seen)
		case ssa.CallInstruction:
			return f.passes(r, v, seen)
		}
		return true
	})
}

// escapesFrom follows a router that is kept in a variable or a field.
func (f *serverFinder) escapesFrom(addr ssa.Value, seen map[ssa.Value]bool) bool {
	var loads []*ssa.UnOp
	switch a := addr.(type) {
	case *ssa.Global:
		loads = f.Index.GlobalLoads(a)
	case *ssa.FieldAddr:
		field := index.Field(a.X.Type(), a.Field)
		if field == nil || field.Pkg() != nil && field.Pkg().Path() == "net/http" {
			return true
		}
		loads = f.Index.FieldLoads(field)
	case *ssa.Alloc:
		return f.cell(a, seen)
	default:
		return true
	}
	return slices.ContainsFunc(loads, func(l *ssa.UnOp) bool { return f.escapes(l, seen) })
}

// cell follows a router in a local variable that literals may have captured.
func (f *serverFinder) cell(a ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[a] {
		return false
	}
	seen[a] = true
	return slices.ContainsFunc(*a.Referrers(), func(r ssa.Instruction) bool {
		switch r := r.(type) {
		case *ssa.DebugRef:
			return false
		case *ssa.Store:
			return r.Val == a
		case *ssa.UnOp:
			return f.escapes(r, seen)
		case *ssa.MakeClosure:
			fn := r.Fn.(*ssa.Function)
			i := slices.Index(r.Bindings, a)
			return i < 0 || i >= len(fn.FreeVars) || f.cell(fn.FreeVars[i], seen)
		}
		return true
	})
}

// passes follows a router into a call: adding routes keeps it where it is.
func (f *serverFinder) passes(call ssa.CallInstruction, v ssa.Value, seen map[ssa.Value]bool) bool {
	cc := call.Common()
	if cc.IsInvoke() || len(cc.Args) == 0 {
		return true
	}
	if s, ok := f.servedBy(index.CalleeSymbol(cc)); ok && cc.Args[0] == v && !slices.Contains(s.operands(call), v) {
		return false
	}
	callee := cc.StaticCallee()
	if callee == nil || callee.Blocks == nil || f.Program.Std(callee) || len(callee.Params) != len(cc.Args) {
		return true
	}
	for i, a := range cc.Args {
		if a == v && f.escapes(callee.Params[i], seen) {
			return true
		}
	}
	return false
}
