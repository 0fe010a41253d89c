package httproute

import (
	"go/constant"
	"go/types"
	"path"
	"regexp"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// methodTables is rule 7: handlers in a map by method and then by path, as
// go-swagger generates it: handlers["POST"]["/pets"] = h. The base path of the
// API stands in its description, a text in the package or in the one above it.
func (f *serverFinder) methodTables() {
	var bases map[string]string
	for _, fn := range f.Program.Funcs {
		if f.Program.Std(fn) {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				entry, ok := instr.(*ssa.MapUpdate)
				if !ok || !f.isHandlerMap(entry.Map.Type()) {
					continue
				}
				method, ok := methodOf(entry.Map)
				pattern, known := textOf(entry.Key)
				if !ok || !known || !strings.HasPrefix(pattern, "/") {
					continue
				}
				if bases == nil {
					bases = f.basePaths()
				}
				f.tableEntry(fn, entry, method, bases[program.PkgPath(fn)]+pattern)
			}
		}
	}
}

// isHandlerMap reports whether t maps texts to handlers.
func (f *serverFinder) isHandlerMap(t types.Type) bool {
	m, ok := t.Underlying().(*types.Map)
	return ok && f.handlerLike(m.Elem())
}

// methodOf is the HTTP method under which a map was looked up in another one.
func methodOf(v ssa.Value) (string, bool) {
	l, ok := v.(*ssa.Lookup)
	if !ok {
		return "", false
	}
	method, ok := textOf(l.Index)
	return method, ok
}

func (f *serverFinder) tableEntry(fn *ssa.Function, entry *ssa.MapUpdate, method, pattern string) {
	root := f.Eval.Root(fn)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { return eval.Holes(c.Eval(entry.Value, root)) },
		func(c *eval.Context) {
			if handlers := f.handlers(c, c.Eval(entry.Value, root), 0); len(handlers) > 0 {
				f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
					Kind: flow.HTTP, Key: boundary.Key{Name: method, Path: pattern}, Handlers: handlers, Rule: "httproute/7",
					Registered: append(boundary.Callers(c, root), boundary.Place{In: fn, Pos: entry.Pos()}),
				})
			}
		})
}

var basePath = regexp.MustCompile(`"basePath":\s*"([^"]*)"`)

// basePaths is the base paths of APIs by the packages that they hold for.
func (f *serverFinder) basePaths() map[string]string {
	above := map[string]string{}
	for _, fn := range f.Program.Funcs {
		if fn.Name() != "init" && !strings.HasPrefix(fn.Name(), "init#") {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				for _, op := range instr.Operands(nil) {
					k, ok := (*op).(*ssa.Const)
					if !ok || k.Value == nil || k.Value.Kind() != constant.String {
						continue
					}
					text := constant.StringVal(k.Value)
					if found := basePath.FindStringSubmatch(text); found != nil && strings.Contains(text, `"swagger"`) {
						above[program.PkgPath(fn)] = strings.TrimSuffix(found[1], "/")
					}
				}
			}
		}
	}
	out := map[string]string{}
	for _, p := range f.Program.SSA.AllPackages() {
		for at := p.Pkg.Path(); at != "." && at != "/"; at = path.Dir(at) {
			if base, ok := above[at]; ok {
				out[p.Pkg.Path()] = base
				break
			}
		}
	}
	return out
}

// registration is a call that serves a handler.
type registration struct {
	served
	call index.Call
}

// registrations is the calls that models name, also through an interface of the
// program's own that a router of a library has.
func (f *serverFinder) registrations() []registration {
	var out []registration
	for _, symbol := range f.Index.Symbols() {
		if s, ok := f.servedBy(symbol); ok {
			for _, call := range f.Index.Calls(symbol) {
				if !f.Program.Std(call.In) {
					out = append(out, registration{s, call})
				}
			}
		}
	}
	names := f.routeNames()
	for _, fn := range f.Program.Funcs {
		if f.Program.Std(fn) {
			continue
		}
		for _, site := range f.Graph.Out(fn) {
			cc := site.Instr.Common()
			if !cc.IsInvoke() || !names[cc.Method.Name()] || cc.Method.Pkg() == nil || f.Models.Of(cc.Method.Pkg().Path()) != nil {
				continue
			}
			for _, callee := range site.Callees {
				if s, ok := f.servedBy(program.Symbol(callee)); ok {
					out = append(out, registration{s, index.Call{In: fn, Instr: site.Instr}})
					break
				}
			}
		}
	}
	return out
}

// routeNames is the names of the functions that register routes.
func (f *serverFinder) routeNames() map[string]bool {
	out := map[string]bool{}
	for _, m := range f.Models.All {
		for _, r := range m.Routes {
			for _, name := range r.Call.Names() {
				out[name] = true
			}
		}
	}
	return out
}

// called is rule 8: a handler that is made where it is called, as in
// http.HandlerFunc(f).ServeHTTP(w, r), runs there; the call graph ends in net/http.
func (f *serverFinder) called() {
	for _, symbol := range []string{"(net/http.Handler).ServeHTTP", "(net/http.HandlerFunc).ServeHTTP"} {
		for _, call := range f.Index.Calls(symbol) {
			if f.Program.Std(call.In) {
				continue
			}
			for _, v := range f.Eval.Context().Eval(operand(call, 0), f.Eval.Root(call.In)) {
				if _, ok := v.(eval.Func); !ok {
					continue
				}
				for _, h := range f.Functions(f.Eval.Context(), v) {
					f.out.Links = append(f.out.Links, boundary.Link{
						From: call.In, Pos: call.Instr.Pos(), To: h.Fn, Kind: flow.Closure, Rule: "httproute/8", Candidates: 1,
						Detail: "net/http.HandlerFunc",
					})
				}
			}
		}
	}
}
