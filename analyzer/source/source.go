// Package source reads the files behind a flow: the conditions that a call
// stands under, what a function does to the machine, and the lines of it that
// explain it.
//
// Both are read from syntax, one file at a time, so they need no type-checked
// program and a saved flow can have them as long as its sources are there.
//
// Phases, a file each:
//
//	source      finds the functions and calls of a flow in their files
//	conditions  how conditions are written
//	excerpt     the lines of a function that matter for the way through it
//	prepare     what prepares the arguments of a call
//	effects     what a function writes and starts
//	notes       what was found, for the next flow
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Finder tells where on this machine the file of a node is.
type Finder func(flow.Node) string

// manyEdges is the size of a flow from which on only the edges that start or
// end on the spine get their conditions: nobody reads the others, and each
// file has to be parsed.
const manyEdges = 2000

// Conditions fills Edge.Under with the conditions that the call at Edge.Site stands
// under in Edge.From, the outermost first. file tells where on this machine
// the file of a node is.
//
// A condition is an if, a for, a case of a switch or select around the call, or
// an if before it whose body leaves: after `if !on { return }` stands "if on".
// What only asks whether something failed is left out: that err is nil, and
// an if before the call that looks at an error.
//
// It reads syntax, not types: an error is what is called one (err, closeErr),
// and of several calls on a line it takes those of the target's name. Where
// more than one is meant, the conditions common to all are given. The operands
// of && and || are not looked into. A file that cannot be read or parsed has no
// conditions. What is in notes is not read again.
func Conditions(f *flow.Flow, file Finder, notes *Notes) {
	nodes := map[int]*flow.Node{}
	for i := range f.Nodes {
		nodes[f.Nodes[i].ID] = &f.Nodes[i]
	}
	onSpine := map[int]bool{}
	for _, n := range f.Spine {
		onSpine[n] = true
	}
	var names []string
	edges := map[string][]int{} // places in f.Edges, by file
	for i, e := range f.Edges {
		from := nodes[e.From]
		if from.Decl != "" || e.Site.File != from.File || e.Site.Line < from.Line || e.Site.Line > from.EndLine {
			continue // joined over hidden functions, or a place of registration
		}
		if len(f.Edges) > manyEdges && !onSpine[e.From] && !onSpine[e.To] {
			continue
		}
		name := file(*from)
		if under, known := notes.under(name, from, e.Site.Line, ownName(nodes[e.To].Func)); known {
			f.Edges[i].Under = under
			continue
		}
		if edges[name] == nil {
			names = append(names, name)
		}
		edges[name] = append(edges[name], i)
	}
	for _, name := range names {
		p := parse(name)
		if p == nil {
			continue
		}
		for _, i := range edges[name] {
			e := &f.Edges[i]
			callee := ownName(nodes[e.To].Func)
			e.Under = p.conditions(nodes[e.From], e.Site.Line, callee)
			notes.addUnder(name, nodes[e.From], e.Site.Line, callee, e.Under)
		}
	}
}

// Lines tells the conditions that lines stand under. It parses each file once.
type Lines struct{ files map[string]*parsed }

// Under is the conditions that a line of a function stands under, as in Conditions.
// The function is found in the file by its first and last line.
func (l *Lines) Under(file string, first, last, line int) []string {
	p, known := l.files[file]
	if !known {
		if l.files == nil {
			l.files = map[string]*parsed{}
		}
		p = parse(file)
		l.files[file] = p
	}
	if p == nil {
		return nil
	}
	return p.conditions(&flow.Node{Line: first, EndLine: last}, line, "")
}

// ownName is the last part of a function's full name.
func ownName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// parsed is one source file.
type parsed struct {
	name   string
	src    []byte
	fset   *token.FileSet
	syntax *ast.File
	funcs  map[[2]int][]ast.Node // function declarations and literals by first and last line
	names  map[*ast.Ident]types.Object

	imports map[string]string // see imported
	consts  map[string]string // see declared
	others  map[string]string // see packaged
}

// parse reads a file, nil if that is not possible.
func parse(name string) *parsed {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	p := &parsed{name: name, src: src, fset: fset, syntax: syntax, funcs: map[[2]int][]ast.Node{}}
	p.index()
	return p
}

// index finds the functions of the file. The body of a range over a function is
// one too, for go/ssa, but only where no other has its lines.
func (p *parsed) index() {
	var ranges []ast.Node
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			p.funcs[p.lines(n)] = append(p.funcs[p.lines(n)], n)
		case *ast.RangeStmt:
			ranges = append(ranges, n)
		}
		return true
	})
	for _, r := range ranges {
		if at := p.lines(r); p.funcs[at] == nil {
			p.funcs[at] = []ast.Node{r}
		}
	}
}

func (p *parsed) line(pos token.Pos) int { return p.fset.PositionFor(pos, false).Line }

func (p *parsed) lines(n ast.Node) [2]int { return [2]int{p.line(n.Pos()), p.line(n.End())} }

// conditions is what every call of callee at a line of function n stands under.
func (p *parsed) conditions(n *flow.Node, line int, callee string) []string {
	var common []string
	first := true
	for _, stack := range p.calls(n, line, callee) {
		have := standsUnder(stack)
		if first {
			common, first = have, false
			continue
		}
		common = slices.DeleteFunc(common, func(c string) bool { return !slices.Contains(have, c) })
	}
	return common
}

// calls is the calls at a line of function n, each as the nodes from the
// function's body down to it: those of callee, else all, else what starts on
// the line.
func (p *parsed) calls(n *flow.Node, line int, callee string) [][]ast.Node {
	var named, all, starts [][]ast.Node
	for _, fn := range p.funcs[[2]int{n.Line, n.EndLine}] {
		body := bodyOf(fn)
		if body == nil {
			continue
		}
		ast.PreorderStack(body, nil, func(node ast.Node, stack []ast.Node) bool {
			if at := p.lines(node); at[0] > line || at[1] < line {
				return false
			}
			here := append(slices.Clone(stack), node)
			// go/ssa places a call at its left parenthesis.
			if call, ok := node.(*ast.CallExpr); ok && p.line(call.Lparen) == line {
				all = append(all, here)
				if calledName(call.Fun) == callee {
					named = append(named, here)
				}
			}
			if p.line(node.Pos()) == line && len(starts) == 0 && node != body {
				starts = append(starts, here)
			}
			_, literal := node.(*ast.FuncLit)
			return !literal
		})
	}
	switch {
	case len(named) > 0:
		return named
	case len(all) > 0:
		return all
	}
	return starts
}

func bodyOf(fn ast.Node) *ast.BlockStmt {
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		return fn.Body
	case *ast.FuncLit:
		return fn.Body
	case *ast.RangeStmt:
		return fn.Body
	}
	return nil
}

// calledName is the name under which a function is called, "" for a literal or
// the result of a call.
func calledName(fun ast.Expr) string {
	switch fun := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	case *ast.IndexExpr:
		return calledName(fun.X)
	case *ast.IndexListExpr:
		return calledName(fun.X)
	}
	return ""
}
