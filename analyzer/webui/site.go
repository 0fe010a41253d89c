package webui

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

// SiteOptions says what a site holds and how it is made.
type SiteOptions struct {
	Options
	Title     string
	Commands  []flow.Command
	Endpoints *flow.Endpoints // nil: no map
	// Trace follows one command. If it fails, the site says why, and goes on.
	Trace func(context.Context, flow.Command) (*flow.Flow, error)
	// Draw makes an SVG picture of a flow, if it is set.
	Draw func(io.Writer, *flow.Flow) error
	// Progress is told about each command.
	Progress func(done, all int, command string)
}

// Result counts what a site became.
type Result struct {
	Pages  int
	Failed []string // commands without a page, each with the reason
}

// marker is the file by which a folder is known to be a site of ours, which may
// be replaced.
const marker = ".callroute-report"

// Site writes a folder of pages: an index, a page for each command, the map of
// programs. It is written beside dir and put in its place when it is whole. It
// fails if dir holds anything that is not a site.
func Site(ctx context.Context, dir string, o SiteOptions) (Result, error) {
	if err := CheckSite(dir); err != nil {
		return Result{}, err
	}
	// The link itself stays where dir is one.
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(filepath.Clean(dir))+".")
	if err != nil {
		return Result{}, cannotWrite(dir, err)
	}
	defer os.RemoveAll(tmp)
	o.Lang = cmp.Or(o.Lang, article.English)
	s := &site{SiteOptions: o, dir: tmp, taken: map[string]bool{}, store: newStore(), same: map[string]indexCommand{}, pages: map[string]storedPage{}}
	if err := s.write(ctx); err != nil {
		return Result{}, cannotWrite(dir, err)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return Result{}, cannotWrite(dir, err)
	}
	return s.result, cannotWrite(dir, replace(dir, tmp))
}

// CheckSite finds out before long work whether a site can be written to dir.
func CheckSite(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		parent := filepath.Dir(filepath.Clean(dir))
		probe, err := os.MkdirTemp(parent, ".callroute-")
		if err != nil {
			return cannotWrite(dir, err)
		}
		return os.Remove(probe)
	case err != nil:
		return cannotWrite(dir, err)
	case len(entries) == 0:
		return nil
	}
	if _, err := os.Lstat(filepath.Join(dir, marker)); err != nil {
		return fmt.Errorf("%s is not empty and no report of callroute; it is left alone", dir)
	}
	return nil
}

// replace puts the folder fresh in the place of dir.
func replace(dir, fresh string) error {
	old := fresh + ".old"
	err := os.Rename(dir, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if renamed := os.Rename(fresh, dir); renamed != nil {
		if err == nil {
			return errors.Join(renamed, os.Rename(old, dir))
		}
		return renamed
	}
	return os.RemoveAll(old)
}

// cannotWrite says which folder an error is about, not which temporary one.
func cannotWrite(dir string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	} else if link := (*os.LinkError)(nil); errors.As(err, &link) {
		err = link.Err
	}
	return fmt.Errorf("cannot write %s: %w", dir, err)
}

// site is a site being written.
type site struct {
	SiteOptions
	dir    string
	taken  map[string]bool // names of pages
	store  *store
	same   map[string]indexCommand // the page of each route
	others []otherCommand
	pages  map[string]storedPage // by their names, for comparison
	result Result
}

func (s *site) write(ctx context.Context) error {
	for _, name := range []string{"explorer.js", "explorer.css", "index.js", "icon.svg"} {
		text, _, err := assetFile(name, s.Lang)
		if err != nil {
			return err
		}
		if err := s.file(filepath.Join("assets", name), []byte(text)); err != nil {
			return err
		}
	}
	shown := map[string]indexCommand{}
	for i, c := range s.Commands {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Progress != nil {
			s.Progress(i, len(s.Commands), commandTitle(c))
		}
		entry, err := s.command(ctx, c)
		if err != nil {
			return err
		}
		shown[commandKey(c)] = entry
	}
	if err := s.stored(); err != nil {
		return err
	}
	list, err := json.Marshal(s.others)
	if err != nil {
		return err
	}
	if err := s.file("assets/commands.js", fmt.Appendf(nil, "globalThis.callrouteCommands = %s;\n", list)); err != nil {
		return err
	}
	if err := s.index(shown); err != nil {
		return err
	}
	return s.file(marker, []byte("A report of callroute. callroute report -o replaces this folder.\n"))
}

func commandTitle(c flow.Command) string {
	return strings.Join(append([]string{c.Program}, c.Words...), " ")
}

func commandKey(c flow.Command) string { return string(c.Kind) + " " + commandTitle(c) }

// command writes the page of one command. The error is of writing; that a
// command cannot be traced stands in the entry.
func (s *site) command(ctx context.Context, c flow.Command) (indexCommand, error) {
	entry := indexCommand{Title: commandTitle(c), Place: commandPlace(c), Says: c.Says}
	f, failure := s.traced(ctx, c)
	if ctx.Err() != nil {
		return entry, ctx.Err()
	}
	if f == nil {
		entry.Failed = failure
		s.result.Failed = append(s.result.Failed, entry.Title+": "+failure)
		return entry, nil
	}
	route, err := routeKey(f)
	if err != nil {
		return entry, err
	}
	if other, ok := s.same[route]; ok {
		entry.Link, entry.Route = other.Link, fmt.Sprintf(labels{s.Lang}.T("as %s"), other.Title)
		return entry, nil
	}
	name := s.name(c)
	entry.Link = name + ".html"
	s.same[route] = entry
	programs := map[string]bool{}
	for _, id := range f.Spine {
		for _, n := range f.Nodes {
			if n.ID == id {
				programs[n.Component] = true
			}
		}
	}
	l := labels{s.Lang}
	entry.Route = l.many(len(f.Spine), "1 step", "%d steps")
	if len(programs) > 1 {
		entry.Route += fmt.Sprintf(l.T(" in %d programs"), len(programs))
	}
	s.result.Pages++
	s.others = append(s.others, otherCommand{entry.Title, name})
	return entry, s.page(name, f)
}

