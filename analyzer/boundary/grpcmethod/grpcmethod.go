// Package grpcmethod finds gRPC calls and the methods that serve them.
//
//  1. client: Invoke, NewStream and NewClientStream with a method name
//     "/service/Method" that is a constant, however it is named
//  2. server: RegisterService with a ServiceDesc; each of its methods and
//     streams arrives at its handler
//  3. implementation: inside a handler, and in the literal that it gives to an
//     interceptor, the call of the service interface goes to the
//     implementation that was registered with the ServiceDesc
//  4. interceptors: a handler is called with those that the program's server was
//     made with, or with none
//
// It cannot see services that are registered through reflection, or a proxy
// that forwards unknown methods.
package grpcmethod

import (
	"context"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/index"
)

// Finder finds gRPC departures and arrivals.
var Finder = boundary.Finder{Name: "grpcmethod", Idioms: []int{9, 10, 11, 30}, Find: find, Protocols: []boundary.Protocol{{
	Kind:   flow.GRPC,
	Server: golist.Server{Libraries: []string{lib}, Names: regexp.MustCompile(`\b(NewServer|Server)\b`)},
	Reads:  boundary.ReadsByName,
}}}

const lib = "google.golang.org/grpc"

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, unary: interceptors(u)}
	for symbol, arg := range map[string]int{
		lib + ".Invoke":                               1,
		"(*" + lib + ".ClientConn).Invoke":            2,
		"(" + lib + ".ClientConnInterface).Invoke":    2,
		lib + ".NewClientStream":                      3,
		"(*" + lib + ".ClientConn).NewStream":         3,
		"(" + lib + ".ClientConnInterface).NewStream": 3,
	} {
		for _, call := range u.Index.Calls(symbol) {
			if ctx.Err() == nil && !f.forwards(call) {
				f.client(call, arg)
			}
		}
	}
	for symbol, desc := range map[string]int{
		"(*" + lib + ".Server).RegisterService":          1,
		"(" + lib + ".ServiceRegistrar).RegisterService": 1,
	} {
		for _, call := range u.Index.Calls(symbol) {
			if ctx.Err() == nil {
				f.server(call, desc)
			}
		}
	}
}

type finder struct {
	*boundary.Unit
	out   *boundary.Findings
	unary *boundary.Argument // the interceptor that handlers are called with, nil where that is not known
}

// interceptorParam is the place of the interceptor among the parameters of a
// generated handler: srv, ctx, dec, interceptor.
const interceptorParam = 3

// interceptors is rule 4.
func interceptors(u *boundary.Unit) *boundary.Argument {
	servers := len(u.Index.Calls(lib + ".NewServer"))
	if servers == 0 {
		return nil // the server is made where no body is loaded
	}
	set := slices.Concat(u.Index.Calls(lib+".UnaryInterceptor"), u.Index.Calls(lib+".ChainUnaryInterceptor"))
	if len(set) == 0 {
		return &boundary.Argument{Param: interceptorParam, Answer: eval.Answer{
			Values: []eval.Value{eval.Hole{V: ssa.NewConst(nil, types.Typ[types.UntypedNil])}}, Complete: true, Nil: true,
		}}
	}
	if servers > 1 {
		return nil
	}
	a := eval.Answer{Complete: true}
	for _, call := range set {
		c := u.Eval.Context()
		got := c.Answer(call.Instr.Common().Args[0], u.Eval.Root(call.In))
		a.Complete = a.Complete && got.Complete
		for _, v := range got.Values {
			l, ok := v.(eval.List)
			if !ok {
				a.Values = append(a.Values, v)
				continue
			}
			for _, el := range l.Elems {
				a.Complete = a.Complete && !el.Rest
				a.Values = append(a.Values, c.Element(el)...)
			}
		}
	}
	return &boundary.Argument{Param: interceptorParam, Answer: a}
}

// forwards reports whether the call stands in a decorated connection, whose
// method name comes from its own caller.
func (f *finder) forwards(call index.Call) bool {
	n := call.In.Name()
	return call.In.Signature.Recv() != nil && (n == "Invoke" || n == "NewStream")
}

