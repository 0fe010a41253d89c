package models

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

//go:embed *.yaml
var files embed.FS

// Set is the models that hold for a program, those of the user first.
type Set struct {
	All []*Model
	of  sync.Map // import path → *Model, nil for none
}

var builtin = sync.OnceValues(func() (*Set, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	s := &Set{}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := Parse(name, data)
		if err != nil {
			return nil, err
		}
		s.All = append(s.All, m)
	}
	return s, nil
})

// Builtin is the models that come with the analyzer, by file name.
func Builtin() *Set {
	s, err := builtin()
	if err != nil {
		panic(fmt.Sprintf("a model of ours is wrong: %v", err)) // a test reads all of them
	}
	return s
}

// With is s with the models of a user in front. One of the same library takes
// the place of ours.
func (s *Set) With(user []*Model) *Set {
	out := &Set{}
	own := map[string]bool{}
	for _, m := range user {
		m.User = true
		own[m.Library] = true
		out.All = append(out.All, m)
	}
	for _, m := range s.All {
		if !own[m.Library] {
			out.All = append(out.All, m)
		}
	}
	return out
}

// Of is the model of the library that a package belongs to, nil for none.
func (s *Set) Of(path string) *Model {
	if m, ok := s.of.Load(path); ok {
		return m.(*Model)
	}
	var found *Model
	for _, m := range s.All {
		if _, ok := m.Below(path); ok {
			found = m
			break
		}
	}
	s.of.Store(path, found)
	return found
}

// Closed reports whether the bodies of a package are left out, because a model
// says what it does.
func (s *Set) Closed(path string) bool {
	m := s.Of(path)
	return m != nil && !m.Bodies
}

// Effect is what a call of the symbol does to the world, nil for nothing.
func (s *Set) Effect(symbol string) *Effect { return s.effect(Split(symbol)) }

func (s *Set) effect(c Called) *Effect {
	m := s.Of(c.Path)
	if m == nil {
		return nil
	}
	for i := range m.Effects {
		if e := &m.Effects[i]; m.Matches(e.Call, c) {
			return e
		}
	}
	return nil
}

// Fails reports whether a call of the symbol returns an error in every run, and Wraps
// whether it does where its first argument is one.
func (s *Set) Fails(symbol string) bool {
	return s.lists(symbol, func(m *Model) []Symbol { return m.Errors })
}

// Wraps is told with Fails.
func (s *Set) Wraps(symbol string) bool {
	return s.lists(symbol, func(m *Model) []Symbol { return m.Wraps })
}

func (s *Set) lists(symbol string, of func(*Model) []Symbol) bool {
	c := Split(symbol)
	m := s.Of(c.Path)
	return m != nil && slices.ContainsFunc(of(m), func(e Symbol) bool { return m.Matches(e, c) })
}

// Passes is how a call of the symbol passes on what it is given, and whether that
// is known.
func (s *Set) Passes(symbol string) []*Pass {
	c := Split(symbol)
	m := s.Of(c.Path)
	if m == nil {
		return nil
	}
	var out []*Pass
	for i := range m.Passes {
		if p := &m.Passes[i]; m.Matches(p.Call, c) {
			out = append(out, p)
		}
	}
	return out
}

// Argument is what a call of the symbol gives of the command line, nil for nothing.
func (s *Set) Argument(symbol string) *Argument {
	e, ok := Find(s, func(m *Model) []Argument { return m.Arguments }, func(a *Argument) Symbol { return a.Call }, symbol)
	if !ok {
		return nil
	}
	return e.Of
}

// Reads is the argument of a call of the symbol that is the key of what it reads: of a
// query, a form, a header.
func (s *Set) Reads(symbol string) (key int, ok bool) {
	for _, p := range s.Passes(symbol) {
		if p.Key != nil && p.To == nil {
			return int(*p.Key), true
		}
	}
	return 0, false
}

// Writes is the arguments of a call of the symbol that are what it writes into, the
// key, and the value.
func (s *Set) Writes(symbol string) (into, key, value int, ok bool) {
	for _, p := range s.Passes(symbol) {
		if p.Key != nil && p.To != nil {
			return int(*p.To), int(*p.Key), int(p.From), true
		}
	}
	return 0, 0, 0, false
}

// FlagTags is the tags that make a field of a struct a flag.
func (s *Set) FlagTags() []string {
	var out []string
	for _, m := range s.All {
		for _, c := range m.Commands {
			if c.Tags != nil && c.Tags.Flag != "" && !slices.Contains(out, c.Tags.Flag) {
				out = append(out, c.Tags.Flag)
			}
		}
	}
	return out
}

// PassesNothing reports whether it is known that a call of the symbol passes on nothing
// of what it is given.
func (s *Set) PassesNothing(symbol string) bool {
	all := s.Passes(symbol)
	return len(all) > 0 && !slices.ContainsFunc(all, func(p *Pass) bool { return !p.None })
}

// Carries reports whether a library that mentions a function or type of another
// package is worth its bodies, because that has an effect.
func (s *Set) Carries(path, name string) bool {
	e := s.effect(Called{Path: path, Name: name})
	return e != nil && e.Bodies
}

// Entry is an entry of a model together with the model.
type Entry[T any] struct {
	Model *Model
	Of    *T
}

// Find is the first entry of the library's model whose symbol names what was
// called.
func Find[T any](s *Set, entries func(*Model) []T, symbol func(*T) Symbol, called string) (Entry[T], bool) {
	c := Split(called)
	m := s.Of(c.Path)
	if m == nil {
		return Entry[T]{}, false
	}
	all := entries(m)
	for i := range all {
		if m.Matches(symbol(&all[i]), c) {
			return Entry[T]{m, &all[i]}, true
		}
	}
	return Entry[T]{}, false
}
