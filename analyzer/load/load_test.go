package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/system"
)

// TestMain is the driver of TestDriver when it is started as one.
func TestMain(m *testing.M) {
	if file := os.Getenv("LOAD_TEST_DRIVER"); file != "" {
		answer := packages.DriverResponse{
			Roots: []string{"//app"}, Compiler: "gc", Arch: "amd64",
			Packages: []*packages.Package{{ID: "//app", Name: "main", PkgPath: "build/app", GoFiles: []string{file}}},
		}
		if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
			panic(err)
		}
		return
	}
	m.Run() // since Go 1.15 the result is passed on without os.Exit
}

// TestDriver loads through a GOPACKAGESDRIVER, as a tree needs that the go
// command cannot list.
func TestDriver(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte("-- app/main.go --\npackage main\n\nfunc main() {}\n")))
	t.Setenv("LOAD_TEST_DRIVER", filepath.Join(dir, "app", "main.go"))
	t.Setenv("GOPACKAGESDRIVER", os.Args[0])
	e := loadOnly(t, dir)
	checkExecutable(t, e)
	if e.Main.Path != "build/app" || e.Rel(mainFile(e)) != "app/main.go" {
		t.Errorf("main package %s in %s", e.Main.Path, e.Rel(mainFile(e)))
	}
}

const twoPrograms = `
-- go.mod --
module example.com/two

go 1.22
-- a/main.go --
package main

import (
	"fmt"
	"net/http"

	"example.com/two/shared"
)

func main() { fmt.Println(http.MethodGet, shared.V) }
-- b/main.go --
package main

import (
	"fmt"
	"os"

	"example.com/two/shared"
)

func main() { fmt.Println(os.Args, shared.V) }
-- shared/shared.go --
package shared

import "errors"

var V = errors.New("v")
`

func loadBoth(t *testing.T, l *Loader, dir string) []*Executable {
	t.Helper()
	src := &system.Source{Name: "two", Dir: dir, Given: dir}
	programs, err := l.Mains(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	var out []*Executable
	for _, p := range programs {
		e, err := l.Load(context.Background(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func find(e *Executable, path string) *Package {
	for _, p := range e.Packages {
		if p.Path == path {
			return p
		}
	}
	return nil
}

// TestSharing checks that only the standard library is one for all executables.
func TestSharing(t *testing.T) {
	both := loadBoth(t, New(Options{}), writeTree(t, txtar.Parse([]byte(twoPrograms))))
	for path, same := range map[string]bool{"fmt": true, "os": true, "errors": true, "example.com/two/shared": false} {
		a, b := find(both[0], path), find(both[1], path)
		if a == nil || b == nil {
			t.Errorf("%s is not in both", path)
		} else if (a.Types == b.Types) != same {
			t.Errorf("%s: the same types in both is %t, want %t", path, !same, same)
		}
	}
	if p := find(both[1], "net/http"); p != nil {
		t.Error("b has net/http, which only a imports")
	}
	for _, e := range both {
		checkExecutable(t, e)
	}
}

// TestSameEveryTime compares packages and positions of two runs.
func TestSameEveryTime(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(twoPrograms)))
	var first []string
	for run := range 5 {
		var got []string
		for _, e := range loadBoth(t, New(Options{}), dir) {
			for _, p := range e.Packages {
				got = append(got, fmt.Sprint(p.Path, p.Imports))
				for _, name := range p.Types.Scope().Names() {
					got = append(got, fmt.Sprint(name, p.Types.Scope().Lookup(name).Pos()))
				}
			}
		}
		if run == 0 {
			first = got
		} else if !slices.Equal(got, first) {
			t.Fatalf("run %d differs", run)
		}
	}
}

// TestManifest checks that the files which decide what a program is are known, and
// that a change of one shows.
func TestManifest(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(twoPrograms)))
	before := loadBoth(t, New(Options{}), dir)[0]
	known := map[string]File{}
	for _, f := range before.Manifest {
		known[before.Rel(f.Name)] = f
	}
	for _, name := range []string{"go.mod", "a", "a/main.go", "shared/shared.go", "$GOROOT/src/fmt/print.go"} {
		if known[name].ModTime.IsZero() {
			t.Errorf("%s is not in the manifest", name)
		}
	}
	if _, ok := known["b/main.go"]; ok {
		t.Error("a file of the other program is in the manifest")
	}
	if err := os.WriteFile(filepath.Join(dir, "shared", "more.go"), []byte("package shared\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if after := loadBoth(t, New(Options{}), dir)[0]; slices.Equal(before.Manifest, after.Manifest) {
		t.Error("a new file changes nothing in the manifest")
	}
}

// TestNamesEncoded checks that names survive JSON.
func TestNamesEncoded(t *testing.T) {
	names := Names{{Dir: "/src"}, {Dir: "/mod/lib@v1", As: "lib@v1"}}
	data, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	var got Names
	if err := json.Unmarshal(data, &got); err != nil || got.Rel("/mod/lib@v1/x.go") != "lib@v1/x.go" || got.Path("y.go") != "/src/y.go" {
		t.Errorf("%s becomes %v: %v", data, got, err)
	}
}

func TestCancel(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(twoPrograms)))
	src := &system.Source{Name: "two", Dir: dir, Given: dir}
	p := &system.Program{Name: "a", Package: "example.com/two/a", Dir: filepath.Join(dir, "a"), Source: src}
	for _, step := range []string{"listing packages of a", "type-checking"} {
		ctx, cancel := context.WithCancel(context.Background())
		l := New(Options{Progress: func(s string) {
			if strings.HasPrefix(s, step) {
				cancel()
			}
		}})
		if _, err := l.Load(ctx, p, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while %s: %v", step, err)
		}
		cancel()
		// What a cancelled run left half done must not be used by the next.
		if e, err := l.Load(context.Background(), p, nil); err != nil {
			t.Error(err)
		} else {
			checkExecutable(t, e)
		}
	}
}

