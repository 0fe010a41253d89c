package scenario

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// CheckSystem holds the endpoints and commands of the system against the
// scenario's expectations and markers. sources are the folders as the analyzer
// names them in a site, relative to the scenario's root.
func (s *Scenario) CheckSystem(found *flow.Endpoints, commands []flow.Command) []Problem {
	var all []Problem
	for _, e := range s.System {
		var reason string
		if e.Op == Command {
			reason = checkCommand(e, commands)
		} else {
			reason = checkEndpoint(e, found)
		}
		all = e.judge(all, reason)
	}
	for _, m := range s.Markers {
		if reason := s.checkMarker(m, found); reason != "" {
			text := fmt.Sprintf("%s:%d %s(%s, %q)", m.Site.File, m.Site.Line, m.Op, m.Kind, m.Key)
			all = append(all, Problem{0, text, reason})
		}
	}
	return all
}

// checkEndpoint: `endpoint` wants a departure that has a partner in another
// program, `departs` and `arrives` a departure or an arrival without any.
func checkEndpoint(e Expectation, found *flow.Endpoints) string {
	side := found.Departures
	if e.Op == Arrives {
		side = found.Arrivals
	}
	var same []string
	for _, p := range side {
		if p.Kind != e.Kind || p.Program != e.From {
			continue
		}
		same = append(same, endpoint(p))
		if !sameKey(e.Kind, e.Key, p.Key) {
			continue
		}
		ok := len(p.Peers) == 0
		if e.Op == Endpoint {
			ok = slices.ContainsFunc(p.Peers, func(peer string) bool {
				program, _, _ := strings.Cut(peer, " ")
				return program == e.To
			})
		}
		switch {
		case ok && e.Not:
			return "there is\n" + endpoint(p)
		case ok:
			return ""
		}
	}
	if e.Not {
		return ""
	}
	return fmt.Sprintf("%s has\n%s", e.From, strings.Join(same, "\n"))
}

var (
	placeholder = regexp.MustCompile(`\{[^}]*\}`)
	unknownBase = regexp.MustCompile(`^(\w+ )?\*/`)
)

// sameKey compares the key that an expectation names with one that was found. A
// placeholder's name does not matter, nor does an unknown base in front of a
// path. Of a started program, flags and their values may stand between the
// words that are named, and other arguments behind them.
func sameKey(kind flow.Kind, want, have string) bool {
	if kind != flow.Exec {
		have = placeholder.ReplaceAllString(have, "*")
		return want == unknownBase.ReplaceAllString(have, "$1/")
	}
	words := strings.Fields(want)
	for i, arg := range strings.Fields(have) {
		if i == 0 {
			arg = path.Base(arg)
		}
		if len(words) > 0 && words[0] == arg {
			words = words[1:]
		} else if i == 0 {
			return false
		}
	}
	return len(words) == 0
}

func (s *Scenario) checkMarker(m Marker, found *flow.Endpoints) string {
	side := found.Departures
	if m.Op == Arrives {
		side = found.Arrivals
	}
	var near []string
	for _, p := range side {
		if p.Kind == m.Kind && sameKey(m.Kind, m.Key, p.Key) && p.Site.Line == m.Site.Line && s.sameFile(p.Site.File, m.Site.File) {
			return ""
		}
		if p.Kind == m.Kind && (sameKey(m.Kind, m.Key, p.Key) || s.sameFile(p.Site.File, m.Site.File)) {
			near = append(near, endpoint(p))
		}
	}
	return "near it\n" + strings.Join(near, "\n")
}

// sameFile compares a site's file, relative to its source, with a file of the
// scenario.
func (s *Scenario) sameFile(site, file string) bool {
	if site == file {
		return true
	}
	return slices.ContainsFunc(s.Source, func(src string) bool { return src+"/"+site == file })
}

func endpoint(p flow.Endpoint) string {
	peers := strings.Join(p.Peers, "; ")
	if peers == "" {
		peers = "nobody: " + p.Reason
	}
	return fmt.Sprintf("  %s %s %q %s:%d in %s -> %s", p.Program, p.Kind, p.Key, p.Site.File, p.Site.Line, p.Func, peers)
}

// checkCommand finds a command by its words; they are compared with those that
// the analyzer lists for the program.
func checkCommand(e Expectation, commands []flow.Command) string {
	var have []string
	for _, c := range commands {
		if c.Program != e.From {
			continue
		}
		have = append(have, fmt.Sprintf("  %s => %s", strings.Join(c.Words, " "), c.Func))
		if !slices.Equal(c.Words, e.Words) {
			continue
		}
		if len(e.Funcs) > 0 && c.Func != e.Funcs[0].Name {
			continue
		}
		if e.Not {
			return have[len(have)-1]
		}
		return ""
	}
	if e.Not {
		return ""
	}
	return fmt.Sprintf("%s has %d\n%s", e.From, len(have), strings.Join(have, "\n"))
}
