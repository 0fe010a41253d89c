package analyzer_test

import (
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
		if m.Shows == "" || m.Library == "net" || which != "1" && !strings.Contains(m.Library, which) {
			continue
		}
		for _, checked := range m.Checked {
			t.Run(m.Library+" "+checked, func(t *testing.T) { checkLibrary(t, m, checked) })
		}
	}
}

// checkLibrary runs the scenario of a model with one version of the library.
func checkLibrary(t *testing.T, m *models.Model, checked string) {
	t.Helper()
	data, err := os.ReadFile("../testdata/scenarios/" + m.Shows + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(m.Shows+".txtar", data)
	if err != nil {
		t.Fatal(err)
	}
	required, err := s.Modules("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	to, version := modulePath(m, checked)
	from := ""
	for _, p := range slices.Sorted(maps.Keys(required)) {
		if _, ok := m.Below(p); ok && (from == "" || p == to) {
			from = p
		}
	}
	if from == "" {
		t.Fatalf("%s does not use %s", s.Name, m.Library)
	}
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
	checkScenario(t, s, dir)
}

// rewrites is what a scenario has to say otherwise for another major version of
// a library.
var rewrites = map[string][]string{
	"github.com/labstack/echo/v5": {"c echo.Context", "c *echo.Context"},
	"github.com/gofiber/fiber/v3": {"c *fiber.Ctx", "c fiber.Ctx"},
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

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+filepath.Clean(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
