package load

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/system"
)

// Names says how the file names of some folders are shown, the innermost
// folders first.
type Names []shownDir

type shownDir struct{ dir, as string }

func (l *Loader) executable(p *system.Program, units []*unit) *Executable {
	e := &Executable{Program: p, Fset: l.fset}
	for _, u := range units {
		pkg := &u.Package
		e.Packages = append(e.Packages, pkg)
		e.Dropped.Functions += len(u.incomplete)
		if u.missing {
			e.Dropped.Packages = append(e.Dropped.Packages, u.Path)
		}
		if u.Standard && u.Path == "runtime" {
			e.Names = append(e.Names, shownDir{filepath.Dir(u.Dir), "$GOROOT/src"})
		}
		if m := u.module; m != nil && m.Dir != "" && m.Version != "" {
			e.Names = append(e.Names, shownDir{m.Dir, m.Path + "@" + m.Version})
		}
	}
	e.Main = e.Packages[len(e.Packages)-1]
	slices.Sort(e.Dropped.Packages)
	slices.SortFunc(e.Names, func(a, b shownDir) int { return len(b.dir) - len(a.dir) })
	e.Names = slices.Compact(e.Names)
	e.Names = slices.Insert(e.Names, 0, shownDir{p.Source.Dir, ""})
	e.tellErrors(units)
	return e
}

// tell notes what the listing had to say about the packages that were dropped.
func (e *Executable) tell(l *listing) {
	e.Dropped.Notes = l.notes
	for _, path := range e.Dropped.Packages {
		if why := l.why[path]; why != "" {
			if e.Dropped.Why == nil {
				e.Dropped.Why = map[string]string{}
			}
			e.Dropped.Why[path] = why
		}
	}
}

// tellErrors notes the first errors of user packages, those of main before others.
func (e *Executable) tellErrors(units []*unit) {
	const most = 5 // they are there to show that the source is broken, and where to begin
	for _, u := range slices.Backward(units) {
		for _, err := range u.errors {
			if at := e.Fset.PositionFor(err.Pos, false); u.User && len(e.Dropped.Errors) < most {
				e.Dropped.Errors = append(e.Dropped.Errors, fmt.Sprintf("%s:%d: %s", e.Rel(at.Filename), at.Line, oneLine(err.Msg)))
			}
		}
	}
}

// Rel shortens a file name: relative to the source's folder, else
// "module@version/…" or "$GOROOT/src/…", else as it is.
func (n Names) Rel(filename string) string {
	for _, d := range n {
		if within(d.dir, filename) {
			rel := strings.TrimPrefix(filename[len(d.dir):], string(filepath.Separator))
			return filepath.ToSlash(filepath.Join(d.as, rel))
		}
	}
	return filename
}

// Path is the file that Rel shortened to name.
func (n Names) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	for i := range n {
		d := n[(i+1)%len(n)] // the source's folder, whose names have no prefix, last
		if rest, found := strings.CutPrefix(name, d.as); found && (d.as == "" || strings.HasPrefix(rest, "/")) {
			return filepath.Join(d.dir, filepath.FromSlash(rest))
		}
	}
	return filepath.FromSlash(name)
}
