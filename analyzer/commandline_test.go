package analyzer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/summary"
)

func TestSplitFlag(t *testing.T) {
	defined := []summary.Flag{
		{Name: "detach", Short: "d", Switch: true},
		{Name: "interactive", Short: "i", Switch: true},
		{Name: "name", Short: "n"},
		{Name: "rm", Switch: true},
	}
	for _, test := range []struct{ word, want string }{
		{"--detach", "detach=true"},
		{"--detach=false", "detach=false"},
		{"-d", "detach=true"},
		{"-di", "detach=true interactive=true"},
		{"-dn", "detach=true name= next"},
		{"-nbox", "name=box"},
		{"-n=box", "name=box"},
		{"--name", "name= next"},
		{"--name=box", "name=box"},
		{"-rm", "rm=true"}, // as package flag reads it
		{"--detatch", "none"},
		{"-dx", "none"},
		{"--d", "none"},
	} {
		given, next := splitFlag(defined, test.word)
		var got []string
		for _, f := range given {
			got = append(got, fmt.Sprintf("%s=%s", f.Name, f.Value))
		}
		if given == nil {
			got = append(got, "none")
		}
		if next {
			got = append(got, "next")
		}
		if list := strings.Join(got, " "); list != test.want {
			t.Errorf("%s: %q, want %q", test.word, list, test.want)
		}
	}
}
