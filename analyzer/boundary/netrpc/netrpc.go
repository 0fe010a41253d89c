// Package netrpc finds calls of net/rpc and the methods that serve them.
//
//  1. client: Client.Call and Client.Go, also kept as function values, with a
//     constant name "Type.Method"
//  2. codec: a request written by the program or its library itself,
//     ClientCodec.WriteRequest with a rpc.Request of constant ServiceMethod
//  3. in memory: ServeRequest with a ServerCodec of the program's own that takes
//     the name of the method from one of its fields; the program answers itself
//  4. server: Register and RegisterName of a server or of the package; each
//     method that net/rpc would serve arrives
//
// Codecs and connections do not matter: JSON, gob and msgpack carry the same name.
// It cannot see services whose values or names are not known.
package netrpc

import (
	"context"
	"go/token"
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

// Finder finds net/rpc departures and arrivals.
var Finder = boundary.Finder{Name: "netrpc", Idioms: []int{9, 10}, Find: find, Protocols: []boundary.Protocol{{
	Kind:   flow.RPC,
	Server: golist.Server{Libraries: []string{lib}, Names: regexp.MustCompile(`\b(Register|RegisterName)\b`)},
	Fit:    fit,
	Reads: func(k boundary.Key) bool {
		return boundary.ReadsByName(boundary.Key{Path: strings.ReplaceAll(k.Path, ".", "/")})
	},
}}}

const lib = "net/rpc"

// fit joins equal names. A call in memory has the address of its own program.
func fit(asked, served boundary.Key) boundary.Fit {
	if asked.Path != served.Path || asked.Address != "" && asked.Address != served.Address {
		return boundary.Fit{}
	}
	return boundary.Fit{Equal: 1}
}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, self: u.Program.Exe.Program.Package}
	for _, name := range []string{"Call", "Go"} {
		symbol := "(*net/rpc.Client)." + name
		held := map[*ssa.Function]bool{}
		for _, call := range u.Index.Calls(symbol) {
			f.called(ctx, call, 1)
			if fn := call.Instr.Common().StaticCallee(); fn != nil && !held[fn] {
				held[fn] = true
				f.held(ctx, fn)
			}
		}
	}
	for _, call := range u.Index.Calls("(net/rpc.ClientCodec).WriteRequest") {
		f.written(ctx, call)
	}
	for _, symbol := range []string{"(*net/rpc.Server).ServeRequest", "net/rpc.ServeRequest"} {
		for _, call := range u.Index.Calls(symbol) {
			f.inMemory(ctx, call)
		}
	}
	for symbol, s := range map[string]service{
		"(*net/rpc.Server).Register":     {name: -1, value: 1},
		"(*net/rpc.Server).RegisterName": {name: 1, value: 2},
		"net/rpc.Register":               {name: -1, value: 0},
		"net/rpc.RegisterName":           {name: 0, value: 1},
	} {
		for _, call := range u.Index.Calls(symbol) {
			f.registered(ctx, call, s)
		}
	}
}

type finder struct {
	*boundary.Unit
	out  *boundary.Findings
	self string // the address of the program to itself
}

// skipped reports whether a call tells nothing: one of net/rpc itself.
func (f *finder) skipped(ctx context.Context, call index.Call) bool {
	return ctx.Err() != nil || f.Program.Std(call.In)
}

// called is rule 1: argument i is the name of the method.
func (f *finder) called(ctx context.Context, call index.Call, i int) {
	name := eval.Argument(call.Instr, i)
	if f.skipped(ctx, call) || name == nil {
		return
	}
	root := f.Eval.Root(call.In)
	f.departs("netrpc/1", call, func(c *eval.Context) []eval.Value { return c.Eval(name, root) })
}

// held is rule 1 for calls of a method that a variable or a field holds.
func (f *finder) held(ctx context.Context, fn *ssa.Function) {
	for _, site := range f.Graph.In(fn) {
		cc := site.Instr.Common()
		if cc.StaticCallee() == nil && !cc.IsInvoke() {
			i := len(cc.Args) - fn.Signature.Params().Len() // a method value has its receiver already
			f.called(ctx, index.Call{In: site.Caller, Instr: site.Instr}, i)
		}
	}
}

// written is rule 2.
func (f *finder) written(ctx context.Context, call index.Call) {
	if f.skipped(ctx, call) {
		return
	}
	request, root := eval.Argument(call.Instr, 1), f.Eval.Root(call.In)
	f.departs("netrpc/2", call, func(c *eval.Context) []eval.Value {
		var out []eval.Value
		for _, v := range c.Eval(request, root) {
			if o, ok := v.(eval.Object); ok {
				out = append(out, c.Field(o, "ServiceMethod")...)
			} else {
				out = append(out, v)
			}
		}
		return out
	})
}

