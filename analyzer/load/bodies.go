package load

import (
	"bytes"
	"go/ast"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/models"
)

// Which function bodies are loaded:
//
//  1. Those of user packages, and of packages that Options.Bodies names.
//  2. Of generated RPC stubs.
//  3. Of registries that a user package imports: packages whose functions file
//     an argument away in a package variable, to be looked up later, or whose
//     methods call a function that was put into a field of their type.
//  4. Of libraries that a user package imports and that start programs
//     themselves.
//  5. Of libraries woven into the user's code that lead to an effect: a package
//     whose live code starts a program, sends, opens a connection, calls a
//     generated stub or changes files, and each package whose live code leads to
//     one of these, in whatever module.
//     A library is woven in if one in weaveShare user packages imports its
//     module. What fewer import, they wrap: the call into it is the last step
//     that says anything about the user's program. That is what sorts out the
//     SDKs of clouds and of telemetry. Nor does a library count that generated
//     code is written against, such as the runtime of a message format.
//
// In 2 to 5 a package counts only if code that has a body mentions it, and of
// its functions only those are loaded that such code can reach by name. No
// bodies have the standard library, the libraries that are modelled, and the
// methods of generated messages but for getters. A call into what has none is
// program.Opaque.
//
// weaveShare is a bound on cost: without it dockerd (moby at b985e2313a) gets 15,683
// functions of libraries in place of 6,232, and takes twice the time.
const weaveShare = 25

// modelled are dispatchers that boundary finders read by their API: what goes in
// at one call comes out in another function, and their own code in between would
// join everything to everything. With them stand the system calls. Other
// libraries of this kind are described in analyzer/models.
var modelled = []string{
	"google.golang.org/grpc", "github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc",
	"golang.org/x/sys",
}

// markModelled notes the packages whose bodies a model stands for.
func (l *Loader) markModelled(units []*unit) {
	known := l.known()
	for _, u := range units {
		u.modelled = slices.ContainsFunc(modelled, func(m string) bool { return golist.HasPath(m, u.Path) }) || known.Closed(u.Path)
		if m := known.Of(u.Path); m != nil && m.User && !m.Bodies && u.clause != "main" {
			u.User = false // what its user says of it stands for its source
		}
	}
}

// known is what is known of libraries.
func (l *Loader) known() *models.Set {
	if l.opts.Models == nil {
		return models.Builtin()
	}
	return l.opts.Models()
}

// stubRuntimes are the packages that generated code imports if and only if it is
// an RPC stub.
var stubRuntimes = []string{
	"google.golang.org/grpc", "github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc",
	"connectrpc.com/connect", "github.com/bufbuild/connect-go", "github.com/twitchtv/twirp",
}

func (u *unit) isStubRuntime() bool { return slices.Contains(stubRuntimes, u.Path) }

// suspect decides by the imports alone who may have bodies.
func (l *Loader) suspect(units []*unit) {
	users := 0
	importers := map[string]map[*unit]bool{} // user packages by the module they import from
	for _, u := range units {
		u.asked = !u.Standard && slices.ContainsFunc(l.opts.Bodies, func(p string) bool { return golist.HasPath(p, u.Path) })
		if !u.User {
			continue
		}
		users++
		for _, dep := range u.imports {
			dep.near = true
			m := dep.modulePath()
			if importers[m] == nil {
				importers[m] = map[*unit]bool{}
			}
			importers[m][u] = true
		}
	}
	for _, u := range units {
		u.woven = !u.Standard && !u.missing && !u.modelled && len(importers[u.modulePath()])*weaveShare >= users
		u.bodies = u.whole() || u.woven
	}
}

// suspectText reports whether the text of a library gives reason to look at its
// bodies although it is not woven in.
func (u *unit) suspectText(texts [][]byte) bool {
	if u.Standard || u.modelled {
		return false
	}
	if u.near && u.imports["os/exec"] != nil {
		return true
	}
	stub := false
	for _, dep := range u.imports {
		stub = stub || dep.isStubRuntime()
	}
	return slices.ContainsFunc(texts, func(text []byte) bool {
		return stub && golist.Generated(text) || u.near && bytes.Contains(text, []byte("\nfunc Register"))
	})
}

// effect notes what x.name says about the library that mentions it, x being an
// import.
func (s *scan) effect(dep *unit, name string) {
	if s.unit.bodies && (models.Builtin().Carries(dep.Path, name) || s.file.generated && dep.isStubRuntime()) {
		s.effects[s.unit] = true
	}
}

// literal notes http.Request{…}; as a parameter the type says nothing.
func (s *scan) literal(lit *ast.CompositeLit) {
	sel, ok := lit.Type.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Request" {
		return
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		if dep := s.file.imports[id.Name]; dep != nil && dep.Path == "net/http" {
			s.effects[s.unit] = true
		}
	}
}

