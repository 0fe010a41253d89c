package instrument

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"
)

// alias is the name under which an instrumented file imports package runtime.
const alias = "callrouteruntime"

// insertion is text that is put into a file.
type insertion struct {
	at   int
	text string
}

// source is one file with instruments.
type source struct {
	pkg, file string // import path and absolute name
	fset      *token.FileSet
	syntax    *ast.File
	text      []byte
	inserted  []insertion
}

func read(pkg, file string, text []byte) (*source, error) {
	s := &source{pkg: pkg, file: file, fset: token.NewFileSet(), text: text}
	var err error
	s.syntax, err = parser.ParseFile(s.fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}

// id is a number for what stands at a place in the file, the same in each build
// wherever the sources lie, so that what is compiled can be kept.
func (s *source) id(pos token.Pos) uint64 {
	at := s.fset.PositionFor(pos, false)
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d:%d", s.pkg, filepath.Base(s.file), at.Line, at.Column)
	return cmp.Or(h.Sum64(), 1)
}

func (s *source) insert(pos token.Pos, text string) {
	s.inserted = append(s.inserted, insertion{s.fset.PositionFor(pos, false).Offset, text})
}

// instrumented is the file's new text, nil if nothing was inserted.
func (s *source) instrumented() []byte {
	if len(s.inserted) == 0 {
		return nil
	}
	s.insert(s.syntax.Name.End(), "; import "+alias+" \"runtime\"")
	return s.applied()
}

func (s *source) applied() []byte {
	slices.SortStableFunc(s.inserted, func(a, b insertion) int { return a.at - b.at })
	var out []byte
	last := 0
	for _, in := range s.inserted {
		out = append(append(out, s.text[last:in.at]...), in.text...)
		last = in.at
	}
	return append(out, s.text[last:]...)
}

// enter makes every function of the file report that it is entered, and calls
// found for each.
func (s *source) enter(found func(id uint64, f Function)) {
	for _, decl := range s.syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Body == nil || unsplittable(d) {
				continue
			}
			name := s.pkg + "." + receiver(d) + d.Name.Name
			s.function(d, d.Body, name, found)
			s.literals(d.Body, name+".func", found)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					s.literals(v, s.pkg+"."+v.Names[0].Name+".func", found)
				}
			}
		}
	}
}

// literals does it for the function literals in n, which are called prefix and a
// number, those in them with a point and a number more.
func (s *source) literals(n ast.Node, prefix string, found func(id uint64, f Function)) {
	i := 0
	ast.Inspect(n, func(n ast.Node) bool {
		lit, ok := n.(*ast.FuncLit)
		if !ok {
			return true
		}
		i++
		name := fmt.Sprintf("%s%d", prefix, i)
		s.function(lit, lit.Body, name, found)
		s.literals(lit.Body, name+".", found)
		return false
	})
}

func (s *source) function(n ast.Node, body *ast.BlockStmt, name string, found func(id uint64, f Function)) {
	id := s.id(n.Pos())
	s.insert(body.Lbrace+1, fmt.Sprintf(" %s.CallrouteEnter(%#x);", alias, id))
	found(id, Function{
		Package: s.pkg, Name: name, File: s.file,
		Line: s.fset.PositionFor(n.Pos(), false).Line, EndLine: s.fset.PositionFor(n.End(), false).Line,
	})
}

// act makes the functions that act on the machine report it.
func (s *source) act(found func(id uint64, a Act)) {
	for _, decl := range s.syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		a := actOf(s.pkg, s.file, fn)
		if a == nil {
			continue
		}
		id := s.id(fn.Pos())
		call := strings.ReplaceAll(a.call, "ID", fmt.Sprintf("%#x", id))
		call = strings.ReplaceAll(call, "Callroute", alias+".Callroute")
		if a.does.Of != Program && namesError(fn) {
			call = "defer func() { if err == nil { " + call + " } }()" // what failed was not done
		}
		s.insert(fn.Body.Lbrace+1, " "+call+";")
		found(id, a.does)
	}
}

// namesError says that a function has a result err.
func namesError(fn *ast.FuncDecl) bool {
	return fn.Type.Results != nil && slices.ContainsFunc(fn.Type.Results.List, func(f *ast.Field) bool {
		return slices.ContainsFunc(f.Names, func(name *ast.Ident) bool { return name.Name == "err" })
	})
}

// receiver is "T." or "(*T).", nothing for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t, pointer := d.Recv.List[0].Type, false
	for {
		switch x := t.(type) {
		case *ast.ParenExpr:
			t = x.X
		case *ast.StarExpr:
			t, pointer = x.X, true
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			if pointer {
				return "(*" + x.Name + ")."
			}
			return x.Name + "."
		default:
			return ""
		}
	}
}

// unsplittable says that a function may run where there is no room for a call.
func unsplittable(d *ast.FuncDecl) bool {
	return d.Doc != nil && slices.ContainsFunc(d.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:nosplit") || strings.HasPrefix(c.Text, "//go:norace")
	})
}
