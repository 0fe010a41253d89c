// Package program builds the SSA of one executable and gives its functions
// the names and places that callroute shows.
//
// Two executables never share a Program: a main package must not see the
// implementations that only another main links.
package program

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/load"
)

// Program is the SSA of one executable.
type Program struct {
	Exe   *load.Executable
	SSA   *ssa.Program
	Main  *ssa.Package
	Funcs []*ssa.Function // every function, generic instances and wrappers included, in a fixed order
	Broke []string        // packages that go/ssa could not build; they are declarations only

	owner   map[token.Pos]string // func keyword of a literal in a package variable → "updateCommand"
	std     map[*types.Package]bool
	user    map[*types.Package]bool
	names   map[*ssa.Function]string
	symbols map[string][]*ssa.Function // made when it is first asked for

	opaque  map[*types.Func]load.Opaque
	unbuilt map[*types.Package]bool         // libraries without bodies
	linked  map[*ssa.Function]*ssa.Function // by //go:linkname, from the function without a body
}

// Build makes the SSA of exe. A package on which go/ssa panics is built again
// as declarations only and listed in Broke.
func Build(ctx context.Context, exe *load.Executable) (*Program, error) {
	broken := map[*types.Package]bool{}
	for {
		p, failed := build(exe, broken)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(failed) == 0 {
			p.finish(broken)
			return p, nil
		}
		for _, t := range failed {
			broken[t] = true
		}
	}
}

// build makes one attempt and returns the packages that panicked.
func build(exe *load.Executable, broken map[*types.Package]bool) (*Program, []*types.Package) {
	p := &Program{
		Exe: exe, SSA: ssa.NewProgram(exe.Fset, ssa.InstantiateGenerics),
		std: map[*types.Package]bool{}, user: map[*types.Package]bool{}, names: map[*ssa.Function]string{},
		opaque: map[*types.Func]load.Opaque{}, unbuilt: map[*types.Package]bool{},
	}
	created := map[*types.Package]bool{}
	var work []*ssa.Package
	for _, lp := range exe.Packages {
		if lp.Types == nil || created[lp.Types] {
			continue
		}
		created[lp.Types] = true
		p.std[lp.Types] = lp.Standard
		p.user[lp.Types] = lp.User
		if lp.Files == nil || broken[lp.Types] {
			p.SSA.CreatePackage(lp.Types, nil, nil, true)
			p.unbuilt[lp.Types] = true
			continue
		}
		maps.Copy(p.opaque, lp.Opaque)
		sp := p.SSA.CreatePackage(lp.Types, lp.Files, lp.Info, true)
		work = append(work, sp)
		if lp == exe.Main {
			p.Main = sp
		}
	}
	for _, lp := range exe.Packages {
		if lp.Types != nil {
			p.createImports(lp.Types, created)
		}
	}
	return p, buildAll(work)
}

// createImports declares the packages that are only known through imports.
func (p *Program) createImports(t *types.Package, created map[*types.Package]bool) {
	for _, i := range t.Imports() {
		if !created[i] {
			created[i] = true
			p.SSA.CreatePackage(i, nil, nil, true)
			p.createImports(i, created)
		}
	}
}

// buildAll builds the packages in parallel. It does not use Program.Build: a
// panic in that method's own goroutines could not be recovered.
func buildAll(work []*ssa.Package) (failed []*types.Package) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan *ssa.Package)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for sp := range next {
				func() {
					defer func() {
						if recover() != nil {
							mu.Lock()
							failed = append(failed, sp.Pkg)
							mu.Unlock()
						}
					}()
					sp.Build()
				}()
			}
		})
	}
	for _, sp := range work {
		next <- sp
	}
	close(next)
	wg.Wait()
	return failed
}

