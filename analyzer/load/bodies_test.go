package load

import (
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestBodies lays out a program of fifty-one packages of its own, so that one
// importer is less than one in weaveShare of them and three are more, with the
// libraries of testdata/bodies.txtar vendored.
func TestBodies(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/bodies.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range archive.Files {
		module := "example.com/"
		if strings.HasPrefix(f.Name, "grpc/") {
			module = "google.golang.org/"
		}
		archive.Files[i].Name = "vendor/" + module + f.Name
	}
	add := func(name, format string, args ...any) {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: fmt.Appendf(nil, format, args...)})
	}
	const woven = `
import (
	"io"
	"example.com/between"
	"example.com/caller"
	"example.com/dialer"
	"example.com/lazy"
	"example.com/proxy"
	"example.com/pure"
	"example.com/runner"
	"example.com/runtime"
	"example.com/writer"
)
func Woven() {
	var _ io.Reader = runner.Start("x")
	between.Start(); dialer.Connect(); dialer.Replace(); proxy.Ask()
	caller.Call("x"); lazy.Quick(); pure.Add(1, 2); runtime.Write(""); writer.Save("x", nil)
}
`
	add("one/one.go", "package one%stype T int\nfunc One() {}\nfunc (t *T) unused() {}\n", woven)
	add("two/two.go", "package two%s", woven)
	add("three/three.go", `package three%s
func once() {
	wrapped.Wrap(); starter.Start()
	registry.Register("x", nil); registry.Lookup("x"); setting.RegisterLogger(nil)
	stub.NewClient().Call(&stub.Request{}); new(stub.Request).GetName()
}
`, strings.Replace(woven, `"io"`, `"io"; "example.com/wrapped"; "example.com/starter"; "example.com/registry"; "example.com/setting"; "example.com/stub"`, 1))
	imports := ""
	for i := range 47 {
		add(fmt.Sprintf("filler%d/filler.go", i), "package filler%d\n", i)
		imports += fmt.Sprintf("import _ \"example.com/tool/filler%d\"\n", i)
	}
	add("main.go", "package main // import \"example.com/tool\"\nimport _ \"example.com/tool/one\"\nimport _ \"example.com/tool/two\"\nimport _ \"example.com/tool/three\"\n%sfunc main() {}\n", imports)

	e := loadOnly(t, writeTree(t, archive))
	checkExecutable(t, e)
	if e.Dropped.Functions != 0 {
		t.Errorf("dropped %d functions", e.Dropped.Functions)
	}
	state := map[string]string{}
	for _, p := range e.Packages {
		describe(p, state)
	}
	checked := 0
	for line := range strings.Lines(string(archive.Comment)) {
		name, want, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !strings.Contains(name, ".com/") && !strings.Contains(name, ".org/") {
			continue
		}
		checked++
		got := state[name]
		if got == "" {
			got = "absent"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if checked < 20 {
		t.Errorf("only %d expectations", checked)
	}
}

// loadOnly loads the only main package of a tree.
func loadOnly(t *testing.T, dir string) *Executable {
	t.Helper()
	l := New(Options{})
	src := readExpectation(t, dir, "").source
	programs, err := l.Mains(context.Background(), src)
	if err != nil || len(programs) != 1 {
		t.Fatalf("%d programs, %v", len(programs), err)
	}
	e, err := l.Load(context.Background(), programs[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// describe notes of each function of p, as path.F or path.(*T).M, whether it
// has a body.
func describe(p *Package, state map[string]string) {
	note := func(name string) {
		if state[p.Path+"."+name] == "" {
			state[p.Path+"."+name] = "declared"
		}
	}
	for _, f := range p.Files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				name := fn.Name.Name
				if fn.Recv != nil {
					name = "(*" + receiverBase(fn.Recv.List[0].Type) + ")." + name
				}
				state[p.Path+"."+name] = "body"
			}
		}
	}
	for _, name := range p.Types.Scope().Names() {
		switch obj := p.Types.Scope().Lookup(name).(type) {
		case *types.Func:
			note(name)
		case *types.TypeName:
			if named, ok := obj.Type().(*types.Named); ok {
				for m := range named.Methods() {
					note("(*" + name + ")." + m.Name())
				}
			}
		}
	}
}
