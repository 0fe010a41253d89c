package load

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/system"
)

// Names says how the file names of some folders are shown, the innermost
// folders first.
type Names []ShownDir

// ShownDir is a folder and what stands for it in a file name; nothing for that of
// the program's source.
type ShownDir struct {
	Dir string `json:"dir"`
	As  string `json:"as,omitempty"`
}

// File is a file that an executable was made from, as it was then.
type File struct {
	Name    string    `json:"name"` // absolute
	Size    int64     `json:"size"`
	ModTime time.Time `json:"modTime"`
}

// manifest describes the files that decide what an executable is: the sources of
// its packages, their folders, where another file may turn up, and what says where
// packages are found. What is not there is left out. It is made before the files
// are read, so that a change in between is noticed.
func manifest(more []string, units []*unit) []File {
	names := map[string]bool{}
	for _, name := range more {
		names[name] = true
	}
	for _, u := range units {
		if u.Dir != "" {
			names[u.Dir] = true
		}
		for _, name := range u.files {
			names[name] = true
		}
	}
	var files []File
	for _, name := range slices.Sorted(maps.Keys(names)) {
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		f := File{Name: name, Size: info.Size(), ModTime: info.ModTime()}
		if info.IsDir() {
			f.Size = 0 // means nothing
		}
		files = append(files, f)
	}
	return files
}

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
			e.Names = append(e.Names, ShownDir{filepath.Dir(u.Dir), "$GOROOT/src"})
		}
		if m := u.module; m != nil && m.Dir != "" && m.Version != "" {
			e.Names = append(e.Names, ShownDir{m.Dir, m.Path + "@" + m.Version})
		}
	}
	e.Main = e.Packages[len(e.Packages)-1]
	slices.Sort(e.Dropped.Packages)
	slices.SortFunc(e.Names, func(a, b ShownDir) int { return len(b.Dir) - len(a.Dir) })
	e.Names = slices.Compact(e.Names)
	e.Names = slices.Insert(e.Names, 0, ShownDir{p.Source.Dir, ""})
	e.tellErrors(units)
	return e
}

// tell notes what the listing had to say about the packages that were dropped.
func (e *Executable) tell(l *golist.Listing) {
	e.Dropped.Notes = l.Notes
	for _, path := range e.Dropped.Packages {
		if why := l.Why[path]; why != "" {
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
				e.Dropped.Errors = append(e.Dropped.Errors, fmt.Sprintf("%s:%d: %s", e.Rel(at.Filename), at.Line, golist.OneLine(err.Msg)))
			}
		}
	}
}

// Rel shortens a file name: relative to the source's folder, else
// "module@version/…" or "$GOROOT/src/…", else as it is.
func (n Names) Rel(filename string) string {
	for _, d := range n {
		if golist.Within(d.Dir, filename) {
			rel := strings.TrimPrefix(filename[len(d.Dir):], string(filepath.Separator))
			return filepath.ToSlash(filepath.Join(d.As, rel))
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
		if rest, found := strings.CutPrefix(name, d.As); found && (d.As == "" || strings.HasPrefix(rest, "/")) {
			return filepath.Join(d.Dir, filepath.FromSlash(rest))
		}
	}
	return filepath.FromSlash(name)
}
