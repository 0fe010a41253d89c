package load

import (
	"go/ast"
	"go/token"
	"go/types"
)

// statements returns a list of statements with holes in it.
func (h *holes) statements(list []ast.Stmt) []ast.Stmt {
	var out []ast.Stmt
	for _, s := range list {
		out = append(out, h.statement(s)...)
	}
	return out
}

// statement returns what takes the place of s. What is to be a loop, a switch or
// another statement that a label can stand before comes last.
func (h *holes) statement(s ast.Stmt) []ast.Stmt {
	if h.valid(s) {
		return []ast.Stmt{s}
	}
	switch s := s.(type) {
	case *ast.BlockStmt:
		return []ast.Stmt{h.block(s)}
	case *ast.ExprStmt:
		return []ast.Stmt{&ast.ExprStmt{X: h.asCall(s.X)}}
	case *ast.GoStmt:
		return []ast.Stmt{&ast.GoStmt{Go: s.Go, Call: h.asCall(s.Call)}}
	case *ast.DeferStmt:
		return []ast.Stmt{&ast.DeferStmt{Defer: s.Defer, Call: h.asCall(s.Call)}}
	case *ast.ReturnStmt:
		return []ast.Stmt{h.give(s.Results, s)}
	case *ast.AssignStmt:
		return h.assignment(s)
	case *ast.SendStmt:
		if c, ok := coreChan(h.info.Types[s.Chan].Type); ok && h.valid(s.Chan) {
			return []ast.Stmt{&ast.SendStmt{Chan: s.Chan, Arrow: s.Arrow, Value: h.value(s.Value, c.Elem())}}
		}
	case *ast.LabeledStmt:
		out := h.statement(s.Stmt)
		last := len(out) - 1
		out[last] = &ast.LabeledStmt{Label: s.Label, Colon: s.Colon, Stmt: out[last]}
		return out
	case *ast.DeclStmt:
		return h.declaration(s)
	case *ast.IfStmt:
		return h.conditional(s)
	case *ast.ForStmt:
		return h.loop(s)
	case *ast.RangeStmt:
		return h.ranging(s)
	case *ast.SwitchStmt:
		return h.switching(s)
	case *ast.TypeSwitchStmt:
		return h.typeSwitch(s)
	case *ast.SelectStmt:
		return h.selection(s)
	}
	h.lose(s, s)
	return []ast.Stmt{h.instead(s)}
}

// instead is a hole as a statement.
func (h *holes) instead(n ast.Node) ast.Stmt {
	return &ast.ExprStmt{X: h.call(n, nil)}
}

func (h *holes) block(b *ast.BlockStmt) *ast.BlockStmt {
	if b == nil {
		return nil
	}
	return &ast.BlockStmt{Lbrace: b.Lbrace, List: h.statements(b.List), Rbrace: b.Rbrace}
}

// asCall is an expression that is a statement, with holes in it.
func (h *holes) asCall(e ast.Expr) *ast.CallExpr {
	if h.valid(e) {
		if call, ok := e.(*ast.CallExpr); ok {
			return call
		}
	}
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		if with, ok := h.callWith(call).(*ast.CallExpr); ok {
			return with
		}
	}
	return h.call(e, nil)
}

// give is a return statement with holes among its values. It takes the place of n,
// or stands at the end of it.
func (h *holes) give(values []ast.Expr, n ast.Node) ast.Stmt {
	at := n.Pos()
	if b, ok := n.(*ast.BlockStmt); ok {
		at = b.Rbrace
	}
	out := &ast.ReturnStmt{Return: at}
	for i, t := range h.results {
		switch {
		case len(values) == len(h.results):
			out.Results = append(out.Results, h.value(values[i], t))
		case i < len(values):
			out.Results = append(out.Results, h.call(values[i], t))
		default:
			out.Results = append(out.Results, h.more(n, t))
		}
	}
	return out
}

// assignment keeps a variable whose type is known, and gives it a hole where its
// value is not. Each variable gets a statement of its own.
func (h *holes) assignment(s *ast.AssignStmt) []ast.Stmt {
	matched := len(s.Lhs) == len(s.Rhs)
	if s.Tok != token.ASSIGN && s.Tok != token.DEFINE { // +=
		if !h.valid(s.Lhs[0]) {
			return []ast.Stmt{h.instead(s)}
		}
		return []ast.Stmt{&ast.AssignStmt{Lhs: s.Lhs, TokPos: s.TokPos, Tok: s.Tok, Rhs: []ast.Expr{h.value(s.Rhs[0], h.info.Types[s.Lhs[0]].Type)}}}
	}
	if matched {
		return h.pairs(s)
	}
	var out []ast.Stmt
	told := 0
	for _, left := range s.Lhs {
		t := h.typeOf(left)
		if t == nil || h.typeExpr(t) == nil {
			if h.token(s, left) == token.DEFINE {
				h.lose(left, s)
			}
			continue
		}
		value := h.part(told, s.Rhs[0], t)
		out = append(out, &ast.AssignStmt{Lhs: []ast.Expr{left}, TokPos: s.TokPos, Tok: h.token(s, left), Rhs: []ast.Expr{value}})
		told++
	}
	if told == 0 {
		out = append(out, h.instead(s.Rhs[0]))
	}
	return out
}