// registry notes a function that puts a parameter into a package variable by an
// index or with a call, as in table[name] = f and list = append(list, f). A
// plain assignment is a setting, not a registry.
func (s *scan) registry(fn *ast.FuncDecl) {
	if s.unit.whole() || fn.Recv != nil {
		return
	}
	params := map[string]bool{}
	for _, field := range fn.Type.Params.List {
		for _, id := range field.Names {
			params[id.Name] = true
		}
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
			return true
		}
		_, index := a.Lhs[0].(*ast.IndexExpr)
		_, call := a.Rhs[0].(*ast.CallExpr)
		if (index || call) && s.isPackageVar(a.Lhs[0]) && mentions(a.Rhs[0], params) {
			s.effects[s.unit] = true
		}
		return true
	})
}

// dispatch notes a method that calls a function kept in a field of its
// receiver, as in r.InitFn(ctx).
func (s *scan) dispatch(fn *ast.FuncDecl) {
	if s.unit.whole() || fn.Recv == nil || len(fn.Recv.List) != 1 || len(fn.Recv.List[0].Names) != 1 {
		return
	}
	recv := fn.Recv.List[0].Names[0].Name
	fields := s.functionFields(fn.Recv.List[0].Type)
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && fields[sel.Sel.Name] {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == recv {
				s.effects[s.unit] = true
			}
		}
		return true
	})
}

// functionFields is the exported fields of function type that a struct type of
// the unit has.
func (s *scan) functionFields(t ast.Expr) map[string]bool {
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	id, ok := t.(*ast.Ident)
	if !ok {
		return nil
	}
	found := map[string]bool{}
	for _, d := range s.unit.decls.named[id.Name] {
		spec, ok := d.node.(*ast.TypeSpec)
		if !ok {
			continue
		}
		if st, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				if _, isFunc := f.Type.(*ast.FuncType); isFunc {
					for _, name := range f.Names {
						found[name.Name] = name.IsExported()
					}
				}
			}
		}
	}
	return found
}

func (s *scan) isPackageVar(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.Ident:
			return slices.ContainsFunc(s.unit.decls.named[x.Name], func(d *declaration) bool {
				_, ok := d.node.(*ast.ValueSpec)
				return ok
			})
		default:
			return false
		}
	}
}

func mentions(e ast.Expr, names map[string]bool) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && names[id.Name] {
			found = true
		}
		return !found
	})
	return found
}

// keepCarriers takes the bodies away from the suspects that turned out not to
// carry an effect nor to lead to one, and from those that no code with a body
// mentions.
func (d *demand) keepCarriers(units []*unit) {
	runtime := runtimes(units)
	carries := map[*unit]bool{}
	for _, u := range units {
		carries[u] = u.whole() || d.effects[u] && !runtime(u)
	}
	spread(carries, func(u *unit) bool {
		if !u.woven || runtime(u) {
			return false
		}
		for dep := range d.follow[u] {
			if carries[dep] {
				return true
			}
		}
		return false
	})
	mentioned := map[*unit]bool{}
	for _, u := range units {
		mentioned[u] = u.whole()
	}
	for grown := true; grown; {
		grown = false
		for u := range d.follow {
			for dep := range d.follow[u] {
				if mentioned[u] && carries[u] && !mentioned[dep] {
					mentioned[dep], grown = true, true
				}
			}
		}
	}
	for _, u := range units {
		u.bodies = u.bodies && carries[u] && mentioned[u]
	}
}

// spread adds to set until nothing more belongs to it.
func spread(set map[*unit]bool, belongs func(*unit) bool) {
	for grown := true; grown; {
		grown = false
		for u, in := range maps.Clone(set) {
			if !in && belongs(u) {
				set[u], grown = true, true
			}
		}
	}
}

// runtimes tells which packages generated code is written against: those that
// it imports and that are written by hand, with the rest of their module if
// that is another one.
func runtimes(units []*unit) func(*unit) bool {
	packages := map[*unit]bool{}
	modules := map[string]bool{}
	for _, u := range units {
		for _, f := range u.sources {
			if !f.generated {
				continue
			}
			for _, dep := range f.imports {
				if dep.Standard || dep.isGenerated() {
					continue
				}
				packages[dep] = true
				if dep.modulePath() != u.modulePath() {
					modules[dep.modulePath()] = true
				}
			}
		}
	}
	return func(u *unit) bool { return packages[u] || modules[u.modulePath()] }
}

// isGenerated reports whether most files of a unit are generated.
func (u *unit) isGenerated() bool {
	n := 0
	for _, f := range u.sources {
		if f.generated {
			n++
		}
	}
	return n*2 > len(u.sources)
}

// modulePath is the module of a unit. Where there are no modules, it is what
// the import path suggests: host/owner/name on the hosts that have owners.
func (u *unit) modulePath() string {
	if u.module != nil {
		return u.module.Path
	}
	n := 2
	switch host, _, _ := strings.Cut(u.Path, "/"); host {
	case "github.com", "gitlab.com", "bitbucket.org", "golang.org":
		n = 3
	}
	elems := strings.Split(u.Path, "/")
	return strings.Join(elems[:min(n, len(elems))], "/")
}
