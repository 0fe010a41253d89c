package source

import (
	"bytes"
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// A leaf of the route, which calls nothing of the flow, is shown whole up to
// wholeLeaf lines. Of more than longList elements of a literal, or arguments of a
// call, the first are shown, and the one that leads on.
const (
	wholeLeaf = 30
	longList  = 6
)

// Code fills Node.Code with the lines of each node that matter for the way
// through it: a slice of the function, not a window of lines.
//
//  1. The signature and the closing brace.
//  2. The calls by which the flow goes on: those of the spine where the node
//     is on it, else all. A statement is shown without the bodies of literals
//     in it.
//  3. The statements around those calls: heads of if, for, switch, select and
//     case, and their closing braces; and, before them, each if whose body
//     leaves, with the statement that leaves.
//  4. What prepares the arguments (prepare.go).
//  5. A function that calls nothing of the flow is shown whole if it is short,
//     else its calls of the operating system are what matters.
//  6. Of a variable that registers, the entry and the first and last line.
//
// A line is shown exactly as it stands in the file. Where lines are left out,
// the numbers jump; blank lines are left out. A node whose file cannot be read
// or parsed has no code.
func Code(f *flow.Flow, file Finder) {
	e := excerpts{flow: f, lines: map[int][]wanted{}, files: map[string]*parsed{}}
	e.collect()
	for i := range f.Nodes {
		n := &f.Nodes[i]
		name := file(*n)
		p, read := e.files[name]
		if !read {
			p = parse(name)
			e.files[name] = p
		}
		if p != nil {
			n.Code = p.excerpt(n, e.lines[n.ID])
		}
	}
}

// wanted is a call that an excerpt must show.
type wanted struct {
	line   int
	callee string
}

type excerpts struct {
	flow  *flow.Flow
	lines map[int][]wanted // by node
	files map[string]*parsed
}

// collect finds the calls to show of each node.
func (e *excerpts) collect() {
	nodes := map[int]*flow.Node{}
	for i := range e.flow.Nodes {
		nodes[e.flow.Nodes[i].ID] = &e.flow.Nodes[i]
	}
	next := map[int]int{}
	for i, n := range e.flow.Spine[:max(0, len(e.flow.Spine)-1)] {
		next[n] = e.flow.Spine[i+1]
	}
	for _, edge := range e.flow.Edges {
		from, to := nodes[edge.From], nodes[edge.To]
		if from == nil || to == nil {
			continue
		}
		for _, r := range edge.Registered {
			if r.Node != nil && nodes[*r.Node] != nil {
				e.lines[*r.Node] = append(e.lines[*r.Node], wanted{r.Line, ownName(to.Func)})
			}
		}
		if onward, onSpine := next[edge.From]; onSpine && onward != edge.To {
			continue
		}
		if edge.Site.File == from.File {
			e.lines[edge.From] = append(e.lines[edge.From], wanted{edge.Site.Line, ownName(to.Func)})
		}
	}
}

// excerpt is the lines of n that matter when the calls are what is followed.
func (p *parsed) excerpt(n *flow.Node, calls []wanted) []flow.CodeLine {
	x := &excerpt{parsed: p, shown: map[int]bool{}}
	if n.Decl != "" {
		x.variable(n, calls)
		return x.code()
	}
	fn := p.function(n)
	if fn == nil {
		return nil
	}
	x.fn, x.body = fn, bodyOf(fn)
	if x.body == nil {
		x.mark(fn.Pos(), fn.End())
		return x.code()
	}
	x.mark(fn.Pos(), x.body.Lbrace)
	x.mark(x.body.Rbrace, x.body.Rbrace)
	var stacks [][]ast.Node
	for _, c := range calls {
		if c.line >= n.Line && c.line <= n.EndLine {
			stacks = append(stacks, p.calls(n, c.line, c.callee)...)
		}
	}
	if len(stacks) == 0 {
		if n.EndLine-n.Line < wholeLeaf {
			x.mark(fn.Pos(), fn.End())
			return x.code()
		}
		stacks = p.systemCalls(x.body)
	}
	x.prepare = newPreparation(p, fn, x.body)
	for _, stack := range stacks {
		x.call(stack)
	}
	return x.code()
}

// function is the syntax of n: the declaration or literal with its lines.
func (p *parsed) function(n *flow.Node) ast.Node {
	found := p.funcs[[2]int{n.Line, n.EndLine}]
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// excerpt collects the lines to show of one node.
type excerpt struct {
	*parsed
	fn      ast.Node
	body    *ast.BlockStmt
	prepare *preparation
	shown   map[int]bool
}

// mark shows the lines between two places.
func (x *excerpt) mark(from, to token.Pos) {
	for line := x.line(from); line <= x.line(to); line++ {
		x.shown[line] = true
	}
}

// call shows the last node of stack, what it stands under and what prepares
// it.
func (x *excerpt) call(stack []ast.Node) {
	x.around(stack)
	for _, s := range x.prepare.statements(stack) {
		x.around(s)
	}
}

// around shows the statement that the last node of stack is in, and the
// statements around it.
func (x *excerpt) around(stack []ast.Node) {
	for i, n := range stack {
		var child ast.Node
		if i+1 < len(stack) {
			child = stack[i+1]
		}
		switch n := n.(type) {
		case *ast.BlockStmt:
			x.leaving(n.List, child)
		case *ast.IfStmt:
			x.mark(n.Pos(), n.Body.Lbrace)
			x.mark(n.Body.Rbrace, n.Body.Rbrace)
			if n.Else != nil {
				x.mark(n.Else.End()-1, n.Else.End()-1)
			}
		case *ast.ForStmt:
			x.frame(n.Pos(), n.Body)
		case *ast.RangeStmt:
			x.frame(n.Pos(), n.Body)
		case *ast.SwitchStmt:
			x.frame(n.Pos(), n.Body)
		case *ast.TypeSwitchStmt:
			x.frame(n.Pos(), n.Body)
		case *ast.SelectStmt:
			x.frame(n.Pos(), n.Body)
		case *ast.CaseClause:
			x.mark(n.Pos(), n.Colon)
			x.leaving(n.Body, child)
		case *ast.CommClause:
			x.mark(n.Pos(), n.Colon)
			x.leaving(n.Body, child)
		case *ast.LabeledStmt:
			x.mark(n.Pos(), n.Colon)
		case ast.Stmt:
			x.statement(n, stack[i:])
			return
		}
	}
}

func (x *excerpt) frame(head token.Pos, body *ast.BlockStmt) {
	x.mark(head, body.Lbrace)
	x.mark(body.Rbrace, body.Rbrace)
}

// leaving shows each if before child in list that may leave, without those
// that only hand an error on.
func (x *excerpt) leaving(list []ast.Stmt, child ast.Node) {
	for _, s := range list {
		if s == child {
			return
		}
		n, ok := s.(*ast.IfStmt)
		if !ok || !leaves(n.Body) || looksAtError(n.Cond) || handsOn(n) {
			continue
		}
		x.frame(n.Pos(), n.Body)
		last := n.Body.List[len(n.Body.List)-1]
		x.statement(last, []ast.Node{last})
	}
}

// statement shows a simple statement: all its lines, but for the bodies of
// literals, unless what stack leads to is in one, and for the later elements
// of long ones.
func (x *excerpt) statement(s ast.Stmt, stack []ast.Node) {
	hidden := map[int]bool{}
	hide := func(from, to int) {
		for line := from; line <= to; line++ {
			hidden[line] = true
		}
	}
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if slices.Contains(stack, ast.Node(n)) {
				return true
			}
			hide(x.line(n.Body.Lbrace)+1, x.line(n.Body.Rbrace)-1)
			return false
		case *ast.CompositeLit:
			x.later(n.Elts, n.Rbrace, hide)
		case *ast.CallExpr:
			x.later(n.Args, n.Rparen, hide)
		}
		return true
	})
	// The element that leads on stays.
	for i, n := range stack[1:] {
		switch stack[i].(type) {
		case *ast.CompositeLit, *ast.CallExpr:
			delete(hidden, x.line(n.Pos()))
			delete(hidden, x.line(n.End()))
		}
	}
	for line := x.line(s.Pos()); line <= x.line(s.End()); line++ {
		if !hidden[line] {
			x.shown[line] = true
		}
	}
}

