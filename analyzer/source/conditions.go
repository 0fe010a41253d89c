package source

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// longest is the number of characters that a condition is cut to.
const longest = 120

// standsUnder is the conditions that the last of stack stands under. Each node
// of stack is a child of the one before it; the first is a function's body.
func standsUnder(stack []ast.Node) []string {
	var out []string
	add := func(conds ...string) {
		for _, c := range conds {
			if c != "" && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	for i, child := range stack[1:] {
		switch n := stack[i].(type) {
		case *ast.BlockStmt:
			add(guards(n.List, child)...)
		case *ast.IfStmt:
			switch child {
			case n.Body:
				add(ifText(n.Init, n.Cond))
			case n.Else:
				add(ifText(n.Init, not(n.Cond)))
			}
		case *ast.ForStmt:
			if child == n.Body || child == n.Post {
				add(header(&ast.ForStmt{Init: n.Init, Cond: n.Cond, Post: n.Post, Body: &ast.BlockStmt{}}))
			}
		case *ast.RangeStmt:
			if child == n.Body {
				add(header(&ast.RangeStmt{Key: n.Key, Value: n.Value, Tok: n.Tok, X: n.X, Body: &ast.BlockStmt{}}))
			}
		case *ast.CaseClause:
			if _, ok := child.(ast.Stmt); ok {
				add(switchText(stack[i-2], n))
				add(guards(n.Body, child)...)
			}
		case *ast.CommClause:
			if child != n.Comm {
				add(oneLine("select " + clause(&ast.CommClause{Comm: n.Comm})))
				add(guards(n.Body, child)...)
			}
		}
	}
	return out
}

// guards is the conditions that hold at child because an if before it in list
// would have left otherwise.
func guards(list []ast.Stmt, child ast.Node) []string {
	var out []string
	for _, s := range list {
		if s == child {
			break
		}
		if l, ok := s.(*ast.LabeledStmt); ok {
			s = l.Stmt
		}
		for n, ok := s.(*ast.IfStmt); ok; n, ok = n.Else.(*ast.IfStmt) {
			body := leaves(n.Body)
			rest, last := n.Else.(*ast.BlockStmt)
			otherwise := last && leaves(rest)
			switch {
			case body == otherwise || looksAtError(n.Cond) || handsOn(n):
			case body:
				out = append(out, ifText(n.Init, not(n.Cond)))
			default:
				out = append(out, ifText(n.Init, n.Cond))
			}
			if !body {
				break // past it, an else-if says nothing
			}
		}
	}
	return out
}

// leaves reports whether nothing after b in its block runs once b ran.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch s := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE
	case *ast.BlockStmt:
		return leaves(s)
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		switch strings.ToLower(calledName(call.Fun)) {
		case "panic", "exit", "fatal", "fatalf", "fatalln":
			return true
		}
	}
	return false
}

// handsOn reports whether n returns what it compares with nil. That is an
// error, whatever it is called: if e := f(); e != nil { return e }.
func handsOn(n *ast.IfStmt) bool {
	failed, ok := comparedWithNil(n.Cond, token.NEQ).(*ast.Ident)
	if !ok || len(n.Body.List) == 0 {
		return false
	}
	ret, ok := n.Body.List[len(n.Body.List)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 {
		return false
	}
	last, ok := ret.Results[len(ret.Results)-1].(*ast.Ident)
	return ok && last.Name == failed.Name
}

// comparedWithNil is x of `x == nil` or `x != nil`, as op says, and nil of any
// other expression.
func comparedWithNil(e ast.Expr, op token.Token) ast.Expr {
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op == op {
		if id, ok := b.Y.(*ast.Ident); ok && id.Name == "nil" {
			return b.X
		}
	}
	return nil
}

// looksAtError reports whether e has to do with an error.
func looksAtError(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && namesError(id.Name)
		return !found
	})
	return found
}

// namesError reports whether something of this name is an error, or works on
// errors.
func namesError(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "err") || strings.HasSuffix(name, "error") ||
		strings.HasSuffix(name, "err") && !strings.HasSuffix(name, "stderr")
}

// not is the negation of e.
func not(e ast.Expr) ast.Expr {
	switch x := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return ast.Unparen(x.X)
		}
	case *ast.BinaryExpr:
		if x.Op == token.EQL {
			return &ast.BinaryExpr{X: x.X, Op: token.NEQ, Y: x.Y}
		}
		if x.Op == token.NEQ {
			return &ast.BinaryExpr{X: x.X, Op: token.EQL, Y: x.Y}
		}
		return &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: x}}
	}
	return &ast.UnaryExpr{Op: token.NOT, X: ast.Unparen(e)}
}

// ifText is an if as it is written, "" if it only says that nothing failed.
func ifText(init ast.Stmt, cond ast.Expr) string {
	if x := comparedWithNil(cond, token.EQL); x != nil && looksAtError(x) {
		return ""
	}
	return header(&ast.IfStmt{Init: init, Cond: cond, Body: &ast.BlockStmt{}})
}

// switchText is a switch and the case c of it, together with the cases that
// fall through into c.
func switchText(n ast.Node, c *ast.CaseClause) string {
	var head string
	var clauses []ast.Stmt
	switch n := n.(type) {
	case *ast.SwitchStmt:
		head = header(&ast.SwitchStmt{Init: n.Init, Tag: n.Tag, Body: &ast.BlockStmt{}})
		clauses = n.Body.List
	case *ast.TypeSwitchStmt:
		head = header(&ast.TypeSwitchStmt{Init: n.Init, Assign: n.Assign, Body: &ast.BlockStmt{}})
		clauses = n.Body.List
	}
	last := slices.Index(clauses, ast.Stmt(c))
	first := last
	for first > 0 && fallsThrough(clauses[first-1]) {
		first--
	}
	var values []ast.Expr
	for _, s := range clauses[first : last+1] {
		list := s.(*ast.CaseClause).List
		if list == nil {
			values = nil
			break
		}
		values = append(values, list...)
	}
	return oneLine(head + " " + clause(&ast.CaseClause{List: values}))
}

func fallsThrough(clause ast.Stmt) bool {
	body := clause.(*ast.CaseClause).Body
	if len(body) == 0 {
		return false
	}
	s, ok := body[len(body)-1].(*ast.BranchStmt)
	return ok && s.Tok == token.FALLTHROUGH
}

// header prints a statement that has an empty body, without the body.
func header(s ast.Stmt) string {
	text := printed(s)
	return oneLine(text[:max(0, strings.LastIndexByte(text, '{'))])
}

// clause prints a case clause without statements.
func clause(s ast.Stmt) string { return strings.TrimSuffix(strings.TrimSpace(printed(s)), ":") }

// printed is what gofmt makes of s. An empty file set knows no lines, so that
// lists come out on one.
func printed(s ast.Stmt) string {
	var b bytes.Buffer
	if format.Node(&b, token.NewFileSet(), s) != nil {
		return ""
	}
	return b.String()
}

var newline = regexp.MustCompile(`\s*\n\s*`)

// oneLine folds a text into one line and cuts it.
func oneLine(text string) string {
	text = strings.TrimSpace(newline.ReplaceAllString(text, " "))
	if r := []rune(text); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return text
}
