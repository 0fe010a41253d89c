package load

import (
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"

	"github.com/callroute/callroute/analyzer/golist"
)

// cutBroken prepares a file with syntax errors for go/types: no body that the
// parser had to guess, which is every one that ends after the first error.
func (u *unit) cutBroken(f *ast.File, err error) {
	var list scanner.ErrorList
	if f == nil || !errors.As(err, &list) || len(list) == 0 {
		return
	}
	first := list[0].Pos.Offset + int(f.FileStart)
	u.errors = append(u.errors, types.Error{Pos: token.Pos(first), Msg: "syntax error: " + list[0].Msg})
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && int(fn.End()) >= first {
			u.empty(fn, Opaque{Untyped, fmt.Sprintf("syntax error at line %d: %s", list[0].Pos.Line, list[0].Msg)})
		}
	}
}

// empty takes the body of a function away.
func (u *unit) empty(fn *ast.FuncDecl, why Opaque) {
	fn.Body = nil
	u.incomplete[fn] = true
	u.emptied[fn] = why
}

// sanitize removes from a checked package what go/ssa would panic on. errs are
// those that the checker reported. An error elsewhere, in an import for instance,
// shows only as an invalid type, so types are looked at too.
func (u *unit) sanitize(errs []types.Error) {
	s := newSanitizer(u.Info, errs)
	s.dropUnrecorded(u)
	for _, f := range u.Files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && (s.hasError(fn) || !s.clean(fn.Body)) {
				u.empty(fn, s.cause(u, fn))
			}
		}
	}
	declared := s.variables(&u.Package)
	u.Info.InitOrder = slices.DeleteFunc(u.Info.InitOrder, func(init *types.Initializer) bool {
		known := !slices.ContainsFunc(init.Lhs, func(v *types.Var) bool { return !declared[v] })
		if known && !s.hasError(init.Rhs) && s.clean(init.Rhs) {
			return false
		}
		u.incomplete[init.Rhs] = true
		return true
	})
}

type sanitizer struct {
	info   *types.Info
	errors []types.Error
	valid  map[types.Type]bool
	gone   map[types.Object]Opaque // no longer declared, and why
}

func newSanitizer(info *types.Info, errs []types.Error) *sanitizer {
	return &sanitizer{info: info, errors: errs, valid: map[types.Type]bool{}, gone: map[types.Object]Opaque{}}
}

// cause says what is wrong below n: a use of C, a package that was not found, the
// first error, or else something without a type.
func (s *sanitizer) cause(u *unit, n ast.Node) Opaque {
	var c, absent, untyped string
	var gone []Opaque
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			pkg, ok := s.info.Uses[id].(*types.PkgName)
			switch {
			case c == "" && id.Name == "C" && (!ok || pkg.Imported().Path() == "C"):
				c = "C." + n.Sel.Name
			case ok && absent == "":
				absent = u.missingImport(pkg.Imported().Path())
			}
		case *ast.Ident:
			obj := s.info.ObjectOf(n)
			if why, ok := s.gone[obj]; ok {
				gone = append(gone, why)
			} else if n.Name != "_" && untyped == "" && (obj == nil || !s.object(obj)) {
				untyped = n.Name
			}
		}
		return true
	})
	switch {
	case c != "":
		return Opaque{Cgo, "needs cgo, for " + c}
	case absent != "":
		return Opaque{Untyped, absent}
	case len(gone) > 0:
		return gone[0]
	}
	for _, e := range s.errors {
		if n.Pos() <= e.Pos && e.Pos <= n.End() {
			return Opaque{Untyped, "does not type-check: " + golist.OneLine(e.Msg)}
		}
	}
	if untyped == "" {
		return Opaque{Untyped, "does not type-check"}
	}
	return Opaque{Untyped, "the type of " + untyped + " is not known"}
}

// missingImport says why a package that u imports was not found, nothing if it was.
func (u *unit) missingImport(path string) string {
	dep := u.imports[path]
	switch {
	case dep == nil || !dep.missing:
		return ""
	case dep.why == "":
		return fmt.Sprintf("package %s was not found", path)
	}
	return fmt.Sprintf("package %s was not found: %s", path, dep.why)
}

// dropUnrecorded removes declarations that the checker made no object of, such
// as the second one of a name.
func (s *sanitizer) dropUnrecorded(u *unit) {
	unrecorded := func(id *ast.Ident) bool { return s.info.Defs[id] == nil }
	for _, f := range u.Files {
		f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if unrecorded(d.Name) {
					u.incomplete[d] = true
					return true
				}
			case *ast.GenDecl:
				d.Specs = slices.DeleteFunc(d.Specs, func(spec ast.Spec) bool {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						return unrecorded(spec.Name)
					case *ast.ValueSpec:
						spec.Names = slices.DeleteFunc(spec.Names, unrecorded)
					}
					return false
				})
			case *ast.BadDecl:
				return true
			}
			return false
		})
	}
}

