package load

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/callroute/callroute/analyzer/golist"
)

// parse reads every file of the units once. Units whose bodies are not wanted
// lose them before the parser sees them. Positions do not depend on which file
// is parsed first: they are given away in the order of the units.
func (l *Loader) parse(ctx context.Context, units []*unit) error {
	units = slices.DeleteFunc(slices.Clone(units), func(u *unit) bool { return u.parsed || u.known != nil })
	slices.SortFunc(units, func(a, b *unit) int { return a.rank - b.rank })
	texts := make([][][]byte, len(units))
	err := inParallel(ctx, len(units), func(i int) (err error) {
		texts[i], err = units[i].read()
		return err
	})
	if err != nil {
		return err
	}
	bases := make([]int, len(units))
	l.mu.Lock()
	for i := range units {
		bases[i] = l.nextBase
		for _, text := range texts[i] {
			l.nextBase += len(text) + 1
		}
	}
	l.mu.Unlock()
	return inParallel(ctx, len(units), func(i int) error {
		l.parseUnit(units[i], texts[i], bases[i])
		return nil
	})
}

// inParallel calls f for 0 to n-1, on every processor.
func inParallel(ctx context.Context, n int, f func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return f(i)
		})
	}
	return g.Wait()
}

// read returns the text of each file, and decides by it whether the unit keeps
// its bodies.
func (u *unit) read() ([][]byte, error) {
	texts := make([][]byte, len(u.files))
	for i, name := range u.files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, golist.Unreadable(err)
		}
		texts[i] = text
	}
	u.bodies = u.bodies || u.suspectText(texts)
	return texts, nil
}

func (l *Loader) parseUnit(u *unit, texts [][]byte, base int) {
	u.parsed = true
	for i, name := range u.files {
		l.parseFile(u, name, texts[i], base)
		base += len(texts[i]) + 1
	}
	u.index()
	u.dropMessageMethods()
	if !u.bodies {
		u.emptyValues()
	}
}

func (l *Loader) parseFile(u *unit, name string, text []byte, base int) {
	if u.bodies {
		u.readLinks(text)
	} else {
		blankBodies(text)
	}
	// A FileSet gives the next file the next free position. One that is full
	// up to base gives it base.
	own := token.NewFileSet()
	own.AddFile("", own.Base(), base-own.Base()-1)
	// AllErrors, since without it ten syntax errors leave no tree at all.
	f, err := parser.ParseFile(own, name, text, parser.SkipObjectResolution|parser.AllErrors)
	l.fset.AddExistingFiles(own.File(token.Pos(base)))
	if err != nil {
		u.tainted = true
		u.cutBroken(f, err)
	}
	// Files of another package in the same folder are not checked, and go/ssa
	// must not meet what is not checked.
	if f == nil || f.Name.Name != u.clause {
		u.tainted = true
		return
	}
	if usesCgo(f) {
		u.tainted = true // C.x has no type, and that is no error
	}
	s := u.resolve(f)
	s.generated = golist.Generated(text)
	u.sources = append(u.sources, s)
}

// usesCgo reports whether a file imports "C".
func usesCgo(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == `"C"` })
}
