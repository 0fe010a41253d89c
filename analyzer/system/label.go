package system

import (
	"path/filepath"
	"slices"
	"strings"
)

// Label gives each program that shares its name with another a label: the
// shortest tail of its folder that no other one has. Where only one of them is
// no test, example or tool of its tree, the name is that one's.
func Label(programs []*Program) {
	byName := map[string][]*Program{}
	for _, p := range programs {
		p.Label = ""
		byName[p.Name] = append(byName[p.Name], p)
	}
	for _, same := range byName {
		main := slices.DeleteFunc(slices.Clone(same), (*Program).Auxiliary)
		for _, p := range same {
			if len(same) > 1 && (len(main) != 1 || main[0] != p) {
				p.Label = label(p, same)
			}
		}
	}
}

// label is the shortest tail of p's folder, of two elements or more, that no
// other of the programs has.
func label(p *Program, programs []*Program) string {
	dir := filepath.ToSlash(p.Dir)
	for n := 2; ; n++ {
		own := tail(dir, n)
		clash := slices.ContainsFunc(programs, func(other *Program) bool { return other != p && tail(other.Dir, n) == own })
		if !clash || own == dir {
			return own
		}
	}
}

// Find returns the programs that a person may mean by name: its label, its
// import path, the name of its executable, its folder or a file in it, the end of
// its import path or folder, or the name that it is built as; the first of these
// that any program has.
func (s *System) Find(name string, programs []*Program) []*Program {
	for _, meant := range []func(*Program) bool{
		func(p *Program) bool { return p.String() == name },
		func(p *Program) bool { return p.Package == name },
		func(p *Program) bool { return p.Name == name },
		s.inFolder(name),
		func(p *Program) bool {
			end := "/" + strings.Trim(filepath.ToSlash(name), "/")
			return name != "" && (strings.HasSuffix("/"+p.Package, end) || strings.HasSuffix(filepath.ToSlash(p.Dir), end))
		},
		builtAs(name),
	} {
		found := slices.DeleteFunc(slices.Clone(programs), func(p *Program) bool { return !meant(p) })
		if main := slices.DeleteFunc(slices.Clone(found), (*Program).Auxiliary); len(main) > 0 {
			found = main
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// inFolder tells the programs of a folder, or of the folder of a file, from the
// others. A relative name starts where callroute was started, or at a source.
func (s *System) inFolder(name string) func(*Program) bool {
	if !strings.ContainsAny(name, `/\.`) {
		return func(*Program) bool { return false }
	}
	starts := []string{"."}
	if !filepath.IsAbs(name) {
		for _, src := range s.Sources {
			starts = append(starts, src.Dir)
		}
	}
	var dirs []string
	for _, start := range starts {
		dir, err := filepath.Abs(filepath.Join(start, name))
		if filepath.IsAbs(name) {
			dir, err = filepath.Clean(name), nil
		}
		if err != nil {
			continue
		}
		if filepath.Ext(dir) == ".go" {
			dir = filepath.Dir(dir)
		}
		dirs = append(dirs, resolve(dir))
	}
	return func(p *Program) bool { return slices.Contains(dirs, resolve(p.Dir)) }
}