func (f *finder) client(call index.Call, arg int) {
	method := eval.Argument(call.Instr, arg)
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { return eval.Holes(c.Eval(method, root)) },
		func(c *eval.Context) {
			for _, v := range c.Eval(method, root) {
				d := boundary.Departure{
					Kind: flow.GRPC, In: call.In, Pos: call.Instr.Pos(),
					Via: boundary.Callers(c, root), Rule: "grpcmethod/1",
				}
				name, ok := eval.AsText(v).Const()
				if !ok || strings.Count(name, "/") != 2 {
					d.Key.Path = eval.AsText(v).Pattern()
					d.Reason = "the gRPC method name is not a constant of the program"
				} else {
					d.Key.Path = name
				}
				f.out.Departures = append(f.out.Departures, d)
			}
		})
}

// server reports the methods of the service descriptions that one call
// registers.
func (f *finder) server(call index.Call, arg int) {
	desc, impl := eval.Argument(call.Instr, arg), eval.Argument(call.Instr, arg+1)
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			return append(eval.Holes(c.Eval(desc, root)), eval.Holes(c.Eval(impl, root))...)
		},
		func(c *eval.Context) {
			places := append(boundary.Callers(c, root), boundary.Place{In: call.In, Pos: call.Instr.Pos()})
			for _, v := range c.Eval(desc, root) {
				if o, ok := v.(eval.Object); ok {
					f.service(c, o, c.Types(impl, root), places)
				}
			}
		})
}

// service reports every method of one description.
func (f *finder) service(c *eval.Context, desc eval.Object, impls []types.Type, places []boundary.Place) {
	name, ok := eval.AsText(first(c.Field(desc, "ServiceName"))).Const()
	if !ok || name == "" {
		return
	}
	iface := handlerType(c, desc)
	variable, _ := desc.Site.(*ssa.Global)
	if variable != nil {
		reg := places[len(places)-1]
		f.link(boundary.Link{From: reg.In, Pos: reg.Pos, To: variable, Kind: flow.Registration, Rule: "grpcmethod/2", Detail: name, Candidates: 1})
	}
	for table, key := range map[string]string{"Methods": "MethodName", "Streams": "StreamName"} {
		for _, v := range c.Field(desc, table) {
			l, ok := v.(eval.List)
			if !ok {
				continue
			}
			for _, el := range l.Elems {
				for _, entry := range c.Element(el) {
					if o, ok := entry.(eval.Object); ok {
						f.method(c, method{o, name, key, iface, impls, places, variable})
					}
				}
			}
		}
	}
}

// method is one entry of a service description.
type method struct {
	entry    eval.Object
	service  string
	key      string // the field that names it
	iface    types.Type
	impls    []types.Type
	places   []boundary.Place
	variable *ssa.Global
}

func (f *finder) method(c *eval.Context, m method) {
	name, ok := eval.AsText(first(c.Field(m.entry, m.key))).Const()
	if !ok || name == "" {
		return
	}
	for _, v := range c.Field(m.entry, "Handler") {
		fn, ok := v.(eval.Func)
		if !ok {
			continue
		}
		places := m.places
		if m.variable != nil {
			at := boundary.Place{In: m.variable, Pos: c.StoredAt(m.entry, m.key)}
			places = append([]boundary.Place{at}, places...)
			f.link(boundary.Link{From: m.variable, Pos: at.Pos, To: fn.Fn, Kind: flow.Registration, Rule: "grpcmethod/2", Detail: name, Candidates: 1})
		}
		f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
			Kind: flow.GRPC, Key: boundary.Key{Path: "/" + m.service + "/" + name},
			Handlers: []boundary.Handler{{Fn: fn.Fn, Given: f.given(m.key)}}, Registered: places, Rule: "grpcmethod/2",
		})
		if m.iface != nil {
			f.Bind(fn.Fn, m.iface, m.impls, "grpcmethod/3", m.places, f.out)
		}
	}
}

// given is the interceptor of the handlers of one table. That of a stream runs
// outside of its handler.
func (f *finder) given(key string) *boundary.Argument {
	if key == "StreamName" {
		return nil
	}
	return f.unary
}

func (f *finder) link(l boundary.Link) { f.out.Links = append(f.out.Links, l) }

func first(vs []eval.Value) eval.Value {
	if len(vs) == 0 {
		return eval.Hole{}
	}
	return vs[0]
}

// handlerType is the service interface, written (*TasksServer)(nil) in the
// description.
func handlerType(c *eval.Context, desc eval.Object) types.Type {
	for _, v := range c.Field(desc, "HandlerType") {
		if h, ok := v.(eval.Hole); ok && h.T != nil {
			if p, ok := h.T.Underlying().(*types.Pointer); ok {
				return p.Elem()
			}
		}
	}
	return nil
}
