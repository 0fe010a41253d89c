package load

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/system"
)

func TestZZReal(t *testing.T) {
	dir := os.Getenv("REALDIR")
	if dir == "" {
		t.Skip()
	}
	l := New(Options{})
	src := &system.Source{Name: "x", Dir: dir, Given: dir}
	ps, err := l.Mains(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		if p.Name != os.Getenv("REALPROG") {
			continue
		}
		r, _ := l.rootOf(p)
		b := &breaker{dir: dir, loader: l, tokens: map[string][]piece{}}
		b.real = p
		b.listed, err = l.listExecutable(context.Background(), r, p)
		if err != nil {
			t.Fatal(err)
		}
		e, err := l.assemble(context.Background(), b.listed, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, pkg := range e.Packages {
			for _, f := range pkg.Files {
				name := e.Fset.Position(f.Pos()).Filename
				if strings.HasPrefix(name, dir) {
					text, _ := os.ReadFile(name)
					rel, _ := filepath.Rel(dir, name)
					b.files = append(b.files, txtar.File{Name: rel, Data: text})
					b.tokens[rel] = tokensOf(text)
				}
			}
		}
		t.Log(len(b.files))
		for seed := range int64(600) {
			b.try(t, seed+1000000)
		}
	}
}
func (b *breaker) more() int { if b.real != nil { return 12 }; return 0 }
