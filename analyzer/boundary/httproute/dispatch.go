package httproute

import (
	"context"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// dispatched is rules 5 and 6: handlers that choose by the path themselves.
func (f *serverFinder) dispatched(ctx context.Context) {
	d := &dispatch{serverFinder: f, paths: map[ssa.Value]*pathPart{}}
	for _, fn := range f.Program.Funcs {
		if ctx.Err() != nil {
			return
		}
		if f.Program.Std(fn) || len(f.Graph.In(fn)) == 0 && fn.Name() != "ServeHTTP" && !f.handlerLike(fn.Signature) {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if l, ok := instr.(*ssa.Lookup); ok {
					d.table(fn, l)
				}
			}
		}
	}
	for _, s := range f.listeners.own {
		d.compared(s)
	}
	f.methodTables()
}

// dispatch follows the path of a request.
type dispatch struct {
	*serverFinder
	paths map[ssa.Value]*pathPart // nil while or when it is none
}

// pathPart is a part of the path of a request: what is left of it when prefix is
// cut off.
type pathPart struct{ prefix string }

// table is rule 5: a map from parts of the path to handlers.
func (d *dispatch) table(fn *ssa.Function, l *ssa.Lookup) {
	m, ok := l.X.Type().Underlying().(*types.Map)
	if !ok || !d.handlerLike(m.Elem()) && !d.handlerLike(types.NewPointer(m.Elem())) {
		return
	}
	part := d.part(l.Index, 0)
	if part == nil {
		return
	}
	c := d.Eval.Context()
	for _, e := range c.Entries(l.X, d.Eval.Root(fn)) {
		for _, key := range c.Eval(e.Key, e.Frame) {
			text, ok := eval.AsText(key).Const()
			if !ok {
				continue
			}
			path := part.prefix + text
			if !strings.HasPrefix(path, "/") {
				continue
			}
			handlers := d.handlers(c, c.Eval(e.Value, e.Frame), 0)
			if len(handlers) == 0 {
				continue
			}
			at := boundary.Place{In: e.At.Parent(), Pos: e.At.Pos()}
			if e.At.Parent().Synthetic != "" {
				if g := d.variables.Variable(e.At.Map); g != nil {
					at.In = g
				}
			}
			d.out.Arrivals = append(d.out.Arrivals, boundary.Arrival{
				Kind: flow.HTTP, Key: boundary.Key{Path: path}, Handlers: handlers, Rule: "httproute/5",
				Registered: append([]boundary.Place{at, {In: fn, Pos: l.Pos()}}, d.listeners.places...),
			})
		}
	}
}

// maxPart is through how many calls and assignments a path is followed.
const maxPart = 8

// part is the part of a request's path that v is, nil when it is none.
func (d *dispatch) part(v ssa.Value, depth int) *pathPart {
	if known, ok := d.paths[v]; ok {
		return known
	}
	if depth > maxPart {
		return nil
	}
	d.paths[v] = nil
	p := d.partOf(v, depth)
	d.paths[v] = p
	return p
}

func (d *dispatch) partOf(v ssa.Value, depth int) *pathPart {
	switch v := v.(type) {
	case *ssa.UnOp:
		if isRequestPath(v) {
			return &pathPart{}
		}
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok && v.Index == 0 {
			return d.cut(call, depth)
		}
	case *ssa.Call:
		return d.cut(v, depth)
	case *ssa.Phi:
		return d.one(v.Edges, depth)
	case *ssa.Parameter:
		i := slices.Index(v.Parent().Params, v)
		var passed []ssa.Value
		for _, s := range d.Graph.In(v.Parent()) {
			if a := eval.Argument(s.Instr, i); a != nil && s.Rule != "passed" {
				passed = append(passed, a)
			}
		}
		return d.one(passed, depth)
	}
	return nil
}

// one is the first part of a path among values; constants and what is not known
// stand for no other path.
func (d *dispatch) one(values []ssa.Value, depth int) *pathPart {
	for _, v := range values {
		if p := d.part(v, depth+1); p != nil {
			return p
		}
	}
	return nil
}

// cut is what a function of package strings leaves of a path.
func (d *dispatch) cut(call *ssa.Call, depth int) *pathPart {
	symbol := program.Symbol(call.Call.StaticCallee())
	switch symbol {
	case "strings.TrimPrefix", "strings.CutPrefix":
		p := d.part(call.Call.Args[0], depth+1)
		prefix, ok := textOf(call.Call.Args[1])
		if p == nil || !ok {
			return nil
		}
		return &pathPart{p.prefix + prefix}
	case "strings.TrimSuffix", "strings.CutSuffix", "path.Clean", "strings.ToLower":
		return d.part(call.Call.Args[0], depth+1)
	case "(*net/url.URL).EscapedPath", "(*net/url.URL).RequestURI":
		return &pathPart{}
	}
	return nil
}

func textOf(v ssa.Value) (string, bool) {
	k, ok := v.(*ssa.Const)
	if !ok || k.Value == nil || k.Value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(k.Value), true
}

// isRequestPath reports whether v reads the field Path of a request's URL.
func isRequestPath(v *ssa.UnOp) bool {
	addr, ok := v.X.(*ssa.FieldAddr)
	if !ok || v.Op != token.MUL {
		return false
	}
	field := index.Field(addr.X.Type(), addr.Field)
	return field != nil && field.Name() == "Path" && index.TypeSymbol(addr.X.Type()) == "net/url.URL"
}

// compared is rule 6: the paths that a handler compares, which serves without a
// router.
func (d *dispatch) compared(s ownHandler) {
	for _, h := range s.handlers {
		d.comparisons(h.Fn, s, h, 0)
	}
}

// comparisons looks at the constants that a function, or one that it hands the
// request to, compares with the path.
func (d *dispatch) comparisons(fn *ssa.Function, s ownHandler, h boundary.Handler, depth int) {
	if depth > 2 {
		return
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.BinOp:
				if instr.Op == token.EQL {
					for _, side := range [][2]ssa.Value{{instr.X, instr.Y}, {instr.Y, instr.X}} {
						d.path(side[0], side[1], "", s, h, instr.Pos())
					}
				}
			case *ssa.Call:
				symbol := program.Symbol(instr.Call.StaticCallee())
				switch {
				case symbol == "strings.HasPrefix" || symbol == "strings.CutPrefix":
					d.path(instr.Call.Args[0], instr.Call.Args[1], "{rest...}", s, h, instr.Pos())
				case instr.Call.StaticCallee() != nil && !d.Program.Std(instr.Call.StaticCallee()) && slices.ContainsFunc(instr.Call.Args, d.isRequest):
					d.comparisons(instr.Call.StaticCallee(), s, h, depth+1)
				}
			}
		}
	}
}

// path reports that a handler compares v, if that is the path, with a constant.
func (d *dispatch) path(v, with ssa.Value, rest string, s ownHandler, h boundary.Handler, pos token.Pos) {
	text, ok := textOf(with)
	if !ok {
		return
	}
	part := d.part(v, 0)
	if part == nil || !strings.HasPrefix(part.prefix+text, "/") {
		return
	}
	path := part.prefix + text
	if rest != "" && !strings.HasSuffix(path, "/") {
		rest = "" // "/x" is a prefix of "/x/y" too; the subtree says that
		path += "/"
	}
	d.out.Arrivals = append(d.out.Arrivals, boundary.Arrival{
		Kind: flow.HTTP, Key: boundary.Key{Path: path + rest, Address: s.address}, Handlers: []boundary.Handler{h}, Rule: "httproute/6",
		Registered: []boundary.Place{{In: h.Fn, Pos: pos}, s.at},
	})
}
