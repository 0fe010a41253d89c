package scenario

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const testdata = "../../../testdata"

// TestSources type-checks every program of every scenario, without the
// analyzer and without compiling: a scenario that is not Go proves nothing. One
// that is incomplete is about that.
func TestSources(t *testing.T) {
	std := newStdlib()
	for _, s := range scenarios(t) {
		t.Run(strings.TrimSuffix(s.Name, ".txtar"), func(t *testing.T) {
			dir := t.TempDir()
			modules, err := s.Unpack(dir, testdata)
			if err != nil {
				t.Fatal(err)
			}
			roots := map[string]string{} // folder to import path
			for _, module := range modules {
				roots[module] = modulePath(t, module)
			}
			for _, m := range withoutModule.FindAllStringSubmatch(systemFile(s), -1) {
				roots[filepath.Join(dir, m[1])] = m[2]
			}
			for root := range roots {
				if s.Incomplete != "" {
					break
				}
				checkModule(t, std, roots, root, s.Tags)
			}
			checkNames(t, s, dir)
		})
	}
}

func scenarios(t *testing.T) (all []*Scenario) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testdata, "scenarios", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios:", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(filepath.Base(file), data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// TestIdioms: every idiom has a scenario.
func TestIdioms(t *testing.T) {
	all := scenarios(t)
	for n := 1; n <= Idioms; n++ {
		if s, _ := status(n, all, nil); s == "untested" {
			t.Errorf("no scenario shows idiom %d, %s", n, idioms[n-1].name)
		}
	}
	none := &Scenario{Name: "a.txtar", Idioms: []int{1, 2}, Unsupported: map[int]string{3: "of time"}}
	some := &Scenario{Name: "b.txtar", Idioms: []int{2, 3}}
	for n, want := range map[int]string{1: "not: a fails", 2: "partly: a fails", 3: "partly: of time", 4: "untested"} {
		if have, _ := status(n, []*Scenario{none, some}, map[string]bool{"a.txtar": true}); have != want {
			t.Errorf("status of %d is %q, want %q", n, have, want)
		}
	}
}

// checkNames catches a misspelled function in a negated expectation, which
// could never fail: what may not be in a trace must be in the source.
func checkNames(t *testing.T, s *Scenario, dir string) {
	t.Helper()
	source := words(t, dir)
	check := func(e Expectation) {
		for _, f := range e.Funcs {
			parts := strings.Split(f.Name[strings.LastIndex(f.Name, "/")+1:], ".")
			for _, part := range parts[1:] {
				if word := strings.Trim(part, "(*)"); !isLiteral(word) && !source[word] {
					t.Errorf("line %d: %s: no %q in the source", e.Line, e.Text, word)
				}
			}
		}
	}
	for _, trace := range s.Traces {
		for _, e := range trace.Expect {
			check(e)
			for _, or := range e.Or {
				check(or)
			}
		}
	}
}

var identifier = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

func words(t *testing.T, dir string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		for _, word := range identifier.FindAllString(string(data), -1) {
			all[word] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func isLiteral(word string) bool {
	word = strings.TrimPrefix(word, "func")
	return strings.Trim(word, "0123456789") == ""
}

type checker struct {
	std     *stdlib
	fset    *token.FileSet
	context build.Context
	roots   map[string]string // folders of modules to their paths
	dir     string            // the module that is checked
	done    map[string]*types.Package
	errors  []error
}

var (
	moduleName    = regexp.MustCompile(`(?m)^module (\S+)`)
	withoutModule = regexp.MustCompile(`\{dir: (\S+), import: (\S+)\}`)
)

func modulePath(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	name := moduleName.FindSubmatch(data)
	if name == nil {
		t.Fatal("no module line in go.mod")
	}
	return string(name[1])
}

func systemFile(s *Scenario) string {
	for _, f := range s.Files {
		if f.Name == "callroute.yaml" {
			return string(f.Data)
		}
	}
	return ""
}

func checkModule(t *testing.T, std *stdlib, roots map[string]string, dir, tags string) {
	t.Helper()
	c := &checker{std: std, fset: token.NewFileSet(), context: build.Default, roots: roots, dir: dir, done: map[string]*types.Package{}}
	c.context.BuildTags = strings.Split(tags, ",")
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case d.Name() == "vendor":
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != dir {
			return filepath.SkipDir
		}
		rel, _ := filepath.Rel(dir, p)
		_, err = c.Import(path.Join(roots[dir], filepath.ToSlash(rel)))
		if err != nil && !strings.Contains(err.Error(), "no Go files") {
			return err
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, err := range c.errors {
		t.Error(err)
	}
}

// Import type-checks a package of the modules or the vendor folder from source
// and takes any other from the standard library.
func (c *checker) Import(name string) (*types.Package, error) {
	if p := c.done[name]; p != nil {
		return p, nil
	}
	dir := filepath.Join(c.dir, "vendor", filepath.FromSlash(name))
	if _, err := os.Stat(dir); err != nil {
		dir = ""
		for root, module := range c.roots {
			if rest, found := strings.CutPrefix(name+"/", module+"/"); found {
				dir = filepath.Join(root, filepath.FromSlash(rest))
			}
		}
		if dir == "" {
			return c.std.Import(name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, e := range entries {
		if match, err := c.context.MatchFile(dir, e.Name()); err != nil || !match || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(c.fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no Go files", name)
	}
	conf := types.Config{Importer: c, Error: func(err error) { c.errors = append(c.errors, err) }}
	p, _ := conf.Check(name, c.fset, files, nil)
	c.done[name] = p
	return p, nil
}

// stdlib imports the standard library's export data, which the go command has
// in its cache.
type stdlib struct {
	files map[string]string
	types.Importer
}

func newStdlib() *stdlib {
	s := &stdlib{files: map[string]string{}}
	s.Importer = importer.ForCompiler(token.NewFileSet(), "gc", s.open)
	return s
}

func (s *stdlib) open(name string) (io.ReadCloser, error) {
	if s.files[name] == "" {
		out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", name).Output()
		if err != nil {
			return nil, fmt.Errorf("import %q: %w", name, err)
		}
		for line := range bytes.Lines(out) {
			if p, file, _ := strings.Cut(strings.TrimSpace(string(line)), " "); s.files[p] == "" {
				s.files[p] = file
			}
		}
	}
	return os.Open(s.files[name])
}

// TestRelay: the sample system is a folder that anybody can build, so it holds
// copies of the stand-ins; they have to stay copies.
func TestRelay(t *testing.T) {
	for _, lib := range []string{"cobra", "grpc", "ttrpc"} {
		root := filepath.Join(testdata, "libs", lib)
		err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "modules.txt" {
				return err
			}
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			want, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			have, err := os.ReadFile(filepath.Join(testdata, "relay", "vendor", rel))
			if err != nil {
				return err
			}
			if !bytes.Equal(want, have) {
				t.Errorf("testdata/relay/vendor/%s differs from testdata/libs/%s", rel, lib)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
