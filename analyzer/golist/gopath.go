package golist

import (
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A gopath is a temporary GOPATH with symlinks to the folders of a tree, so that
// the go command finds packages there without asking for modules.
type gopath struct {
	dir   string
	links []link // longest first
}

// A link stands at from, below the temporary GOPATH, for the folder or file to.
type link struct{ from, to string }

func newGopath() (*gopath, error) {
	dir, err := os.MkdirTemp("", "callroute-gopath-")
	if err != nil {
		return nil, fmt.Errorf("no temporary folder for GOPATH: %w; set TMPDIR", err)
	}
	return &gopath{dir: dir}, nil
}

func (g *gopath) remove() {
	if g != nil {
		os.RemoveAll(g.dir)
	}
}

// place is where a package of this import path lies.
func (g *gopath) place(path string) string {
	return filepath.Join(g.dir, "src", filepath.FromSlash(path))
}

// add makes the folder dir the one of an import path. inner are the import paths
// below it whose folders are elsewhere: where one of them needs room, the folder
// is made, with links to what is in dir.
func (g *gopath) add(path, dir string, inner []string) error {
	at := g.place(path)
	below := slices.DeleteFunc(slices.Clone(inner), func(p string) bool { return p == path || !HasPath(path, p) })
	if len(below) == 0 {
		return g.link(at, dir)
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return noGopath(dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Unreadable(err)
	}
	for _, e := range entries {
		next := path + "/" + e.Name()
		to := filepath.Join(dir, e.Name())
		switch {
		case slices.Contains(below, next):
		case slices.ContainsFunc(below, func(p string) bool { return HasPath(next, p) }) && e.IsDir():
			err = g.add(next, to, below)
		default:
			err = g.link(g.place(next), to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *gopath) link(from, to string) error {
	err := os.MkdirAll(filepath.Dir(from), 0o700)
	if err == nil {
		err = os.Symlink(to, from)
	}
	if err != nil {
		return noGopath(to, err)
	}
	g.links = append(g.links, link{from, to})
	slices.SortFunc(g.links, func(a, b link) int { return len(b.from) - len(a.from) })
	return nil
}

func noGopath(dir string, err error) error {
	return fmt.Errorf("no temporary GOPATH for %s: %w; set TMPDIR", dir, err)
}

// file is what stands for a file name below the temporary GOPATH.
func (g *gopath) file(name string) string {
	if g == nil {
		return name
	}
	for _, l := range g.links {
		if Within(l.from, name) {
			return l.to + name[len(l.from):]
		}
	}
	return name
}

// text replaces what names the temporary GOPATH in a message.
func (g *gopath) text(message string) string {
	if g == nil {
		return message
	}
	for _, l := range g.links {
		message = strings.ReplaceAll(message, l.from, l.to)
	}
	return message
}

// environment has the go command look into the temporary GOPATH, then into the
// folders of more, then into the user's own.
func (g *gopath) environment(more ...string) []string {
	entries := slices.Concat([]string{g.dir}, more, filepath.SplitList(build.Default.GOPATH))
	return []string{
		"GO111MODULE=off", "GOPACKAGESDRIVER=off", "GOTOOLCHAIN=local",
		"GOPATH=" + strings.Join(entries, string(filepath.ListSeparator)), "GOFLAGS=" + withoutModFlags(os.Getenv("GOFLAGS")),
	}
}
