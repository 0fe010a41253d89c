package narrow

import (
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// A name that a view prints, a place and a constant find their function.
func TestPattern(t *testing.T) {
	f := &flow.Flow{
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln/cmd/kiln"}, {Name: "kilnd", Package: "example.org/kiln/cmd/kilnd"}},
		Nodes: []flow.Node{
			{ID: 1, Component: "kiln", Func: "example.org/kiln/cmd/kiln.main", File: "cmd/kiln/main.go", Line: 3, EndLine: 9},
			{ID: 2, Component: "kiln", Func: "example.org/kiln/cmd/kiln.(*service).Deliver", File: "cmd/kiln/main.go", Line: 11, EndLine: 19},
			{ID: 3, Component: "kiln", Func: "example.org/kiln/heat.Raise[example.org/kiln/heat.Degree]", File: "heat/raise.go", Line: 3, EndLine: 9, Texts: []string{"kiln.heat"}},
			{ID: 4, Component: "kilnd", Func: "example.org/kiln/cmd/kilnd.main", File: "cmd/kilnd/main.go", Line: 3, EndLine: 9},
			{ID: 5, Component: "kilnd", Func: "example.org/kiln/server.Routes", Decl: "var", File: "server/main.go", Line: 5, EndLine: 5},
		},
		Edges: []flow.Edge{{From: 2, To: 4, Kind: flow.Exec, Detail: "kilnd serve *"}},
	}
	for text, want := range map[string]string{
		"main.(*service).Deliver":                      "2",
		"(*service).Deliver":                           "2",
		"example.org/kiln/cmd/kiln.(*service).Deliver": "2",
		`\(\*service\)\.Deliver$`:                      "2",
		"main.main":                                    "14",
		"kiln main.main":                               "1",
		"kilnd main.main":                              "4",
		`^kilnd `:                                      "45",
		"heat.Raise[example.org/kiln/heat.Degree]":     "3",
		"main.go:3":                                    "14",
		"kilnd/main.go:9":                              "4",
		"cmd/kiln/main.go:12":                          "2",
		"./cmd/kiln/main.go:12":                        "2",
		"main.go:10":                                   "",
		"ain.go:3":                                     "",
		"var server.Routes":                            "5",
		"kiln.heat":                                    "3",
		"kilnd serve *":                                "2",
		"kilnd serv":                                   "5",
		"erve [*]":                                     "2",
		"nowhere":                                      "",
	} {
		p, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		found, got := p.Nodes(f), ""
		for _, n := range f.Nodes {
			if found[n.ID] {
				got += string(rune('0' + n.ID))
			}
		}
		if got != want {
			t.Errorf("%s finds %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"a(", "[z-a]", "*", `x(*\`, "a(*b)c)", "(*a)+(*b"} {
		if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
