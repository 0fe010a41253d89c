package touch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// edit is lines that stand behind others.
type edit struct {
	last  int   // the line behind which they stand
	from  []int // the lines they are made from
	lines []string
}

// edits is the lines of the new property in a Go file.
func (s *search) edits(text []byte) []edit {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	c := &copier{sibling: s.sibling, fset: fset, lines: strings.Split(string(text), "\n")}
	ast.Inspect(file, c.visit)
	slices.SortFunc(c.out, func(a, b edit) int { return a.last - b.last })
	return c.out
}

// copier makes lines of the new property from those of the sibling.
type copier struct {
	*sibling
	fset  *token.FileSet
	lines []string
	out   []edit
}

func (c *copier) line(p token.Pos) int { return c.fset.Position(p).Line }

// visit looks at one node; what was copied is not looked into.
func (c *copier) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.StructType:
		for _, f := range n.Fields.List {
			c.field(f)
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && c.meant(kv.Key) && c.alone(kv.Key.Pos()) {
				c.copy(kv.Pos(), kv.End())
			}
		}
	case *ast.IfStmt:
		if lines := c.condition(n); lines != nil { // its own statements are in it
			c.out = append(c.out, *lines)
			return false
		}
	case *ast.AssignStmt:
		if c.assigns(n) && c.alone(n.Pos()) {
			c.copy(n.Pos(), n.End())
		}
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok && c.defines(call) && c.alone(n.Pos()) {
			c.define(call)
		}
	}
	return true
}

// meant reports whether an expression is the sibling or a field of that name.
func (c *copier) meant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return c.is(e.Name)
	case *ast.SelectorExpr:
		return c.is(e.Sel.Name)
	}
	return false
}

// alone reports whether a line begins with what stands at a position.
func (c *copier) alone(p token.Pos) bool {
	at := c.fset.Position(p)
	return strings.TrimSpace(c.lines[at.Line-1][:at.Column-1]) == ""
}

// copy adds the lines of a node with the new name.
func (c *copier) copy(from, to token.Pos) {
	first, last := c.line(from), c.line(to)
	var lines []string
	for _, l := range c.lines[first-1 : last] {
		lines = append(lines, c.replaced(l))
	}
	c.out = append(c.out, edit{last, lineRange(first, last), lines})
}

// field adds a field beside the sibling's.
func (c *copier) field(f *ast.Field) {
	i := slices.IndexFunc(f.Names, func(n *ast.Ident) bool { return c.is(n.Name) })
	if i < 0 || c.line(f.Pos()) != c.line(f.End()) {
		return
	}
	n := c.line(f.Pos())
	indent := c.lines[n-1][:len(c.lines[n-1])-len(strings.TrimLeft(c.lines[n-1], "\t "))]
	typ := c.source(f.Type)
	if t, ok := f.Type.(*ast.Ident); ok && c.typ != "" && zeros[t.Name] != "" {
		typ = c.typ
	}
	line := indent + spelled(c.as, f.Names[i].Name) + " " + typ
	if f.Tag != nil {
		line += " " + c.replaced(f.Tag.Value)
	}
	c.out = append(c.out, edit{n, []int{n}, []string{line}})
}

// source is a node as it is written, on one line.
func (c *copier) source(n ast.Node) string {
	from, to := c.fset.Position(n.Pos()), c.fset.Position(n.End())
	if from.Line != to.Line {
		return ""
	}
	return c.lines[from.Line-1][from.Column-1 : to.Column-1]
}

// assigns reports whether a statement sets the sibling, and nothing else.
func (c *copier) assigns(n *ast.AssignStmt) bool {
	return n.Tok == token.ASSIGN && len(n.Lhs) == 1 && c.meant(n.Lhs[0])
}

