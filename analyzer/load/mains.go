package load

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/system"
)

// Mains names every main package of a source, sorted by name and then by
// import path. It asks the go command only about folders in which some file
// says `package main`, and type-checks nothing.
func (l *Loader) Mains(ctx context.Context, src *system.Source) ([]*system.Program, error) {
	t, err := l.tree(src)
	if err != nil {
		return nil, err
	}
	var programs []*system.Program
	for _, r := range t.roots {
		var patterns []string
		for _, dir := range t.below(r) {
			if saysMain(dir) {
				patterns = append(patterns, r.pattern(dir))
			}
		}
		if len(patterns) == 0 {
			continue
		}
		listed, err := l.list(ctx, r, packages.NeedName|packages.NeedFiles, patterns)
		if err != nil {
			return nil, err
		}
		for _, p := range listed {
			// Files for other systems leave a folder without a package here.
			if p.Name == "main" && len(p.GoFiles) > 0 {
				programs = append(programs, &system.Program{
					Name: programName(p.PkgPath, filepath.Dir(p.GoFiles[0]), r), Package: p.PkgPath,
					Dir: filepath.Dir(p.GoFiles[0]), Source: src,
				})
			}
		}
	}
	if len(programs) == 0 {
		return nil, fmt.Errorf("%s: no main package; give a source that builds a command, or set -tags if build constraints exclude it", src.Dir)
	}
	slices.SortFunc(programs, func(a, b *system.Program) int {
		return strings.Compare(a.Name+"\x00"+a.Package, b.Name+"\x00"+b.Package)
	})
	return programs, nil
}

// programName is what `go build` would call the executable.
func programName(pkgPath, dir string, r *root) string {
	if dir != r.dir {
		return filepath.Base(dir)
	}
	if prefix, _, ok := module.SplitPathVersion(pkgPath); ok {
		pkgPath = prefix
	}
	return path.Base(pkgPath)
}

var packageMain = regexp.MustCompile(`(?m)^package\s+main\b`)

// saysMain looks for a package clause as text: a false alarm in a comment only
// costs one more folder for the go command to look at.
func saysMain(dir string) bool {
	return slices.ContainsFunc(sourceFiles(dir), func(file string) bool {
		data, err := os.ReadFile(file)
		return err == nil && bytes.Contains(data, []byte("main")) && packageMain.Match(data)
	})
}
