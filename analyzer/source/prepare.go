package source

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// prepareDepth is how far back what prepares a call is followed: the
// statements that set its arguments, and those that set what they use.
const prepareDepth = 2

// preparation finds, in one function, the statements that prepare a call: those
// before it that set or change a local variable which the call or the
// conditions around it use.
//
// A statement changes a variable that it assigns to, in whole or in part, whose
// address it takes, or whose method it calls as a statement of its own, with
// arguments: c.Lock() prepares nothing. Statements in other literals are theirs.
// Variables that hold errors are left out: how a failure is handed on explains
// nothing.
type preparation struct {
	uses map[*ast.Ident]types.Object
	sets map[types.Object][][]ast.Node // statements, each as the nodes from the body down to it
}

// newPreparation indexes the statements of fn.
func newPreparation(p *parsed, fn ast.Node, body *ast.BlockStmt) *preparation {
	r := &preparation{uses: p.objects(), sets: map[types.Object][][]ast.Node{}}
	ast.PreorderStack(body, nil, func(n ast.Node, stack []ast.Node) bool {
		s, ok := n.(ast.Stmt)
		if !ok {
			return true
		}
		here := append(slices.Clone(stack), s)
		for _, obj := range r.changed(s) {
			if obj.Pos() >= fn.Pos() && obj.Pos() < fn.End() && !namesError(obj.Name()) {
				r.sets[obj] = append(r.sets[obj], here)
			}
		}
		return true
	})
	return r
}

// objects resolves the local names of a file. Nothing is imported, so types are
// mostly unknown, but what a local name stands for needs none.
func (p *parsed) objects() map[*ast.Ident]types.Object {
	if p.names != nil {
		return p.names
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{
		Importer:    noImports{},
		Error:       func(error) {},
		FakeImportC: true,
	}
	// The error is that of the first import.
	_, _ = config.Check("", p.fset, []*ast.File{p.syntax}, info)
	for id, obj := range info.Defs {
		if obj != nil {
			info.Uses[id] = obj
		}
	}
	p.names = info.Uses
	return p.names
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) {
	return nil, errors.New("nothing is imported")
}

// changed is the variables that a simple statement sets or changes.
func (r *preparation) changed(s ast.Stmt) []types.Object {
	var out []types.Object
	add := func(e ast.Expr) {
		if v, ok := r.variable(e); ok {
			out = append(out, v)
		}
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, lhs := range s.Lhs {
			add(lhs)
		}
	case *ast.IncDecStmt:
		add(s.X)
	case *ast.RangeStmt:
		add(s.Key)
		add(s.Value)
		return out
	case *ast.DeclStmt:
		decl, ok := s.Decl.(*ast.GenDecl)
		if !ok {
			return nil
		}
		for _, spec := range decl.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				for _, name := range v.Names {
					add(name)
				}
			}
		}
	case *ast.ExprStmt:
		if call, ok := s.X.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && len(call.Args) > 0 {
				add(sel.X)
			}
		}
	default:
		return nil
	}
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				add(n.X)
			}
		}
		return true
	})
	return out
}

// variable is the variable that e stands for or is part of.
func (r *preparation) variable(e ast.Expr) (*types.Var, bool) {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			v, ok := r.uses[x].(*types.Var)
			return v, ok
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil, false
		}
	}
}

// statements is what prepares the last node of stack, each statement as the
// nodes from the function's body down to it.
func (r *preparation) statements(stack []ast.Node) [][]ast.Node {
	call := stack[len(stack)-1]
	used := r.used(call)
	for _, n := range stack {
		switch n := n.(type) {
		case *ast.IfStmt:
			used = append(used, r.used(n.Cond)...)
		case *ast.SwitchStmt:
			used = append(used, r.used(n.Tag)...)
		case *ast.RangeStmt:
			used = append(used, r.used(n.X)...)
		}
	}
	var out [][]ast.Node
	done := map[types.Object]bool{}
	for range prepareDepth {
		var next []types.Object
		for _, obj := range used {
			if done[obj] {
				continue
			}
			done[obj] = true
			for _, set := range r.sets[obj] {
				s := set[len(set)-1]
				after := s.Pos() >= call.Pos() && !sameLoop(set, stack)
				around := s.Pos() <= call.Pos() && call.End() <= s.End()
				if after || around || inOtherLiteral(set, stack) {
					continue
				}
				out = append(out, set)
				next = append(next, r.usedBy(s)...)
			}
		}
		used = next
	}
	return out
}

// sameLoop reports whether a statement after a call may run before it, in the
// next round of a loop around both.
func sameLoop(set, call []ast.Node) bool {
	for i := 0; i < len(set) && i < len(call) && set[i] == call[i]; i++ {
		switch set[i].(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
	}
	return false
}

// inOtherLiteral reports whether set stands in a function literal that the call
// does not stand in.
func inOtherLiteral(set, call []ast.Node) bool {
	return slices.ContainsFunc(set, func(n ast.Node) bool {
		_, literal := n.(*ast.FuncLit)
		return literal && !slices.Contains(call, n)
	})
}

// usedBy is the variables that a preparing statement uses.
func (r *preparation) usedBy(s ast.Node) []types.Object {
	switch s := s.(type) {
	case *ast.RangeStmt:
		return r.used(s.X)
	case *ast.AssignStmt:
		var out []types.Object
		for _, rhs := range s.Rhs {
			out = append(out, r.used(rhs)...)
		}
		return out
	}
	return r.used(s)
}

// used is the variables in n, in the order in which they are met, without those
// in the bodies of literals.
func (r *preparation) used(n ast.Node) []types.Object {
	var out []types.Object
	if n == nil {
		return nil
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.Ident:
			if v, ok := r.uses[n].(*types.Var); ok && !v.IsField() && !namesError(v.Name()) {
				out = append(out, v)
			}
		}
		return true
	})
	return out
}
