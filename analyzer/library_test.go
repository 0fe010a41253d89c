package analyzer_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/semver"

	"github.com/callroute/callroute/analyzer/internal/scenario"
	"github.com/callroute/callroute/analyzer/models"
)

// TestRealLibraries runs the scenario of each model against the library itself,
// in every version that the model names, in place of the stand-in. It asks the
// module proxy, so it runs only where CALLROUTE_REAL_LIBRARIES is set: to 1, or
// to a part of the import paths that are meant.
//
//	CALLROUTE_REAL_LIBRARIES=gin go test ./analyzer -run TestRealLibraries
func TestRealLibraries(t *testing.T) {
	which := os.Getenv("CALLROUTE_REAL_LIBRARIES")
	if which == "" {
		t.Skip("CALLROUTE_REAL_LIBRARIES is not set")
	}
	for _, m := range models.Builtin().All {
		if m.Shows == "" || standard(m) || which != "1" && !strings.Contains(m.Library, which) {
			continue
		}
		s, required := scenarioOf(t, m)
		for _, checked := range m.Checked {
			if from := standIn(m, required, checked); from != "" {
				t.Run(m.Library+" "+checked, func(t *testing.T) { checkLibrary(t, m, checked) })
			} else {
				t.Logf("%s shows code that %s generates, and does not use it", s.Name, m.Library)
			}
		}
	}
}

// scenarioOf is the scenario of a model, and the modules that it requires.
func scenarioOf(t *testing.T, m *models.Model) (s *scenario.Scenario, required map[string]string) {
	t.Helper()
	data, err := os.ReadFile("../testdata/scenarios/" + m.Shows + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, err = scenario.Parse(m.Shows+".txtar", data)
	if err != nil {
		t.Fatal(err)
	}
	if required, err = s.Modules("../testdata"); err != nil {
		t.Fatal(err)
	}
	return s, required
}

// standIn is the module that stands for a version of a library, "" if the scenario
// has none.
func standIn(m *models.Model, required map[string]string, checked string) string {
	to, _ := modulePath(m, checked)
	from := ""
	for _, p := range slices.Sorted(maps.Keys(required)) {
		if _, ok := m.Below(p); ok && (from == "" || p == to) {
			from = p
		}
	}
	return from
}

// checkLibrary runs the scenario of a model with one version of the library.
func checkLibrary(t *testing.T, m *models.Model, checked string) {
	t.Helper()
	s, required := scenarioOf(t, m)
	from := standIn(m, required, checked)
	to, version := modulePath(m, checked)
	delete(required, from)
	required[to] = version
	replace := append([]string{`"` + from, `"` + to}, rewrites[to]...)
	for i := range s.Files {
		s.Files[i].Data = []byte(strings.NewReplacer(replace...).Replace(string(s.Files[i].Data)))
	}
	s.Libs = nil
	dir := t.TempDir()
	modules, err := s.Unpack(dir, "../testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	for _, module := range modules {
		var args []string
		for _, p := range slices.Sorted(maps.Keys(required)) {
			args = append(args, "-require="+p+"@"+required[p])
		}
		goCommand(t, module, append([]string{"mod", "edit"}, args...)...)
		goCommand(t, module, "mod", "tidy")
	}
	checkScenario(t, s, dir, strings.TrimSpace(goCommand(t, dir, "env", "GOMODCACHE")))
}

// rewrites is what a scenario has to say otherwise for another major version of
// a library.
var rewrites = map[string][]string{
	"github.com/alecthomas/kingpin": {
		`app.Command("ring", "ring a bell").Alias("toll").PreAction(prepare)`, `app.Command("ring", "ring a bell")`,
		"{ return act(c) }", "{ prepare(c); return act(c) }",
		".Action(", ".Dispatch(", "kingpin.Action", "kingpin.Dispatch",
	},
	"github.com/peterbourgon/ff/v4": {`/ffcli"`, `"`, "ffcli.", "ff."},
	"github.com/labstack/echo/v5":   {"c echo.Context", "c *echo.Context"},
	"github.com/gofiber/fiber/v3":   {"c *fiber.Ctx", "c fiber.Ctx"},
}

// modulePath is the module path and the version of what a model was checked
// against: "v2.1.0", or "example.com/other v1.0.0".
func modulePath(m *models.Model, checked string) (module, version string) {
	if p, v, ok := strings.Cut(checked, " "); ok {
		return p, v
	}
	major := semver.Major(checked)
	if major == "v0" || major == "v1" || strings.HasSuffix(checked, "+incompatible") || strings.HasPrefix(path.Base(m.Library), "gopkg.in") {
		return m.Library, checked
	}
	return m.Library + "/" + major, checked
}

func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+filepath.Clean(dir))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestSymbols looks for every name that a model uses in the source of the
// library: in one of the versions that it names at least. Of the standard
// library it is the source of this toolchain.
func TestSymbols(t *testing.T) {
	which := os.Getenv("CALLROUTE_REAL_LIBRARIES")
	for _, m := range models.Builtin().All {
		std := standard(m)
		if !std && which != "1" && (which == "" || !strings.Contains(m.Library, which)) {
			continue
		}
		t.Run(m.Library, func(t *testing.T) {
			declared := map[string]map[string]bool{}
			for _, checked := range m.Checked {
				dir := filepath.Join(strings.TrimSpace(goCommand(t, ".", "env", "GOROOT")), "src", m.Library)
				if !std {
					dir = download(t, m, checked)
				}
				for sub := range packagesOf(m) {
					if declared[sub] == nil {
						declared[sub] = map[string]bool{}
					}
					declarations(t, filepath.Join(dir, sub), declared[sub])
				}
			}
			for _, s := range m.Symbols() {
				for _, name := range s.Names() {
					if !slices.ContainsFunc(s.In(), func(recv string) bool { return declared[s.Package()][recv+name] }) {
						t.Errorf("%s: no %s in the versions %v", m.File, name, m.Checked)
					}
				}
			}
		})
	}
}

// standard reports whether a model is of the standard library.
func standard(m *models.Model) bool { return !strings.Contains(strings.Split(m.Library, "/")[0], ".") }

// packagesOf is the packages of a library that its model names.
func packagesOf(m *models.Model) map[string]bool {
	found := map[string]bool{}
	for _, s := range m.Symbols() {
		found[s.Package()] = true
	}
	return found
}

// download is where the source of one version lies.
func download(t *testing.T, m *models.Model, checked string) string {
	t.Helper()
	module, version := modulePath(m, checked)
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s@%s: %v\n%s", module, version, err, out)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found.Dir
}

// declarations adds what the package in dir declares: "Get", "Router.Get" for
// methods of a type or an interface, "*.Get" for any of them.
func declarations(t *testing.T, dir string, into map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					into[decl.Name.Name] = true
					continue
				}
				into[receiver(decl.Recv.List[0].Type)+"."+decl.Name.Name] = true
				into["*."+decl.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					typ, ok := spec.(*ast.TypeSpec)
					if !ok {
						continue
					}
					into[typ.Name.Name] = true
					if it, ok := typ.Type.(*ast.InterfaceType); ok {
						methods(it, typ.Name.Name, into)
					}
				}
			}
		}
	}
}

func methods(it *ast.InterfaceType, name string, into map[string]bool) {
	for _, field := range it.Methods.List {
		for _, m := range field.Names {
			into[name+"."+m.Name] = true
			into["*."+m.Name] = true
		}
	}
}

func receiver(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
