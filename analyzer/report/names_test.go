package report

import "testing"

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
		if got := short(fn); got != want {
			t.Errorf("short(%q) = %q, want %q", fn, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{
		"":            0,
		"main.go":     7,
		"阀门":          4,
		"e\u0301":     1,
		"══▶":         3,
		"\U0001F600!": 3,
	} {
		if got := columns(s); got != want {
			t.Errorf("columns(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"if a  && b":       "if a  && b",
		"if a &&\n\t\tb {": "if a && b {",
		"\x1b[2Jcleared\a": "[2Jcleared",
	} {
		if got := printable(s); got != want {
			t.Errorf("printable(%q) = %q, want %q", s, got, want)
		}
	}
}