// pairs is an assignment of as many values as variables.
func (h *holes) pairs(s *ast.AssignStmt) []ast.Stmt {
	var out []ast.Stmt
	for i, left := range s.Lhs {
		t, value := h.typeOf(left), s.Rhs[i]
		known := h.valid(value)
		switch {
		case t != nil:
			out = append(out, &ast.AssignStmt{Lhs: []ast.Expr{left}, TokPos: s.TokPos, Tok: h.token(s, left), Rhs: []ast.Expr{h.value(value, t)}})
			continue
		case known && isBlank(left):
			out = append(out, &ast.AssignStmt{Lhs: []ast.Expr{left}, TokPos: s.TokPos, Tok: token.ASSIGN, Rhs: []ast.Expr{value}})
			continue
		case h.token(s, left) == token.DEFINE:
			h.lose(left, value)
		}
		out = append(out, h.instead(value))
	}
	return out
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

// token is := for what an assignment declares.
func (h *holes) token(s *ast.AssignStmt, left ast.Expr) token.Token {
	if id, ok := left.(*ast.Ident); ok && s.Tok == token.DEFINE && h.info.Defs[id] != nil {
		return token.DEFINE
	}
	return token.ASSIGN
}

// typeOf is the type of what is assigned to, nil if that is not known.
func (h *holes) typeOf(left ast.Expr) types.Type {
	if id, ok := left.(*ast.Ident); ok {
		obj := h.info.ObjectOf(id)
		if _, gone := h.gone[obj]; gone || obj == nil || isBlank(id) || !h.isValid(obj.Type()) {
			return nil
		}
		return obj.Type()
	}
	if h.valid(left) {
		return h.info.Types[left].Type
	}
	return nil
}

// declaration is that of variables, as an assignment would make them; types and
// constants that are not valid are lost.
func (h *holes) declaration(s *ast.DeclStmt) []ast.Stmt {
	d, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		return nil
	}
	var out []ast.Stmt
	for _, spec := range d.Specs {
		v, isValue := spec.(*ast.ValueSpec)
		switch {
		case h.valid(spec):
			out = append(out, &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Specs: []ast.Spec{spec}}})
		case isValue && d.Tok == token.VAR && v.Type != nil && h.valid(v.Type) && len(v.Names) == len(v.Values):
			with := &ast.ValueSpec{Names: v.Names, Type: v.Type}
			for i, value := range v.Values {
				with.Values = append(with.Values, h.value(value, h.info.Defs[v.Names[i]].Type()))
			}
			out = append(out, &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Specs: []ast.Spec{with}}})
		case isValue && d.Tok == token.VAR && v.Type == nil && len(v.Values) > 0:
			assign := &ast.AssignStmt{Tok: token.DEFINE, TokPos: v.Pos(), Rhs: v.Values}
			for _, name := range v.Names {
				assign.Lhs = append(assign.Lhs, name)
			}
			out = append(out, h.assignment(assign)...)
		default:
			h.lose(spec, spec)
			out = append(out, h.instead(spec))
		}
	}
	return out
}

// begin is the first part of a statement, taken out of it if it is not valid.
func (h *holes) begin(init ast.Stmt) (before []ast.Stmt, kept ast.Stmt) {
	if init == nil || h.valid(init) {
		return nil, init
	}
	return h.statement(init), nil
}

// wrapped keeps the names of what was taken out of a statement to it.
func wrapped(before []ast.Stmt, s ast.Stmt) []ast.Stmt {
	if len(before) == 0 {
		return []ast.Stmt{s}
	}
	return []ast.Stmt{&ast.BlockStmt{Lbrace: s.Pos(), List: append(before, s), Rbrace: s.End() - 1}}
}

func (h *holes) conditional(s *ast.IfStmt) []ast.Stmt {
	before, init := h.begin(s.Init)
	out := &ast.IfStmt{If: s.If, Init: init, Cond: h.value(s.Cond, types.Typ[types.Bool]), Body: h.block(s.Body)}
	switch e := s.Else.(type) {
	case nil:
	case *ast.BlockStmt:
		out.Else = h.block(e)
	default:
		list := h.statement(e)
		out.Else = list[0]
		if _, ok := list[0].(*ast.IfStmt); !ok || len(list) > 1 {
			out.Else = &ast.BlockStmt{Lbrace: e.Pos(), List: list, Rbrace: e.End() - 1}
		}
	}
	return wrapped(before, out)
}

// loop does not wrap what it takes out of a loop: a label may stand before it.
func (h *holes) loop(s *ast.ForStmt) []ast.Stmt {
	before, init := h.begin(s.Init)
	out := &ast.ForStmt{For: s.For, Init: init, Body: nil}
	if s.Cond != nil {
		out.Cond = h.value(s.Cond, types.Typ[types.Bool])
	}
	if out.Post = s.Post; s.Post != nil && !h.valid(s.Post) {
		out.Post = h.instead(s.Post)
	}
	out.Body = h.block(s.Body)
	return append(before, out)
}