// inMemory is rule 3.
func (f *finder) inMemory(ctx context.Context, call index.Call) {
	codec := eval.Argument(call.Instr, len(call.Instr.Common().Args)-1)
	if f.skipped(ctx, call) {
		return
	}
	root := f.Eval.Root(call.In)
	names := func(c *eval.Context) (out []eval.Value) {
		for _, v := range c.Eval(codec, root) {
			if o, ok := v.(eval.Object); ok {
				if field := f.nameField(o.Type()); field != "" {
					out = append(out, c.Field(o, field)...)
				}
			}
		}
		return out
	}
	from := len(f.out.Departures)
	f.departs("netrpc/3", call, names)
	for i := range f.out.Departures[from:] {
		f.out.Departures[from+i].Key.Address = f.self
	}
}

// nameField is the field from which a server's codec of the program takes the
// name of the method that is called, empty for those that read it from elsewhere.
func (f *finder) nameField(codec types.Type) string {
	fn := f.MethodNamed(codec, "ReadRequestHeader")
	if fn == nil || len(fn.Params) != 2 {
		return ""
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			st, ok := instr.(*ssa.Store)
			if !ok {
				continue
			}
			to, isField := st.Addr.(*ssa.FieldAddr)
			load, isLoad := st.Val.(*ssa.UnOp)
			if !isField || !isLoad || load.Op != token.MUL || to.X != ssa.Value(fn.Params[1]) || index.Field(to.X.Type(), to.Field).Name() != "ServiceMethod" {
				continue
			}
			if from, ok := load.X.(*ssa.FieldAddr); ok && from.X == ssa.Value(fn.Params[0]) {
				return index.Field(from.X.Type(), from.Field).Name()
			}
		}
	}
	return ""
}

// departs reports a call for each name that it can have.
func (f *finder) departs(rule string, call index.Call, names func(*eval.Context) []eval.Value) {
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { return eval.Holes(names(c)) },
		func(c *eval.Context) {
			for _, v := range names(c) {
				d := boundary.Departure{Kind: flow.RPC, In: call.In, Pos: call.Instr.Pos(), Via: boundary.Callers(c, root), Rule: rule}
				name, ok := eval.AsText(v).Const()
				d.Key.Path = name
				if !ok || !strings.Contains(name, ".") {
					d.Key.Path = eval.AsText(v).Pattern()
					d.Reason = "the name of the net/rpc method is not a constant of the program"
				}
				if !slices.ContainsFunc(f.out.Departures, func(x boundary.Departure) bool {
					return x.Kind == d.Kind && x.Pos == d.Pos && x.Key.Path == d.Key.Path && x.Origin() == d.Origin()
				}) {
					f.out.Departures = append(f.out.Departures, d)
				}
			}
		})
}

// service is the arguments that a call registers: the name, -1 for that of the
// type, and the value.
type service struct{ name, value int }

// registered is rule 4.
func (f *finder) registered(ctx context.Context, call index.Call, s service) {
	if f.skipped(ctx, call) {
		return
	}
	value, name := eval.Argument(call.Instr, s.value), eval.Argument(call.Instr, s.name)
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			holes := eval.Holes(c.Eval(value, root))
			if name != nil {
				holes = append(holes, eval.Holes(c.Eval(name, root))...)
			}
			return holes
		},
		func(c *eval.Context) {
			places := append(boundary.Callers(c, root), boundary.Place{In: call.In, Pos: call.Instr.Pos()})
			for _, v := range c.Eval(value, root) {
				t := v.Type()
				if t == nil {
					continue
				}
				for _, n := range f.names(c, name, t, root) {
					f.methods(c.Bind(v), t, n, places)
				}
			}
		})
}

// names is the names under which a value of type t is registered.
func (f *finder) names(c *eval.Context, name ssa.Value, t types.Type, root *eval.Frame) []string {
	if name == nil {
		if n := index.Named(t); n != nil {
			return []string{n.Obj().Name()}
		}
		return nil
	}
	var out []string
	for _, v := range c.Eval(name, root) {
		if s, ok := eval.AsText(v).Const(); ok {
			out = append(out, s)
		}
	}
	return out
}

// methods reports the methods of a service as net/rpc chooses them.
func (f *finder) methods(v eval.Value, t types.Type, name string, places []boundary.Place) {
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		m := set.At(i).Obj().(*types.Func)
		if !m.Exported() || !served(m.Type().(*types.Signature)) {
			continue
		}
		fn := f.Program.SSA.MethodValue(set.At(i))
		if fn == nil {
			continue
		}
		var handlers []boundary.Handler
		for _, g := range f.Graph.Through(fn) {
			h := boundary.Handler{Fn: g}
			if g == fn {
				h.Given = boundary.Self(v)
			}
			handlers = append(handlers, h)
		}
		f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
			Kind: flow.RPC, Key: boundary.Key{Path: name + "." + m.Name(), Address: f.self}, Handlers: handlers, Registered: places, Rule: "netrpc/4",
		})
	}
}

// served reports whether net/rpc serves a method: two arguments, the second a
// pointer, and an error as its result.
func served(s *types.Signature) bool {
	if s.Params().Len() != 2 || s.Results().Len() != 1 || s.Results().At(0).Type().String() != "error" {
		return false
	}
	_, pointer := s.Params().At(1).Type().Underlying().(*types.Pointer)
	return pointer
}
