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

// tableRule is the rule of what a table of handlers answers.
const tableRule = "httproute/5"

// dispatched is rules 5 and 6: handlers that choose by the path themselves.
func (f *serverFinder) dispatched(ctx context.Context) {
	d := &dispatch{serverFinder: f, paths: map[ssa.Value]*pathPart{}}
	for _, s := range f.listeners.own {
		d.compare(s)
	}
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
	f.methodTables()
	tables := len(f.out.Arrivals) > 0
	for _, asked := range d.own {
		d.compared(asked, tables)
	}
}

// dispatch follows the path of a request.
type dispatch struct {
	*serverFinder
	paths map[ssa.Value]*pathPart // nil while or when it is none
	own   []*comparison           // what is served without a router
}

// pathPart is a part of the path of a request.
type pathPart struct {
	prefix  string // what is cut off in front of it, as a pattern
	suffix  string // and behind it
	segment bool   // it ends at a slash
	method  bool   // the method stands in front of it …
	between string // … with this between them
}

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
	for _, e := range c.Records(l.X, d.Eval.Root(fn)) {
		method, path := part.of(e.Key)
		if !strings.HasPrefix(path, "/") {
			continue
		}
		handlers := d.handlers(c, e.Values, 0)
		if len(handlers) == 0 {
			continue
		}
		arrival := boundary.Arrival{
			Kind: flow.HTTP, Key: boundary.Key{Name: method, Path: path}, Handlers: handlers, Rule: tableRule,
			Registered: append([]boundary.Place{d.recorded(e), {In: fn, Pos: l.Pos()}}, d.listeners.places...),
		}
		if s := d.asker(fn); s != nil && !s.rewritten() {
			arrival.Before, arrival.Seen, arrival.SeenBefore = s.handlers, path, path
		}
		d.out.Arrivals = append(d.out.Arrivals, arrival)
	}
}

// asker is the one handler that serves without a router and hands fn the path of a
// request, nil where there is none or several.
func (d *dispatch) asker(fn *ssa.Function) *comparison {
	var out *comparison
	for _, s := range d.own {
		switch {
		case !s.seen[fn]:
		case out != nil:
			return nil
		default:
			out = s
		}
	}
	return out
}

// recorded is where a handler is put into a table.
func (d *dispatch) recorded(e eval.Record) boundary.Place {
	if e.By != nil {
		return boundary.Place{In: e.By.Parent(), Pos: e.By.Pos()}
	}
	at := boundary.Place{In: e.At.Parent(), Pos: e.At.Pos()}
	if e.At.Parent().Synthetic != "" {
		if g := d.variables.Variable(e.At.Map); g != nil {
			at.In = g
		}
	}
	return at
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
		if at, ok := v.X.(*ssa.IndexAddr); ok {
			return d.piece(at, depth)
		}
		if al, ok := v.X.(*ssa.Alloc); ok {
			var stored []ssa.Value
			for _, st := range index.StoresTo(al) {
				stored = append(stored, st.Val)
			}
			return d.one(stored, depth)
		}
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			return d.cut(call, v.Index, depth)
		}
	case *ssa.Call:
		return d.cut(v, 0, depth)
	case *ssa.BinOp:
		return d.withMethod(v, depth)
	case *ssa.Slice:
		return d.sliced(v, depth)
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

// of is the method and the path of a request of which a part is text.
func (p *pathPart) of(text string) (method, path string) {
	if p.method {
		var ok bool
		if method, text, ok = strings.Cut(text, p.between); !ok {
			return "", ""
		}
	}
	return method, p.prefix + text + p.suffix
}

// withMethod is r.Method + " " + path.
func (d *dispatch) withMethod(v *ssa.BinOp, depth int) *pathPart {
	if v.Op != token.ADD {
		return nil
	}
	part := d.part(v.Y, depth+1)
	front, ok := v.X.(*ssa.BinOp)
	if part == nil || part.method || !ok || front.Op != token.ADD || !isRequestMethod(front.X) {
		return nil
	}
	between, ok := textOf(front.Y)
	if !ok || between == "" {
		return nil
	}
	out := *part
	out.method, out.between = true, between
	return &out
}

// isRequestMethod reports whether v reads the method of a request.
func isRequestMethod(v ssa.Value) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return false
	}
	addr, ok := load.X.(*ssa.FieldAddr)
	return ok && index.TypeSymbol(addr.X.Type()) == "net/http.Request" && index.Field(addr.X.Type(), addr.Field).Name() == "Method"
}

// sliced is path[len("/x/"):].
func (d *dispatch) sliced(v *ssa.Slice, depth int) *pathPart {
	low, ok := v.Low.(*ssa.Const)
	if !ok || v.High != nil || low.Int64() <= 0 {
		return nil
	}
	part := d.part(v.X, depth+1)
	if part == nil || part.prefix != "" || part.segment || low.Int64() > 1 {
		return nil // of a longer prefix only the length is known
	}
	return &pathPart{prefix: "/"}
}

// piece is strings.Split(path, "/")[i].
func (d *dispatch) piece(at *ssa.IndexAddr, depth int) *pathPart {
	i, ok := at.Index.(*ssa.Const)
	call, isCall := at.X.(*ssa.Call)
	if !ok || !isCall || !strings.HasPrefix(program.Symbol(call.Call.StaticCallee()), "strings.Split") {
		return nil
	}
	part := d.part(call.Call.Args[0], depth+1)
	if sep, ok := textOf(call.Call.Args[1]); part == nil || !ok || sep != "/" || part.segment || part.suffix != "" {
		return nil
	}
	n := int(i.Int64())
	prefix := part.prefix
	if prefix == "" {
		prefix, n = "/", n-1
	}
	if n < 0 || n > maxPart {
		return nil
	}
	return &pathPart{prefix: prefix + strings.Repeat("{_}/", n), segment: true}
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

// cut is what a function of package strings leaves of a path, as its result i.
func (d *dispatch) cut(call *ssa.Call, i, depth int) *pathPart {
	symbol := program.Symbol(call.Call.StaticCallee())
	if symbol == "(*net/url.URL).EscapedPath" || symbol == "(*net/url.URL).RequestURI" {
		return &pathPart{}
	}
	if len(call.Call.Args) == 0 || !strings.HasPrefix(symbol, "strings.") && symbol != "path.Clean" {
		return nil
	}
	p := d.part(call.Call.Args[0], depth+1)
	if p == nil || p.segment || p.method {
		return nil
	}
	by := ""
	if len(call.Call.Args) > 1 {
		by, _ = textOf(call.Call.Args[1])
	}
	out := *p
	switch symbol {
	case "strings.TrimPrefix", "strings.CutPrefix", "strings.TrimLeft":
		out.prefix += by
	case "strings.TrimSuffix", "strings.CutSuffix":
		out.suffix = by + out.suffix
	case "strings.Trim":
		if by == "/" && out.prefix == "" {
			out.prefix = "/"
		}
	case "strings.Cut":
		if by != "/" || p.suffix != "" {
			return nil
		}
		if p.prefix == "" {
			return nil // what is before the first slash is empty
		}
		if i == 0 {
			out.segment = true
			return &out
		}
		out.prefix += "{_}/"
		return &out
	case "strings.TrimRight", "path.Clean", "strings.ToLower":
	default:
		return nil
	}
	if i > 0 {
		return nil // whether it was there
	}
	return &out
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
