package rules

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const good = `
rules:
  - name: quiet
    why: logs have no place here
    routes: [shop *, "oven POST /bake"]
    kinds: [command, http]
    never: (*Logger).Print
  - {name: authorized, kinds: [http], through: auth.Check, to: os.WriteFile}
suppress:
  - {rule: quiet, route: shop close, says: main, reason: it says goodbye, until: 2027-01-31}
`
	f, err := parse("r.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Rules) != 2 || f.Rules[0].line != 3 || f.Rules[0].Never.String() != "(*Logger).Print" || f.Suppress[0].until.Format("2006-01-02") != "2027-02-01" {
		t.Errorf("got %+v, %+v", f.Rules[0], f.Suppress[0])
	}
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "r.yaml:1: the file is no mapping; begin with `rules:`"},
		{"no YAML", "rules: [", "r.yaml:1: "},
		{"no rules", "suppress: []", "r.yaml:1: no rules"},
		{"no list", "rules: x", "r.yaml:1: rules is no list"},
		{"an unknown part", "rules:\n  - {name: a, never: f}\nsilence: []", `r.yaml:3: unknown key "silence"; write rules or suppress`},
		{"an unknown key", "rules:\n  - name: a\n    nevr: f", `r.yaml:3: unknown field "nevr"`},
		{"no name", "rules:\n  - never: f", "r.yaml:2: a rule needs a name"},
		{"a name that is none", "rules:\n  - {name: Shout!, never: f}", `r.yaml:2: a rule needs a name of small letters, digits and dashes, not "Shout!"`},
		{"nothing asked", "rules:\n\n  - name: a", "r.yaml:3: rule a asks 0 things"},
		{"two things asked", "rules:\n  - {name: a, never: f, reaches: g}", "r.yaml:2: rule a asks 2 things"},
		{"half of a pair", "rules:\n  - {name: a, through: f}", "r.yaml:2: rule a: through and to belong together"},
		{"an expression that is none", "rules:\n  - name: a\n    never: '['", "error parsing regexp"},
		{"an empty name of functions", "rules:\n  - name: a\n    never: ''", "the name of a function is empty"},
		{"a kind that is none", "rules:\n  - {name: a, kinds: [htp], never: f}", `r.yaml:2: rule a: unknown kind "htp"; the kinds are command, start, http`},
		{"joined to what", "rules:\n  - {name: a, joined: all}", `r.yaml:2: rule a: joined is "all"; write departures, arrivals or both`},
		{"a file elsewhere", "rules:\n  - {name: a, frozen: /etc/x}", "r.yaml:2: rule a: frozen is relative"},
		{"twice", "rules:\n  - {name: a, never: f}\n  - {name: a, never: g}", "r.yaml:3: a rule called a stands in line 2 already"},
		{"a suppression of nothing", "rules:\n  - {name: quiet, never: f}\nsuppress:\n  - {rule: quite, reason: x, until: 2027-01-01}", `r.yaml:4: a suppression of "quite", which is no rule; did you mean quiet?`},
		{"no reason", "rules:\n  - {name: a, never: f}\nsuppress:\n  - {rule: a, until: 2027-01-01}", "r.yaml:4: the suppression of a needs a reason"},
		{"no day", "rules:\n  - {name: a, never: f}\nsuppress:\n  - {rule: a, reason: x}", "r.yaml:4: the suppression of a needs until"},
		{"no such day", "rules:\n  - {name: a, never: f}\nsuppress:\n  - {rule: a, reason: x, until: 2027-02-30}", "r.yaml:4: the suppression of a needs until"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse("r.yaml", []byte(test.text))
			if err == nil || !strings.HasPrefix(err.Error(), "r.yaml:") || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"docker update", "docker update", true},
		{"docker update", "docker updates", false},
		{"docker *", "docker update", true},
		{"docker *", "docker", false},
		{"*", "", true},
		{"* POST /a/*", "d POST /a/{b}", true},
		{"* POST /a/*", "d GET /a/{b}", false},
		{"a*b*b", "ab", false},
		{"a*b*b", "abb", true},
		{"a*ba", "aba", true},
		{"ab*ba", "aba", false},
	} {
		if got := glob(test.pattern, test.text); got != test.want {
			t.Errorf("%q as %q: %v", test.text, test.pattern, got)
		}
	}
}
