package golist

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/system"
)

// A Listing is a main package with everything it imports, as the go command has
// it, and what there is to say about packages that it does not have.
type Listing struct {
	Main   *packages.Package
	GOROOT string            // the standard library's folder
	Sizes  types.Sizes       // on the system that is listed for
	Why    map[string]string // by import path, of what was not found
	Notes  []string          // how it was listed, if not as usual
	Files  []string          // that may say where packages are found; not all are there
	Absent []string          // folders in which packages would be that were not found
}

// Executable lists the main package of p, once until Forget. That a package is
// missing is an error only for the main package itself.
func (l *Lister) Executable(ctx context.Context, p *system.Program) (*Listing, error) {
	l.mu.Lock()
	listed := l.listed[p]
	l.mu.Unlock()
	if listed != nil {
		return listed, nil
	}
	if listed = l.recallListing(ctx, p); listed == nil {
		r, err := l.rootOf(p)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if listed, err = l.listMain(ctx, r, p); err != nil {
			return nil, err
		}
		l.keepListing(p, listed, began)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listed[p] = listed
	return listed, nil
}

// Forget makes room for the next program.
func (l *Lister) Forget(p *system.Program) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.listed, p)
}

// listMain asks the go command.
func (l *Lister) listMain(ctx context.Context, r *root, p *system.Program) (*Listing, error) {
	if p.Library {
		return l.listLibrary(ctx, r, p)
	}
	listed, err := l.list(ctx, r, metadata, []string{r.pattern(p.Dir)})
	if err != nil {
		return nil, err
	}
	if len(listed) != 1 || len(listed[0].GoFiles) == 0 {
		why := "no Go files for this system; set -tags or GOOS"
		if len(listed) == 1 && len(listed[0].Errors) > 0 {
			why = OneLine(listed[0].Errors[0].Msg)
		}
		return nil, fmt.Errorf("%s: cannot list package %s: %s", r.dir, p.Package, why)
	}
	out := &Listing{Main: listed[0], GOROOT: goroot(listed[0]), Sizes: l.Environment(ctx).sizes(), Why: map[string]string{}, Files: r.files()}
	l.tellAbsent(ctx, r, out)
	if why := l.whyRefused(r); why != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("%s: the go command does not list this module (%s); what its go.mod names was looked up without it", r.dir, why))
	}
	return out, nil
}

// list runs the driver of go/packages in root r. File names in the answer are
// those of the studied tree, in every layout. A root that the go command refuses
// is listed as in the time of GOPATH, where nothing can disagree.
func (l *Lister) list(ctx context.Context, r *root, need packages.LoadMode, patterns []string) ([]*packages.Package, error) {
	if l.whyRefused(r) != "" {
		return l.listWithoutModules(ctx, r, need, patterns)
	}
	c, err := l.driverConfig(r)
	if err != nil {
		return nil, err
	}
	listed, err := c.load(ctx, r, need, patterns)
	if err == nil || ctx.Err() != nil || r.layout != inModule || !driverUnset() {
		return listed, err
	}
	if without, failed := l.listWithoutModules(ctx, r, need, patterns); failed == nil {
		l.refuse(r, err)
		return without, nil
	}
	return nil, err
}

// listWithoutModules links every module that r requires into a GOPATH, and lists
// there.
func (l *Lister) listWithoutModules(ctx context.Context, r *root, need packages.LoadMode, patterns []string) ([]*packages.Package, error) {
	b := requirements(r, l.Environment(ctx).ModuleCache)
	if err := b.check(l.Environment(ctx).Version); err != nil {
		return nil, err
	}
	g, err := b.gopath()
	if err != nil {
		return nil, err
	}
	c := &driverConfig{gopath: g}
	c.BuildFlags = l.buildFlags()
	c.Env = append(environ(), g.environment()...)
	c.Dir = g.dir
	paths := make([]string, len(patterns))
	for i, pattern := range patterns {
		paths[i] = b.path(filepath.Join(r.dir, filepath.FromSlash(pattern)))
	}
	listed, err := c.load(ctx, r, need, paths)
	if err != nil {
		return nil, err
	}
	packages.Visit(listed, nil, func(p *packages.Package) {
		if m := b.of(p.PkgPath); m != nil && Within(m.Dir, p.Dir) && !strings.Contains(p.PkgPath, "/vendor/") {
			p.Module = m
		}
	})
	return listed, nil
}

