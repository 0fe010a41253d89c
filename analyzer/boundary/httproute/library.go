package httproute

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// findLibraryClients is rule 2 for the clients of modelled libraries.
func findLibraryClients(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := newClientFinder(u, out)
	for _, m := range u.Models.All {
		for i := range m.Sends {
			for _, call := range u.CallsOf(m, m.Sends[i].Call) {
				if _, own := m.Below(program.PkgPath(call.In)); !own && ctx.Err() == nil {
					libraryClient{f, m, &m.Sends[i]}.sent(call)
				}
			}
		}
	}
}

// libraryClient is a client of a modelled library.
type libraryClient struct {
	clientFinder
	model *models.Model
	send  *models.Send
}

// sent reports every request that one call can send.
func (f libraryClient) sent(call index.Call) {
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			r := f.request(c, call, root)
			holes := r.holes
			for _, m := range r.methods {
				holes = append(holes, m.Holes()...)
			}
			for _, p := range r.deciding {
				holes = append(holes, f.deciding(p)...)
			}
			return holes
		},
		func(c *eval.Context) {
			request := func(c *eval.Context, fr *eval.Frame) request {
				r := f.request(c, call, fr)
				f.based(&r, f.bases(c, eval.Argument(call.Instr, 0), fr))
				return r
			}
			f.report(c, request(c, root), send{sender{req: -1}, call, request}, root)
		})
}

// request is what the call is given, without the base of the client.
func (f libraryClient) request(c *eval.Context, call index.Call, root *eval.Frame) request {
	var r request
	switch {
	case f.send.Request != nil:
	case f.send.Path == nil: // the base says it all
		for _, m := range methodsOf(c, f.send.Method, call.Instr, root) {
			r.methods = append(r.methods, eval.Lit(m))
		}
		r.deciding = []eval.Text{{}}
		return r
	default:
		r.made(c, call.Instr, f.send.Method, *f.send.Path, root)
		return r
	}
	f.requested(c, &r, eval.Argument(call.Instr, int(*f.send.Request)), root, 0)
	return r
}

// made adds a request whose method and path are arguments of a call.
func (r *request) made(c *eval.Context, call ssa.CallInstruction, method *models.Operand, path models.Arg, root *eval.Frame) {
	switch v := methodOperand(method, call); {
	case v != nil:
		r.methods = append(r.methods, texts(c.Eval(v, root))...)
	default:
		for _, m := range methodsOf(c, method, call, root) {
			r.methods = append(r.methods, eval.Lit(m))
		}
	}
	if v := eval.Argument(call, int(path)); v != nil {
		for _, t := range texts(c.Eval(v, root)) {
			r.deciding = append(r.deciding, withoutNames(t))
		}
	}
}

// requested adds the requests that v can be.
func (f libraryClient) requested(c *eval.Context, r *request, v ssa.Value, root *eval.Frame, depth int) {
	if v == nil || depth > 4 {
		return
	}
	for _, v := range c.Eval(v, root) {
		switch v := v.(type) {
		case eval.Hole:
			if v.Kind != eval.Opaque {
				r.holes = append(r.holes, v)
			}
		case eval.Object:
			if fields := f.send.Fields; fields != nil {
				r.methods = append(r.methods, texts(c.Field(v, fields.Method))...)
				for _, t := range texts(c.Field(v, fields.Path)) {
					r.deciding = append(r.deciding, withoutNames(t))
				}
			}
		case eval.Result:
			made, ok := models.Find(f.Models, func(m *models.Model) []models.Request { return m.Requests },
				func(x *models.Request) models.Symbol { return x.Call }, index.CalleeSymbol(&v.Call.Call))
			switch {
			case !ok:
			case made.Of.Request != nil:
				f.requested(c, r, eval.Argument(v.Call, int(*made.Of.Request)), v.Frame, depth+1)
			case made.Of.Path != nil:
				r.made(c, v.Call, made.Of.Method, *made.Of.Path, v.Frame)
			}
		}
	}
}

