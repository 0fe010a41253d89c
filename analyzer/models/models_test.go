package models_test

import (
	"os"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/models"
)

func TestBuiltin(t *testing.T) {
	seen := map[string]string{}
	for _, m := range models.Builtin().All {
		if seen[m.Library] != "" {
			t.Errorf("%s and %s describe %s", seen[m.Library], m.File, m.Library)
		}
		seen[m.Library] = m.File
		if len(m.Checked) == 0 {
			t.Errorf("%s says no version that it was checked against", m.File)
		}
		if m.Shows == "" && m.Kind != models.System && m.Support != models.Not {
			t.Errorf("%s has no scenario that shows it", m.File)
		}
		if m.Shows != "" {
			if _, err := os.Stat("../../testdata/scenarios/" + m.Shows + ".txtar"); err != nil {
				t.Errorf("%s: %v", m.File, err)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		symbol string
		want   models.Called
	}{
		{"net/http.Get", models.Called{Path: "net/http", Name: "Get"}},
		{"(*net/http.Client).Do", models.Called{Path: "net/http", Recv: "Client", Name: "Do"}},
		{"(github.com/labstack/echo/v4.Context).Bind", models.Called{Path: "github.com/labstack/echo/v4", Recv: "Context", Name: "Bind"}},
		{"gopkg.in/yaml.v3.Marshal", models.Called{Path: "gopkg.in/yaml.v3", Name: "Marshal"}},
		{"(*gopkg.in/urfave/cli.v1.App).Run", models.Called{Path: "gopkg.in/urfave/cli.v1", Recv: "App", Name: "Run"}},
		{"(*example.com/x.List[T]).Add", models.Called{Path: "example.com/x", Recv: "List", Name: "Add"}},
		{"os.Remove", models.Called{Path: "os", Name: "Remove"}},
	} {
		if have := models.Split(test.symbol); have != test.want {
			t.Errorf("%s: %+v", test.symbol, have)
		}
	}
}

func TestMatches(t *testing.T) {
	m, err := models.Parse("m.yaml", []byte(`
library: example.com/lib
also: [gopkg.in/lib.v1]
kind: router
groups:
  - {call: "Router.{Get,Post}"}
  - {call: New}
  - {call: sub.New}
  - {call: "*.Any"}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		symbol string
		group  int // the first that matches, -1 for none
	}{
		{"(*example.com/lib.Router).Get", 0},
		{"(example.com/lib/v5.Router).Post", 0},
		{"(*gopkg.in/lib.v1.Router).Get", 0},
		{"(*example.com/lib.Router).Put", -1},
		{"(*example.com/lib/sub.Router).Get", -1},
		{"(*example.com/library.Router).Get", -1},
		{"example.com/lib.New", 1},
		{"example.com/lib/v2.New", 1},
		{"example.com/lib/v2/sub.New", 2},
		{"example.com/lib.Any", -1},
		{"(example.com/lib.X).Any", 3},
	} {
		have := -1
		for i, g := range m.Groups {
			if have < 0 && m.Matches(g.Call, models.Split(test.symbol)) {
				have = i
			}
		}
		if have != test.group {
			t.Errorf("%s: entry %d, want %d", test.symbol, have, test.group)
		}
	}
}

// TestErrors holds each error to its line and to what it tells the user.
func TestErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"kind: router\n", "m.yaml:1: no library"},
		{"library: x.example/y\n", "m.yaml:1: no kind"},
		{"library: x.example/y\nkind: rooter\n", "m.yaml:1: unknown kind \"rooter\""},
		{"library: x.example/y/v2\nkind: router\n", "major version"},
		{"library: x.example/y\nkind: router\nrouts: []\n", "m.yaml:3: unknown field \"routs\""},
		{"library: x.example/y\nkind: router\nroutes:\n  - call: R.Get\n    path: 1\n", "m.yaml:4: R.Get: a route has either a handler or a chain"},
		{"library: x.example/y\nkind: router\nroutes:\n  - {call: R.Get, handler: one}\n", "m.yaml:4: \"one\" is no argument"},
		{"library: x.example/y\nkind: router\nroutes:\n  - {call: A.B.C.D, handler: 1}\n", "m.yaml:4: \"A.B.C.D\" has too many parts"},
		{"library: x.example/y\nkind: router\nroutes:\n  - {call: \"{Get\", handler: 1}\n", "m.yaml:4: \"{Get\": a brace is not closed"},
		{"library: x.example/y\nkind: command line\ncommands:\n  - {}\n", "one of fields, calls, values and tags"},
		{"library: x.example/y\nkind: client\neffects:\n  - {call: Put, does: sing}\n", "m.yaml:4: Put: an effect needs call, and does"},
		{"library: [\n", "m.yaml:1: "},
		{"", "m.yaml:1: one model"},
	} {
		_, err := models.Parse("m.yaml", []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", test.text, err, test.want)
		}
	}
}
