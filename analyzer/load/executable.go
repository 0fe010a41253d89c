package load

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/system"
)

// shownDir says how the file names of a folder are shown.
type shownDir struct{ dir, as string }

func (l *Loader) executable(p *system.Program, units []*unit) *Executable {
	e := &Executable{Program: p, Fset: l.fset}
	for _, u := range units {
		pkg := &u.Package
		e.Packages = append(e.Packages, pkg)
		e.Dropped.Functions += u.dropped
		if u.missing {
			e.Dropped.Packages = append(e.Dropped.Packages, u.Path)
		}
		if u.Standard && u.Path == "runtime" {
			e.names = append(e.names, shownDir{filepath.Dir(u.Dir), "$GOROOT/src"})
		}
		if m := u.module; m != nil && m.Dir != "" && m.Version != "" {
			e.names = append(e.names, shownDir{m.Dir, m.Path + "@" + m.Version})
		}
	}
	e.Main = e.Packages[len(e.Packages)-1]
	slices.Sort(e.Dropped.Packages)
	slices.SortFunc(e.names, func(a, b shownDir) int { return len(b.dir) - len(a.dir) })
	e.names = slices.Compact(e.names)
	e.names = slices.Insert(e.names, 0, shownDir{p.Source.Dir, ""})
	return e
}

// Rel shortens a file name: relative to the source's folder, else
// "module@version/…" or "$GOROOT/src/…", else as it is.
func (e *Executable) Rel(filename string) string {
	for _, n := range e.names {
		if within(n.dir, filename) {
			rel := strings.TrimPrefix(filename[len(n.dir):], string(filepath.Separator))
			return filepath.ToSlash(filepath.Join(n.as, rel))
		}
	}
	return filename
}
