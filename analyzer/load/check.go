package load

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"go/version"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// check type-checks the units, imports first. Those already checked by an
// earlier Load of this Loader come with Types set. told, unless it is nil, hears
// from time to time how many are done.
func (l *Loader) check(ctx context.Context, units []*unit, sizes types.Sizes, told func(done int)) error {
	var done atomic.Int64
	often := int64(max(1, len(units)/50))
	var g errgroup.Group
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, u := range units {
		g.Go(func() error {
			defer close(u.checked)
			for _, dep := range u.imports {
				<-dep.checked
			}
			free <- struct{}{}
			defer func() { <-free }()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			l.checkUnit(u, sizes)
			if n := done.Add(1); told != nil && n%often == 0 {
				told(int(n))
			}
			return nil
		})
	}
	return g.Wait()
}

func (l *Loader) checkUnit(u *unit, sizes types.Sizes) {
	switch {
	case u.Types != nil:
		return
	case u.Path == "unsafe":
		u.Types = types.Unsafe
		return
	case u.missing:
		u.becomeEmpty()
		return
	}
	for _, dep := range u.imports {
		u.tainted = u.tainted || dep.tainted && !dep.Standard
	}
	errs, ok := l.checkBodies(u, sizes)
	if !ok {
		u.becomeEmpty()
		return
	}
	u.keepKnownImports()
	if !u.bodies {
		u.Files = nil
		return
	}
	for f := range u.Info.FileVersions {
		u.Info.FileVersions[f] = u.language()
	}
	if u.tainted {
		u.sanitize(errs)
	}
	u.tellOpaque()
}

// checkBodies checks a unit, and again where holes were made in its bodies. The
// errors are those that are left. A hole may need another one, as may a body that
// go/types gave up on at its first error.
func (l *Loader) checkBodies(u *unit, sizes types.Sizes) (errs []types.Error, ok bool) {
	const most = 4
	for pass := range most {
		errs, ok = l.checkOnce(u, sizes)
		if pass == 0 {
			u.errors = append(u.errors, errs...)
		}
		u.tainted = u.tainted || len(errs) > 0
		if !ok || !u.bodies || !u.tainted || !u.dig(errs) {
			return errs, ok
		}
	}
	return l.checkOnce(u, sizes)
}

func (l *Loader) checkOnce(u *unit, sizes types.Sizes) (errs []types.Error, ok bool) {
	conf := types.Config{
		Importer:         importerFor{u},
		FakeImportC:      true,
		IgnoreFuncBodies: !u.bodies,
		Sizes:            sizes,
		Error: func(err error) {
			if e := (types.Error{}); errors.As(err, &e) && !harmless(e) {
				errs = append(errs, e)
			}
		},
	}
	u.Types = types.NewPackage(u.Path, u.clause)
	if u.bodies {
		u.Info = &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
			Implicits: map[ast.Node]types.Object{}, Instances: map[*ast.Ident]types.Instance{},
			Selections: map[*ast.SelectorExpr]*types.Selection{}, FileVersions: map[*ast.File]string{},
		}
	}
	return errs, l.checkFiles(&conf, u)
}

// harmless reports whether go/ssa does not mind an error: something is not used,
// or a body is missing. go/types calls more than that soft, for instance a range
// over what has none.
func harmless(e types.Error) bool {
	return e.Soft && (strings.Contains(e.Msg, "not used") || strings.HasSuffix(e.Msg, "body"))
}

// checkFiles reports whether go/types got through without a panic, which code
// that is broken enough has always been able to cause.
func (l *Loader) checkFiles(conf *types.Config, u *unit) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	// The error is the first of those that conf.Error got.
	_ = types.NewChecker(conf, l.fset, u.Types, u.Info).Files(u.Files)
	return true
}

// becomeEmpty makes u a package without members.
func (u *unit) becomeEmpty() {
	if u.clause == "" {
		u.clause = guessName(u.Path)
	}
	u.Types = types.NewPackage(u.Path, u.clause)
	u.Types.MarkComplete()
	u.Info, u.Files, u.bodies, u.missing, u.tainted = nil, nil, false, true, true
}

// keepKnownImports removes from Types what has no Package of its own, such as
// "C": go/ssa panics on an import it has not seen.
func (u *unit) keepKnownImports() {
	known := map[*types.Package]bool{}
	for _, dep := range u.imports {
		known[dep.Types] = true
	}
	var imports []*types.Package
	for _, p := range u.Types.Imports() {
		if known[p] {
			imports = append(imports, p)
		}
	}
	u.Types.SetImports(imports)
}

// language is the version whose loop variables go/ssa shall assume. It is not
// given to go/types, which would use it only to refuse code: vendored trees
// often say too old a version or none.
func (u *unit) language() string {
	const beforeModules = "go1.11"
	if u.module == nil || !version.IsValid("go"+u.module.GoVersion) {
		return beforeModules
	}
	return version.Lang("go" + u.module.GoVersion)
}

// importerFor resolves the import declarations of one unit.
type importerFor struct{ *unit }

func (i importerFor) Import(path string) (*types.Package, error) {
	if dep := i.imports[path]; dep != nil {
		return dep.Types, nil
	}
	return nil, fmt.Errorf("package %s was not listed", path)
}