// finish collects functions and names once every package is built.
func (p *Program) finish(broken map[*types.Package]bool) {
	for t := range broken {
		p.Broke = append(p.Broke, t.Path())
	}
	sort.Strings(p.Broke)
	p.owner = literalOwners(p.Exe)
	p.linked = p.links()
	for f := range ssautil.AllFunctions(p.SSA) {
		p.Funcs = append(p.Funcs, f)
	}
	type key struct {
		name string
		pos  token.Pos
		full string
	}
	keys := make(map[*ssa.Function]key, len(p.Funcs))
	for _, f := range p.Funcs {
		keys[f] = key{f.RelString(nil), f.Pos(), f.Synthetic}
	}
	slices.SortFunc(p.Funcs, func(a, b *ssa.Function) int {
		x, y := keys[a], keys[b]
		if c := strings.Compare(x.name, y.name); c != 0 {
			return c
		}
		if x.pos != y.pos {
			return int(x.pos - y.pos)
		}
		if c := strings.Compare(x.full, y.full); c != 0 {
			return c
		}
		return strings.Compare(a.Signature.String(), b.Signature.String())
	})
}

// literalOwners finds the package variable in whose initializer a function
// literal stands.
func literalOwners(exe *load.Executable) map[token.Pos]string {
	owner := map[token.Pos]string{}
	for _, lp := range exe.Packages {
		for _, f := range lp.Files {
			for _, d := range f.Decls {
				gd, ok := d.(*ast.GenDecl)
				if !ok || gd.Tok != token.VAR {
					continue
				}
				for _, s := range gd.Specs {
					vs := s.(*ast.ValueSpec)
					for i, v := range vs.Values {
						name := vs.Names[min(i, len(vs.Names)-1)].Name
						ast.Inspect(v, func(n ast.Node) bool {
							if fl, ok := n.(*ast.FuncLit); ok {
								owner[fl.Type.Func] = name
								return false
							}
							return true
						})
					}
				}
			}
		}
	}
	return owner
}

// declaration marks a function of which only the type is loaded.
const declaration = "from type information"

// Named is the functions that have this symbol.
func (p *Program) Named(symbol string) []*ssa.Function {
	if p.symbols == nil {
		p.symbols = map[string][]*ssa.Function{}
		for _, f := range p.Funcs {
			if f.Synthetic == "" || f.Synthetic == declaration {
				s := Symbol(f)
				p.symbols[s] = append(p.symbols[s], f)
			}
		}
	}
	return p.symbols[symbol]
}

// Std reports whether f belongs to the standard library.
func (p *Program) Std(f *ssa.Function) bool { return p.std[pkgOf(f)] }

// StdPackage reports whether t is a package of the standard library.
func (p *Program) StdPackage(t *types.Package) bool { return p.std[t] }

// User reports whether f belongs to the sources under study.
func (p *Program) User(f *ssa.Function) bool { return p.user[pkgOf(f)] }

// UserPackage reports whether t is a package of the sources under study.
func (p *Program) UserPackage(t *types.Package) bool { return p.user[t] }

// pkgOf is the package that declares f, also for wrappers and instances.
func pkgOf(f *ssa.Function) *types.Package {
	for f.Parent() != nil {
		f = f.Parent()
	}
	if f.Origin() != nil {
		f = f.Origin()
	}
	if f.Pkg != nil {
		return f.Pkg.Pkg
	}
	if o := f.Object(); o != nil {
		return o.Pkg()
	}
	return nil
}

// PkgPath is the import path of the package that declares f, "" for none.
func PkgPath(f *ssa.Function) string {
	if t := pkgOf(f); t != nil {
		return t.Path()
	}
	return ""
}

// Name is the name of f in the trace JSON: import path, then .F, .(*T).M,
// .T.M; literals are .F.func1, .F.func1.2 in source order.
func (p *Program) Name(f *ssa.Function) string {
	if n, ok := p.names[f]; ok {
		return n
	}
	n := p.name(f)
	p.names[f] = n
	return n
}

