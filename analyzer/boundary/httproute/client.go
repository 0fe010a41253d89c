package httproute

import (
	"context"
	"fmt"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// sender is a library function that sends a request.
type sender struct {
	symbol string
	req    int    // the argument that is the request, -1 when the URL is given instead
	url    int    // the argument that is the URL
	method string // the method that the name implies
}

var senders = []sender{
	{symbol: "(*net/http.Client).Do", req: 1},
	{symbol: "(net/http.RoundTripper).RoundTrip", req: 1},
	{symbol: "(*net/http.Transport).RoundTrip", req: 1},
	{symbol: "(*net/http/httputil.ClientConn).Do", req: 1},
	{symbol: "golang.org/x/net/context/ctxhttp.Do", req: 2},
	{symbol: "(*net/http.Request).Write", req: 0},
	{symbol: "(*net/http.Request).WriteProxy", req: 0},
	{symbol: "(*net/http.Client).Get", req: -1, url: 1, method: "GET"},
	{symbol: "(*net/http.Client).Head", req: -1, url: 1, method: "HEAD"},
	{symbol: "(*net/http.Client).Post", req: -1, url: 1, method: "POST"},
	{symbol: "(*net/http.Client).PostForm", req: -1, url: 1, method: "POST"},
	{symbol: "net/http.Get", req: -1, url: 0, method: "GET"},
	{symbol: "net/http.Head", req: -1, url: 0, method: "HEAD"},
	{symbol: "net/http.Post", req: -1, url: 0, method: "POST"},
	{symbol: "net/http.PostForm", req: -1, url: 0, method: "POST"},
}

func findClients(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := newClientFinder(u, out)
	for _, s := range append(senders[:len(senders):len(senders)], transports(u)...) {
		for _, call := range u.Calls(s.symbol) {
			if ctx.Err() != nil {
				return
			}
			if !u.Program.Std(call.In) && (!f.forwards(call.In) || writes(s)) && !f.kept(call) {
				f.sent(s, call)
			}
		}
		for _, held := range asValue(u, s) {
			if ctx.Err() == nil && !u.Program.Std(held.call.In) && !f.forwards(held.call.In) {
				f.sent(held.as, held.call)
			}
		}
	}
}

// heldCall is a call of a sender that is kept as a value.
type heldCall struct {
	as   sender
	call index.Call
}

// asValue is the calls of a sender that a variable or a field holds, as in
// send := client.Do. Of a method value the receiver is no argument.
func asValue(u *boundary.Unit, s sender) []heldCall {
	var out []heldCall
	seen := map[ssa.CallInstruction]bool{}
	for _, call := range u.Index.Calls(s.symbol) {
		fn := call.Instr.Common().StaticCallee()
		if fn == nil {
			continue
		}
		for _, site := range u.Graph.In(fn) {
			cc := site.Instr.Common()
			if cc.StaticCallee() != nil || cc.IsInvoke() || seen[site.Instr] {
				continue
			}
			seen[site.Instr] = true
			as := s
			bound := fn.Signature.Params().Len() - len(cc.Args)
			if fn.Signature.Recv() != nil {
				bound++
			}
			if as.req >= 0 {
				as.req -= bound
			}
			as.url -= bound
			out = append(out, heldCall{as, index.Call{In: site.Caller, Instr: site.Instr}})
		}
	}
	return out
}

// transports is the RoundTrip methods of other types that the program calls by
// name, as far as they do not put the request on a connection in plain sight.
func transports(u *boundary.Unit) []sender {
	var out []sender
	for _, symbol := range u.Index.Symbols() {
		if !strings.HasSuffix(symbol, ").RoundTrip") || slices.ContainsFunc(senders, func(s sender) bool { return s.symbol == symbol }) {
			continue
		}
		cc := u.Index.Calls(symbol)[0].Instr.Common()
		fn := cc.StaticCallee()
		if fn == nil || len(cc.Args) != 2 || index.TypeSymbol(cc.Args[1].Type()) != "net/http.Request" || puts(u, fn) {
			continue
		}
		out = append(out, sender{symbol: symbol, req: 1})
	}
	return out
}

// puts reports whether fn writes a request to a connection.
func puts(u *boundary.Unit, fn *ssa.Function) bool {
	for _, s := range senders {
		if writes(s) && slices.ContainsFunc(u.Index.Calls(s.symbol), func(c index.Call) bool { return c.In == fn }) {
			return true
		}
	}
	return false
}

// kept reports whether a request is only written to memory or to a file.
func (f clientFinder) kept(call index.Call) bool {
	if !strings.Contains(index.CalleeSymbol(call.Instr.Common()), "Request).Write") {
		return false
	}
	return slices.ContainsFunc(f.Eval.Context().Types(eval.Argument(call.Instr, 1), f.Eval.Root(call.In)), func(t types.Type) bool {
		switch index.TypeSymbol(t) {
		case "bytes.Buffer", "strings.Builder", "os.File", "bufio.Writer":
			return true
		}
		return false
	})
}

// dials reports whether the program makes the connections of some HTTP client
// itself, so that the host of a URL need not be the one that is asked.
func dials(u *boundary.Unit) bool {
	pkg := u.Program.SSA.ImportedPackage("net/http")
	if pkg == nil || pkg.Type("Transport") == nil {
		return false
	}
	t := pkg.Type("Transport").Type()
	for _, name := range []string{"Dial", "DialContext", "DialTLS", "DialTLSContext", "Proxy"} {
		i := index.FieldNamed(t, name)
		if i < 0 {
			continue
		}
		if slices.ContainsFunc(u.Index.FieldStores(index.Field(t, i)), func(st *ssa.Store) bool { return !u.Program.Std(st.Parent()) }) {
			return true
		}
	}
	return false
}

// writes reports whether s puts the request on a connection itself: below it
// nothing else sends, even in a transport.
func writes(s sender) bool { return strings.HasPrefix(s.symbol, "(*net/http.Request).Write") }

// forwards reports whether fn is itself a sender: a decorated transport, a literal
// that one calls, or a copy of a library function. What it sends is decided by who
// calls it.
func (f clientFinder) forwards(fn *ssa.Function) bool {
	return f.isTransport(fn) || slices.ContainsFunc(senders, func(s sender) bool { return s.symbol == program.Symbol(fn) })
}

type clientFinder struct {
	*boundary.Unit
	out   *boundary.Findings
	seen  map[string]bool
	ways  map[string]int // of one request
	dials bool

	constants map[ssa.Value]bool // the parts of paths that somebody writes a constant for
}

func newClientFinder(u *boundary.Unit, out *boundary.Findings) clientFinder {
	return clientFinder{Unit: u, out: out, seen: map[string]bool{}, ways: map[string]int{}, dials: dials(u), constants: map[ssa.Value]bool{}}
}

// send is a call that sends a request, with what it sends in a frame.
type send struct {
	sender
	index.Call
	request func(*eval.Context, *eval.Frame) request
}

// sent reports every request that one send can send, one for each function
// that decides method and path.
func (f clientFinder) sent(s sender, call index.Call) {
	root := f.Eval.Root(call.In)
	all := f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			r := f.request(c, s, call, root)
			holes := r.holes
			for _, m := range r.methods {
				holes = append(holes, m.Holes()...)
			}
			for _, t := range r.deciding {
				holes = append(holes, f.deciding(t)...)
			}
			return holes
		},
		func(c *eval.Context) {
			r := f.request(c, s, call, root)
			r.urls = f.based(c, r.urls, func(c *eval.Context) []text.URL { return f.request(c, s, call, root).urls })
			f.report(c, r, send{s, call, func(c *eval.Context, fr *eval.Frame) request { return f.request(c, s, call, fr) }}, root)
		})
	if !all {
		f.add(boundary.Departure{
			Kind: flow.HTTP, Key: boundary.Key{Path: "*"}, In: call.In, Pos: call.Instr.Pos(), Rule: "httproute/1",
			Reason: "too many callers decide which request this is: there may be more than those that are told",
		})
	}
}

