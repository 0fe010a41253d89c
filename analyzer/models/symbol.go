package models

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Symbol names functions, methods or types of a library.
type Symbol struct {
	text string
	line int
	sub  string   // the package below the library's, "" for its own
	recv []string // names of types; nil for functions and types
	name []string
}

// Arg is the place of an argument.
type Arg int

// Operand is a text, an argument, or the name of the function that is called.
type Operand struct {
	Text string
	Arg  Arg
	Name bool // the name of the called function, or of a function that is passed as Arg
	text bool
}

// IsText reports whether the operand is a text.
func (o *Operand) IsText() bool { return o != nil && o.text }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (o *Operand) UnmarshalYAML(n ast.Node) error {
	s := scalar(n)
	if i, err := strconv.Atoi(s); err == nil {
		o.Arg = Arg(i)
		return nil
	}
	switch {
	case s == "name":
		o.Name, o.Arg = true, -1
	case strings.HasPrefix(s, "name of "):
		i, err := strconv.Atoi(strings.TrimPrefix(s, "name of "))
		if err != nil {
			return at(n, "%q is no argument; write `name of 1`", s)
		}
		o.Name, o.Arg = true, Arg(i)
	case s == "":
		return at(n, "empty; write a text, the number of an argument, or `name`")
	default:
		o.Text, o.text = s, true
	}
	return nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (a *Arg) UnmarshalYAML(n ast.Node) error {
	i, err := strconv.Atoi(scalar(n))
	if err != nil || i < 0 {
		return at(n, "%q is no argument; write its number, the receiver of a method being 0", scalar(n))
	}
	*a = Arg(i)
	return nil
}

var name = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Symbol) UnmarshalYAML(n ast.Node) error {
	text := scalar(n)
	parsed, err := parseSymbol(text)
	if err != nil {
		return at(n, "%v", err)
	}
	parsed.line = n.GetToken().Position.Line
	*s = parsed
	return nil
}

func parseSymbol(text string) (Symbol, error) {
	s := Symbol{text: text}
	rest := text
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		pkg, after, ok := strings.Cut(rest[i+1:], ".")
		if !ok {
			return s, fmt.Errorf("%q names no function; write PACKAGE.Function or PACKAGE.Type.Method", text)
		}
		s.sub, rest = rest[:i+1]+pkg, after
	} else if first, after, ok := strings.Cut(rest, "."); ok && first != "" && strings.ToLower(first[:1]) == first[:1] && first[0] != '{' && first[0] != '*' {
		s.sub, rest = first, after
	}
	parts := strings.Split(rest, ".")
	if len(parts) > 2 {
		return s, fmt.Errorf("%q has too many parts; write Function, Type.Method or package.Type.Method", text)
	}
	var err error
	if s.name, err = alternatives(parts[len(parts)-1]); err != nil {
		return s, fmt.Errorf("%q: %w", text, err)
	}
	if len(parts) == 2 {
		if s.recv, err = alternatives(parts[0]); err != nil {
			return s, fmt.Errorf("%q: %w", text, err)
		}
	}
	return s, nil
}

// alternatives is the names that "{Get,Post}", "Get" or "*" stand for.
func alternatives(text string) ([]string, error) {
	inner, braces := strings.CutPrefix(text, "{")
	names := []string{text}
	if braces {
		var closed bool
		if inner, closed = strings.CutSuffix(inner, "}"); !closed {
			return nil, fmt.Errorf("a brace is not closed")
		}
		names = strings.Split(inner, ",")
	}
	for i, n := range names {
		names[i] = strings.TrimSpace(n)
		if names[i] != "*" && !name.MatchString(names[i]) {
			return nil, fmt.Errorf("%q is no name of Go", names[i])
		}
	}
	return names, nil
}

// String is the symbol as it was written.
func (s Symbol) String() string { return s.text }

// Zero reports whether no symbol was written.
func (s Symbol) Zero() bool { return s.text == "" }

// Package is the package below the library's that s is of, "" for its own.
func (s Symbol) Package() string { return s.sub }

// Names is the names that s stands for; "*" for any.
func (s Symbol) Names() []string {
	return slices.DeleteFunc(slices.Clone(s.name), func(n string) bool { return n == "*" })
}

// In is what may stand before the names: types with a dot, nothing for functions
// and types.
func (s Symbol) In() []string {
	if s.recv == nil {
		return []string{""}
	}
	var out []string
	for _, r := range s.recv {
		out = append(out, r+".")
	}
	return out
}

// Symbols is every symbol in the entries of a model.
func (m *Model) Symbols() []Symbol {
	var out []Symbol
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		if s, ok := v.Interface().(Symbol); ok {
			if !s.Zero() {
				out = append(out, s)
			}
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		}
	}
	walk(reflect.ValueOf(*m))
	return out
}

// Called is a symbol of a program, taken apart.
type Called struct{ Path, Recv, Name string }

// Split takes apart "(*net/http.Client).Do", "net/http.Get" and
// "net/http.Client".
func Split(symbol string) Called {
	var c Called
	rest := symbol
	if inner, method, ok := strings.Cut(symbol, ")."); ok && symbol[0] == '(' {
		rest, c.Name = strings.TrimPrefix(inner[1:], "*"), method
	}
	rest, _, _ = strings.Cut(rest, "[")
	i := strings.LastIndexByte(rest, '/') + 1
	pkg, last, _ := strings.Cut(rest[i:], ".")
	// a dot in the last element of the path: gopkg.in/yaml.v3.Marshal
	if j := strings.LastIndexByte(rest[i:], '.'); j >= 0 {
		pkg, last = rest[i:][:j], rest[i:][j+1:]
	}
	c.Path = rest[:i] + pkg
	if c.Name == "" {
		c.Name = last
	} else {
		c.Recv = last
	}
	return c
}

// Matches reports whether s, of the library m, names what was called.
func (m *Model) Matches(s Symbol, c Called) bool {
	if s.Zero() || !has(s.name, c.Name) || (s.recv == nil) != (c.Recv == "") || s.recv != nil && !has(s.recv, c.Recv) {
		return false
	}
	sub, ok := m.Below(c.Path)
	return ok && sub == s.sub
}

// IsType reports whether s, of the library m, names the type.
func (m *Model) IsType(s Symbol, typeSymbol string) bool {
	return m.Matches(s, Split(typeSymbol))
}

func has(names []string, name string) bool {
	return slices.Contains(names, name) || slices.Contains(names, "*")
}

// Below is the package that path is, seen from the library: "" for its own.
func (m *Model) Below(path string) (sub string, ok bool) {
	for _, lib := range append([]string{m.Library}, m.Also...) {
		rest, ok := strings.CutPrefix(path, lib)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		rest = strings.TrimPrefix(rest, "/")
		if first, after, _ := strings.Cut(rest, "/"); majorVersion(first) {
			rest = after
		}
		return rest, true
	}
	return "", false
}

func majorVersion(s string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "v"))
	return err == nil && n > 1 && s[0] == 'v'
}
