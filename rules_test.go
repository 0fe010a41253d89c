// Package callroute_test holds the rules of the repository's layout as tests.
// docs/ARCHITECTURE.md says why they exist.
package callroute_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/callroute/callroute"
	maxLines = 600
)

// stages lists the analyzer's packages in the order in which data passes
// through them. A stage imports only stages before it. All packages of
// boundary/* stand at one place.
var stages = []string{
	"encode", "store", "artifact", "models", "system", "revision", "golist", "load", "program", "text", "index", "calls", "dataflow", "provenance", "flags", "eval", "clone",
	"boundary", "boundary/*", "contract", "summary", "stitch", "source", "narrow", "story", "walk", "backward", "compare", "rules", "value", "access", "touch",
	"observe/record", "observe/instrument", "observe/session", "observe", "observe/trial", "observe/coverage",
}

// views import the flow package and nothing else of the analyzer.
var views = []string{"report", "diagram", "draw", "article", "export", "webui"}

// processes are the parts of the engine that meet only in cmd/engine*.
var processes = []string{"cli", "api/client", "api/server", "daemon", "containerd", "shim", "runc"}

// rules find what is wrong with a set of files.
var rules = []struct {
	name string
	find func([]source) []string
}{
	{"documented", undocumented},
	{"imports", wrongImports},
	{"names", vagueNames},
	{"init", initFunctions},
	{"length", longFiles},
	{"format", unformatted},
}

func TestRules(t *testing.T) {
	files := repository(t)
	if len(files) < 10 {
		t.Fatalf("found only %d Go files: the search is broken", len(files))
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, violation := range rule.find(files) {
				t.Error(violation)
			}
		})
	}
}

func undocumented(files []source) []string {
	documented := make(map[string]bool)
	for _, f := range files {
		if f.test() && path.Dir(f.path) != "." {
			continue // its package is documented in the files it tests
		}
		dir := path.Dir(f.path)
		documented[dir] = documented[dir] || f.syntax.Doc.Text() != ""
	}
	var found []string
	for dir, ok := range documented {
		if !ok {
			found = append(found, fmt.Sprintf("%s: the package has no doc comment", dir))
		}
	}
	slices.Sort(found)
	return found
}

func wrongImports(files []source) []string {
	var found []string
	for _, f := range files {
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			to, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			if why := forbidden(path.Dir(f.path), to, f.test()); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", f.path, to, why))
			}
		}
	}
	return found
}

// forbidden says why a package in the folder from must not import the folder
// to, or nothing if it may.
func forbidden(from, to string, test bool) string {
	stage, inAnalyzer := strings.CutPrefix(from, "analyzer/")
	inAnalyzer = inAnalyzer || from == "analyzer"
	process, inEngine := strings.CutPrefix(from, "engine/")
	switch {
	case inAnalyzer && within(to, "engine"), inEngine && within(to, "analyzer"):
		return "analyzer and engine know nothing of each other"
	case from == to, test:
		return ""
	case within(to, "engine") && !inEngine && !within(from, "cmd"):
		return "only cmd/ puts the engine together"
	case within(to, "analyzer") && !inAnalyzer && !within(from, "cmd"):
		return "only cmd/ uses the analyzer"
	case within(to, "analyzer/internal") && !within(from, "analyzer/internal"):
		return "analyzer/internal supports tests"
	case inEngine:
		return forbiddenInEngine(process, strings.TrimPrefix(to, "engine/"))
	case inAnalyzer && within(to, "analyzer"):
		return forbiddenInAnalyzer(stage, strings.TrimPrefix(to, "analyzer/"))
	}
	return ""
}

func forbiddenInAnalyzer(from, to string) string {
	switch {
	case within(from, "internal"), to == "flow":
		return ""
	case from == "flow":
		return "flow is plain data"
	case slices.Contains(views, from) && slices.Contains(views, to):
		return "" // a page is made of views
	case slices.Contains(views, from):
		return "a view works from flow alone"
	case slices.Contains(views, to):
		return "views belong to cmd/"
	case to == "analyzer":
		return "stages do not know who calls them"
	}
	after := slices.Index(stages, place(to))
	if after < 0 {
		return fmt.Sprintf("analyzer/%s has no place in the order of stages", to)
	}
	if from == "analyzer" {
		return ""
	}
	before := slices.Index(stages, place(from))
	switch {
	case before < 0:
		return fmt.Sprintf("analyzer/%s has no place in the order of stages", from)
	case place(from) == place(to):
		return "finders know nothing of each other"
	case before < after:
		return fmt.Sprintf("%s comes after %s", to, from)
	}
	return ""
}