// later hides what follows the first elements of a long list.
func (x *excerpt) later(list []ast.Expr, end token.Pos, hide func(from, to int)) {
	if len(list) > longList {
		hide(x.line(list[longList-1].End())+1, x.line(end)-1)
	}
}

// variable shows the entries of a registering variable.
func (x *excerpt) variable(n *flow.Node, calls []wanted) {
	whole := n.EndLine-n.Line < wholeLeaf/2
	x.shown[n.Line], x.shown[n.EndLine] = true, true
	for line := n.Line; line <= n.EndLine && whole; line++ {
		x.shown[line] = true
	}
	for _, c := range calls {
		if c.line < n.Line || c.line > n.EndLine {
			continue
		}
		x.shown[c.line] = true
		if entry := x.element(c.line); entry != nil {
			x.mark(entry.Pos(), entry.End())
		}
	}
}

// element is the smallest element of a literal that has lines around line.
func (p *parsed) element(line int) ast.Node {
	var found ast.Node
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		if n == nil || p.line(n.Pos()) > line || p.line(n.End()) < line {
			return false
		}
		if lit, ok := n.(*ast.CompositeLit); ok {
			for _, e := range lit.Elts {
				if p.line(e.Pos()) <= line && p.line(e.End()) >= line && p.line(e.End())-p.line(e.Pos()) <= longList {
					found = e
					return false
				}
			}
		}
		return true
	})
	return found
}

// systemPackages are those through which a program acts on its machine.
var systemPackages = []string{"os", "os/exec", "syscall", "net", "io", "golang.org/x/sys/unix"}

// systemCalls is the calls in body that act on the machine, each as the nodes
// from body down to it; without one, its return statements.
func (p *parsed) systemCalls(body *ast.BlockStmt) [][]ast.Node {
	names := map[string]bool{}
	for _, spec := range p.syntax.Imports {
		path := strings.Trim(spec.Path.Value, "`\"")
		if !slices.Contains(systemPackages, path) {
			continue
		}
		if spec.Name != nil {
			names[spec.Name.Name] = true
		} else {
			names[path[strings.LastIndexByte(path, '/')+1:]] = true
		}
	}
	var calls, returns [][]ast.Node
	ast.PreorderStack(body, nil, func(n ast.Node, stack []ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			returns = append(returns, append(slices.Clone(stack), n))
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && names[id.Name] {
				calls = append(calls, append(slices.Clone(stack), n))
			}
		}
		return true
	})
	if len(calls) > 0 {
		return calls
	}
	return returns
}

// code is the shown lines, in order, without blank ones.
func (x *excerpt) code() []flow.CodeLine {
	lines := bytes.Split(x.src, []byte("\n"))
	var out []flow.CodeLine
	for i, text := range lines {
		text = bytes.TrimSuffix(text, []byte("\r"))
		if x.shown[i+1] && len(bytes.TrimSpace(text)) > 0 {
			out = append(out, flow.CodeLine{Line: i + 1, Text: string(text)})
		}
	}
	return out
}
