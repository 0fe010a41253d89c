package system

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/models"
)

// Read reads a system file.
func Read(file string) (*System, error) {
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file; check the path, or name the sources with --src", file)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: no permission to read it; make it readable", file)
	case err != nil:
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w; give a system file such as callroute.yaml", file, err)
	}
	d, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	return d.system(file)
}

// description is a system file, not yet compared with the disk.
type description struct {
	sources []describedSource
	aliases map[string]string
	choices map[string]map[string]string
	outside []string
	models  []*models.Model
	verify  Verify
	written string // what the models say
}

type describedSource struct {
	dir, importPath string
	line            int
}

// parse reads the text of a system file.
func parse(file string, data []byte) (*description, error) {
	r := &reader{file: file}
	docs, err := parseYAML(data)
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, r.errorf(syntax.line, "not YAML: %s; mend the line", syntax.what)
	case len(docs) == 0 || docs[0].kind == empty:
		return nil, r.errorf(1, "the file is empty; begin with `sources:` and one `- {dir: FOLDER}` per source tree")
	case len(docs) > 1:
		return nil, r.errorf(docs[1].line, "a second document begins here; remove the line `---`")
	}
	return r.document(docs[0])
}

// reader reads the nodes of one file.
type reader struct {
	file    string
	written strings.Builder // the text of models
}

func (r *reader) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...))
}

func (r *reader) document(n node) (*description, error) {
	d := &description{}
	err := r.each(n, "the file", func(key, value node) (err error) {
		switch key.text {
		case "sources":
			d.sources, err = r.sources(value)
		case "aliases":
			d.aliases, err = r.aliases(value)
		case "choices":
			d.choices, err = r.choices(value)
		case "outside":
			d.outside, err = r.words(key.text, value)
		case "models":
			d.models, err = r.models(value)
			d.written = r.written.String()
		case "verify":
			d.verify, err = r.verify(value)
		default:
			err = r.unknown(key, "sources", "aliases", "choices", "outside", "models", "verify")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(d.sources) == 0 {
		return nil, r.errorf(n.line, "no sources; add `sources:` and one `- {dir: FOLDER}` per source tree")
	}
	return d, nil
}

func (r *reader) sources(n node) ([]describedSource, error) {
	if n.kind != list {
		return nil, r.errorf(n.line, "sources is %s; write a list of `- {dir: FOLDER}`", n)
	}
	var sources []describedSource
	for _, item := range n.items {
		src := describedSource{line: item.line}
		err := r.each(item, "a source", func(key, value node) (err error) {
			switch key.text {
			case "dir":
				src.dir, err = r.text(key.text, value)
			case "import":
				src.importPath, err = r.text(key.text, value)
			default:
				err = r.unknown(key, "dir", "import")
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if src.dir == "" {
			return nil, r.errorf(item.line, "a source without dir; write `- {dir: FOLDER}`")
		}
		sources = append(sources, src)
	}
	return sources, nil
}

// models reads a list of models, each written in place or the name of a file.
func (r *reader) models(n node) ([]*models.Model, error) {
	if n.kind != list {
		return nil, r.errorf(n.line, "models is %s; write a list of models or of files with one", n)
	}
	var all []*models.Model
	lines := map[string]int{}
	for _, item := range n.items {
		m, err := r.model(item)
		if err != nil {
			return nil, err
		}
		if line := lines[m.Library]; line > 0 {
			return nil, r.errorf(item.line, "a second model of %s, first in line %d; write one", m.Library, line)
		}
		lines[m.Library] = item.line
		all = append(all, m)
	}
	return all, nil
}

func (r *reader) model(n node) (*models.Model, error) {
	if n.kind == mapping {
		r.written.WriteString(n.tree.String())
		return models.Decode(r.file, n.tree)
	}
	name, err := r.text("a model", n)
	if err != nil {
		return nil, err
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.file), name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, r.errorf(n.line, "the model %s: %v", name, err)
	}
	r.written.Write(data)
	return models.Parse(name, data)
}

func (r *reader) aliases(n node) (map[string]string, error) {
	aliases := map[string]string{}
	lines := map[string]int{}
	err := r.each(n, "aliases", func(key, value node) (err error) {
		lines[key.text] = key.line
		aliases[key.text], err = r.text(key.text, value)
		if err == nil && key.text == aliases[key.text] {
			err = r.errorf(key.line, "%s is an alias of itself; remove the line", key.text)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		if circle := circleFrom(name, aliases); circle != nil {
			return nil, r.errorf(lines[name], "the aliases %s go in a circle; let one of them name a program", strings.Join(circle, " → "))
		}
	}
	return aliases, nil
}

// circleFrom follows the aliases from a name. It returns the names on the way
// if it comes back to it, nil if not.
func circleFrom(name string, aliases map[string]string) []string {
	circle := []string{name}
	for next := aliases[name]; next != "" && len(circle) <= len(aliases); next = aliases[next] {
		circle = append(circle, next)
		if next == name {
			return circle
		}
	}
	return nil
}

func (r *reader) choices(n node) (map[string]map[string]string, error) {
	choices := map[string]map[string]string{}
	err := r.each(n, "choices", func(program, pinned node) error {
		answers := map[string]string{}
		choices[program.text] = answers
		return r.each(pinned, "the choices of "+program.text, func(key, value node) (err error) {
			answers[key.text], err = r.text(key.text, value)
			return err
		})
	})
	return choices, err
}

// each calls f for the entries of a mapping. what names the mapping.
func (r *reader) each(n node, what string, f func(key, value node) error) error {
	if n.kind != mapping {
		return r.errorf(n.line, "%s is %s; write `KEY: VALUE` lines", what, n)
	}
	seen := map[string]int{}
	for _, p := range n.pairs {
		key, value := p.key, p.value
		if key.kind != text || key.text == "" {
			return r.errorf(key.line, "a key of %s is %s; write a name", what, key)
		}
		if line := seen[key.text]; line > 0 {
			return r.errorf(key.line, "%s is there twice, first in line %d; remove one", key.text, line)
		}
		seen[key.text] = key.line
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) text(key string, n node) (string, error) {
	if n.kind != text || n.text == "" {
		return "", r.errorf(n.line, "%s is %s; write a text", key, n)
	}
	if strings.ContainsAny(n.text, "\x00\n") {
		return "", r.errorf(n.line, "%s has more than one line; write a single one", key)
	}
	return n.text, nil
}

func (r *reader) unknown(key node, known ...string) error {
	if near := Nearest(key.text, known); len(near) > 0 {
		return r.errorf(key.line, "unknown key %q; did you mean %s?", key.text, near[0])
	}
	return r.errorf(key.line, "unknown key %q; the keys here are %s", key.text, strings.Join(known, ", "))
}

// system compares a description with the disk.
func (d *description) system(file string) (*System, error) {
	s := &System{File: file, Aliases: d.aliases, Choices: d.choices, Outside: d.outside, Own: d.models, OwnText: d.written, Verify: d.verify}
	for i, described := range d.sources {
		dir := described.dir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(file), dir)
		}
		src, err := newSource(dir, described.dir)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, described.line, err)
		}
		for j, other := range s.Sources {
			if resolve(other.Dir) == resolve(src.Dir) {
				return nil, fmt.Errorf("%s:%d: the same folder as %s in line %d; leave one out", file, described.line, other.Given, d.sources[j].line)
			}
		}
		src.Import = d.sources[i].importPath
		s.Sources = append(s.Sources, src)
	}
	nameSources(s.Sources)
	return s, nil
}