func TestProgress(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(twoPrograms)))
	var said []string
	loadBoth(t, New(Options{Progress: func(s string) { said = append(said, s) }}), dir)
	if len(said) < 6 || said[0] != "listing packages of a" || !strings.HasPrefix(said[1], "type-checking ") || !strings.HasSuffix(said[1], " packages of a") {
		t.Errorf("said %q", said)
	}
	if !slices.ContainsFunc(said, regexp.MustCompile(`^type-checking \d+ of \d+ packages of a$`).MatchString) {
		t.Errorf("it does not say how many packages are checked: %q", said)
	}
}

func TestTags(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(`
-- go.mod --
module example.com/tags
-- main.go --
package main

func main() { do() }
-- with.go --
//go:build extra

package main

func do() {}
-- without.go --
//go:build !extra

package main

func do() {}
`)))
	src := &system.Source{Name: "tags", Dir: dir, Given: dir}
	p := &system.Program{Name: "tags", Package: "example.com/tags", Dir: dir, Source: src}
	for tags, want := range map[string]string{"": "without.go", "extra": "with.go"} {
		e, err := New(Options{Tags: tags}).Load(context.Background(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Rel(e.Fset.Position(e.Main.Types.Scope().Lookup("do").Pos()).Filename); got != want {
			t.Errorf("-tags=%s takes do from %s, want %s", tags, got, want)
		}
	}
}

// TestUserOfAnotherSource checks that a package vendored from another source of
// the system is the user's, whatever its major version.
func TestUserOfAnotherSource(t *testing.T) {
	tool, err := txtar.ParseFile("testdata/layouts/vendor.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := writeTree(t, tool)
	lib := writeTree(t, txtar.Parse([]byte("-- go.mod --\nmodule example.com/lib/v3\n-- lib.go --\npackage lib\n")))
	sys, err := system.FromDirs([]string{dir, lib})
	if err != nil {
		t.Fatal(err)
	}
	p := &system.Program{Name: "tool", Package: "example.com/tool", Dir: dir, Source: sys.Sources[0]}
	for _, s := range []*system.System{sys, nil} {
		e, err := New(Options{}).Load(context.Background(), p, s)
		if err != nil {
			t.Fatal(err)
		}
		if pkg := find(e, "example.com/lib"); pkg.User != (s != nil) || (pkg.Files != nil) != (s != nil) {
			t.Errorf("with a system %t: lib is user %t with %d files", s != nil, pkg.User, len(pkg.Files))
		}
	}
}

// TestLoopVariables checks that go/ssa is told the language of a package and
// go/types is not hindered by it: the module is older than its code.
func TestLoopVariables(t *testing.T) {
	for version, want := range map[string]string{"go 1.22": "go1.22", "go 1.15": "go1.15", "": "go1.11"} {
		e := loadOnly(t, writeTree(t, txtar.Parse([]byte("-- go.mod --\nmodule example.com/m\n"+version+`
-- main.go --
package main

func main() {
	for i := range 3 {
		go func() { println(i) }()
	}
}
`))))
		if e.Dropped.Functions != 0 {
			t.Errorf("%q: main was dropped", version)
		}
		// Without a go line the go command takes 1.16 to be meant.
		if got := e.Main.Info.FileVersions[e.Main.Files[0]]; got != want && (version != "" || got != "go1.16") {
			t.Errorf("%q: the language is %s, want %s", version, got, want)
		}
	}
}

// TestOurselves loads callroute. Nothing in it is broken, so sanitize must find
// nothing to remove, even where it has no reason to look.
func TestOurselves(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a large program")
	}
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	src := &system.Source{Name: "callroute", Dir: dir, Given: "../.."}
	p := &system.Program{Name: "callroute", Package: "github.com/callroute/callroute/cmd/callroute", Dir: filepath.Join(dir, "cmd", "callroute"), Source: src}
	e, err := New(Options{Bodies: []string{"golang.org/x/tools", "github.com/spf13"}}).Load(context.Background(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.Dropped.Functions != 0 || len(e.Dropped.Packages) > 0 {
		t.Errorf("dropped %+v", e.Dropped)
	}
	bodies := 0
	for _, pkg := range e.Packages {
		if pkg.Info != nil {
			bodies++
			u := &unit{Package: *pkg, incomplete: map[ast.Node]bool{}, emptied: map[*ast.FuncDecl]Opaque{}}
			if u.sanitize(nil); len(u.incomplete) > 0 {
				t.Errorf("%s: %d removed", pkg.Path, len(u.incomplete))
			}
		}
	}
	if bodies < 30 {
		t.Errorf("only %d packages with bodies", bodies)
	}
	for path, want := range map[string]string{
		"fmt":                       "$GOROOT/src/fmt/",
		"golang.org/x/tools/go/ssa": "golang.org/x/tools@v",
		"github.com/callroute/callroute/analyzer/system": "analyzer/system/",
	} {
		scope := find(e, path).Types.Scope()
		file := e.Fset.Position(scope.Lookup(scope.Names()[0]).Pos()).Filename
		if got := e.Rel(file); !strings.HasPrefix(got, want) {
			t.Errorf("%s is shown as %s, want %s…", file, got, want)
		}
	}
	if got := e.Rel("/somewhere/else.go"); got != "/somewhere/else.go" {
		t.Errorf("a foreign file is shown as %s", got)
	}
}

func TestUnreadable(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte("-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nfunc main() {}\n")))
	gone := filepath.Join(dir, "gone")
	for name, want := range map[string]string{
		gone:                          gone + ": no such file or folder; check the path",
		filepath.Join(dir, "main.go"): filepath.Join(dir, "main.go") + ": not a folder; give the folder of a Go source tree",
	} {
		_, err := New(Options{}).Mains(context.Background(), &system.Source{Dir: name})
		if err == nil || err.Error() != want {
			t.Errorf("error is\n%v\nwant\n%s", err, want)
		}
	}
	dangling := filepath.Join(dir, "dangling", "main.go")
	if err := errors.Join(os.Mkdir(filepath.Dir(dangling), 0o755), os.Symlink(gone, dangling)); err != nil {
		t.Fatal(err)
	}
	source := &system.Source{Dir: dir}
	l := New(Options{})
	if mains, err := l.Mains(context.Background(), source); err != nil || len(mains) != 1 {
		t.Errorf("%d programs beside one that cannot be read: %v", len(mains), err)
	}
	want := golist.Skipped{Dir: filepath.Dir(dangling), Why: dangling + ": no such file or folder; check the path"}
	if got := l.Skipped(source); len(got) != 1 || got[0] != want {
		t.Errorf("left out: %q, want %q", got, want)
	}
	if os.Getuid() == 0 {
		t.Skip("root can read everything")
	}
	locked := filepath.Join(dir, "locked")
	if err := os.Mkdir(locked, 0); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{}).Mains(context.Background(), &system.Source{Dir: dir})
	if want := locked + ": no permission to read it; make it readable"; err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}