func (p *Program) name(f *ssa.Function) string {
	if f.Origin() != nil {
		f = f.Origin()
	}
	if parent := f.Parent(); parent != nil {
		if owner, i := p.varLiteral(f); owner != "" {
			return fmt.Sprintf("%s.%s.func%d", PkgPath(f), owner, i)
		}
		i := rank(f, parent.AnonFuncs)
		if parent.Parent() != nil {
			return fmt.Sprintf("%s.%d", p.Name(parent), i)
		}
		return fmt.Sprintf("%s.func%d", p.Name(parent), i)
	}
	if o, ok := f.Object().(*types.Func); ok {
		if recv := o.Signature().Recv(); recv != nil {
			return PkgPath(f) + "." + TypeName(recv.Type()) + "." + o.Name()
		}
		return PkgPath(f) + "." + o.Name()
	}
	return PkgPath(f) + "." + f.Name()
}

// varLiteral tells the variable that owns a literal of the package
// initializer, and the literal's place among those of the same variable.
func (p *Program) varLiteral(f *ssa.Function) (owner string, i int) {
	owner = p.owner[f.Pos()]
	if owner == "" || f.Parent().Parent() != nil {
		return "", 0
	}
	var same []*ssa.Function
	for _, g := range f.Parent().AnonFuncs {
		if p.owner[g.Pos()] == owner && PkgPath(g) == PkgPath(f) {
			same = append(same, g)
		}
	}
	return owner, rank(f, same)
}

// rank is the place of f, from 1, among funcs in source order.
func rank(f *ssa.Function, funcs []*ssa.Function) int {
	i := 1
	for _, g := range funcs {
		if g != f && g.Pos() < f.Pos() && g.Synthetic == "" {
			i++
		}
	}
	return i
}

// TypeName is T or (*T), without package and type arguments.
func TypeName(t types.Type) string {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		return "(*" + TypeName(ptr.Elem()) + ")"
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj().Name()
	}
	return t.String()
}

// Symbol is the name under which callroute knows library functions: the
// form of ssa.Function.String, "net/http.NewRequest" or
// "(*net/http.Client).Do", without type arguments.
func Symbol(f *ssa.Function) string {
	if f == nil {
		return ""
	}
	if f.Origin() != nil {
		f = f.Origin()
	}
	if o, ok := f.Object().(*types.Func); ok {
		return o.FullName()
	}
	return f.String()
}

// Place is where f is declared: the file relative to its source's dir, the
// line of its declaration or func keyword, and its last line.
func (p *Program) Place(f *ssa.Function) (file string, line, end int) {
	if f.Origin() != nil {
		f = f.Origin()
	}
	pos := f.Pos()
	if !pos.IsValid() {
		return "", 0, 0
	}
	at := p.Exe.Fset.PositionFor(pos, false)
	line, end = at.Line, at.Line
	if n := f.Syntax(); n != nil {
		line = p.Exe.Fset.PositionFor(n.Pos(), false).Line
		end = p.Exe.Fset.PositionFor(n.End(), false).Line
	}
	return p.Exe.Rel(at.Filename), line, end
}

// Receiver is the type of f's receiver, nil if f has none or its place is not
// known.
func (p *Program) Receiver(f *ssa.Function) *flow.Type {
	if f.Signature.Recv() == nil {
		return nil
	}
	t := types.Unalias(f.Signature.Recv().Type())
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !named.Obj().Pos().IsValid() {
		return nil
	}
	at := p.Exe.Fset.PositionFor(named.Obj().Pos(), false)
	return &flow.Type{
		Name: named.Obj().Pkg().Path() + "." + named.Obj().Name(),
		Site: flow.Site{File: p.Exe.Rel(at.Filename), Line: at.Line},
	}
}

// Line is the line of a position, 0 for none.
func (p *Program) Line(pos token.Pos) int {
	if !pos.IsValid() {
		return 0
	}
	return p.Exe.Fset.PositionFor(pos, false).Line
}
