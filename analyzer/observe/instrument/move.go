package instrument

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/callroute/callroute/analyzer/golist"
)

// moveModules has the go command find the modules of the module cache elsewhere,
// since it takes no other texts for files that are there: a copy of go.mod or
// go.work replaces each by a link to it. It returns where each folder is now.
func moveModules(ctx context.Context, g *goCommand, packages []*listed, dir string) (map[string]string, error) {
	out, err := g.run(ctx, []string{"env", "GOMODCACHE", "GOMOD", "GOWORK"}, nil)
	if err != nil {
		return nil, err
	}
	env := strings.Split(out, "\n")
	if len(env) < 3 {
		return nil, fmt.Errorf("go env answers %q", out)
	}
	cache, modFile, workFile := env[0], env[1], env[2]
	moved := map[string]string{}
	replace := map[string]string{}
	for _, p := range packages {
		m := p.Module
		if m == nil || p.Standard || moved[m.Dir] != "" || !golist.Within(cache, m.Dir) {
			continue
		}
		to := filepath.Join(dir, "modules", fmt.Sprint(len(moved)))
		if err := link(m, to); err != nil {
			return nil, err
		}
		moved[m.Dir], replace[m.Path] = to, to
	}
	switch {
	case len(moved) == 0:
		return nil, nil
	case workFile != "" && workFile != "off":
		work, err := workWith(workFile, replace)
		if err != nil {
			return nil, err
		}
		g.env = append(g.env, "GOWORK="+filepath.Join(dir, "go.work"))
		return moved, write(dir, "go.work", work, workFile+".sum")
	default:
		mod, err := modWith(modFile, replace)
		if err != nil {
			return nil, err
		}
		g.flags = append(g.flags, "-modfile", filepath.Join(dir, "go.mod"))
		return moved, write(dir, "go.mod", mod, strings.TrimSuffix(modFile, ".mod")+".sum")
	}
}

// link makes a module's folder be at to, and gives it a go.mod if it has none.
func link(m *Module, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if exists(filepath.Join(m.Dir, "go.mod")) {
		return os.Symlink(m.Dir, to)
	}
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(m.Dir, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(to, "go.mod"), []byte("module "+modfile.AutoQuote(m.Path)+"\n"), 0o600)
}

// modWith is the text of a go.mod with replacements.
func modWith(name string, replace map[string]string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, err
	}
	err = replaceAll(f.Replace, replace, f.DropReplace, f.AddReplace)
	if err != nil {
		return nil, err
	}
	f.Cleanup()
	return f.Format()
}

// workWith is the text of a go.work with replacements, for another folder.
func workWith(name string, replace map[string]string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f, err := modfile.ParseWork(name, data, nil)
	if err != nil {
		return nil, err
	}
	absolute := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(name), path)
	}
	for _, use := range slices.Clone(f.Use) {
		path := use.Path // what is dropped becomes empty
		if err := errors.Join(f.DropUse(path), f.AddUse(absolute(path), "")); err != nil {
			return nil, err
		}
	}
	for _, r := range slices.Clone(f.Replace) {
		if r.New.Version == "" {
			if err := f.AddReplace(r.Old.Path, r.Old.Version, absolute(r.New.Path), ""); err != nil {
				return nil, err
			}
		}
	}
	if err := replaceAll(f.Replace, replace, f.DropReplace, f.AddReplace); err != nil {
		return nil, err
	}
	f.Cleanup()
	return modfile.Format(f.Syntax), nil
}

// replaceAll puts replacements in the place of those that are there.
func replaceAll(there []*modfile.Replace, replace map[string]string, drop func(path, version string) error, add func(oldPath, oldVersion, newPath, newVersion string) error) error {
	for _, r := range slices.Clone(there) {
		if replace[r.Old.Path] == "" {
			continue
		}
		if err := drop(r.Old.Path, r.Old.Version); err != nil {
			return err
		}
	}
	var olds []module.Version
	for path := range replace {
		olds = append(olds, module.Version{Path: path})
	}
	module.Sort(olds)
	for _, old := range olds {
		if err := add(old.Path, "", replace[old.Path], ""); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file and, beside it, a copy of the sums that belong to it.
func write(dir, name string, text []byte, sums string) error {
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		return err
	}
	data, err := os.ReadFile(sums)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	beside := filepath.Base(sums)
	if name == "go.mod" {
		beside = "go.sum"
	}
	return os.WriteFile(filepath.Join(dir, beside), data, 0o600)
}
