// Package rules holds routes against what a file says must be so.
//
// Words. A rule asks one thing of the routes that it is about. A finding is a rule
// that does not hold, at a place in the source or, where it is the file that is
// wrong, in the file. A suppression accepts findings, with a reason and until a day.
//
// A file of rules:
//
//	rules:
//	  - name: nothing-is-removed
//	    why: orders are kept for ten years
//	    kinds: [http]
//	    never: os.RemoveAll
//	suppress:
//	  - rule: nothing-is-removed
//	    route: shopd POST /cleanup
//	    reason: it is what a cleanup is for
//	    until: 2027-01-31
//
// Phases, a file each:
//
//	rules   the file, with the line of all that is wrong in it
//	route   what a rule asks of one route
//	system  what a rule asks of all endpoints
//	frozen  crossings as a file of their own keeps them
//	check   the rules one after the other, and what is accepted
//
// What it cannot see: what a route loses in a gap. A rule that says what must never
// be is silent about it.
package rules

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/system"
)

// File is a file of rules.
type File struct {
	Name     string // as the user named it
	Rules    []*Rule
	Suppress []*Suppression
}

// Rule asks one thing of some routes, or of all endpoints.
type Rule struct {
	Name   string   `yaml:"name"`
	Why    string   `yaml:"why"`
	Routes []string `yaml:"routes"` // "program words" with * for any text; all when empty
	Except []string `yaml:"except"` // and not these
	Kinds  []string `yaml:"kinds"`  // command, start, http, grpc …; all when empty

	Reaches  Name     `yaml:"reaches"`  // the route comes to such a function
	Never    Name     `yaml:"never"`    // it does not
	Through  Name     `yaml:"through"`  // every way to …
	To       Name     `yaml:"to"`       // … this passes such a function
	Programs []string `yaml:"programs"` // no other program is entered
	Frozen   string   `yaml:"frozen"`   // the crossings are those in this file, relative to that of the rules
	Joined   string   `yaml:"joined"`   // departures, arrivals or both have a partner

	line int
}

// Suppression accepts the findings of a rule.
type Suppression struct {
	Rule   string `yaml:"rule"`
	Route  string `yaml:"route"` // as Rule.Routes; any when empty
	Says   string `yaml:"says"`  // a part of the message; any when empty
	Reason string `yaml:"reason"`
	Until  string `yaml:"until"` // the last day, 2006-01-02

	line  int
	until time.Time
}

// Name is a name of functions, as --to takes it.
type Name struct{ *narrow.Pattern }

// UnmarshalYAML implements yaml.BytesUnmarshaler.
func (n *Name) UnmarshalYAML(data []byte) error {
	var text string
	if err := yaml.Unmarshal(data, &text); err != nil {
		return err
	}
	if text == "" {
		return errors.New("the name of a function is empty")
	}
	p, err := narrow.Parse(text)
	n.Pattern = p
	return err
}

// Read reads a file of rules. Every error is one line that begins with file and
// line.
func Read(name string) (*File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the rules: %w", err)
	}
	return parse(name, data)
}

func parse(name string, data []byte) (f *File, err error) {
	// The YAML library is young: it has panicked on texts that are broken enough.
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("%s:1: it cannot be read (%v)", name, p)
		}
	}()
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, placed(name, 1, err)
	}
	if len(doc.Docs) != 1 {
		return nil, fmt.Errorf("%s:1: rules are one YAML document; begin with `rules:`", name)
	}
	top, ok := doc.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		return nil, fmt.Errorf("%s:1: the file is no mapping; begin with `rules:` and a list of rules", name)
	}
	f = &File{Name: name}
	for _, v := range top.Values {
		key := v.Key.String()
		items, ok := v.Value.(*ast.SequenceNode)
		if (key == "rules" || key == "suppress") && !ok {
			return nil, at(name, v.Key, "%s is no list", key)
		}
		switch key {
		case "rules":
			for _, item := range items.Values {
				r := &Rule{line: lineOf(item)}
				if err := yaml.NodeToValue(item, r, yaml.Strict()); err != nil {
					return nil, placed(name, r.line, err)
				}
				f.Rules = append(f.Rules, r)
			}
		case "suppress":
			for _, item := range items.Values {
				s := &Suppression{line: lineOf(item)}
				if err := yaml.NodeToValue(item, s, yaml.Strict()); err != nil {
					return nil, placed(name, s.line, err)
				}
				f.Suppress = append(f.Suppress, s)
			}
		default:
			return nil, at(name, v.Key, "unknown key %q; write rules or suppress", key)
		}
	}
	return f, f.valid()
}

func lineOf(n ast.Node) int {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken().Position.Line
	}
	return n.GetToken().Position.Line
}

