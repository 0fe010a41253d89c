package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/system"
)

// build makes the only program of an archive.
func build(t *testing.T, archive *txtar.Archive) *program.Program {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sys, err := system.FromDirs([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	l := load.New(load.Options{})
	mains, err := l.Mains(t.Context(), sys.Sources[0])
	if err != nil || len(mains) != 1 {
		t.Fatalf("%d programs: %v", len(mains), err)
	}
	exe, err := l.Load(t.Context(), mains[0], sys)
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.Build(t.Context(), exe)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestOpaque checks what is said of each function that the main function of
// testdata/opaque.txtar calls.
func TestOpaque(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/opaque.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p := build(t, archive)
	said := map[string]string{}
	for _, b := range p.Main.Func("main").Blocks {
		for _, i := range b.Instrs {
			if c, ok := i.(ssa.CallInstruction); ok {
				f := c.Common().StaticCallee()
				said[f.Name()] = describe(p, f)
			}
		}
	}
	checked := 0
	for line := range strings.Lines(string(archive.Comment)) {
		name, want, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		checked++
		if said[name] != want {
			t.Errorf("%s: %s, want %s", name, said[name], want)
		}
	}
	if checked != len(said) {
		t.Errorf("%d functions of %d are checked", checked, len(said))
	}
}

func describe(p *program.Program, f *ssa.Function) string {
	if to := p.Linked(f); to != nil {
		return "links to " + program.Symbol(to)
	}
	if why, ok := p.Opaque(f); ok {
		return why.Kind.String() + ": " + why.Why
	}
	return "followed"
}