// TestNoCompiler hides everything but the go command from the PATH.
func TestNoCompiler(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(tool, filepath.Join(bin, "go")); err != nil {
		t.Skip(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv("CGO_ENABLED", "0")
	archive, err := txtar.ParseFile("testdata/corpus.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive.Files = append(archive.Files, txtar.File{Name: "use.go", Data: []byte("package main\nimport \"example.com/corpus/native\"\nvar _ = native.Plain()\n")})
	e := loadOnly(t, writeTree(t, archive))
	checkExecutable(t, e)
	state := map[string]string{}
	describe(find(e, "example.com/corpus/native"), state)
	for name, want := range map[string]string{"New": "body", "(*Handle).Free": "body", "(*Handle).Valid": "body", "Plain": "body"} {
		if got := state["example.com/corpus/native."+name]; got != want {
			t.Errorf("native.%s: %s, want %s", name, got, want)
		}
	}
	if e.Dropped.Functions != 3 {
		t.Errorf("dropped %d functions, want 3", e.Dropped.Functions)
	}
}

// TestCompilerIsNotRun loads a program with cgo in it, through CC and CXX that
// write down that they were called, and with a build cache that has nothing in
// it which would spare the go command the call.
func TestCompilerIsNotRun(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(`
-- go.mod --
module example.com/tool
-- main.go --
package main

// #include <stdlib.h>
// static int one(void) { return 1; }
import "C"

import (
	"net"
	"os/user"
)

func main() {
	C.one()
	net.Dial("tcp", "localhost:1")
	user.Current()
}
-- compiler/cc --
#!/bin/sh
echo "$*" >>"${0%/*}/called"
exit 1
`)))
	compiler := filepath.Join(dir, "compiler", "cc")
	if err := os.Chmod(compiler, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"CC": compiler, "CXX": compiler, "PKG_CONFIG": compiler, "GOCACHE": t.TempDir(), "CGO_ENABLED": "1"} {
		t.Setenv(name, value)
	}
	if out, err := exec.Command("sh", "-c", compiler+" once").CombinedOutput(); err == nil {
		t.Fatalf("the compiler that is to fail did not: %s", out)
	}
	called := filepath.Join(dir, "compiler", "called")
	if err := os.Remove(called); err != nil {
		t.Fatalf("the compiler does not write down that it was called: %v", err)
	}
	e := loadOnly(t, dir)
	checkExecutable(t, e)
	if how, err := os.ReadFile(called); err == nil {
		t.Errorf("a C compiler was run with %s", how)
	}
}

func TestNoGo(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(twoPrograms)))
	t.Setenv("PATH", t.TempDir())
	_, err := New(Options{}).Mains(context.Background(), &system.Source{Dir: dir})
	if want := dir + ": cannot list packages: there is no go command in PATH; install Go"; err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}

// TestUnsafeSizes checks that constants have the sizes of the target.
func TestUnsafeSizes(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte("-- go.mod --\nmodule example.com/m\n-- main.go --\npackage main\nimport \"unsafe\"\nconst Size = unsafe.Sizeof(uintptr(0))\nfunc main() {}\n")))
	for arch, want := range map[string]string{"386": "4", "arm64": "8"} {
		t.Setenv("GOARCH", arch)
		e := loadOnly(t, dir)
		size, ok := e.Main.Types.Scope().Lookup("Size").(*types.Const)
		if !ok || size.Val().String() != want {
			t.Errorf("on %s a pointer has %v bytes, want %s", arch, size, want)
		}
	}
}
