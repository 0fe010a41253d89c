package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// frozenHead begins a file of crossings.
const frozenHead = "# Crossings that callroute check holds routes to. Written by callroute check --update."

// crossings is the crossings of a route as lines, sorted: the kind, the key, and
// the program that is entered.
func crossings(rt *route) []string {
	var out []string
	for _, e := range rt.Edges {
		if e.Kind.Process() && rt.comes(e.From) {
			out = append(out, fmt.Sprintf("%s > %s: %s %s", rt.Node[e.From].Component, rt.Node[e.To].Component, e.Kind, strings.Join(strings.Fields(flow.Brief(e.Kind, e.Detail)), " ")))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// crossed is a route of which only the crossings are kept.
type crossed struct {
	name      string
	entry     flow.Finding // what a finding about it begins with
	crossings []string
}

func (r *Rule) crossed(rt *route) crossed {
	return crossed{rt.name, r.finding(rt, rt.entry(), ""), crossings(rt)}
}

// frozen compares the crossings of routes with what a file keeps of them.
func (r *Rule) frozen(name string, now []crossed) ([]flow.Finding, error) {
	kept, err := readFrozen(name)
	if err != nil {
		return nil, err
	}
	var out []flow.Finding
	seen := map[string]bool{}
	for _, rt := range now {
		seen[rt.name] = true
		add := func(message string) {
			f := rt.entry
			f.Message = message
			out = append(out, f)
		}
		was, known := kept[rt.name]
		if !known {
			add(fmt.Sprintf("the route is not in %s; callroute check --update adds it", r.Frozen))
			continue
		}
		for _, c := range rt.crossings {
			if !slices.Contains(was, c) {
				add("a crossing that is not frozen: " + c)
			}
		}
		for _, c := range was {
			if !slices.Contains(rt.crossings, c) {
				add("a frozen crossing is gone: " + c)
			}
		}
	}
	for route := range kept {
		if !seen[route] {
			out = append(out, flow.Finding{Rule: r.Name, Why: r.Why, Route: route, Message: "a frozen route is gone", Site: flow.Site{File: name, Line: 1}})
		}
	}
	return out, nil
}

// readFrozen reads crossings by route. A file that is not there has none.
func readFrozen(name string) (map[string][]string, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	route := ""
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		text := strings.TrimSpace(line)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case !strings.HasPrefix(line, " "):
			route = text
			out[route] = []string{}
		case route == "":
			return nil, fmt.Errorf("%s:%d: a crossing without a route above it; callroute check --update writes the file", name, n)
		default:
			out[route] = append(out[route], text)
		}
	}
	return out, nil
}

// writeFrozen writes the crossings of routes.
func writeFrozen(name string, routes []crossed) error {
	var out strings.Builder
	out.WriteString(frozenHead + "\n")
	for _, rt := range routes {
		fmt.Fprintf(&out, "\n%s\n", rt.name)
		for _, c := range rt.crossings {
			fmt.Fprintf(&out, "  %s\n", c)
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".")
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(out.String())
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
