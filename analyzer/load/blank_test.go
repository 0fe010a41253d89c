package load

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestBlankBodiesOfStandardLibrary compares with what the parser makes of the
// whole text.
func TestBlankBodiesOfStandardLibrary(t *testing.T) {
	var files []string
	for _, pkg := range []string{"fmt", "go/types", "net/http", "runtime", "slices", "text/template"} {
		found, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", pkg, "*.go")) //nolint:staticcheck // the tests run where Go is installed
		files = append(files, found...)
	}
	if len(files) < 100 {
		t.Skip("the standard library's source is not here")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := withoutBodies(t, file, text)
		blankBodies(text)
		if f, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err == nil && hasBody(f) {
			t.Errorf("%s: a body is left", file)
		}
		if got := withoutBodies(t, file, text); got != want {
			t.Errorf("%s: the declarations changed", file)
		}
	}
}

func hasBody(f *ast.File) bool {
	return slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Body != nil
	})
}

// withoutBodies prints a file without function bodies, with the line of each
// function.
func withoutBodies(t *testing.T, name string, text []byte) string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			fn.Body = nil
		}
		out.WriteString(fset.Position(d.Pos()).String() + "\n")
		if err := format.Node(&out, fset, d); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestBlankBodies(t *testing.T) {
	for text, want := range map[string]string{
		"func f() { a }":                            "func f()      ",
		"func f() {\n\ta\n}\n":                      "func f()  \n  \n \n",
		"func (r *T[K]) m() map[K]T {\n}":           "func (r *T[K]) m() map[K]T  \n ",
		"func f() struct{ a int } { a }":            "func f() struct{ a int }      ",
		"func f() interface { m() } { }":            "func f() interface { m() }    ",
		"func f(g func() struct{}) {}":              "func f(g func() struct{})   ",
		"func f() {\"}\"}":                          "func f()      ",
		"func f() {`}`}":                            "func f()      ",
		"func f() {'}'}":                            "func f()      ",
		"func f() {'\\''}":                          "func f()       ",
		"func f() { /* } */ }":                      "func f()            ",
		"func f() { // }\n}":                        "func f()       \n ",
		"func f() { a / b }":                        "func f()          ",
		"func f() { \"a\n }":                        "func f()     \n  ",
		"var x = func() { a }":                      "var x = func() { a }",
		"var x = []T{\n{}}\nfunc f() {a}":           "var x = []T{\n{}}\nfunc f()    ",
		"func f()\nvar x = T{a}":                    "func f()\nvar x = T{a}",
		"func f(\n\ta int) {a}":                     "func f(\n\ta int)    ",
		"func f()\nfunc g() {a}":                    "func f()\nfunc g()    ",
		"func f() { not closed":                     "func f() { not closed",
		"type t struct { f func() { } }":            "type t struct { f func() { } }",
		"func f() astruct { a }":                    "func f() astruct      ",
		"/* func f() { */ var a = 1":                "/* func f() { */ var a = 1",
		"const s = `\nfunc f() { a }\n`":            "const s = `\nfunc f() { a }\n`",
		"func f[T interface{ m() }](t T) { t.m() }": "func f[T interface{ m() }](t T)          ",
	} {
		got := []byte(text)
		blankBodies(got)
		if string(got) != want {
			t.Errorf("%q becomes\n%q, want\n%q", text, got, want)
		}
	}
}

func FuzzBlankBodies(f *testing.F) {
	f.Add("package p\nfunc f() struct{} { return `}` }\nvar x = func() { '{' }\n// }\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := []byte(text)
		blankBodies(got)
		if len(got) != len(text) || strings.Count(string(got), "\n") != strings.Count(text, "\n") {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
