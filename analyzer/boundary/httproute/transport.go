package httproute

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
)

// findTransports is rule 10: a client of net/http sends through the transport that
// it was given. Where that is one of the program's own, its RoundTrip runs.
func findTransports(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	stored := map[*ssa.Store]bool{}
	for _, s := range senders {
		if !strings.HasPrefix(s.symbol, "(*net/http.Client).") {
			continue
		}
		for _, call := range u.Calls(s.symbol) {
			if ctx.Err() != nil {
				return
			}
			if u.Program.Std(call.In) {
				continue
			}
			all, same := transportsIn(u, call)
			if same {
				for _, h := range all {
					out.Links = append(out.Links, transportLink(call.In, call.Instr, h))
				}
				continue
			}
			for _, st := range transportStores(u) { // which client it is depends on who calls
				if stored[st] {
					continue
				}
				stored[st] = true
				for _, h := range ownTransports(u, u.Eval.Context().Eval(st.Val, u.Eval.Root(st.Parent()))) {
					out.Links = append(out.Links, transportLink(st.Parent(), callBeside(st), h))
				}
			}
		}
	}
}

// callBeside is the first call behind a store in its block, which runs where the
// store does; the store itself where there is none. Of calls it is known where they
// do not run.
func callBeside(st *ssa.Store) ssa.Instruction {
	instrs := st.Block().Instrs
	for _, instr := range instrs[slices.Index(instrs, ssa.Instruction(st)):] {
		if call, ok := instr.(ssa.CallInstruction); ok && call.Pos().IsValid() {
			return call
		}
	}
	return st
}

func transportLink(from *ssa.Function, at ssa.Instruction, h boundary.Handler) boundary.Link {
	return boundary.Link{From: from, Pos: at.Pos(), To: h.Fn, Kind: flow.Closure, Rule: "httproute/10", Candidates: 1, Detail: "the transport of an HTTP client"}
}

// transportsIn is the RoundTrip methods of the program that a call of a client can
// send through; same says that they are so for all who call.
func transportsIn(u *boundary.Unit, call index.Call) (all []boundary.Handler, same bool) {
	root := u.Eval.Root(call.In)
	client := eval.Argument(call.Instr, 0)
	first := true
	same = u.Eval.Context().Answer(client, root).Complete
	boundary.Settled(u.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(client, root) }, func(c *eval.Context, clients []eval.Value) {
		for _, v := range clients {
			found := ownTransports(u, transportsOf(c, []eval.Value{v}))
			if !first && !slices.EqualFunc(found, all, func(a, b boundary.Handler) bool { return a.Fn == b.Fn }) {
				same = false
			}
			all, first = found, false
		}
	})
	return all, same
}

// transportsOf is the transports of clients, as far as they are known.
func transportsOf(c *eval.Context, clients []eval.Value) []eval.Value {
	var out []eval.Value
	for _, v := range clients {
		if o, ok := v.(eval.Object); ok {
			out = append(out, c.Field(o, "Transport")...)
		}
	}
	return out
}

// isTransport reports whether fn is the RoundTrip method of a transport, or a literal
// that a function type with this method makes one.
func (f clientFinder) isTransport(fn *ssa.Function) bool {
	if fn.Name() == "RoundTrip" && fn.Signature.Recv() != nil {
		return true
	}
	if fn.Parent() == nil {
		return false
	}
	uses := slices.Clone(*fn.Referrers())
	for _, mc := range f.Index.Closures(fn) {
		uses = append(uses, *mc.Referrers()...)
	}
	return slices.ContainsFunc(uses, func(r ssa.Instruction) bool {
		as, ok := r.(*ssa.ChangeType)
		return ok && f.MethodNamed(as.Type(), "RoundTrip") != nil
	})
}

// ownTransports is the RoundTrip methods of transports under study, and the functions
// that a function type with this method makes transports.
func ownTransports(u *boundary.Unit, values []eval.Value) []boundary.Handler {
	var out []boundary.Handler
	for _, v := range values {
		if fn, ok := v.(eval.Func); ok && u.MethodNamed(v.Type(), "RoundTrip") != nil {
			out = append(out, u.Functions(u.Eval.Context(), fn)...)
			continue
		}
		if t := v.Type(); t != nil {
			for _, h := range u.Method(t, "RoundTrip") {
				if u.Program.User(h.Fn) {
					out = append(out, h)
				}
			}
		}
	}
	return boundary.Distinct(out)
}

// transportStores is where clients are given their transports.
func transportStores(u *boundary.Unit) []*ssa.Store {
	pkg := u.Program.SSA.ImportedPackage("net/http")
	if pkg == nil || pkg.Type("Client") == nil {
		return nil
	}
	t := pkg.Type("Client").Type()
	return slices.DeleteFunc(slices.Clone(u.Index.FieldStores(index.Field(t, index.FieldNamed(t, "Transport")))), func(st *ssa.Store) bool {
		return !u.Program.User(st.Parent())
	})
}

// answersItself reports whether a request that is sent in a context leaves the
// program nowhere: the client's transport is one of the program's own, which answers
// without asking anybody.
func (f clientFinder) answersItself(c *eval.Context, s send, root *eval.Frame) bool {
	if !strings.HasPrefix(s.symbol, "(*net/http.Client).") && !strings.HasPrefix(index.CalleeSymbol(s.Instr.Common()), "(*net/http.Client).") {
		return false
	}
	client := c.Answer(eval.Argument(s.Instr, 0), root)
	if len(client.Values) == 0 {
		return false
	}
	for _, v := range client.Values {
		found := transportsOf(c, []eval.Value{v})
		if len(found) == 0 {
			return false
		}
		for _, t := range found {
			own := ownTransports(f.Unit, []eval.Value{t})
			if len(own) == 0 || slices.ContainsFunc(own, func(h boundary.Handler) bool { return f.asksOthers(h.Fn, map[*ssa.Function]bool{}) }) {
				return false
			}
		}
	}
	return true
}

// asksOthers reports whether fn, or what it calls, may use the network or calls what
// is not known.
func (f clientFinder) asksOthers(fn *ssa.Function, seen map[*ssa.Function]bool) bool {
	if seen[fn] {
		return false
	}
	seen[fn] = true
	return slices.ContainsFunc(f.Graph.Out(fn), func(s *calls.Site) bool {
		symbol := strings.TrimPrefix(strings.TrimPrefix(index.CalleeSymbol(s.Instr.Common()), "("), "*")
		switch {
		case strings.HasPrefix(symbol, "net.") || strings.HasPrefix(symbol, "crypto/tls."):
			return true
		case strings.HasPrefix(symbol, "net/http.Client") || strings.HasPrefix(symbol, "net/http.Transport") || strings.HasPrefix(symbol, "net/http.RoundTripper"):
			return true
		case len(s.Callees) == 0:
			return s.Rule != calls.Passed
		}
		return slices.ContainsFunc(s.Callees, func(g *ssa.Function) bool {
			return !f.Program.Std(g) && (g.Blocks == nil || f.asksOthers(g, seen))
		})
	})
}