// mostBases is how many bases a path can have for each to be told: a client has
// one, and a few for tests and other places.
const mostBases = 4

// based is the URLs with the paths of their bases, where who made the client
// decides these. It does not decide the request, so callers are tried for it alone.
func (f clientFinder) based(c *eval.Context, urls []text.URL, again func(*eval.Context) []text.URL) []text.URL {
	var out []text.URL
	open := false
	for _, u := range urls {
		if base(u) == nil {
			out = append(out, u)
		}
		open = open || base(u) != nil
	}
	if !open {
		return urls
	}
	known := len(out)
	boundary.Settled(c,
		func(c *eval.Context) (holes []eval.Value) {
			for _, u := range again(c) {
				if h := base(u); h != nil {
					holes = append(holes, *h)
				}
			}
			return holes
		},
		func(c *eval.Context, _ []eval.Value) {
			for _, u := range again(c) {
				if !slices.ContainsFunc(out, func(x text.URL) bool { return urlPath(x) == urlPath(u) }) {
					out = append(out, u)
				}
			}
		})
	if len(out)-known > mostBases {
		return urls
	}
	return out
}

// base is the hole at the beginning of a path, nil where that is known.
func base(u text.URL) *eval.Hole {
	if len(u.Path.Parts) < 2 || !hasLetter(u.Path.Pattern()) {
		return nil
	}
	if h, ok := u.Path.Parts[0].Hole.(eval.Hole); ok && h.Kind != eval.Opaque {
		return &h
	}
	return nil
}

