package httproute

import (
	"context"
	"fmt"
	"go/types"
	"slices"
	"strings"
	"unicode"

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
			if !u.Program.Std(call.In) && (!forwards(call.In) || writes(s)) && !f.kept(call) {
				f.sent(s, call)
			}
		}
		for _, held := range asValue(u, s) {
			if ctx.Err() == nil && !u.Program.Std(held.call.In) && !forwards(held.call.In) {
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

// forwards reports whether f is itself a sender: a decorated transport or a
// copy of a library function. What it sends is decided by who calls it.
func forwards(f *ssa.Function) bool {
	if f.Name() == "RoundTrip" && f.Signature.Recv() != nil {
		return true
	}
	return slices.ContainsFunc(senders, func(s sender) bool { return s.symbol == program.Symbol(f) })
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

// request is what is known of one sent request.
type request struct {
	methods  []eval.Text
	deciding []eval.Text // what decides the path: the URL where it is written as text, else its path
	urls     []text.URL
	address  []string    // host:port, empty where it is not known
	holes    []eval.Hole // what decides the request itself
}

// sent reports every request that one send can send, one for each function
// that decides method and path.
func (f clientFinder) sent(s sender, call index.Call) {
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
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
	keys := r.keys()
	for _, k := range keys {
		d := base
		d.Key = k
		if len(r.address) == 1 && !f.dials {
			d.Key.Address = r.address[0]
		}
		f.add(d)
	}
	if len(keys) == 0 && !forwards(s.In) {
		base.Key = boundary.Key{Path: "*"}
		base.Reason = "the URL of the request is not a constant of the program"
		f.add(base)
	}
}

// keys is what the request can ask for, as far as that is known.
func (r request) keys() []boundary.Key {
	var out []boundary.Key
	for _, p := range shortest(r.urls) {
		if !hasLetter(p) && (p == "" || p[0] != '/' || strings.Contains(p, "*")) {
			continue
		}
		for _, m := range r.methods {
			out = append(out, boundary.Key{Name: strings.ToUpper(m.Pattern()), Path: p})
		}
	}
	return out
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
	if o.Object() == nil || o.Object().Exported() || len(f.Graph.In(o)) > 0 || o == f.Program.Main.Func("main") {
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

// request folds the request that call sends.
func (f clientFinder) request(c *eval.Context, s sender, call index.Call, root *eval.Frame) request {
	var r request
	if s.req < 0 {
		if v := eval.Argument(call.Instr, s.url); v != nil {
			r.methods = []eval.Text{eval.Lit(s.method)}
			r.url(c, v, root)
		}
		return r
	}
	sent := eval.Argument(call.Instr, s.req)
	if sent == nil {
		return r
	}
	for _, v := range c.Eval(sent, root) {
		switch v := v.(type) {
		case eval.Hole:
			if v.Kind != eval.Opaque {
				r.holes = append(r.holes, v)
			}
		case eval.Result:
			before := len(r.urls)
			a := v.Call.Call.Args
			switch program.Symbol(v.Call.Call.StaticCallee()) {
			case "net/http.NewRequest":
				r.methods = append(r.methods, texts(c.Eval(a[0], v.Frame))...)
				r.url(c, a[1], v.Frame)
			case "net/http.NewRequestWithContext":
				r.methods = append(r.methods, texts(c.Eval(a[1], v.Frame))...)
				r.url(c, a[2], v.Frame)
			}
			made := r.urls[before:]
			set := c.RequestURLs(made, v)
			if !sameHosts(made, set) {
				r.asks(text.URL{})
			}
			r.urls = append(r.urls[:before:before], set...)
		case eval.Object:
			r.methods = append(r.methods, texts(c.Field(v, "Method"))...)
			for _, u := range c.Field(v, "URL") {
				if t, ok := u.(eval.Text); ok {
					r.deciding = append(r.deciding, t)
				}
				r.addURLs(c.RequestURLs(c.URLs(u), v))
			}
		}
	}
	return r
}

// url adds the URL that is written as text.
func (r *request) url(c *eval.Context, v ssa.Value, fr *eval.Frame) {
	for _, x := range c.Eval(v, fr) {
		t := eval.AsText(x)
		r.deciding = append(r.deciding, t)
		r.urls = append(r.urls, c.URLs(t)...)
	}
	for _, t := range texts(c.Fixed().Eval(v, fr)) {
		for _, u := range c.URLs(t) {
			r.asks(u)
		}
	}
}

// addURLs adds URLs that are made field by field. What their hosts can be set
// to is not told, so they name no address.
func (r *request) addURLs(urls []text.URL) {
	for _, u := range urls {
		r.deciding = append(r.deciding, eval.Text{Text: u.Path})
		r.urls = append(r.urls, u)
		r.asks(text.URL{})
	}
}

func sameHosts(a, b []text.URL) bool {
	return slices.EqualFunc(a, b, func(x, y text.URL) bool { return x.Host.Pattern() == y.Host.Pattern() })
}

// asks adds the address that a request to u is sent to.
func (r *request) asks(u text.URL) {
	a := address(u.Scheme.Pattern(), u.Host.Pattern())
	if !slices.Contains(r.address, a) {
		r.address = append(r.address, a)
	}
}

func texts(values []eval.Value) []eval.Text {
	var out []eval.Text
	for _, v := range values {
		out = append(out, eval.AsText(v))
	}
	return out
}

// deciding is the holes of a path that choose which handler is meant. A hole
// that fills a whole path segment is a parameter of the request and stays a
// hole, unless somebody writes a constant there.
func (f clientFinder) deciding(t eval.Text) []eval.Hole {
	lettered := hasLetter(t.Pattern())
	var out []eval.Hole
	for i, p := range t.Parts {
		h, ok := p.Hole.(eval.Hole)
		if !ok || h.Kind == eval.Opaque {
			continue
		}
		if !lettered {
			out = append(out, h)
			continue
		}
		starts := i == 0 || t.Parts[i-1].Hole == nil && strings.HasSuffix(t.Parts[i-1].Lit, "/")
		ends := i == len(t.Parts)-1 || t.Parts[i+1].Hole == nil && strings.IndexAny(t.Parts[i+1].Lit, "/?") == 0
		first := !hasLetter(text.Text{Parts: t.Parts[:i]}.Pattern())
		if starts && ends && !f.constant(h, 0) && (!first || !f.writesPath(h)) {
			continue
		}
		if i == 0 && ends && !f.writesPath(h) {
			continue // the server's address
		}
		out = append(out, h)
	}
	return out
}

// writesPath reports whether some caller passes for h a text with a path in it.
func (f clientFinder) writesPath(h eval.Hole) bool {
	p, ok := h.V.(*ssa.Parameter)
	if !ok {
		return false
	}
	n := slices.Index(p.Parent().Params, p)
	for _, s := range f.Graph.In(p.Parent()) {
		a := eval.Argument(s.Instr, n)
		if a == nil {
			continue
		}
		for _, v := range f.Eval.Context().Eval(a, f.Eval.Root(s.Caller)) {
			if t := eval.AsText(v); !strings.Contains(t.Pattern(), "://") && strings.Contains(t.Pattern(), "/") && hasLetter(t.Pattern()) {
				return true
			}
		}
	}
	return false
}

// maxHanded is through how many functions a part of a path is looked for.
const maxHanded = 4

// constant reports whether h is written down somewhere: some caller passes a
// constant for it, or it is an element of a list of constants.
func (f clientFinder) constant(h eval.Hole, depth int) bool {
	if known, ok := f.constants[h.V]; ok || depth > maxHanded {
		return known
	}
	f.constants[h.V] = false // until it is known, of a function that calls itself
	found := false
	switch v := h.V.(type) {
	case *ssa.Parameter:
		n := slices.Index(v.Parent().Params, v)
		for _, s := range f.Graph.In(v.Parent()) {
			if a := eval.Argument(s.Instr, n); a != nil && s.Rule != "passed" && !found {
				found = f.anyConstant(f.Eval.Context().Eval(a, f.Eval.Root(s.Caller)), depth)
			}
		}
	default:
		chosen, _ := f.Eval.Context().Spread(h)
		for _, c := range chosen {
			found = found || f.anyConstant(c.Eval(h.V, h.Frame), depth)
		}
	}
	f.constants[h.V] = found
	return found
}

func (f clientFinder) anyConstant(values []eval.Value, depth int) bool {
	return slices.ContainsFunc(values, func(v eval.Value) bool {
		switch v := v.(type) {
		case eval.Text:
			s, constant := v.Const()
			return constant && s != "" || len(v.Parts) == 1 && slices.ContainsFunc(v.Holes(), func(h eval.Hole) bool { return f.constant(h, depth+1) })
		case eval.Hole:
			return v.Kind != eval.Opaque && f.constant(v, depth+1)
		}
		return false
	})
}

func hasLetter(s string) bool {
	_, path, _ := strings.Cut(s, "://")
	if path == "" {
		path = s
	}
	return strings.ContainsFunc(path, unicode.IsLetter)
}

// shortest is the distinct paths, without those that only put something
// before another one: "/v*/jobs" beside "/jobs".
func shortest(urls []text.URL) []string {
	var all []string
	for _, u := range urls {
		if p := urlPath(u); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	var out []string
	for _, p := range all {
		if !slices.ContainsFunc(all, func(q string) bool {
			q = strings.TrimPrefix(q, "*")
			return len(q) < len(strings.TrimPrefix(p, "*")) && strings.HasPrefix(q, "/") && hasLetter(q) && strings.HasSuffix(p, q)
		}) {
			out = append(out, p)
		}
	}
	return out
}

// based is a path without a slash that is only likely before an unknown text: the
// path of a base, which is empty or brings its own.
func based(p text.Text) text.Text {
	if len(p.Parts) > 1 && p.Parts[0].Likely && p.Parts[0].Lit == "/" && p.Parts[1].Hole != nil {
		p.Parts = p.Parts[1:]
	}
	return p
}

// urlPath is the path that a request to u asks for. Where a hole follows the
// letters of a host it can hold the path.
func urlPath(u text.URL) string {
	p, host := based(u.Path).Pattern(), u.Host.Pattern()
	switch {
	case p == "" && u.Opaque.Pattern() == "" && strings.HasSuffix(host, "*") && host != "*":
		return "*"
	case p == "" && host == "":
		return "" // no URL at all
	case p == "" || p[0] != '/' && p[0] != '*':
		return "/" + p
	}
	return p
}
