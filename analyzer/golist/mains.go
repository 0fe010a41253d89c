package golist

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
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/system"
)

// Skipped is a folder that holds a main package which is not studied.
type Skipped struct {
	Dir string // absolute
	Why string // one sentence
}

// Mains names every main package of a source, sorted by name and then by
// import path; a source that is a library has none. It asks the go command only
// about folders in which some file says `package main`, and type-checks nothing.
// A folder that cannot be listed does not keep the others from being so; Skipped
// tells of it.
func (l *Lister) Mains(ctx context.Context, src *system.Source) ([]*system.Program, error) {
	if programs, ok := l.recallMains(src); ok {
		return programs, nil
	}
	began := time.Now()
	programs, err := l.listMains(ctx, src)
	if err == nil {
		l.keepMains(src, programs, began)
	}
	return programs, err
}

func (l *Lister) listMains(ctx context.Context, src *system.Source) ([]*system.Program, error) {
	t, err := l.tree(src)
	if err != nil {
		return nil, err
	}
	var programs []*system.Program
	var skipped []Skipped
	for _, r := range t.roots {
		var patterns []string
		asked := map[string]bool{}
		for _, dir := range t.below(r) {
			main, unreadable := saysMain(dir)
			switch {
			case unreadable != nil:
				skipped = append(skipped, Skipped{dir, unreadable.Error()})
			case main && strings.ContainsAny(r.pattern(dir), " \t"):
				skipped = append(skipped, Skipped{dir, fmt.Sprintf("%s: the go command takes no folder with a space in its name for a package; rename it", dir)})
			case main:
				patterns = append(patterns, r.pattern(dir))
				asked[dir] = true
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
			if len(p.GoFiles) > 0 {
				delete(asked, filepath.Dir(p.GoFiles[0]))
			}
			// Files for other systems leave a folder without a package here.
			if p.Name == "main" && len(p.GoFiles) > 0 {
				programs = append(programs, &system.Program{
					Name: programName(p.PkgPath, filepath.Dir(p.GoFiles[0]), r), Package: p.PkgPath,
					Dir: filepath.Dir(p.GoFiles[0]), Source: src,
				})
			}
		}
		for dir := range asked {
			skipped = append(skipped, Skipped{dir, whyUnlisted(dir, listed)})
		}
	}
	slices.SortFunc(programs, func(a, b *system.Program) int {
		return strings.Compare(a.Name+"\x00"+a.Package, b.Name+"\x00"+b.Package)
	})
	slices.SortFunc(skipped, func(a, b Skipped) int { return strings.Compare(a.Dir, b.Dir) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skipped[src] = skipped
	return programs, nil
}

// Skipped lists the folders that Mains had to leave out of a source, sorted.
func (l *Lister) Skipped(src *system.Source) []Skipped {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.skipped[src]
}

// whyUnlisted says why the go command has no files of a main package.
func whyUnlisted(dir string, listed []*packages.Package) string {
	for _, p := range listed {
		if len(p.GoFiles) == 0 && len(p.Errors) > 0 && (p.Dir == dir || strings.HasSuffix(p.PkgPath, "/"+filepath.Base(dir))) {
			if msg := OneLine(p.Errors[0].Msg); !strings.Contains(msg, "build constraints exclude") {
				return dir + ": " + msg
			}
		}
	}
	return dir + ": build constraints exclude every file; set -tags, GOOS or GOARCH"
}

// programName is what `go build` calls the executable, since that is the name by
// which other programs start it. For a main package in the root of a module this
// is the last element of the module's path, wherever the tree lies.
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
// costs one more folder for the go command to look at. The error is that of a
// file which cannot be read, if no other file says main.
func saysMain(dir string) (main bool, unread error) {
	for _, file := range sourceFiles(dir) {
		data, err := os.ReadFile(file)
		if err != nil {
			unread = Unreadable(err)
		} else if bytes.Contains(data, []byte("main")) && packageMain.Match(data) {
			return true, nil
		}
	}
	return false, unread
}