// variables are the package variables that still have a declaration.
func (s *sanitizer) variables(p *Package) map[*types.Var]bool {
	declared := map[*types.Var]bool{}
	for _, f := range p.Files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					for _, id := range spec.(*ast.ValueSpec).Names {
						if v, ok := s.info.Defs[id].(*types.Var); ok {
							declared[v] = true
						}
					}
				}
			}
		}
	}
	return declared
}

func (s *sanitizer) hasError(n ast.Node) bool {
	for _, e := range s.errors {
		if n.Pos() <= e.Pos && e.Pos <= n.End() {
			return true
		}
	}
	return false
}

// clean reports whether every expression below root has a valid type.
func (s *sanitizer) clean(root ast.Node) bool {
	ok := true
	var tag *ast.BasicLit // of the field being visited; it has no type
	ast.Inspect(root, func(n ast.Node) bool {
		if !ok {
			return false
		}
		switch n := n.(type) {
		case *ast.Ident:
			ok = s.identifier(n)
		case *ast.BadExpr, *ast.BadStmt, *ast.BadDecl:
			ok = false
		case *ast.Field:
			tag = n.Tag
		case *ast.BasicLit:
			ok = n == tag || s.expression(n)
		case *ast.KeyValueExpr, *ast.Ellipsis:
		case *ast.CompositeLit:
			ok = s.expression(n) && s.elements(n)
		case *ast.TypeAssertExpr:
			ok = n.Type == nil || s.expression(n)
		case ast.Expr:
			ok = s.expression(n)
		}
		return ok
	})
	return ok
}

func (s *sanitizer) identifier(id *ast.Ident) bool {
	if id.Name == "_" {
		return true
	}
	if obj := s.info.Uses[id]; obj != nil {
		_, gone := s.gone[obj]
		return !gone && s.object(obj)
	}
	obj, ok := s.info.Defs[id]
	return ok && (obj == nil || s.object(obj)) // nil: the symbolic variable of a type switch
}

func (s *sanitizer) object(obj types.Object) bool {
	switch obj.(type) {
	case *types.PkgName, *types.Label, *types.Builtin, *types.Nil:
		return true
	}
	return s.isValid(obj.Type())
}

// elements reports whether a struct literal without keys, which does not name
// the fields it sets, sets valid ones.
func (s *sanitizer) elements(lit *ast.CompositeLit) bool {
	if len(lit.Elts) == 0 {
		return true
	}
	if _, keyed := lit.Elts[0].(*ast.KeyValueExpr); keyed {
		return true
	}
	t := s.info.Types[lit].Type
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem() // the & is left out inside another literal
	}
	under, ok := t.Underlying().(*types.Struct)
	return !ok || s.parts(under)
}

func (s *sanitizer) expression(e ast.Expr) bool {
	tv, ok := s.info.Types[e]
	if !ok {
		return false
	}
	if call, isCall := e.(*ast.CallExpr); isCall {
		fun := s.info.Types[ast.Unparen(call.Fun)]
		if fun.IsBuiltin() && tv.Value == nil {
			if _, hasSignature := s.info.Types[call.Fun].Type.(*types.Signature); !hasSignature {
				return false
			}
		}
	}
	return tv.IsVoid() || tv.IsBuiltin() || s.isValid(tv.Type)
}

// isValid reports whether no part of t is types.Invalid. The fields and methods
// of a named type are not looked at: code that touches them names them.
func (s *sanitizer) isValid(t types.Type) bool {
	if t == nil {
		return false
	}
	if ok, seen := s.valid[t]; seen {
		return ok
	}
	s.valid[t] = true // for cycles
	ok := s.parts(t)
	s.valid[t] = ok
	return ok
}

func (s *sanitizer) parts(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Alias:
		return s.isValid(types.Unalias(t))
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			if !s.isValid(t.TypeArgs().At(i)) {
				return false
			}
		}
		switch under := t.Underlying().(type) {
		case *types.Struct, *types.Interface:
		default:
			return s.isValid(under)
		}
	case *types.Pointer:
		return s.isValid(t.Elem())
	case *types.Slice:
		return s.isValid(t.Elem())
	case *types.Array:
		return s.isValid(t.Elem())
	case *types.Chan:
		return s.isValid(t.Elem())
	case *types.Map:
		return s.isValid(t.Key()) && s.isValid(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !s.isValid(f.Type()) {
				return false
			}
		}
	case *types.Tuple:
		for v := range t.Variables() {
			if !s.isValid(v.Type()) {
				return false
			}
		}
	case *types.Signature:
		return s.isValid(t.Params()) && s.isValid(t.Results())
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if !s.isValid(m.Type()) {
				return false
			}
		}
		for e := range t.EmbeddedTypes() {
			if !s.isValid(e) {
				return false
			}
		}
	case *types.Union:
		for term := range t.Terms() {
			if !s.isValid(term.Type()) {
				return false
			}
		}
	}
	return true
}