// place is a stage's name in stages.
func place(stage string) string {
	if strings.HasPrefix(stage, "boundary/") {
		return "boundary/*"
	}
	return stage
}

func forbiddenInEngine(from, to string) string {
	owner := func(pkg string) string {
		i := slices.IndexFunc(processes, func(p string) bool { return within(pkg, p) })
		if i < 0 {
			return ""
		}
		return processes[i]
	}
	if path.Base(to) == "types" || to == "shim/bundle" {
		return "" // what crosses the wire, or lies in files that both read, is known at both ends
	}
	if from == "cli" && to == "api/client" {
		return "" // the command line is nothing but a user of the client
	}
	if a, b := owner(from), owner(to); b != "" && a != b {
		return fmt.Sprintf("%s meets its neighbours only in cmd/", b)
	}
	return ""
}

func within(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

func vagueNames(files []source) []string {
	vague := []string{"util", "utils", "common", "helper", "helpers", "manager", "misc"}
	var found []string
	for _, f := range files {
		if name := strings.TrimSuffix(f.syntax.Name.Name, "_test"); slices.Contains(vague, name) {
			found = append(found, fmt.Sprintf("%s: package %s does not say what it is for", f.path, name))
		}
	}
	return found
}

func initFunctions(files []source) []string {
	var found []string
	for _, f := range files {
		for _, decl := range f.syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv == nil && fn.Name.Name == "init" && !ast.IsGenerated(f.syntax) {
				found = append(found, fmt.Sprintf("%s: func init hides when it runs; construct explicitly", f.path))
			}
		}
	}
	return found
}

func longFiles(files []source) []string {
	var found []string
	for _, f := range files {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines && !ast.IsGenerated(f.syntax) {
			found = append(found, fmt.Sprintf("%s: %d lines, at most %d", f.path, n, maxLines))
		}
	}
	return found
}

func unformatted(files []source) []string {
	var found []string
	for _, f := range files {
		formatted, err := format.Source(f.text)
		if (err != nil || !bytes.Equal(formatted, f.text)) && !ast.IsGenerated(f.syntax) {
			found = append(found, fmt.Sprintf("%s: gofmt would change it", f.path))
		}
	}
	return found
}

