package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/flow"
)

// Parse reads one txtar file. Every line that it does not understand is an
// error: an expectation with a typing mistake would otherwise never fail.
func Parse(name string, data []byte) (*Scenario, error) {
	archive := txtar.Parse(data)
	s := &Scenario{Name: name, Unsupported: map[int]string{}}
	p := &reader{s: s}
	for i, text := range strings.Split(string(archive.Comment), "\n") {
		if err := p.line(i+1, text); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	if s.Prose == "" {
		return nil, fmt.Errorf("%s: no sentence that says what it shows", name)
	}
	if len(s.Traces) == 0 && len(s.System) == 0 {
		return nil, fmt.Errorf("%s: expects nothing", name)
	}
	for _, f := range archive.Files {
		s.Files = append(s.Files, File(f))
		marks, err := markers(f.Name, f.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.Markers = append(s.Markers, marks...)
	}
	return s, nil
}

type reader struct {
	s       *Scenario
	started bool   // a directive or an expectation was seen; the prose is over
	module  string // what a leading "./" of a function name stands for
}

var directive = regexp.MustCompile(`^(idioms|libs|src|tags|folder|module|incomplete|expect-unsupported): *(.*)$`)

func (p *reader) line(n int, text string) error {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasPrefix(text, "# ") || text == "#" {
		return nil
	}
	if m := directive.FindStringSubmatch(text); m != nil {
		p.started = true
		return p.directive(m[1], m[2])
	}
	if !p.started {
		p.s.Prose = strings.TrimSpace(p.s.Prose + " " + text)
		return nil
	}
	text, _, _ = strings.Cut(text, "  # ")
	word, rest, _ := strings.Cut(text, " ")
	if word == "trace" {
		words := strings.Fields(rest)
		if len(words) == 0 {
			return fmt.Errorf("trace of no program")
		}
		p.s.Traces = append(p.s.Traces, &Trace{Line: n, Program: words[0], Command: words[1:]})
		return nil
	}
	e := Expectation{Line: n, Text: strings.TrimSpace(text)}
	if word == "unsupported" {
		num, after, _ := strings.Cut(rest, " ")
		var err error
		if e.Todo, err = idiomNumber(num); err != nil {
			return err
		}
		if _, declared := p.s.Unsupported[e.Todo]; !declared {
			return fmt.Errorf("%s: no line expect-unsupported: %d because …", e.Text, e.Todo)
		}
		word, rest, _ = strings.Cut(strings.TrimSpace(after), " ")
	}
	if strings.HasPrefix(word, "!") {
		e.Not, word = true, word[1:]
	}
	e.Op = Op(word)
	if err := p.expectation(&e, strings.TrimSpace(rest)); err != nil {
		return fmt.Errorf("%s: %w", e.Text, err)
	}
	switch e.Op {
	case Endpoint, Departs, Arrives, Command:
		p.s.System = append(p.s.System, e)
		return nil
	}
	if len(p.s.Traces) == 0 {
		return fmt.Errorf("%s stands above the first trace", e.Text)
	}
	t := p.s.Traces[len(p.s.Traces)-1]
	t.Expect = append(t.Expect, e)
	return nil
}

func (p *reader) directive(key, value string) error {
	switch key {
	case "idioms":
		for _, f := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
			n, err := idiomNumber(f)
			if err != nil {
				return err
			}
			p.s.Idioms = append(p.s.Idioms, n)
		}
	case "libs":
		p.s.Libs = append(p.s.Libs, strings.Fields(value)...)
	case "src":
		p.s.Source = append(p.s.Source, strings.Fields(value)...)
	case "tags":
		p.s.Tags = value
	case "folder":
		p.s.Folder = value
	case "module":
		p.module = value
	case "incomplete":
		p.s.Incomplete = value
	case "expect-unsupported":
		num, reason, ok := strings.Cut(value, " because ")
		n, err := idiomNumber(num)
		if err != nil || !ok {
			return fmt.Errorf("want NUMBER because REASON, have %q", value)
		}
		p.s.Unsupported[n] = reason
	}
	return nil
}

func idiomNumber(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > Idioms {
		return 0, fmt.Errorf("idiom %q is not 1 to %d", s, Idioms)
	}
	return n, nil
}

// expectation reads what follows the keyword.
func (p *reader) expectation(e *Expectation, rest string) error {
	switch e.Op {
	case Endpoint, Departs, Arrives:
		return p.endpoint(e, rest)
	case Command:
		words, fn, found := strings.Cut(rest, " => ")
		if found {
			e.Funcs = []Func{p.fn(fn)}
		}
		f := strings.Fields(words)
		if len(f) < 2 {
			return fmt.Errorf("want PROGRAM and words")
		}
		e.From, e.Words = f[0], f[1:]
		return nil
	case Either:
		for part := range strings.SplitSeq(rest, " || ") {
			word, rest, _ := strings.Cut(part, " ")
			or := Expectation{Line: e.Line, Text: part, Op: Op(strings.TrimPrefix(word, "!")), Not: strings.HasPrefix(word, "!")}
			if err := p.expectation(&or, strings.TrimSpace(rest)); err != nil {
				return err
			}
			e.Or = append(e.Or, or)
		}
		if e.Not || len(e.Or) < 2 {
			return fmt.Errorf("want A || B, and no negation")
		}
		return nil
	case Node, Edge, Path, Spine, Under, Label, Rule, Registered, Sent, Made, Gap:
	default:
		return fmt.Errorf("unknown keyword %q", e.Op)
	}
	rest, pattern, found := strings.Cut(rest, " ~ ")
	if found {
		quoted, err := strconv.Unquote(strings.TrimSpace(pattern))
		if err != nil {
			return fmt.Errorf("the pattern %s is not a quoted string", pattern)
		}
		if e.Match, err = regexp.Compile(quoted); err != nil {
			return err
		}
	}
	if e.Op == Gap {
		return p.gap(e, rest)
	}
	if err := p.chain(e, rest); err != nil {
		return err
	}
	want, most := 2, 2
	switch e.Op {
	case Node:
		want, most = 1, 1
	case Path:
		most = len(e.Funcs)
	case Spine:
		want, most = 1, len(e.Funcs)
		if e.Not {
			most = 1
		}
	}
	if e.Not && e.Op == Path {
		most = 2 // a longer one would not say which joint must be missing
	}
	if n := len(e.Funcs); n < want || n > most {
		return fmt.Errorf("%d functions, want %d to %d", n, want, most)
	}
	needs := slices.Contains([]Op{Under, Label, Rule, Registered, Sent, Made}, e.Op)
	if needs != (e.Match != nil) {
		return fmt.Errorf(`~ "regexp" belongs to under, label, rule, registered, sent, made and gap, and they need it`)
	}
	return nil
}

var arrow = regexp.MustCompile(` +--?([a-z|]*)(?:--)?> +`)

// chain reads A -> B or A --http--> B.
func (p *reader) chain(e *Expectation, text string) error {
	for _, m := range arrow.FindAllStringSubmatch(text, -1) {
		if m[1] == "" {
			continue
		}
		if len(e.Kinds) > 0 || e.Op == Path || e.Op == Spine {
			return fmt.Errorf("only a single edge can have a kind")
		}
		for k := range strings.SplitSeq(m[1], "|") {
			if !slices.Contains(flow.Kinds(), flow.Kind(k)) {
				return fmt.Errorf("unknown kind %q", k)
			}
			e.Kinds = append(e.Kinds, flow.Kind(k))
		}
	}
	for _, f := range arrow.Split(" "+text+" ", -1) {
		f = strings.TrimSpace(f)
		if f == "" || strings.ContainsAny(f, " ") && !strings.Contains(f, "[") {
			return fmt.Errorf("%q is not a function", f)
		}
		e.Funcs = append(e.Funcs, p.fn(f))
	}
	return nil
}

// fn reads [PROGRAM:]FUNC; a FUNC that begins with ./ is in the module.
func (p *reader) fn(text string) Func {
	var f Func
	f.Name = strings.TrimSpace(text)
	if prog, name, found := strings.Cut(f.Name, ":"); found {
		f.Program, f.Name = prog, name
	}
	if rest, found := strings.CutPrefix(f.Name, "./"); found {
		f.Name = p.module + "/" + rest
	} else if strings.HasPrefix(f.Name, ".") {
		f.Name = p.module + f.Name
	}
	return f
}

// gap reads [KIND] [after FUNC].
func (p *reader) gap(e *Expectation, text string) error {
	f := strings.Fields(text)
	if len(f) > 0 && f[0] != "after" {
		if !slices.Contains(flow.Kinds(), flow.Kind(f[0])) {
			return fmt.Errorf("unknown kind %q", f[0])
		}
		e.Kind, f = flow.Kind(f[0]), f[1:]
	}
	switch {
	case len(f) == 2 && f[0] == "after":
		e.Funcs = []Func{p.fn(f[1])}
	case len(f) != 0:
		return fmt.Errorf("want [KIND] [after FUNC]")
	case !e.Not:
		return fmt.Errorf("a gap has a place: after FUNC")
	}
	return nil
}

var endpointLine = regexp.MustCompile(`^([a-z]+) ("(?:[^"\\]|\\.)*") (\S+)(?: -> (\S+))?$`)

// endpoint reads KIND "KEY" PROGRAM [-> PROGRAM].
func (p *reader) endpoint(e *Expectation, text string) error {
	m := endpointLine.FindStringSubmatch(text)
	if m == nil || (e.Op == Endpoint) != (m[4] != "") {
		return fmt.Errorf(`want KIND "KEY" PROGRAM, and -> PROGRAM after endpoint alone`)
	}
	e.Kind, e.From, e.To = flow.Kind(m[1]), m[3], m[4]
	if !e.Kind.Process() {
		return fmt.Errorf("%s leaves no process", e.Kind)
	}
	var err error
	e.Key, err = strconv.Unquote(m[2])
	return err
}

var markerLine = regexp.MustCompile(`//@ (departs|arrives)\(([a-z]+), ("(?:[^"\\]|\\.)*")\)\s*$`)

func markers(name string, data []byte) ([]Marker, error) {
	var all []Marker
	for i, line := range strings.Split(string(data), "\n") {
		if !strings.Contains(line, "//@") {
			continue
		}
		m := markerLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("%s:%d: not a marker: %s", name, i+1, strings.TrimSpace(line))
		}
		key, err := strconv.Unquote(m[3])
		if err != nil {
			return nil, err
		}
		all = append(all, Marker{flow.Site{File: name, Line: i + 1}, Op(m[1]), flow.Kind(m[2]), key})
	}
	return all, nil
}