// condition is an if that asks for the sibling, with those statements that set it; nil
// where there are none. What else is done with the sibling's value, as to check it, is
// the sibling's own.
func (c *copier) condition(n *ast.IfStmt) *edit {
	asks := false
	ast.Inspect(n.Cond, func(x ast.Node) bool {
		e, ok := x.(ast.Expr)
		asks = asks || ok && c.meant(e)
		return !asks
	})
	if !asks || n.Init != nil || n.Else != nil || c.line(n.Pos()) != c.line(n.Body.Lbrace) || !c.alone(n.Pos()) {
		return nil
	}
	e := &edit{last: c.line(n.End()), from: []int{c.line(n.Pos())}}
	var body []string
	for _, s := range n.Body.List {
		if a, ok := s.(*ast.AssignStmt); ok && c.assigns(a) {
			for _, at := range lineRange(c.line(a.Pos()), c.line(a.End())) {
				e.from = append(e.from, at)
				body = append(body, c.replaced(c.lines[at-1]))
			}
		}
	}
	if body == nil {
		return nil
	}
	head := c.replaced(c.lines[c.line(n.Pos())-1])
	if zero := zeros[c.typ]; zero != "" && zero != "false" {
		for _, z := range []string{`""`, "0"} {
			head = strings.Replace(head, " != "+z+" {", " != "+zero+" {", 1)
		}
	}
	e.lines = append(append([]string{head}, body...), c.lines[c.line(n.Body.Rbrace)-1])
	return e
}

// lineRange is the lines from one to another.
func lineRange(first, last int) []int {
	var out []int
	for n := first; n <= last; n++ {
		out = append(out, n)
	}
	return out
}

// zeros is the zero of each type that a flag of its own kind has.
var zeros = map[string]string{
	"string": `""`, "int": "0", "int64": "0", "uint": "0", "uint16": "0", "uint64": "0", "float64": "0", "bool": "false",
}

// defines reports whether a call defines the sibling's flag.
func (c *copier) defines(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.Contains(sel.Sel.Name, "Var") && slices.ContainsFunc(call.Args, func(e ast.Expr) bool {
		lit, ok := e.(*ast.BasicLit)
		return ok && lit.Kind == token.STRING && plain(lit.Value) == c.plain
	})
}

// define adds the flag of the new property. It has no letter of its own: the
// sibling's is taken.
func (c *copier) define(call *ast.CallExpr) {
	sel := call.Fun.(*ast.SelectorExpr)
	name := sel.Sel.Name
	short := strings.HasSuffix(name, "VarP")
	var args []string
	for i, a := range call.Args {
		text := c.source(a)
		switch {
		case text == "":
			return
		case short && i == 2:
			continue
		}
		args = append(args, c.replaced(text))
	}
	name = strings.TrimSuffix(name, "P")
	if kind := strings.TrimSuffix(name, "Var"); kind != "" && zeros[c.typ] != "" && len(args) > 2 {
		name = strings.ToUpper(c.typ[:1]) + c.typ[1:] + "Var"
		args[2] = zeros[c.typ]
	}
	n := c.line(call.Pos())
	indent := c.lines[n-1][:c.fset.Position(call.Pos()).Column-1]
	c.out = append(c.out, edit{c.line(call.End()), lineRange(n, c.line(call.End())), []string{indent + c.source(sel.X) + "." + name + "(" + strings.Join(args, ", ") + ")"}})
}

// contextLines stand around the lines that a patch adds.
const contextLines = 3

// writeDiff writes a unified diff that adds lines to a file.
func writeDiff(w *strings.Builder, name string, lines []string, edits []edit) {
	if len(edits) == 0 {
		return
	}
	if n := len(lines); lines[n-1] == "" {
		lines = lines[:n-1] // behind the last newline
	}
	fmt.Fprintf(w, "--- a/%s\n+++ b/%s\n", name, name)
	added := 0
	for i := 0; i < len(edits); {
		end := i + 1
		for end < len(edits) && edits[end].last-edits[end-1].last <= 2*contextLines {
			end++
		}
		first := max(edits[i].last-contextLines+1, 1)
		last := min(edits[end-1].last+contextLines, len(lines))
		var hunk strings.Builder
		more := 0
		for n := first; n <= last; n++ {
			hunk.WriteString(" " + lines[n-1] + "\n")
			for _, e := range edits[i:end] {
				if e.last != n {
					continue
				}
				for _, l := range e.lines {
					hunk.WriteString("+" + l + "\n")
					more++
				}
			}
		}
		fmt.Fprintf(w, "@@ -%d,%d +%d,%d @@\n%s", first, last-first+1, first+added, last-first+1+more, hunk.String())
		added += more
		i = end
	}
}