// routeKey is the same for commands that do the same: aliases, and routes of two
// versions of an API.
func routeKey(f *flow.Flow) (string, error) {
	same := *f
	same.Command, same.Args = nil, nil
	text, err := json.Marshal(same)
	sum := sha256.Sum256(text)
	return string(sum[:]), err
}

// stored writes what pages have in common.
func (s *site) stored() error {
	for name, value := range map[string]any{"store": s.store, "pages": s.pages} {
		text, err := deflated(name, value)
		if err != nil {
			return err
		}
		if err := s.file("assets/"+name+".js", text); err != nil {
			return err
		}
	}
	for i := range s.store.Programs {
		code := s.store.codeOf(i)
		if len(code) == 0 {
			continue
		}
		name := fmt.Sprintf("code-%d", i)
		text, err := deflated(name, code)
		if err != nil {
			return err
		}
		if err := s.file("assets/"+name+".js", text); err != nil {
			return err
		}
	}
	return nil
}

// traced is a flow of which a page can be made, or nil and why there is none. A
// panic is the failure of one command.
func (s *site) traced(ctx context.Context, c flow.Command) (f *flow.Flow, failure string) {
	defer func() {
		if r := recover(); r != nil {
			f, failure = nil, fmt.Sprintf("internal error: %v", r)
		}
	}()
	f, err := s.Trace(ctx, c)
	switch {
	case err != nil:
		return nil, err.Error()
	case len(f.Spine) == 0:
		return nil, "the function it starts with is missing or does not type-check"
	}
	return f, ""
}

// page writes the page of f and its picture.
func (s *site) page(name string, f *flow.Flow) error {
	p, err := newPage(f, s.Options)
	if err != nil {
		return err
	}
	base := filepath.Base(name)
	p.stored()
	p.Assets, p.Home = "../assets", "../index.html"
	if s.Draw != nil {
		var picture bytes.Buffer
		// A picture that cannot be drawn is left out; the page is whole without.
		if s.Draw(&picture, f) == nil {
			p.Picture = base + ".svg"
			if err := s.file(name+".svg", picture.Bytes()); err != nil {
				return err
			}
		}
	}
	p.Config, err = jsonScript(config{Place: "site", Base: "../", Self: name, OthersAt: "assets/commands.js"})
	if err != nil {
		return err
	}
	s.pages[name] = s.store.add(p.data)
	if p.Data, err = jsonScript(s.pages[name]); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := p.write(&out); err != nil {
		return err
	}
	return s.file(name+".html", out.Bytes())
}

// name is the path of a command's page without its ending: safe on every file
// system, also on those that do not tell upper from lower case.
func (s *site) name(c flow.Command) string {
	safe := func(text, empty string) string {
		parts := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
		})
		text = strings.Join(parts, "-")
		if len(text) > 80 {
			text = text[:80]
		}
		return cmp.Or(text, empty)
	}
	folder := safe(c.Program, "program")
	if folder == "assets" {
		folder += "-program"
	}
	base := folder + "/" + safe(strings.Join(c.Words, " "), "main")
	name := base
	for i := 2; s.taken[name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	s.taken[name] = true
	return name
}

func (s *site) file(name string, text []byte) error {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func (s *site) index(shown map[string]indexCommand) error {
	p := index{labels: labels{s.Lang}, Title: s.Title, Assets: "assets", Survey: surveyState{Ended: true}}
	p.Lead = fmt.Sprintf(p.T("%d commands and events, each followed through every process that it reaches."), len(s.Commands)-len(s.result.Failed))
	if n := len(s.result.Failed); n > 0 {
		p.Lead += fmt.Sprintf(p.T(" %d could not be followed; the list says why."), n)
	}
	byProgram := map[string][]flow.Command{}
	var programs []string
	for _, c := range s.Commands {
		if _, ok := byProgram[c.Program]; !ok {
			programs = append(programs, c.Program)
		}
		byProgram[c.Program] = append(byProgram[c.Program], c)
	}
	slices.Sort(programs)
	for i, name := range programs {
		p.Programs = append(p.Programs, indexProgram{
			Name: name, ID: anchor("program", name), Colour: i % 8, Known: true, Count: p.many(len(byProgram[name]), "1 command", "%d commands"),
			Groups: p.grouped(byProgram[name], func(c flow.Command) indexCommand { return shown[commandKey(c)] }),
		})
	}
	if s.Endpoints != nil {
		colour := map[string]int{}
		for i, name := range programs {
			colour[name] = i
		}
		p.Map = p.programMap(s.Endpoints, colour)
		p.Joins = p.endpointTables(s.Endpoints)
	}
	var out bytes.Buffer
	if err := indexTemplate.Execute(&out, p); err != nil {
		return err
	}
	return s.file("index.html", out.Bytes())
}
