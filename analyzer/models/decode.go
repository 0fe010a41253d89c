package models

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads the text of a model file. An error says file and line.
func Parse(file string, data []byte) (m *Model, err error) {
	// The YAML library is young: it has panicked on texts that are broken enough.
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("%s:1: it cannot be read (%v)", file, p)
		}
	}()
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, placed(file, 1, err)
	}
	if len(doc.Docs) != 1 || doc.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s:1: one model is one YAML document; begin with `library: IMPORT/PATH`", file)
	}
	return Decode(file, doc.Docs[0].Body)
}

// Decode reads a model that stands in a larger file.
func Decode(file string, n ast.Node) (*Model, error) {
	line := n.GetToken().Position.Line
	if first, ok := n.(*ast.MappingNode); ok && len(first.Values) > 0 {
		line = first.Values[0].Key.GetToken().Position.Line
	}
	m := &Model{File: file, Line: line}
	if err := yaml.NodeToValue(n, m, yaml.Strict()); err != nil {
		return nil, placed(file, line, err)
	}
	if err := m.check(); err != nil {
		return nil, placed(file, line, err)
	}
	return m, nil
}

// placedError is an error with its line.
type placedError struct {
	line int
	what string
}

func (e *placedError) Error() string { return e.what }

func at(n ast.Node, format string, args ...any) error {
	return &placedError{n.GetToken().Position.Line, fmt.Sprintf(format, args...)}
}

// placed puts file and line in front of an error.
func placed(file string, line int, err error) error {
	what := err.Error()
	var own *placedError
	var lib yaml.Error
	switch {
	case errors.As(err, &own):
		line, what = own.line, own.what
	case errors.As(err, &lib):
		if t := lib.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
		what = lib.GetMessage()
	}
	return fmt.Errorf("%s:%d: %s", file, line, strings.Join(strings.Fields(what), " "))
}

// scalar is the text of a node that is no list or mapping, "" for others.
func scalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
		return n.GetToken().Value
	}
	if t := n.GetToken(); t != nil && t.Type == token.StringType {
		return t.Value
	}
	return ""
}

// check finds what YAML alone does not.
func (m *Model) check() error {
	switch {
	case m.Library == "":
		return fmt.Errorf("no library; write `library: IMPORT/PATH`")
	case m.Kind == "":
		return fmt.Errorf("no kind; write `kind:` and one of %s", list(kinds))
	case !contains(kinds, m.Kind):
		return fmt.Errorf("unknown kind %q; the kinds are %s", m.Kind, list(kinds))
	case m.Support != Full && m.Support != Partly && m.Support != Not:
		return fmt.Errorf("unknown support %q; write partly or not, or leave it out", m.Support)
	case (m.Support != Full) != (m.Why != ""):
		return fmt.Errorf("support and why belong together: say what is missing where support is not full")
	}
	if _, version := m.majorOfLibrary(); version {
		return fmt.Errorf("library %s ends in a major version; leave it out, it is understood", m.Library)
	}
	if m.Syntax != Braces && m.Syntax != Colons {
		return fmt.Errorf("unknown syntax %q; write colons, or leave it out", m.Syntax)
	}
	for _, err := range []error{m.checkRoutes(), m.checkCommands(), m.checkOthers()} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) majorOfLibrary() (string, bool) {
	last := m.Library[strings.LastIndexByte(m.Library, '/')+1:]
	return last, last != "" && last[0] == 'v' && majorVersion(last)
}

func (m *Model) checkRoutes() error {
	for _, r := range m.Routes {
		switch {
		case r.Call.Zero():
			return fmt.Errorf("a route without call; write `call: Type.Method`")
		case (r.Handler == nil) == (len(r.Chain) == 0):
			return r.Call.errorf("a route has either a handler or a chain")
		case r.Compiled != nil && (r.Compiled.Call.Zero() || r.Path == nil):
			return r.Call.errorf("compiled needs the path of the route and the call that makes it")
		}
	}
	for _, g := range m.Groups {
		if g.Call.Zero() {
			return fmt.Errorf("a group without call; write `call: Type.Method`")
		}
	}
	for _, l := range m.Listens {
		if l.Call.Zero() {
			return fmt.Errorf("an entry of listens without call; write `call: Type.Method`")
		}
	}
	return nil
}

