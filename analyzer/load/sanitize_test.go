package load

import (
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"math/rand"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/golist"
)

// TestBrokenSource breaks the corpus in many small ways. Whatever go/types makes
// of it, go/ssa and VTA must take what the loader returns.
func TestBrokenSource(t *testing.T) {
	b := newBreaker(t)
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	for seed := range int64(rounds) {
		b.try(t, seed)
	}
}

func FuzzBrokenSource(f *testing.F) {
	b := newBreaker(f)
	f.Fuzz(func(t *testing.T, seed int64) { b.try(t, seed) })
}

// breaker holds the corpus on disk and in memory.
type breaker struct {
	dir    string
	loader *Loader
	listed *golist.Listing
	files  []txtar.File
	tokens map[string][]piece
}

// piece is one token of a file.
type piece struct {
	text       string
	start, end int
}

func newBreaker(tb testing.TB) *breaker {
	tb.Helper()
	archive, err := txtar.ParseFile("testdata/corpus.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	// The native package has to be in the executable to be broken.
	for i, f := range archive.Files {
		if f.Name == "words/words.go" {
			archive.Files[i].Data = append([]byte("package words\nimport _ \"example.com/corpus/native\"\n"), f.Data[len("package words\n"):]...)
		}
	}
	b := &breaker{dir: writeTree(tb, archive), loader: New(Options{}), tokens: map[string][]piece{}}
	for _, f := range archive.Files {
		if filepath.Ext(f.Name) == ".go" {
			b.files = append(b.files, f)
			b.tokens[f.Name] = tokensOf(f.Data)
		}
	}
	// The packages stay the same while their text changes.
	b.listed, err = b.loader.Executable(context.Background(), b.program())
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func tokensOf(text []byte) []piece {
	var pieces []piece
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return pieces
		}
		if lit == "" || tok.IsOperator() && tok != token.SEMICOLON {
			lit = tok.String()
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		start := file.Offset(pos)
		pieces = append(pieces, piece{lit, start, start + len(lit)})
	}
}

// try breaks one to three places of one or two files and loads the result.
func (b *breaker) try(t *testing.T, seed int64) {
	t.Helper()
	r := rand.New(rand.NewSource(seed))
	broken := map[string][]byte{}
	for range 1 + r.Intn(2) {
		f := b.files[r.Intn(len(b.files))]
		broken[f.Name] = b.mutate(r, f)
	}
	for name, text := range broken {
		b.write(t, name, text)
	}
	defer func() {
		if p := recover(); p != nil {
			for name, text := range broken {
				t.Logf("-- %s --\n%s", name, text)
			}
			t.Fatalf("seed %d: panic: %v\n%s", seed, p, debug.Stack())
		}
		for _, f := range b.files {
			if broken[f.Name] != nil {
				b.write(t, f.Name, f.Data)
			}
		}
	}()
	e, err := b.loader.assemble(context.Background(), b.listed, b.program(), nil)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	buildAll(e)
}

func (b *breaker) mutate(r *rand.Rand, f txtar.File) []byte {
	text := f.Data
	for range 1 + r.Intn(3) {
		pieces := tokensOf(text)
		if len(pieces) < 4 {
			break
		}
		at := pieces[r.Intn(len(pieces))]
		other := b.files[r.Intn(len(b.files))].Name
		with := b.tokens[other][r.Intn(len(b.tokens[other]))].text
		switch r.Intn(5) {
		case 0: // delete
			with = ""
		case 1: // duplicate
			with = at.text + " " + at.text
		case 2: // insert
			with = at.text + " " + with
		case 3: // cut out a stretch
			end := pieces[r.Intn(len(pieces))]
			if end.start > at.end && end.start-at.end < 80 {
				at.end = end.start
			}
			with = ""
		}
		text = fmt.Appendf(nil, "%s%s%s", text[:at.start], with, text[at.end:])
	}
	return text
}

func (b *breaker) write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// buildAll does with an executable what the stages after load do.
func buildAll(e *Executable) *ssa.Program {
	prog := ssa.NewProgram(e.Fset, ssa.InstantiateGenerics|ssa.BuildSerially)
	for _, p := range e.Packages {
		prog.CreatePackage(p.Types, p.Files, p.Info, true)
	}
	prog.Build()
	vta.CallGraph(ssautil.AllFunctions(prog), nil)
	return prog
}