// bases is the bases that the URLs of the client v can have. Who made the client
// does not decide the request, so callers are tried for it alone.
func (f libraryClient) bases(c *eval.Context, v ssa.Value, fr *eval.Frame) []eval.Text {
	if v == nil || len(f.model.Bases) == 0 {
		return nil
	}
	v = f.Embedding(v)
	var out []eval.Text
	boundary.Settled(c, func(c *eval.Context) []eval.Value { return c.Eval(v, fr) }, func(c *eval.Context, clients []eval.Value) {
		for _, b := range f.base(c, clients, 0) {
			same := func(t eval.Text) bool {
				return strings.TrimPrefix(t.Pattern(), "*") == strings.TrimPrefix(b.Pattern(), "*")
			}
			if !slices.ContainsFunc(out, same) {
				out = append(out, b)
			}
		}
	})
	return out
}

// base is the bases of the URLs of clients, or of those that they were made from;
// none where they are not known.
func (f libraryClient) base(c *eval.Context, clients []eval.Value, depth int) []eval.Text {
	var out []eval.Text
	if depth > maxChain {
		return nil
	}
	for _, x := range clients {
		switch x := x.(type) {
		case eval.Object:
			out = append(out, f.given(c, x.Site, x.Frame)...)
		case eval.Result:
			if by, ok := f.basedBy(x.Call); ok {
				out = append(out, texts(c.Eval(eval.Argument(x.Call, int(by.URL)), x.Frame))...)
				continue
			}
			found := f.given(c, x.Call, x.Frame)
			if recv := f.receiver(x.Call); found == nil && recv != nil {
				found = f.base(c, c.Eval(f.Embedding(recv), x.Frame), depth+1)
			}
			out = append(out, found...)
		}
	}
	return slices.DeleteFunc(out, func(t eval.Text) bool { return t.Pattern() == "*" })
}

func (f libraryClient) receiver(call *ssa.Call) ssa.Value {
	if withoutReceiver(call) {
		return nil
	}
	return eval.Argument(call, 0)
}

func (f libraryClient) basedBy(call *ssa.Call) (models.Base, bool) {
	called := models.Split(index.CalleeSymbol(&call.Call))
	for _, by := range f.model.Bases {
		if f.model.Matches(by.Call, called) {
			return by, true
		}
	}
	return models.Base{}, false
}

// given is the base that calls on a client give it.
func (f libraryClient) given(c *eval.Context, client ssa.Value, fr *eval.Frame) []eval.Text {
	if client.Referrers() == nil {
		return nil
	}
	for _, r := range *client.Referrers() {
		call, ok := r.(*ssa.Call)
		if !ok || f.receiver(call) != client {
			continue
		}
		if by, ok := f.basedBy(call); ok {
			return texts(c.Eval(eval.Argument(call, int(by.URL)), fr))
		}
	}
	return nil
}

// based puts the base of a client before the paths of a request. A base that is
// not known is a hole, where the path needs one.
func (f libraryClient) based(r *request, bases []eval.Text) {
	if len(bases) == 0 && len(f.model.Bases) > 0 {
		bases = []eval.Text{{Text: text.Hole(eval.Hole{})}}
	}
	add := func(t text.Text) {
		if u, ok := text.ParseURL(t); ok {
			r.urls = append(r.urls, u)
		}
	}
	for _, p := range r.deciding {
		if len(bases) == 0 || strings.Contains(p.Pattern(), "://") {
			add(p.Text)
			continue
		}
		for _, b := range bases {
			scheme, rest, ok := strings.Cut(b.Pattern(), "://")
			authority, _, _ := strings.Cut(rest, "/")
			if at := address(scheme, authority); ok && at != "" {
				r.address = append(r.address, at)
			}
			add(joined(b.Text, p.Text))
		}
	}
}

// joined is base and path with one slash between them.
func joined(base, path text.Text) text.Text {
	if len(path.Parts) == 0 {
		return base
	}
	slash := text.Lit("/")
	return text.Concat(text.TrimRight(base, slash), slash, text.TrimLeft(path, slash))
}

var placeholderName = regexp.MustCompile(`\{[^{}/]*\}`)

// withoutNames is a path whose placeholders, "{id}", the library fills in.
func withoutNames(t eval.Text) eval.Text {
	var out text.Text
	for _, p := range t.Parts {
		if p.Hole != nil || p.Likely {
			out.Parts = append(out.Parts, p)
			continue
		}
		last := 0
		for _, at := range placeholderName.FindAllStringIndex(p.Lit, -1) {
			out = text.Concat(out, text.Lit(p.Lit[last:at[0]]), text.Hole(eval.Hole{}))
			last = at[1]
		}
		out = text.Concat(out, text.Lit(p.Lit[last:]))
	}
	return eval.Text{Text: out}
}