func (m *Model) checkCommands() error {
	for _, c := range m.Commands {
		n := 0
		if f := c.Fields; f != nil {
			n++
			if len(f.Types) == 0 || len(f.Root) == 0 || f.Name == "" || len(f.Run) == 0 {
				return fmt.Errorf("commands by fields need types, root, name and run")
			}
			for _, h := range slices.Concat(f.Before, f.After) {
				if len(h.Fields) == 0 || !contains([]HooksOf{Own, Every, Nearest}, h.Of) {
					return f.Root[0].errorf("an entry of before or after needs fields, and of: own, every or nearest")
				}
			}
		}
		if f := c.Calls; f != nil {
			n++
			if len(f.Command) == 0 || (f.Data == nil) != (f.Method == "") {
				return fmt.Errorf("commands by calls need command; data and method belong together")
			}
		}
		if f := c.Values; f != nil {
			n++
			if f.Run == "" || (f.Register == nil) == (f.Factory == nil) || f.Register != nil && f.Name == "" {
				return fmt.Errorf("commands by values need run, and either register and name or factory")
			}
		}
		if f := c.Tags; f != nil {
			n++
			if f.Tag == "" || f.Run == "" || len(f.Parse) == 0 {
				return fmt.Errorf("commands by tags need tag, parse and run")
			}
		}
		if n != 1 {
			return fmt.Errorf("an entry of commands is one of fields, calls, values and tags")
		}
	}
	return nil
}

func (m *Model) checkOthers() error {
	for _, s := range m.Sends {
		if s.Call.Zero() || s.Request == nil && s.Path == nil && len(m.Bases) == 0 {
			return s.Call.errorf("a send needs call, and request or path, or bases that say where to")
		}
	}
	for _, e := range m.Effects {
		if e.Call.Zero() || !contains(deeds, e.Does) {
			return e.Call.errorf("an effect needs call, and does, which is one of %s", list(deeds))
		}
	}
	for _, a := range m.Arguments {
		if a.Call.Zero() || (a.At == nil) == ((a.Index == nil) == (a.From == nil)) {
			return a.Call.errorf("an entry of arguments needs call, and one of at, index and from")
		}
	}
	for _, p := range m.Passes {
		if p.Call.Zero() || !contains(forms, p.As) || !contains(forms, p.Of) {
			return p.Call.errorf("a pass needs call, and forms are %s", list(forms[1:]))
		}
	}
	for _, l := range m.Leaves {
		if l.Call.Zero() || l.Why == "" {
			return l.Call.errorf("an entry of leaves needs call, and why it is not followed")
		}
	}
	for _, c := range m.Callbacks {
		if c.Call.Zero() || !contains([]When{Now, Later, Another}, c.When) {
			return c.Call.errorf("a callback needs call, arg, and when: now, later or goroutine")
		}
	}
	for _, t := range m.Tasks {
		at := t.Register
		if at.Zero() {
			at = t.Ask
		}
		switch {
		case t.Register.Zero() == t.Ask.Zero():
			return at.errorf("a task has either register or ask")
		case t.Kind == nil:
			return at.errorf("a task needs kind")
		case !contains([]What{OfText, OfFunction, OfType, OfTypeArgument}, t.Kind.Of):
			return at.errorf("unknown of %q; write function, type or type argument, or leave it out", t.Kind.Of)
		case t.By != "" && t.By != ByTask && t.By != ByQueue:
			return at.errorf("unknown by %q; write task or queue", t.By)
		case t.Ask.Zero() && t.Function == nil:
			return at.errorf("what registers needs function")
		}
	}
	return nil
}

func (s Symbol) errorf(format string, args ...any) error {
	return &placedError{max(s.line, 1), s.text + ": " + fmt.Sprintf(format, args...)}
}

func contains[T comparable](all []T, x T) bool {
	for _, y := range all {
		if x == y {
			return true
		}
	}
	return false
}

func list[T ~string](all []T) string {
	var names []string
	for _, x := range all {
		names = append(names, string(x))
	}
	return strings.Join(names, ", ")
}
