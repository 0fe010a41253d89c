package load

import (
	"context"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/system"
)

// TestLayouts loads every archive of testdata/layouts. The lines of its comment
// say what to expect:
//
//	main NAME PACKAGE FILE       a main package, and the file its main is in
//	package PATH KIND [bodies]   KIND is user, library or standard
//	dropped functions N          0 if not said
//	dropped package PATH
//	why PATH TEXT                and how the reason for it begins
//	note TEXT                    a part of the one note on how it was loaded
//	skipped FOLDER: TEXT         a main package that is left out, and why
//	error TEXT                   how the one error begins; DIR is the source
//	dir FOLDER                   the source, if not the whole archive
//	import PATH                  its import path, as a system file would say it
//	env NAME=VALUE
func TestLayouts(t *testing.T) {
	archives, err := filepath.Glob("testdata/layouts/*.txtar")
	if err != nil || len(archives) < 20 {
		t.Fatalf("found %d archives: %v", len(archives), err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := writeTree(t, archive)
			t.Setenv("GOFLAGS", "")
			t.Setenv("GOPROXY", "off")
			want := readExpectation(t, dir, string(archive.Comment))
			before := snapshot(t, dir)
			if got := want.meet(t); got != "" && (want.err == "" || !strings.HasPrefix(got, want.err)) {
				t.Errorf("error is\n%s\nwant\n%s", got, want.err)
			} else if got == "" && want.err != "" {
				t.Errorf("no error, want\n%s", want.err)
			}
			if after := snapshot(t, dir); !slices.Equal(before, after) {
				t.Errorf("the tree was changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}

// expectation is the comment of an archive.
type expectation struct {
	source    *system.Source
	err       string
	mains     [][]string // name, package, file
	packages  [][]string // path, kind, "bodies" or nothing
	functions int
	absent    []string
	why       map[string]string
	notes     []string
	skipped   []string
}

func readExpectation(t *testing.T, dir, comment string) *expectation {
	t.Helper()
	want := &expectation{source: &system.Source{Name: "source", Dir: dir, Given: "source"}, why: map[string]string{}}
	for line := range strings.Lines(comment) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields := strings.Fields(rest)
		switch word {
		case "main":
			want.mains = append(want.mains, fields)
		case "package":
			want.packages = append(want.packages, append(fields, "")[:3])
		case "dropped":
			if fields[0] == "package" {
				want.absent = append(want.absent, fields[1])
			} else if n, err := strconv.Atoi(fields[1]); err == nil {
				want.functions = n
			}
		case "why":
			path, text, _ := strings.Cut(rest, " ")
			want.why[path] = strings.ReplaceAll(text, "DIR", dir)
		case "skipped":
			want.skipped = append(want.skipped, dir+"/"+rest)
		case "note":
			want.notes = append(want.notes, rest)
		case "error":
			want.err = strings.ReplaceAll(rest, "DIR", dir)
		case "dir":
			want.source.Dir = filepath.Join(dir, rest)
		case "import":
			want.source.Import = rest
		case "env":
			name, value, _ := strings.Cut(rest, "=")
			t.Setenv(name, value)
		}
	}
	return want
}

// meet compares what is loaded with what is expected. It returns the error of
// the loader, if any.
func (want *expectation) meet(t *testing.T) string {
	t.Helper()
	l := New(Options{})
	programs, err := l.Mains(context.Background(), want.source)
	if err != nil {
		return err.Error()
	}
	if len(programs) != len(want.mains) {
		t.Errorf("%d main packages, want %d", len(programs), len(want.mains))
	}
	var skipped []string
	for _, s := range l.Skipped(want.source) {
		skipped = append(skipped, s.Why)
	}
	if !slices.Equal(skipped, want.skipped) {
		t.Errorf("left out:\n%s\nwant\n%s", strings.Join(skipped, "\n"), strings.Join(want.skipped, "\n"))
	}
	loaded := map[string]*Package{}
	var dropped []string
	functions := 0
	for i, p := range programs[:min(len(programs), len(want.mains))] {
		e, err := l.Load(context.Background(), p, nil)
		if err != nil {
			return err.Error()
		}
		checkExecutable(t, e)
		if got := []string{p.Name, p.Package, e.Rel(mainFile(e))}; !slices.Equal(got, want.mains[i]) {
			t.Errorf("main package %q, want %q", got, want.mains[i])
		}
		for _, pkg := range e.Packages {
			loaded[pkg.Path] = pkg
		}
		dropped = append(dropped, e.Dropped.Packages...)
		for path, text := range want.why {
			if !strings.HasPrefix(e.Dropped.Why[path], text) {
				t.Errorf("%s is not there because\n%s\nwant\n%s", path, e.Dropped.Why[path], text)
			}
		}
		if !slices.EqualFunc(e.Dropped.Notes, want.notes, strings.Contains) {
			t.Errorf("notes are %q, want %q", e.Dropped.Notes, want.notes)
		}
		functions = max(functions, e.Dropped.Functions)
	}
	for _, p := range want.packages {
		pkg := loaded[p[0]]
		if pkg == nil {
			t.Errorf("package %s is not loaded", p[0])
		} else if kind, bodies := kindOf(pkg), pkg.Files != nil; kind != p[1] || bodies != (p[2] == "bodies") {
			t.Errorf("package %s: %s, bodies %t; want %s %s", p[0], kind, bodies, p[1], p[2])
		}
	}
	if !slices.Equal(dropped, want.absent) || functions != want.functions {
		t.Errorf("dropped %d functions and packages %q; want %d and %q", functions, dropped, want.functions, want.absent)
	}
	return ""
}

func kindOf(p *Package) string {
	switch {
	case p.Standard:
		return "standard"
	case p.User:
		return "user"
	}
	return "library"
}

func mainFile(e *Executable) string {
	for _, f := range e.Main.Files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "main" && fn.Body != nil {
				return e.Fset.Position(fn.Pos()).Filename
			}
		}
	}
	return ""
}

// checkExecutable checks what every Executable promises, and that it builds.
func checkExecutable(t *testing.T, e *Executable) {
	t.Helper()
	seen := map[string]bool{}
	types := map[string]bool{}
	for _, p := range e.Packages {
		if seen[p.Path] {
			t.Errorf("two packages %s", p.Path)
		}
		seen[p.Path] = true
		if p.Types == nil || !p.Types.Complete() && p.Path != "unsafe" {
			t.Errorf("%s has no complete types", p.Path)
			continue
		}
		types[p.Types.Path()] = true
		for _, path := range p.Imports {
			if !seen[path] {
				t.Errorf("%s comes before its import %s", p.Path, path)
			}
		}
		for _, imported := range p.Types.Imports() {
			if !types[imported.Path()] {
				t.Errorf("%s imports %s, which has no Package", p.Path, imported.Path())
			}
		}
		if (p.Files == nil) != (p.Info == nil) {
			t.Errorf("%s has only one of Files and Info", p.Path)
		}
	}
	if e.Main == nil || e.Main.Types.Name() != "main" {
		t.Errorf("Main is %+v", e.Main)
	}
	buildAll(e)
}

func snapshot(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Lstat(name)
		if err == nil {
			files = append(files, name+" "+info.ModTime().String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
