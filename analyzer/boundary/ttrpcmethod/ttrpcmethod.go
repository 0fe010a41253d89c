// Package ttrpcmethod finds ttrpc calls and the methods that serve them.
//
//  1. client: Client.Call and NewStream with constant service and method
//  2. server: Server.Register with a map of methods, RegisterService with a
//     description that holds such a map; each entry arrives at its literal
//  3. implementation: in such a literal the call of the service interface goes
//     to the implementation given to the function that registers it
package ttrpcmethod

import (
	"context"
	"go/types"
	"regexp"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/index"
)

// Finder finds ttrpc departures and arrivals.
var Finder = boundary.Finder{Name: "ttrpcmethod", Idioms: []int{12}, Find: find, Protocols: []boundary.Protocol{{
	Kind:   flow.TTRPC,
	Server: golist.Server{Libraries: libs, Names: regexp.MustCompile(`\b(NewServer|Server)\b`)},
	Reads:  boundary.ReadsByName,
}}}

// libs is the import paths that the library has had.
var libs = []string{"github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc"}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out}
	for _, lib := range libs {
		for _, call := range u.Index.Calls("(*" + lib + ".Client).Call") {
			f.client(call, 2)
		}
		for _, call := range u.Index.Calls("(*" + lib + ".Client).NewStream") {
			f.client(call, 3)
		}
		for _, call := range u.Index.Calls("(*" + lib + ".Server).Register") {
			f.server(call, false)
		}
		for _, call := range u.Index.Calls("(*" + lib + ".Server).RegisterService") {
			f.server(call, true)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

type finder struct {
	*boundary.Unit
	out *boundary.Findings
}

func (f *finder) client(call index.Call, arg int) {
	service, method := eval.Argument(call.Instr, arg), eval.Argument(call.Instr, arg+1)
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			return append(eval.Holes(c.Eval(service, root)), eval.Holes(c.Eval(method, root))...)
		},
		func(c *eval.Context) {
			d := boundary.Departure{
				Kind: flow.TTRPC, In: call.In, Pos: call.Instr.Pos(),
				Via: boundary.Callers(c, root), Rule: "ttrpcmethod/1",
			}
			s, m := eval.AsText(c.Eval(service, root)[0]), eval.AsText(c.Eval(method, root)[0])
			d.Key.Path = "/" + s.Pattern() + "/" + m.Pattern()
			_, known := s.Const()
			if _, ok := m.Const(); !ok || !known {
				d.Reason = "the ttrpc service or method name is not a constant of the program"
			}
			f.out.Departures = append(f.out.Departures, d)
		})
}

// server reports the methods that one call registers. The implementation is a
// parameter of the function around the call, so its callers are asked too.
func (f *finder) server(call index.Call, described bool) {
	name, table := eval.Argument(call.Instr, 1), eval.Argument(call.Instr, 2)
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			holes := append(eval.Holes(c.Eval(name, root)), eval.Holes(c.Eval(table, root))...)
			for _, p := range call.In.Params {
				if types.IsInterface(p.Type()) {
					holes = append(holes, eval.Holes(c.Eval(p, root))...)
				}
			}
			return holes
		},
		func(c *eval.Context) {
			service, ok := eval.AsText(c.Eval(name, root)[0]).Const()
			if !ok {
				return
			}
			places := append(boundary.Callers(c, root), boundary.Place{In: call.In, Pos: call.Instr.Pos()})
			for _, en := range f.table(c, table, root, described) {
				f.method(c, service, en, places, call.In)
			}
		})
}

// table is the entries of the method map, which stands in a description or by
// itself.
func (f *finder) table(c *eval.Context, v ssa.Value, root *eval.Frame, described bool) []eval.Entry {
	if !described {
		return c.Entries(v, root)
	}
	var out []eval.Entry
	for _, d := range c.Eval(v, root) {
		o, ok := d.(eval.Object)
		if !ok {
			continue
		}
		for _, field := range []string{"Methods", "Streams"} {
			for _, m := range c.Field(o, field) {
				if h, ok := m.(eval.Hole); ok && h.V != nil {
					out = append(out, c.Entries(h.V, h.Frame)...)
				}
			}
		}
	}
	return out
}

func (f *finder) method(c *eval.Context, service string, en eval.Entry, places []boundary.Place, in *ssa.Function) {
	name, ok := eval.AsText(c.Eval(en.Key, en.Frame)[0]).Const()
	if !ok {
		return
	}
	for _, v := range c.Eval(en.Value, en.Frame) {
		fn := f.handler(c, v)
		if fn == nil {
			continue
		}
		f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
			Kind: flow.TTRPC, Key: boundary.Key{Path: "/" + service + "/" + name},
			Handlers: []boundary.Handler{{Fn: fn}}, Registered: places, Rule: "ttrpcmethod/2",
		})
		f.out.Links = append(f.out.Links, boundary.Link{
			From: in, Pos: en.At.Pos(), To: fn, Kind: flow.Registration, Rule: "ttrpcmethod/2", Detail: name, Candidates: 1,
		})
		for _, p := range in.Params {
			if types.IsInterface(p.Type()) {
				if impls := c.Types(p, f.Eval.Root(in)); len(impls) > 0 {
					f.Bind(fn, p.Type(), impls, "ttrpcmethod/3", places, f.out)
				}
			}
		}
	}
}

// handler is the function behind a map entry: the literal itself, or the
// Handler field of a stream entry.
func (f *finder) handler(c *eval.Context, v eval.Value) *ssa.Function {
	switch v := v.(type) {
	case eval.Func:
		return v.Fn
	case eval.Object:
		for _, h := range c.Field(v, "Handler") {
			if fn, ok := h.(eval.Func); ok {
				return fn.Fn
			}
		}
	}
	return nil
}
