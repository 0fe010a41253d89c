package scenario

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Unpack writes the scenario's files into dir. Every module gets a vendor
// folder with the stand-ins named by libs, the require lines that go with them
// and a vendor/modules.txt, so that the go command needs no network. It returns
// the folders of the modules.
func (s *Scenario) Unpack(dir, testdata string) ([]string, error) {
	if s.Folder != "" {
		return []string{dir}, copyTree(dir, filepath.Join(testdata, s.Folder))
	}
	var modules []string
	for _, f := range s.Files {
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, f.Data, 0o666); err != nil {
			return nil, err
		}
		if path.Base(f.Name) == "go.mod" {
			modules = append(modules, filepath.Dir(to))
		}
	}
	for _, module := range modules {
		for _, lib := range s.Libs {
			if err := vendor(module, filepath.Join(testdata, "libs", lib)); err != nil {
				return nil, fmt.Errorf("%s: lib %s: %w", s.Name, lib, err)
			}
		}
	}
	return modules, nil
}

// Modules is the modules that the stand-ins of a scenario stand for, as path to
// version.
func (s *Scenario) Modules(testdata string) (map[string]string, error) {
	found := map[string]string{}
	for _, lib := range s.Libs {
		list, err := os.ReadFile(filepath.Join(testdata, "libs", lib, "modules.txt"))
		if err != nil {
			return nil, err
		}
		for _, m := range moduleLine.FindAllStringSubmatch(string(list), -1) {
			path, version, _ := strings.Cut(m[1], " ")
			found[path] = version
		}
	}
	return found, nil
}

var moduleLine = regexp.MustCompile(`(?m)^# (\S+ \S+)$`)

// vendor copies one stand-in into a module.
func vendor(module, lib string) error {
	list, err := os.ReadFile(filepath.Join(lib, "modules.txt"))
	if err != nil {
		return err
	}
	to := filepath.Join(module, "vendor")
	entries, err := os.ReadDir(lib)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := copyTree(filepath.Join(to, e.Name()), filepath.Join(lib, e.Name())); err != nil {
				return err
			}
		}
	}
	var require strings.Builder
	for _, m := range moduleLine.FindAllStringSubmatch(string(list), -1) {
		fmt.Fprintf(&require, "\nrequire %s\n", m[1])
	}
	if err := appendFile(filepath.Join(module, "go.mod"), require.String()); err != nil {
		return err
	}
	return appendFile(filepath.Join(to, "modules.txt"), string(list))
}

// copyTree is os.CopyFS for a tree that may be there in part: two stand-ins
// can share a host or an owner.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o777)
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o666)
	})
}

func appendFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// Sources are the folders that form the system, below dir.
func (s *Scenario) Sources(dir string) []string {
	if len(s.Source) == 0 {
		return []string{dir}
	}
	var all []string
	for _, src := range s.Source {
		all = append(all, filepath.Join(dir, filepath.FromSlash(src)))
	}
	return all
}

// SystemFile is the callroute.yaml of the scenario, empty without one.
func (s *Scenario) SystemFile(dir string) string {
	for _, f := range s.Files {
		if f.Name == "callroute.yaml" {
			return filepath.Join(dir, f.Name)
		}
	}
	return ""
}
