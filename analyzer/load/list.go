package load

import (
	"context"
	"errors"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/system"
)

// metadata is what one executable needs. All that makes go/packages ask the go
// command for compiled files must stay out of it, for then that runs cgo and the
// C compiler: NeedCompiledGoFiles, NeedSyntax, NeedTypes, NeedTypesInfo,
// NeedExportFile, and NeedTypesSizes too.
const metadata = packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule

// listExecutable returns the main package of p with everything it imports.
func (l *Loader) listExecutable(ctx context.Context, r *root, p *system.Program) (*packages.Package, error) {
	listed, err := l.list(ctx, r, metadata, []string{r.pattern(p.Dir)})
	if err != nil {
		return nil, err
	}
	if len(listed) != 1 || len(listed[0].GoFiles) == 0 {
		why := "no Go files for this system; set -tags or GOOS"
		if len(listed) == 1 && len(listed[0].Errors) > 0 {
			why = oneLine(listed[0].Errors[0].Msg)
		}
		return nil, fmt.Errorf("%s: cannot list package %s: %s", r.dir, p.Package, why)
	}
	if err := missingModule(r, listed[0]); err != nil {
		return nil, err
	}
	return listed[0], nil
}

// list runs the driver of go/packages in root r. File names in the answer are
// those of the studied tree, in every layout.
func (l *Loader) list(ctx context.Context, r *root, need packages.LoadMode, patterns []string) ([]*packages.Package, error) {
	c, err := l.driverConfig(r)
	if err != nil {
		return nil, err
	}
	defer c.remove()
	c.Context, c.Mode = ctx, need
	listed, err := packages.Load(&c.Config, patterns...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if _, gone := exec.LookPath("go"); err != nil && gone != nil && driverUnset() {
		return nil, fmt.Errorf("%s: cannot list packages: there is no go command in PATH; install Go", r.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot list packages: %s", r.dir, c.real(driverMessage(err)))
	}
	packages.Visit(listed, func(p *packages.Package) bool {
		for i := range p.GoFiles {
			p.GoFiles[i] = c.real(p.GoFiles[i])
		}
		p.Dir = c.real(p.Dir)
		for i := range p.Errors {
			p.Errors[i].Msg = c.real(p.Errors[i].Msg)
		}
		return true
	}, nil)
	return listed, nil
}

// driverConfig is the configuration of go/packages for one root, and the
// temporary GOPATH it may need.
type driverConfig struct {
	packages.Config
	temp string // temporary GOPATH, empty if there is none
	link string // the symlink in it
	to   string // what the symlink stands for
}

// real replaces the temporary GOPATH in a text by what it stands for.
func (c *driverConfig) real(text string) string {
	if c.temp == "" {
		return text
	}
	return strings.ReplaceAll(text, c.link, c.to)
}

func (c *driverConfig) remove() {
	if c.temp != "" {
		os.RemoveAll(c.temp)
	}
}

func (l *Loader) driverConfig(r *root) (*driverConfig, error) {
	c := &driverConfig{}
	c.Dir = r.dir
	// Without CGO_ENABLED=1 the Go code of cgo files is not listed. The go
	// command needs no C compiler to list it.
	c.Env = append(os.Environ(), "CGO_ENABLED=1")
	if l.opts.Tags != "" {
		c.BuildFlags = []string{"-tags=" + l.opts.Tags}
	}
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
			return unreadable(err)
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
	temp, err := os.MkdirTemp("", "callroute-gopath-")
	if err != nil {
		return fmt.Errorf("no temporary folder for GOPATH: %w; set TMPDIR", err)
	}
	c.temp, c.link, c.to = temp, filepath.Join(temp, "src", filepath.FromSlash(r.path)), r.dir
	err = os.MkdirAll(filepath.Dir(c.link), 0o700)
	if err == nil {
		err = os.Symlink(r.dir, c.link)
	}
	if err != nil {
		c.remove()
		return fmt.Errorf("no temporary GOPATH for %s: %w; set TMPDIR", r.dir, err)
	}
	entries := []string{temp}
	if exists(r.dir, "vendor/src") {
		entries = append(entries, filepath.Join(r.dir, "vendor"))
	}
	if exists(r.dir, "Godeps/_workspace/src") {
		entries = append(entries, filepath.Join(r.dir, "Godeps/_workspace"))
	}
	entries = append(entries, filepath.SplitList(build.Default.GOPATH)...)
	c.Dir = c.link
	c.Env = append(c.Env, "GO111MODULE=off", "GOPACKAGESDRIVER=off",
		"GOPATH="+strings.Join(entries, string(filepath.ListSeparator)), "GOFLAGS="+withoutModFlags(os.Getenv("GOFLAGS")))
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

// missingModule looks for the first package that is absent although go.mod
// requires a module for it: that can be mended with one command. A package that
// its module does not have, or that was not vendored, cannot.
func missingModule(r *root, main *packages.Package) error {
	if r.layout != inModule {
		return nil
	}
	var absent []string
	packages.Visit([]*packages.Package{main}, nil, func(p *packages.Package) {
		if len(p.Errors) == 0 || len(p.GoFiles) > 0 {
			return
		}
		for _, reason := range []string{"does not contain package", "-mod=vendor", "is not in std", "build constraints exclude"} {
			if strings.Contains(p.Errors[0].Msg, reason) {
				return
			}
		}
		absent = append(absent, p.PkgPath)
	})
	slices.Sort(absent)
	for _, path := range absent {
		if m := r.requirement(path); m != "" {
			return fmt.Errorf("%s is required but not in the module cache nor vendor/; run `go mod download` in %s", m, r.dir)
		}
	}
	return nil
}

// requirement returns module@version of the go.mod requirement that an import
// path belongs to, empty if there is none.
func (r *root) requirement(path string) string {
	found, length := "", 0
	for _, dir := range append([]string{r.dir}, r.used...) {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil {
			continue
		}
		f, err := modfile.ParseLax("go.mod", data, nil)
		if err != nil {
			continue
		}
		for _, req := range f.Require {
			if hasPath(req.Mod.Path, path) && len(req.Mod.Path) > length {
				found, length = req.Mod.String(), len(req.Mod.Path)
			}
		}
	}
	return found
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
	return oneLine(text)
}

// oneLine joins a message of several lines.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