func at(name string, n ast.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", name, n.GetToken().Position.Line, fmt.Sprintf(format, args...))
}

// placed puts file and line in front of an error.
func placed(name string, line int, err error) error {
	what := err.Error()
	if lib := yaml.Error(nil); errors.As(err, &lib) {
		if t := lib.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
		what = lib.GetMessage()
	}
	return fmt.Errorf("%s:%d: %s", name, line, strings.Join(strings.Fields(what), " "))
}

// valid finds what YAML alone does not.
func (f *File) valid() error {
	if len(f.Rules) == 0 {
		return fmt.Errorf("%s:1: no rules; write `rules:` and a list of `- name: NAME` with what must be so", f.Name)
	}
	names := map[string]int{}
	var all []string
	for _, r := range f.Rules {
		if err := r.valid(); err != nil {
			return fmt.Errorf("%s:%d: %w", f.Name, r.line, err)
		}
		if first, twice := names[r.Name]; twice {
			return fmt.Errorf("%s:%d: a rule called %s stands in line %d already", f.Name, r.line, r.Name, first)
		}
		names[r.Name] = r.line
		all = append(all, r.Name)
	}
	for _, s := range f.Suppress {
		if err := s.valid(all); err != nil {
			return fmt.Errorf("%s:%d: %w", f.Name, s.line, err)
		}
	}
	return nil
}

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

func (r *Rule) valid() error {
	if !ruleName.MatchString(r.Name) {
		return fmt.Errorf("a rule needs a name of small letters, digits and dashes, not %q", r.Name)
	}
	asks := 0
	for _, ok := range []bool{r.Reaches.Pattern != nil, r.Never.Pattern != nil, r.Through.Pattern != nil || r.To.Pattern != nil, len(r.Programs) > 0, r.Frozen != "", r.Joined != ""} {
		if ok {
			asks++
		}
	}
	switch {
	case asks != 1:
		return fmt.Errorf("rule %s asks %d things; write one of reaches, never, through with to, programs, frozen and joined", r.Name, asks)
	case (r.Through.Pattern == nil) != (r.To.Pattern == nil):
		return fmt.Errorf("rule %s: through and to belong together: every way to the one passes the other", r.Name)
	case r.Joined != "" && !slices.Contains([]string{"departures", "arrivals", "both"}, r.Joined):
		return fmt.Errorf("rule %s: joined is %q; write departures, arrivals or both", r.Name, r.Joined)
	case path.IsAbs(r.Frozen):
		return fmt.Errorf("rule %s: frozen is relative to the file of rules", r.Name)
	}
	for _, k := range r.Kinds {
		if known := kindNames(); !slices.Contains(known, k) {
			return fmt.Errorf("rule %s: unknown kind %q; the kinds are %s", r.Name, k, strings.Join(known, ", "))
		}
	}
	return nil
}

// Kinds of routes that are no kinds of crossings.
const (
	commandKind = "command"
	startKind   = "start"
)

func kindNames() []string {
	out := []string{commandKind, startKind}
	for _, k := range flow.Kinds() {
		if k.Process() && !k.Later() {
			out = append(out, string(k))
		}
	}
	return out
}

func (s *Suppression) valid(rules []string) error {
	if !slices.Contains(rules, s.Rule) {
		hint := ""
		if near := system.Nearest(s.Rule, rules); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, ", ") + "?"
		}
		return fmt.Errorf("a suppression of %q, which is no rule%s", s.Rule, hint)
	}
	if strings.TrimSpace(s.Reason) == "" {
		return fmt.Errorf("the suppression of %s needs a reason", s.Rule)
	}
	until, err := time.Parse(time.DateOnly, s.Until)
	if err != nil {
		return fmt.Errorf("the suppression of %s needs until, the last day of it, as 2027-01-31", s.Rule)
	}
	s.until = until.AddDate(0, 0, 1)
	return nil
}

// glob reports whether a text is as a pattern says, in which * is any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return len(rest) >= len(last) && strings.HasSuffix(rest, last)
}

// about reports whether a rule is about a command.
func (r *Rule) about(c flow.Command) bool {
	kind := string(c.Kind)
	switch c.Kind {
	case flow.Registration:
		kind = commandKind
	case "":
		kind = startKind
	}
	name := nameOf(c)
	matches := func(p string) bool { return glob(p, name) }
	return (len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)) &&
		(len(r.Routes) == 0 || slices.ContainsFunc(r.Routes, matches)) && !slices.ContainsFunc(r.Except, matches)
}

func nameOf(c flow.Command) string { return strings.Join(append([]string{c.Program}, c.Words...), " ") }