func (f clientFinder) report(c *eval.Context, r request, s send, root *eval.Frame) {
	rule := "httproute/1"
	if s.req < 0 {
		rule = "httproute/2"
	}
	base := boundary.Departure{
		Kind: flow.HTTP, In: s.In, Pos: s.Instr.Pos(), Via: boundary.Callers(c, root), Rule: rule, Within: f.within(c.Chain(root), s),
	}
	if o, ok := base.Origin().(*ssa.Function); ok && f.dead(o) {
		return
	}
	if f.answersItself(c, s, root) {
		return
	}
	keys := r.keys()
	for _, k := range keys {
		d := base
		d.Key = k
		if len(r.address) == 1 && !f.dials {
			d.Key.Address = r.address[0]
		}
		f.add(d)
	}
	if len(keys) == 0 && !f.forwards(s.In) {
		base.Key = boundary.Key{Path: "*"}
		base.Reason = "the URL of the request is not a constant of the program"
		f.add(base)
	}
}

// within is what s can ask for where the first of the calls that lead to it
// stands in a given frame.
func (f clientFinder) within(chain []ssa.CallInstruction, s send) func(*eval.Frame) []boundary.Key {
	return func(fr *eval.Frame) []boundary.Key {
		for i, call := range chain {
			next := s.In
			if i+1 < len(chain) {
				next = chain[i+1].Parent()
			}
			fr = f.Eval.Below(fr, call, next)
		}
		return s.request(f.Eval.Brief(), fr).keys()
	}
}

// dead reports whether nothing in the program can call o.
func (f clientFinder) dead(o *ssa.Function) bool {
	if o.Object() == nil || o.Object().Exported() || len(f.Graph.In(o)) > 0 || o == f.Main() {
		return false
	}
	return !f.Index.Addressed(o) && !slices.ContainsFunc(f.Graph.Wrappers(o), f.value)
}

// value reports whether w, which stands for a method, is a value somewhere.
func (f clientFinder) value(w *ssa.Function) bool {
	return f.Index.Addressed(w) || len(f.Index.Closures(w)) > 0
}

// mostWays is by how many ways a function that decides a request can send it.
const mostWays = 8

// add reports d once for each function that decides it, and for each way from
// there down to the send: of those that branch, one may never be taken.
func (f clientFinder) add(d boundary.Departure) {
	k := f.Program.Name(d.In) + " " + d.Key.Name + " " + d.Key.Path + " " + d.Key.Address
	if o, ok := d.Origin().(*ssa.Function); ok {
		k += " " + f.Program.Name(o)
	}
	way := k
	for _, p := range d.Via {
		way += fmt.Sprintf(" %d", p.Pos)
	}
	if !f.seen[way] && f.ways[k] < mostWays {
		f.seen[way] = true
		f.ways[k]++
		f.out.Departures = append(f.out.Departures, d)
	}
}