// path is the import path of a folder of the root's own modules.
func (b *buildList) path(dir string) string {
	path := dir
	found := ""
	for _, m := range b.modules {
		if m.Main && Within(m.Dir, dir) && len(m.Dir) > len(found) {
			found = m.Dir
			path = m.Path + filepath.ToSlash(strings.TrimPrefix(dir, m.Dir))
		}
	}
	return path
}

func (l *Lister) whyRefused(r *root) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused[r]
}

func (l *Lister) refuse(r *root, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, why, _ := strings.Cut(err.Error(), ": cannot list packages: ")
	l.refused[r] = strings.TrimPrefix(why, "go: ")
}

// driverConfig is the configuration of go/packages for one root, and the
// temporary GOPATH it may need.
type driverConfig struct {
	packages.Config
	gopath *gopath // nil if there is none
}

// load runs the driver, and removes the temporary GOPATH.
func (c *driverConfig) load(ctx context.Context, r *root, need packages.LoadMode, patterns []string) ([]*packages.Package, error) {
	defer c.gopath.remove()
	c.Context, c.Mode = ctx, need
	listed, err := packages.Load(&c.Config, patterns...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if _, gone := exec.LookPath("go"); err != nil && gone != nil && driverUnset() {
		return nil, fmt.Errorf("%s: cannot list packages: there is no go command in PATH; install Go", r.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot list packages: %s", r.dir, c.gopath.text(driverMessage(err)))
	}
	// go/packages makes a package of this name of some failures of go list.
	if len(listed) == 1 && listed[0].PkgPath == "command-line-arguments" && len(listed[0].GoFiles) == 0 && len(listed[0].Errors) > 0 {
		return nil, fmt.Errorf("%s: cannot list packages: %s", r.dir, c.gopath.text(OneLine(listed[0].Errors[0].Msg)))
	}
	packages.Visit(listed, func(p *packages.Package) bool {
		for i := range p.GoFiles {
			p.GoFiles[i] = c.gopath.file(p.GoFiles[i])
		}
		p.Dir = c.gopath.file(p.Dir)
		for i := range p.Errors {
			p.Errors[i].Msg = c.gopath.text(p.Errors[i].Msg)
		}
		return true
	}, nil)
	return listed, nil
}

// environ is the environment of a go command. Without CGO_ENABLED=1 the Go code
// of cgo files is not listed. The go command needs no C compiler to list it.
func environ() []string {
	return append(os.Environ(), "CGO_ENABLED=1")
}

func (l *Lister) buildFlags() []string {
	if l.tags == "" {
		return nil
	}
	return []string{"-tags=" + l.tags}
}

func (l *Lister) driverConfig(r *root) (*driverConfig, error) {
	c := &driverConfig{}
	c.Dir = r.dir
	c.Env = environ()
	c.BuildFlags = l.buildFlags()
	switch {
	case r.layout == inModule && driverUnset():
		if r.alone {
			c.Env = append(c.Env, "GOWORK=off")
		}
		if vendorUnasked(r) {
			c.BuildFlags = append(c.BuildFlags, "-mod=vendor")
		}
	case r.layout == inVendorMod:
		return c, c.overlayVendorMod(r)
	case r.layout == inGopath && driverUnset():
		return c, c.linkGopath(r)
	}
	return c, nil
}

func driverUnset() bool {
	driver := os.Getenv("GOPACKAGESDRIVER")
	return driver == "" || driver == "off"
}

// vendorUnasked reports whether a module has a vendor folder that the go
// command would pass over, since its go.mod says no go version of 1.14 or later.
func vendorUnasked(r *root) bool {
	if !exists(r.dir, "vendor/modules.txt") || exists(r.dir, "go.work") || strings.Contains(os.Getenv("GOFLAGS"), "-mod=") {
		return false
	}
	data, err := os.ReadFile(filepath.Join(r.dir, "go.mod"))
	if err != nil {
		return false
	}
	f, err := modfile.ParseLax("go.mod", data, nil)
	return err == nil && (f.Go == nil || semver.Compare("v"+f.Go.Version, "v1.14") < 0)
}

// overlayVendorMod shows vendor.mod to the go command as go.mod.
func (c *driverConfig) overlayVendorMod(r *root) error {
	c.Overlay = map[string][]byte{}
	for shown, name := range map[string]string{"go.mod": "vendor.mod", "go.sum": "vendor.sum"} {
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		if err == nil {
			c.Overlay[filepath.Join(r.dir, shown)] = data
		} else if name == "vendor.mod" {
			return Unreadable(err)
		}
	}
	c.Env = append(c.Env, "GOWORK=off", "GO111MODULE=on", "GOFLAGS="+withoutModFlags(os.Getenv("GOFLAGS")))
	if exists(r.dir, "vendor/modules.txt") {
		c.BuildFlags = append(c.BuildFlags, "-mod=vendor")
	}
	return nil
}

// linkGopath puts the root under its import path into a temporary GOPATH.
// vendor/src and Godeps/_workspace were GOPATH entries in their time and are
// so again; the user's own GOPATH comes last.
func (c *driverConfig) linkGopath(r *root) error {
	g, err := newGopath()
	if err != nil {
		return err
	}
	if err := g.add(r.path, r.dir, nil); err != nil {
		g.remove()
		return err
	}
	var more []string
	if exists(r.dir, "vendor/src") {
		more = append(more, filepath.Join(r.dir, "vendor"))
	}
	if exists(r.dir, "Godeps/_workspace/src") {
		more = append(more, filepath.Join(r.dir, "Godeps/_workspace"))
	}
	c.gopath = g
	c.Dir = g.place(r.path)
	c.Env = append(c.Env, g.environment(more...)...)
	return nil
}

// withoutModFlags removes the flags that go list refuses in GOPATH mode.
func withoutModFlags(goflags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(goflags), func(flag string) bool {
		flag = strings.TrimLeft(flag, "-")
		return strings.HasPrefix(flag, "mod=") || strings.HasPrefix(flag, "modfile=")
	}), " ")
}

