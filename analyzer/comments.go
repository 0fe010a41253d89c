package analyzer

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/callroute/callroute/analyzer/summary"
)

// comments reads what stands above functions. Programs are loaded without
// comments: few of them are ever shown. The zero value is ready for use.
type comments struct {
	files map[string]map[int]string // by path, then by the line of the function
}

// sentence is the first sentence above a function of a source tree, without the
// function's name in front of it, or nothing.
func (c *comments) sentence(dir string, f *summary.Func) string {
	if f.File == "" || strings.HasPrefix(f.File, "$") || strings.Contains(f.File, "@") {
		return "" // a library says what it is for, not what the program does
	}
	path := f.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, filepath.FromSlash(path))
	}
	lines, known := c.files[path]
	if !known {
		lines = above(path)
		if c.files == nil {
			c.files = map[string]map[int]string{}
		}
		c.files[path] = lines
	}
	return lines[f.Line]
}

// above is the first sentences above the functions of a file.
func above(path string) map[int]string {
	lines := map[int]string{}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return lines
	}
	for _, d := range syntax.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Doc == nil {
			continue
		}
		text := new(doc.Package).Synopsis(f.Doc.Text())
		lines[fset.Position(f.Name.Pos()).Line] = strings.TrimSpace(strings.TrimPrefix(text, f.Name.Name+" "))
	}
	return lines
}