// source is one Go file of ours.
type source struct {
	path   string // from the repository's root, with slashes
	text   []byte
	syntax *ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func parse(t *testing.T, name string, text []byte) source {
	t.Helper()
	syntax, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{path: name, text: text, syntax: syntax}
}

// repository reads the Go files of this module, as the go command would find
// them. It runs no other program: the result of a test that does is cached
// although files have changed.
func repository(t *testing.T) []source {
	t.Helper()
	var files []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if name != "." && ignored(name) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasPrefix(d.Name(), "_") || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files = append(files, parse(t, name, text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func ignored(dir string) bool {
	base := path.Base(dir)
	if base == "testdata" || base == "vendor" || base == "node_modules" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := os.Stat(path.Join(dir, "go.mod"))
	return err == nil // another module
}

func TestRulesFindViolations(t *testing.T) {
	long := "// Package p is long.\npackage p\n" + strings.Repeat("\n", maxLines) + "var x int\n"
	for _, test := range []struct {
		name, rule string
		path, text string
		want       string // part of the violation; empty if there must be none
	}{
		{"no doc", "documented", "a/a.go", "package a\n", "no doc comment"},
		{"no doc but in the test", "documented", "a/a_test.go", "// Package a is tested.\npackage a\n", ""},
		{"doc", "documented", "a/a.go", "// Package a is there.\npackage a\n", ""},
		{"directive is no doc", "documented", "a/a.go", "//go:build linux\n\npackage a\n", "no doc comment"},
		{"no doc at the root", "documented", "a_test.go", "package a_test\n", "no doc comment"},

		{"analyzer to engine", "imports", "analyzer/walk/a.go", imports("engine/daemon"), "nothing of each other"},
		{"engine to analyzer", "imports", "engine/daemon/a.go", imports("analyzer/flow"), "nothing of each other"},
		{"even in a test", "imports", "engine/daemon/a_test.go", imports("analyzer"), "nothing of each other"},
		{"stage before", "imports", "analyzer/walk/a.go", imports("analyzer/load"), ""},
		{"stage after", "imports", "analyzer/load/a.go", imports("analyzer/walk"), "walk comes after load"},
		{"stage after, in a test", "imports", "analyzer/load/a_test.go", imports("analyzer/walk"), ""},
		{"finder to boundary", "imports", "analyzer/boundary/x/a.go", imports("analyzer/boundary"), ""},
		{"boundary to finder", "imports", "analyzer/boundary/a.go", imports("analyzer/boundary/x"), "comes after"},
		{"finder to finder", "imports", "analyzer/boundary/x/a.go", imports("analyzer/boundary/y"), "finders"},
		{"stitch to boundary", "imports", "analyzer/stitch/a.go", imports("analyzer/boundary"), ""},
		{"stage to flow", "imports", "analyzer/system/a.go", imports("analyzer/flow"), ""},
		{"flow to stage", "imports", "analyzer/flow/a.go", imports("analyzer/system"), "plain data"},
		{"view to flow", "imports", "analyzer/report/a.go", imports("analyzer/flow"), ""},
		{"view to stage", "imports", "analyzer/diagram/a.go", imports("analyzer/walk"), "flow alone"},
		{"stage to view", "imports", "analyzer/walk/a.go", imports("analyzer/report"), "views belong"},
		{"analyzer to view", "imports", "analyzer/a.go", imports("analyzer/report"), "views belong"},
		{"analyzer to stage", "imports", "analyzer/a.go", imports("analyzer/boundary/x"), ""},
		{"stage to analyzer", "imports", "analyzer/walk/a.go", imports("analyzer"), "who calls them"},
		{"unknown stage", "imports", "analyzer/new/a.go", imports("analyzer/load"), "no place"},
		{"to unknown stage", "imports", "analyzer/walk/a.go", imports("analyzer/new"), "no place"},
		{"test support", "imports", "analyzer/walk/a.go", imports("analyzer/internal/x"), "supports tests"},
		{"test support in a test", "imports", "analyzer/walk/a_test.go", imports("analyzer/internal/x"), ""},
		{"test support to test support", "imports", "analyzer/internal/x/a.go", imports("analyzer/internal/y"), ""},
		{"test support to stage", "imports", "analyzer/internal/x/a.go", imports("analyzer/walk"), ""},
		{"cmd wires", "imports", "cmd/engined/a.go", imports("engine/daemon"), ""},
		{"others do not wire", "imports", "bench/a.go", imports("engine/daemon"), "only cmd/"},
		{"others do not analyze", "imports", "bench/a.go", imports("analyzer"), "only cmd/"},
		{"process to process", "imports", "engine/daemon/a.go", imports("engine/containerd"), "only in cmd/"},
		{"process to server", "imports", "engine/daemon/update/a.go", imports("engine/api/server"), "only in cmd/"},
		{"process to itself", "imports", "engine/daemon/update/a.go", imports("engine/daemon/state"), ""},
		{"process to shared types", "imports", "engine/daemon/a.go", imports("engine/errdefs"), ""},
		{"shared types to process", "imports", "engine/errdefs/a.go", imports("engine/daemon"), "only in cmd/"},
		{"similar name", "imports", "analyzer/walk/a.go", imports("enginex/daemon"), ""},

		{"vague", "names", "a/util/a.go", "package util\n", "does not say"},
		{"vague test", "names", "a/misc/a_test.go", "package misc_test\n", "does not say"},
		{"clear", "names", "a/utility/a.go", "package utility\n", ""},

		{"init", "init", "a/a.go", "package a\n\nfunc init() {}\n", "construct explicitly"},
		{"method called init", "init", "a/a.go", "package a\n\nfunc (T) init() {}\n", ""},
		{"generated init", "init", "a/a.go", "// Code generated by x. DO NOT EDIT.\n\npackage a\n\nfunc init() {}\n", ""},

		{"long", "length", "a/a.go", long, "at most 600"},
		{"long but generated", "length", "a/a.go", "// Code generated by x. DO NOT EDIT.\n\n" + long, ""},
		{"short", "length", "a/a.go", "package a\n", ""},

		{"crooked", "format", "a/a.go", "package a\nvar  x int\n", "gofmt"},
		{"straight", "format", "a/a.go", "package a\n\nvar x int\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found []string
			for _, rule := range rules {
				if rule.name == test.rule {
					found = rule.find([]source{parse(t, test.path, []byte(test.text))})
				}
			}
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("found %q in a file without fault", found)
			case test.want != "" && (len(found) != 1 || !strings.Contains(found[0], test.want)):
				t.Errorf("found %q, want one violation with %q", found, test.want)
			}
		})
	}
}

func imports(pkg string) string {
	return fmt.Sprintf("package p\n\nimport _ %q\n", module+"/"+pkg)
}
