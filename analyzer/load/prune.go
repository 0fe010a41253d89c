package load

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
)

// forget undoes one run of the demand, so that another can begin.
func (u *unit) forget() {
	if u.whole() || u.Standard {
		return
	}
	for _, d := range u.decls.all {
		d.live = false
	}
	for _, f := range u.sources {
		clear(f.used)
	}
	if !u.bodies {
		u.emptyValues()
	}
}

// emptyValues removes, in a unit without bodies, what is inside the values of
// package variables: elements of literals and bodies of function literals. The
// types stay what they were.
func (u *unit) emptyValues() {
	for _, d := range u.decls.all {
		spec, ok := d.node.(*ast.ValueSpec)
		if !ok {
			continue // not a variable
		}
		if spec.Type != nil {
			spec.Values = nil
		}
		for _, v := range spec.Values {
			ast.Inspect(v, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if a, ok := n.Type.(*ast.ArrayType); ok && isEllipsis(a.Len) {
						return true // the length is that of the elements
					}
					n.Elts = nil
				case *ast.FuncLit:
					n.Body.List = nil
				}
				return true
			})
		}
	}
}

func isEllipsis(e ast.Expr) bool {
	_, ok := e.(*ast.Ellipsis)
	return ok
}

// prune removes from the syntax what no demand made live. Files becomes what is
// left.
func (u *unit) prune() {
	live := map[ast.Node]bool{}
	for _, d := range u.decls.all {
		live[d.node] = d.live
	}
	used := map[*unit]bool{}
	for _, f := range u.sources {
		if !u.whole() {
			f.prune(u, live)
		}
		maps.Copy(used, f.used)
		u.Files = append(u.Files, f.syntax)
	}
	u.sources, u.decls = nil, declarations{}
	if !u.whole() {
		maps.DeleteFunc(u.imports, func(_ string, dep *unit) bool {
			return !used[dep] && (u.known == nil || !u.known.needs[dep.Path])
		})
		u.nameImports()
	}
}

func (f *sourceFile) prune(u *unit, live map[ast.Node]bool) {
	f.syntax.Decls = slices.DeleteFunc(f.syntax.Decls, func(d ast.Decl) bool {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if !u.bodies {
				d.Body = nil
			}
			return !live[d]
		case *ast.GenDecl:
			if d.Tok == token.CONST {
				return !live[d]
			}
			d.Specs = slices.DeleteFunc(d.Specs, func(spec ast.Spec) bool {
				if i, ok := spec.(*ast.ImportSpec); ok {
					return !f.keeps(u, i)
				}
				return !live[spec]
			})
			return len(d.Specs) == 0
		}
		return true
	})
	f.syntax.Imports = slices.DeleteFunc(f.syntax.Imports, func(i *ast.ImportSpec) bool { return !f.keeps(u, i) })
}

// keeps reports whether an import is needed. C always is: what mentions it is
// not followed.
func (f *sourceFile) keeps(u *unit, spec *ast.ImportSpec) bool {
	return spec.Path.Value == `"C"` || f.used[u.importOf(spec)]
}
