// Package unit gives the tests of a finder one small executable to search, and
// writes what it found in lines that a test can compare.
package unit

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/internal/scenario"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/system"
)

// Load builds the program of a txtar archive, with the stand-in libraries of
// testdata/libs that are named.
func Load(t *testing.T, archive, name string, libs ...string) *boundary.Unit {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	testdata := filepath.Join(filepath.Dir(here), "../../../testdata")
	s := &scenario.Scenario{Name: t.Name(), Libs: libs}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		s.Files = append(s.Files, scenario.File{Name: f.Name, Data: f.Data})
	}
	dir := t.TempDir()
	if _, err := s.Unpack(dir, testdata); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	if len(libs) > 0 {
		t.Setenv("GOFLAGS", "-mod=vendor")
	}
	return build(t, dir, name)
}

func build(t *testing.T, dir, name string) *boundary.Unit {
	t.Helper()
	source := &system.Source{Name: filepath.Base(dir), Dir: dir, Given: dir}
	l := load.New(load.Options{})
	mains, err := l.Mains(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mains {
		if m.Name != name {
			continue
		}
		exe, err := l.Load(t.Context(), m, &system.System{Sources: []*system.Source{source}})
		if err != nil {
			t.Fatal(err)
		}
		if exe.Dropped.Functions > 0 || len(exe.Dropped.Packages) > 0 {
			t.Fatalf("the program does not type-check: %+v", exe.Dropped)
		}
		p, err := program.Build(t.Context(), exe)
		if err != nil {
			t.Fatal(err)
		}
		g, err := calls.Build(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		x := index.Build(p)
		return &boundary.Unit{Program: p, Index: x, Graph: g, Eval: eval.New(p, x, g), Models: models.Builtin()}
	}
	t.Fatalf("no program %s in %v", name, mains)
	return nil
}

// Name is the short name of a function or package variable: "main.newRoot",
// "main.newRoot.func1", "main.rootCmd".
func Name(u *boundary.Unit, n boundary.Node) string {
	switch n := n.(type) {
	case *ssa.Function:
		s := u.Program.Name(n)
		if pkg := program.PkgPath(n); n.Pkg == u.Program.Main || pkg == u.Program.Main.Pkg.Path() {
			return "main" + strings.TrimPrefix(s, pkg)
		}
		return s[strings.LastIndexByte(s, '/')+1:]
	case *ssa.Global:
		return n.Pkg.Pkg.Name() + "." + n.Name()
	}
	return fmt.Sprint(n)
}

// Commands writes each command as one line: its words, other names of the last
// one in parentheses, "hidden", the hooks in brackets, the route and what runs.
//
//	stow (put) hidden [main.setup] main.main > main.newStow => main.newStow.func1
func Commands(u *boundary.Unit, commands []boundary.Command) []string {
	var out []string
	for _, c := range commands {
		s := strings.Join(c.Words, " ")
		if s == "" {
			s = "-"
		}
		if len(c.Aliases) > 0 {
			s += " (" + strings.Join(c.Aliases, " ") + ")"
		}
		if c.Hidden {
			s += " hidden"
		}
		if len(c.Before) > 0 {
			s += " [" + handlers(u, c.Before) + "]"
		}
		var route []string
		for _, n := range c.Route {
			route = append(route, Name(u, n))
		}
		out = append(out, s+" "+strings.Join(route, " > ")+" => "+handlers(u, c.Run))
	}
	return out
}

func handlers(u *boundary.Unit, hs []boundary.Handler) string {
	var out []string
	for _, h := range hs {
		out = append(out, Name(u, h.Fn))
	}
	return strings.Join(out, " ")
}

// Branches writes each branch as one line: function, word, and the live calls of
// functions of the program.
func Branches(u *boundary.Unit, branches []boundary.Branch) []string {
	var out []string
	for _, b := range branches {
		s := fmt.Sprintf("%s %q:", Name(u, b.In), b.Word)
		for _, call := range b.Live {
			site := u.Graph.At(call)
			if site == nil {
				continue
			}
			for _, callee := range site.Callees {
				if u.Program.User(callee) {
					s += " " + Name(u, callee)
				}
			}
		}
		out = append(out, s)
	}
	return out
}

// Compare reports the lines that are missing and those that should not be.
func Compare(t *testing.T, what string, got []string, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if g, w := strings.Join(got, "\n"), strings.Join(lines, "\n"); g != w {
		t.Errorf("%s:\n%s\nwant:\n%s", what, g, w)
	}
}
