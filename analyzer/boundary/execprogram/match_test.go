package execprogram

import (
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		fits          bool
	}{
		{"press", "press", true},
		{"/usr/bin/press", "press", true},
		{"press", "pressd", false},
		{"*/press", "press", true},
		{"press-*-*", "press-gold-v2", true},
		{"press-*-*", "press-gold", false},
		{"*", "press", false},
		{"p*", "press", false}, // too little is known
	} {
		if got := Match(c.pattern, c.name); got != c.fits {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

func TestSplit(t *testing.T) {
	commands := [][]string{{"update"}, {"checkpoint", "create"}, {"create"}}
	for _, c := range []struct {
		argv    string // … is any number of arguments
		words   string
		certain bool
	}{
		{"update -r - x", "update", true},
		{"--root * --debug update x", "update", true},
		{"checkpoint create x", "checkpoint create", true},
		{"create update", "create", true}, // update is an argument of create
		{"… update x", "update", true},
		{"…", "", false},
		{"-v", "", true},
	} {
		words, certain := Split(argv(c.argv), commands)
		if strings.Join(words, " ") != c.words || certain != c.certain {
			t.Errorf("Split(%q) = %q, %v", c.argv, words, certain)
		}
	}
}

func argv(s string) []boundary.Arg {
	var out []boundary.Arg
	for _, f := range strings.Fields(s) {
		out = append(out, boundary.Arg{Text: strings.TrimSuffix(f, "…"), Rest: f == "…"})
	}
	return out
}

func FuzzSplit(f *testing.F) {
	f.Add("a b … -c", "a b,c")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, line, table string) {
		var commands [][]string
		for _, c := range strings.Split(table, ",") {
			commands = append(commands, strings.Fields(c))
		}
		words, _ := Split(argv(line), commands)
		if len(words) > 0 && !hasPrefix(commands, words) {
			t.Fatalf("Split(%q) = %q, which begins no command", line, words)
		}
		if slices.Contains(words, "") {
			t.Fatalf("Split(%q) has an empty word", line)
		}
	})
}