// pattern names the folder dir to the go command when it runs in r.dir.
func (r *root) pattern(dir string) string {
	rel, err := filepath.Rel(r.dir, dir)
	if err != nil {
		return dir
	}
	return "./" + filepath.ToSlash(rel)
}

// tellAbsent says of every package that was not found why, as far as that is known,
// and where it would be. A package is absent if the go command has no files of it.
func (l *Lister) tellAbsent(ctx context.Context, r *root, out *Listing) {
	var b *buildList
	packages.Visit([]*packages.Package{out.Main}, nil, func(p *packages.Package) {
		if len(p.GoFiles) > 0 || p.PkgPath == "unsafe" {
			return
		}
		if b == nil {
			b = requirements(r, l.Environment(ctx).ModuleCache)
		}
		out.Why[p.PkgPath] = b.absent(p.PkgPath, r.dir)
		if out.Why[p.PkgPath] == "" && len(p.Errors) > 0 {
			out.Why[p.PkgPath], _, _ = strings.Cut(OneLine(p.Errors[0].Msg), "; to add") // which only the tree's owner should
		}
		out.Absent = append(out.Absent, b.places(p.PkgPath, r.dir, l.Environment(ctx).GOPATH)...)
	})
}

// driverMessage takes the go command's own words out of an error of go/packages.
func driverMessage(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "stderr: "); ok && strings.TrimSpace(after) != "" {
		text = after
	}
	var list packages.Error
	if errors.As(err, &list) {
		text = list.Msg
	}
	return OneLine(text)
}
