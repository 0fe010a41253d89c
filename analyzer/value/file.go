package value

import (
	"path/filepath"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/summary"
)

// opened is a call that gives what is in a file.
type opened struct {
	exe  *summary.Executable
	fn   summary.ID
	step *dataflow.Step
}

// mostNames is how far the name of a file is followed to the callers of what opens it.
const mostNames = 3

// throughFiles follows what was written to a file into the other programs on the route
// that open one of its name. It reports whether any does. A name is the last element
// of the path, with an ending: the folder is often made by another program.
func (f *follower) throughFiles() bool {
	before := len(f.facts)
	for ; f.filed < len(f.ends); f.filed++ {
		e := f.ends[f.filed]
		if effect := f.models.Effect(e.symbol); effect == nil || effect.Does != models.Writes || e.names {
			continue
		}
		for _, hops := range f.histories(e) {
			name := filepath.Base(writtenTo(hops))
			if filepath.Ext(name) == "" {
				continue
			}
			for _, o := range f.openers()[name] {
				if o.exe == e.hop.exe || len(o.step.Results) == 0 {
					continue
				}
				h := e.hop
				h.kind, h.detail = flow.FileKind, name
				p := f.facts[e.fact].path.inElements()
				h.wire = p.document()
				f.add(fact{exe: o.exe, fn: o.fn, reg: o.step.Results[0], path: p}, e.fact, h)
			}
		}
	}
	return len(f.facts) > before
}

// openers is the calls on the route that open files, by the names of those.
func (f *follower) openers() map[string][]opened {
	if f.opens != nil {
		return f.opens
	}
	f.opens = map[string][]opened{}
	for _, r := range f.routes() {
		for _, fn := range r.clones {
			b := r.exe.Body(fn)
			if b == nil {
				continue
			}
			for i := range b.Steps {
				s := &b.Steps[i]
				if at, ok := f.fileOf(s); ok {
					for _, name := range f.fileNames(r, fn, s, at, mostNames) {
						f.opens[name] = append(f.opens[name], opened{r.exe, fn, s})
					}
				}
			}
		}
	}
	return f.opens
}

// fileOf is the argument with the name of the file that a call opens.
func (f *follower) fileOf(s *dataflow.Step) (int, bool) {
	if s.Op != dataflow.Call {
		return 0, false
	}
	for _, p := range f.models.Passes(s.Name) {
		if p.File {
			return int(p.From), int(p.From) < len(s.Texts)
		}
	}
	return 0, false
}

// fileNames is the last elements of the paths that argument k of a call may be.
func (f *follower) fileNames(r *route, fn summary.ID, s *dataflow.Step, k, depth int) []string {
	if text := s.Texts[k]; text != "" {
		return []string{filepath.Base(strings.TrimSpace(text))}
	}
	b := r.exe.Body(fn)
	at := s.Args[k]
	if depth == 0 || at < 0 || int(at) >= b.Params() {
		return nil
	}
	r.index()
	var out []string
	for _, c := range r.callers[fn] {
		if n := int(at) - c.shift; n >= 0 && n < len(c.step.Texts) {
			out = append(out, f.fileNames(r, c.fn, c.step, n, depth-1)...)
		}
	}
	return out
}