func (h *holes) ranging(s *ast.RangeStmt) []ast.Stmt {
	known := h.valid(s.X)
	for _, e := range []ast.Expr{s.Key, s.Value} {
		known = known && (e == nil || h.valid(e))
	}
	if known {
		out := *s
		out.Body = h.block(s.Body)
		return []ast.Stmt{&out}
	}
	for _, e := range []ast.Expr{s.Key, s.Value} {
		if e != nil && s.Tok == token.DEFINE {
			h.lose(e, s.X)
		}
	}
	return []ast.Stmt{h.instead(s.X), &ast.ForStmt{For: s.For, Cond: h.more(s.X, types.Typ[types.Bool]), Body: h.block(s.Body)}}
}

func (h *holes) switching(s *ast.SwitchStmt) []ast.Stmt {
	before, init := h.begin(s.Init)
	out := &ast.SwitchStmt{Switch: s.Switch, Init: init, Tag: s.Tag, Body: &ast.BlockStmt{Lbrace: s.Body.Lbrace, Rbrace: s.Body.Rbrace}}
	known := s.Tag == nil || h.valid(s.Tag)
	if !known {
		before = append(before, h.instead(s.Tag))
		out.Tag = nil
	}
	for _, c := range s.Body.List {
		c, ok := c.(*ast.CaseClause)
		if !ok {
			continue
		}
		with := &ast.CaseClause{Case: c.Case, Colon: c.Colon, List: c.List}
		switch {
		case c.List == nil:
		case !known:
			with.List = []ast.Expr{h.more(s.Tag, types.Typ[types.Bool])}
		default:
			t := types.Type(types.Typ[types.Bool])
			if s.Tag != nil {
				t = types.Default(h.info.Types[s.Tag].Type)
			}
			with.List = nil
			for _, e := range c.List {
				with.List = append(with.List, h.value(e, t))
			}
		}
		with.Body = h.statements(c.Body)
		out.Body.List = append(out.Body.List, with)
	}
	return append(before, out)
}

// typeSwitch becomes a switch without a tag if a type in it is not known.
func (h *holes) typeSwitch(s *ast.TypeSwitchStmt) []ast.Stmt {
	before, init := h.begin(s.Init)
	known := h.valid(s.Assign)
	for _, c := range s.Body.List {
		for _, e := range c.(*ast.CaseClause).List {
			known = known && h.valid(e)
		}
	}
	body := &ast.BlockStmt{Lbrace: s.Body.Lbrace, Rbrace: s.Body.Rbrace}
	if !known {
		before = append(before, &ast.ExprStmt{X: h.make(s, nil, h.arguments(s.Assign))})
		h.lose(s.Assign, s.Assign)
	}
	for _, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		with := &ast.CaseClause{Case: c.Case, Colon: c.Colon, List: c.List}
		if !known {
			if obj := h.info.Implicits[c]; obj != nil {
				h.gone[obj] = h.cause(h.unit, s)
			}
			if c.List != nil {
				with.List = []ast.Expr{h.more(s, types.Typ[types.Bool])}
			}
		}
		with.Body = h.statements(c.Body)
		body.List = append(body.List, with)
	}
	if !known {
		return append(before, &ast.SwitchStmt{Switch: s.Switch, Init: init, Body: body})
	}
	return append(before, &ast.TypeSwitchStmt{Switch: s.Switch, Init: init, Assign: s.Assign, Body: body})
}

// selection becomes a switch without a tag if a channel in it is not known.
func (h *holes) selection(s *ast.SelectStmt) []ast.Stmt {
	known := true
	for _, c := range s.Body.List {
		comm := c.(*ast.CommClause).Comm
		known = known && (comm == nil || h.valid(comm))
	}
	body := &ast.BlockStmt{Lbrace: s.Body.Lbrace, Rbrace: s.Body.Rbrace}
	for _, c := range s.Body.List {
		c := c.(*ast.CommClause)
		if known {
			body.List = append(body.List, &ast.CommClause{Case: c.Case, Comm: c.Comm, Colon: c.Colon, Body: h.statements(c.Body)})
			continue
		}
		with := &ast.CaseClause{Case: c.Case, Colon: c.Colon}
		if c.Comm != nil {
			h.lose(c.Comm, c.Comm)
			with.List = []ast.Expr{h.make(s, types.Typ[types.Bool], h.arguments(c.Comm))}
		}
		with.Body = h.statements(c.Body)
		body.List = append(body.List, with)
	}
	if known {
		return []ast.Stmt{&ast.SelectStmt{Select: s.Select, Body: body}}
	}
	return []ast.Stmt{&ast.SwitchStmt{Switch: s.Select, Body: body}}
}

func coreChan(t types.Type) (*types.Chan, bool) {
	if t == nil {
		return nil, false
	}
	c, ok := t.Underlying().(*types.Chan)
	return c, ok
}
