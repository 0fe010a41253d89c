// Package touch lists what a change must touch that adds a property like an existing
// one, and writes as much of the change as follows from the existing property.
//
// Words. The sibling is the existing property. Its spellings are the ways in which
// its flag's name is written: cache-property, cacheProperty, CacheProperty,
// cache_property. A place is a line that names the sibling, or that passes its value
// on under another name.
//
// Phases, a file each:
//
//	touch  the places, from the way of the value and from the text of all files
//	words  the spellings of a name
//	patch  the lines of the new property, made from those of the sibling
//
// A line that passes on an object which has the value needs no change, and is no place.
// A line that gives the value to a name that is not the sibling's, as a field of a
// library's type, is a place and is not in the patch: the new value needs a home of its
// own there.
package touch

import (
	"bytes"
	"cmp"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Source is the files of one tree.
type Source struct {
	Dir      string   // absolute
	Given    string   // as a person named it
	Programs []string // of it
}

// Query is what to add.
type Query struct {
	As   string // the new flag, empty for none
	Type string // its type
}

// Find is the places of the sibling that v follows, and with As the patch.
func Find(v *flow.Value, sources []Source, q Query) (*flow.Touch, error) {
	out := &flow.Touch{
		Schema: flow.TouchSchema, Program: v.Program, Command: v.Command, Like: v.Flag, As: q.As, Type: q.Type, Sources: []flow.TouchSource{},
	}
	sib := newSibling(v, q)
	var patch strings.Builder
	for _, src := range built(v, sources) {
		s := &search{sibling: sib, src: src, hops: map[string]map[int]flow.ValueHop{}}
		for _, h := range v.Hops {
			if h.Itself && slices.Contains(src.Programs, h.Component) {
				if s.hops[h.File] == nil {
					s.hops[h.File] = map[int]flow.ValueHop{}
				}
				s.hops[h.File][h.Line] = h
			}
		}
		if err := s.walk(); err != nil {
			return nil, err
		}
		slices.SortStableFunc(s.places, func(a, b flow.TouchPlace) int {
			return cmp.Or(cmp.Compare(rank(a.Role), rank(b.Role)), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
		if len(s.places) > 0 {
			out.Sources = append(out.Sources, flow.TouchSource{Dir: src.Given, Places: s.places})
		}
		patch.WriteString(s.patch.String())
	}
	out.Patch = patch.String()
	return out, nil
}

// built is the sources in the order in which they are built: what the value reaches
// last is what the others speak to.
func built(v *flow.Value, sources []Source) []Source {
	last := map[string]int{}
	for _, h := range v.Hops {
		n := 0
		for i := h.ID; i >= 0; i = v.Hops[i].After {
			if v.Hops[i].Kind != flow.Call {
				n++
			}
		}
		last[h.Component] = max(last[h.Component], n)
	}
	depth := func(s Source) int {
		n := 0
		for _, p := range s.Programs {
			n = max(n, last[p])
		}
		return n
	}
	out := slices.Clone(sources)
	slices.SortStableFunc(out, func(a, b Source) int { return cmp.Compare(depth(b), depth(a)) })
	return out
}

// search looks through one source.
type search struct {
	*sibling
	src    Source
	hops   map[string]map[int]flow.ValueHop
	places []flow.TouchPlace
	patch  strings.Builder
}

// largestFile is the size up to which a file is read: what is larger is data.
const largestFile = 2 << 20

func (s *search) walk() error {
	return filepath.WalkDir(s.src.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != s.src.Dir && (base == "vendor" || base == "node_modules" || strings.HasPrefix(base, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err != nil || !info.Mode().IsRegular() || info.Size() > largestFile {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		rel, err := filepath.Rel(s.src.Dir, name)
		if err != nil {
			return err
		}
		s.file(filepath.ToSlash(rel), text)
		return nil
	})
}

// file adds the places in one file, and its part of the patch.
func (s *search) file(name string, text []byte) {
	hops := s.hops[name]
	if len(hops) == 0 && !s.mentioned(text) {
		return
	}
	lines := strings.Split(string(text), "\n")
	var edits []edit
	if s.as != "" && path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".pb.go") {
		edits = s.edits(text)
	}
	for i, line := range lines {
		h, passes := hops[i+1]
		if !passes && !s.names(line) {
			continue
		}
		p := flow.TouchPlace{Site: flow.Site{File: name, Line: i + 1}, Role: role(name, line, h, passes), Code: strings.TrimSpace(line)}
		p.Patched = slices.ContainsFunc(edits, func(e edit) bool { return slices.Contains(e.from, i+1) })
		s.places = append(s.places, p)
	}
	writeDiff(&s.patch, name, lines, edits)
}

// roles is what places are, in the order in which they are told.
var roles = []string{"flag", "field", "passes it on", "condition", "names it", "protocol", "generated", "API description", "completion", "documentation", "test"}

func rank(role string) int { return slices.Index(roles, role) }

// role says what a line has to do with the sibling.
func role(name, line string, h flow.ValueHop, passes bool) string {
	code := strings.TrimSpace(line)
	switch ext := path.Ext(name); {
	case strings.HasSuffix(name, "_test.go"), strings.Contains(name, "testdata/"), strings.Contains(name, "/integration"), strings.HasPrefix(name, "integration"):
		return "test"
	case ext == ".proto":
		return "protocol"
	case strings.HasSuffix(name, ".pb.go"):
		return "generated"
	case ext == ".md", strings.Contains(name, "man/"), strings.Contains(name, "docs/") && ext != ".go":
		return "documentation"
	case strings.Contains(name, "completion"):
		return "completion"
	case ext == ".yaml", ext == ".yml", ext == ".json":
		return "API description"
	case passes && h.After < 0:
		return "flag"
	case ext != ".go" && ext != ".txtar":
		return "names it"
	case ext == ".txtar":
		return "test"
	case passes:
		return "passes it on"
	case strings.HasPrefix(code, "if "), strings.HasPrefix(code, "case "), strings.HasPrefix(code, "} else if "):
		return "condition"
	case fieldLine.MatchString(code):
		return "field"
	}
	return "names it"
}
