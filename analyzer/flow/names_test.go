package flow

import (
	"strings"
	"testing"
)

func TestBrief(t *testing.T) {
	for detail, want := range map[string]string{
		"runc [--debug] [--log] [*] … --root * start -d *": "runc start -d *",
		"runc --log-format json exec --process * * *":      "runc --log-format json exec * *",
		"roller print *": "roller print *",
		"":               "",
	} {
		if got := Brief(Exec, detail); got != want {
			t.Errorf("Brief(%q) is %q, want %q", detail, got, want)
		}
	}
	if route := "GET /[a]"; Brief(HTTP, route) != route {
		t.Errorf("Brief(%q) is %q", route, Brief(HTTP, route))
	}
}

func TestShort(t *testing.T) {
	for fn, want := range map[string]string{
		"main.main":                                        "main.main",
		"example.org/kiln/cli.runFire":                     "cli.runFire",
		"example.org/kiln/client.(*Client).Fire":           "client.(*Client).Fire",
		"example.org/heat/v2.(*App).Run":                   "heat.(*App).Run",
		"example.org/heat/v2/service.New":                  "service.New",
		"example.org/yaml.v3.Unmarshal":                    "yaml.v3.Unmarshal",
		"example.org/a.Map[example.org/b.Key]":             "a.Map[example.org/b.Key]",
		"example.org/a.(*Set[example.org/b.Key]).Add":      "a.(*Set[example.org/b.Key]).Add",
		"example.org/a/vendor/example.org/b/api.T.M.func1": "api.T.M.func1",
		"example.org/v2":                                   "v2",
		"v2.F":                                             "v2.F",
		"":                                                 "",
	} {
		if got := Short(fn); got != want {
			t.Errorf("Short(%q) = %q, want %q", fn, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"postContainerUpdate":            "post container update",
		"HTTPServer":                     "http server",
		"(*execProcess).Start":           "exec process start",
		"POST /containers/*/checkpoints": "post containers checkpoints",
		"runc exec":                      "runc exec",
		"unpause":                        "unpause",
		"x2Y":                            "x y",
		"":                               "",
	} {
		if got := strings.Join(Words(text), " "); got != want {
			t.Errorf("Words(%q) is %q, want %q", text, got, want)
		}
	}
}
