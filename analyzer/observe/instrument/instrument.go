// Package instrument builds the programs of a system so that they note what they
// do, without writing into their source trees.
//
// The go command is given an overlay: other texts for some files. In every
// package that is not of the standard library each function begins with a call of
// the recorder, which is a file more in package runtime (see package record):
// what every program has already, in every layout of modules, with vendor folders
// and without. Functions of the standard library and of golang.org/x/sys through
// which a process acts on the machine report that, too. All is inserted within a
// line, so that lines stay what they are.
//
// Phases, a file each:
//
//	instrument  the go command: which packages, then the build
//	move        modules out of the module cache
//	overlay     the texts of all files
//	text        the text of one file
//	acts        which functions act on the machine
package instrument

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/system"
)

// Function is a function that notes when it is entered.
type Function struct {
	Package string // import path
	Name    string // as in a trace
	File    string // absolute
	Line    int    // of the declaration or the func keyword
	EndLine int
	Module  Module
}

// Module is the module of a package, without a version where it is the one that
// is built.
type Module struct{ Path, Version, Dir string }

// Options says how to build.
type Options struct {
	Dir      string   // where all that is made goes
	File     string   // where the programs record
	Tags     string   // as in go build -tags
	Flags    []string // more flags of go build
	Progress func(string)
}

// Build is programs that note what they do.
type Build struct {
	Bin       string // folder with the programs
	Functions map[uint64]Function
	Acts      map[uint64]Act
}

// Programs builds programs, those of each module together.
func Programs(ctx context.Context, programs []*system.Program, o Options) (*Build, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return nil, fmt.Errorf("programs can be observed on Linux with amd64 or arm64, not on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	b := &Build{Bin: filepath.Join(o.Dir, "bin"), Functions: map[uint64]Function{}, Acts: map[uint64]Act{}}
	if err := os.MkdirAll(b.Bin, 0o755); err != nil {
		return nil, err
	}
	modules, err := byModule(programs)
	if err != nil {
		return nil, err
	}
	built := map[string]string{}
	for _, m := range modules {
		for _, p := range m.programs {
			name := executable(p.Package)
			if other := built[name]; other != "" {
				return nil, fmt.Errorf("%s and %s have one name; leave out one of their sources", other, p.Package)
			}
			built[name] = p.Package
		}
		if err := b.module(ctx, m, o); err != nil {
			return nil, err
		}
		if err := b.names(m.programs); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// names makes programs be found by the names that callroute has for them, too.
func (b *Build) names(programs []*system.Program) error {
	for _, p := range programs {
		name := filepath.Join(b.Bin, p.Name)
		if exists(name) {
			continue
		}
		if err := os.Symlink(executable(p.Package), name); err != nil {
			return err
		}
	}
	return nil
}

// version is a last element of an import path that does not name its program.
var version = regexp.MustCompile(`^v[0-9]+$`)

// executable is what go build calls the program of a main package.
func executable(pkg string) string {
	if version.MatchString(path.Base(pkg)) {
		return path.Base(path.Dir(pkg))
	}
	return path.Base(pkg)
}

// mainModule is a folder with a go.mod, and the programs below it.
type mainModule struct {
	dir      string
	programs []*system.Program
}

func (m mainModule) patterns() []string {
	var out []string
	for _, p := range m.programs {
		rel, err := filepath.Rel(m.dir, p.Dir)
		if err != nil {
			rel = p.Dir
		}
		out = append(out, "./"+filepath.ToSlash(rel))
	}
	return out
}

func byModule(programs []*system.Program) ([]mainModule, error) {
	var all []mainModule
	for _, p := range programs {
		dir := p.Dir
		for !exists(filepath.Join(dir, "go.mod")) {
			up := filepath.Dir(dir)
			if up == dir {
				return nil, fmt.Errorf("%s has no go.mod; only programs that `go build` builds as modules can be observed", p.Dir)
			}
			dir = up
		}
		i := slices.IndexFunc(all, func(m mainModule) bool { return m.dir == dir })
		if i < 0 {
			i = len(all)
			all = append(all, mainModule{dir: dir})
		}
		all[i].programs = append(all[i].programs, p)
	}
	return all, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// listed is a package as the go command lists it.
type listed struct {
	ImportPath, Dir   string
	Standard          bool
	GoFiles, CgoFiles []string
	Module            *Module
}

// module builds the programs of one module.
func (b *Build) module(ctx context.Context, m mainModule, o Options) error {
	say(o, "listing what "+filepath.Base(m.dir)+" is made of")
	g := goCommand{dir: m.dir, flags: o.flags()}
	out, err := g.run(ctx, []string{"list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,CgoFiles,Module"}, m.patterns())
	if err != nil {
		return err
	}
	var packages []*listed
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		p := new(listed)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		packages = append(packages, p)
	}
	dir, err := os.MkdirTemp(o.Dir, "build")
	if err != nil {
		return err
	}
	moved, err := moveModules(ctx, &g, packages, dir)
	if err != nil {
		return err
	}
	say(o, fmt.Sprintf("instrumenting %d packages", len(packages)))
	file, err := b.overlay(packages, moved, filepath.Join(dir, "overlay"))
	if err != nil {
		return err
	}
	say(o, "building "+filepath.Base(m.dir)+" with instruments")
	_, err = g.run(ctx, []string{
		"build", "-overlay", file, "-o", b.Bin + string(filepath.Separator),
		"-trimpath",       // so that what is built can be kept, although the folder of the overlay is a new one
		"-gcflags=all=-l", // what is inlined has no frame of its own
		"-ldflags=-X runtime.callrouteFile=" + o.File,
	}, m.patterns())
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The error names files of the overlay. Most programs do not build without it either.
	plain := goCommand{dir: m.dir, flags: o.flags()}
	if _, err := plain.run(ctx, []string{"build", "-o", dir + string(filepath.Separator)}, m.patterns()); err != nil {
		return err
	}
	return fmt.Errorf("with instruments %w", err)
}

// flags are those of go build that the user asks for.
func (o Options) flags() []string {
	if o.Tags == "" {
		return slices.Clone(o.Flags)
	}
	return append(slices.Clone(o.Flags), "-tags", o.Tags)
}

func say(o Options, what string) {
	if o.Progress != nil {
		o.Progress(what)
	}
}

// goCommand is the go command in a folder.
type goCommand struct {
	dir   string
	flags []string
	env   []string // more than there is
}

// run runs it. Its error is what it complained of first.
func (g *goCommand) run(ctx context.Context, args, patterns []string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", slices.Concat(args, g.flags, patterns)...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), g.env...)
	// It removes its own folders when it is interrupted, not when it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	for line := range strings.Lines(stderr.String()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading") {
			return "", fmt.Errorf("%s does not build: %s", g.dir, golist.OneLine(line))
		}
	}
	return "", fmt.Errorf("%s does not build: %w", g.dir, err)
}
