package golist

import (
	"encoding/json"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/callroute/callroute/analyzer/system"
)

// importPath finds out the import path of a GOPATH-era root. dirs are the
// folders with Go files below it. In this order: what the user says, the place
// below a GOPATH, the files of old vendoring tools, import comments, what the
// packages of the tree call one another. The last resort is the folder's name,
// which is right for a tree that never imports itself.
func importPath(dir string, dirs []string, src *system.Source) string {
	if src.Import != "" && dir == src.Dir {
		return src.Import
	}
	for _, find := range []func(string, []string) string{byPlace, byTool, byComment, bySelfImport} {
		if path := find(dir, dirs); path != "" {
			return path
		}
	}
	return filepath.Base(dir)
}

func byPlace(dir string, _ []string) string {
	for _, entry := range filepath.SplitList(build.Default.GOPATH) {
		if rel, err := filepath.Rel(filepath.Join(entry, "src"), dir); err == nil && filepath.IsLocal(rel) && rel != "." {
			return filepath.ToSlash(rel)
		}
	}
	return ""
}

var glidePackage = regexp.MustCompile(`(?m)^package:\s*(\S+)`)

func byTool(dir string, _ []string) string {
	var said struct{ ImportPath, RootPath string }
	for _, name := range []string{"Godeps/Godeps.json", "vendor/vendor.json"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && json.Unmarshal(data, &said) == nil {
			if path := said.ImportPath + said.RootPath; path != "" {
				return path
			}
		}
	}
	data, _ := os.ReadFile(filepath.Join(dir, "glide.yaml"))
	if m := glidePackage.FindSubmatch(data); m != nil {
		return string(m[1])
	}
	return ""
}

var importComment = regexp.MustCompile(`(?m)^package\s+\w+\s*(?://|/\*)\s*import\s+"([^"]+)"`)

func byComment(dir string, dirs []string) string {
	for _, d := range dirs {
		for _, file := range sourceFiles(d) {
			data, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			if m := importComment.FindSubmatch(data); m != nil {
				if path, ok := cutFolder(string(m[1]), dir, d); ok {
					return path
				}
			}
		}
	}
	return ""
}

// bySelfImport takes every import whose tail is the name of a folder in the
// tree and which is not vendored as a vote for what stands before the tail.
func bySelfImport(dir string, dirs []string) string {
	votes := map[string]int{}
	for path := range importsIn(dirs) {
		if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") || vendored(dir, path) {
			continue
		}
		for _, d := range dirs {
			if head, ok := cutFolder(path, dir, d); ok {
				votes[head]++
			}
		}
	}
	best := ""
	for path, n := range votes {
		if n > votes[best] || n == votes[best] && path < best {
			best = path
		}
	}
	return best
}

func importsIn(dirs []string) map[string]bool {
	paths := map[string]bool{}
	for _, d := range dirs {
		for _, file := range sourceFiles(d) {
			// A file that does not parse simply says less.
			f, _ := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if f == nil {
				continue
			}
			for _, spec := range f.Imports {
				if path, err := strconv.Unquote(spec.Path.Value); err == nil {
					paths[path] = true
				}
			}
		}
	}
	return paths
}

func vendored(dir, path string) bool {
	return slices.ContainsFunc([]string{"vendor", "vendor/src", "Godeps/_workspace/src"}, func(place string) bool {
		return exists(dir, filepath.Join(place, path))
	})
}

// cutFolder removes from an import path the folder d of the tree at dir:
// ("github.com/a/b/c", "/src", "/src/c") is "github.com/a/b". The tree's own
// folder has nothing to remove and is no evidence.
func cutFolder(path, dir, d string) (string, bool) {
	rel, err := filepath.Rel(dir, d)
	if err != nil {
		return "", false
	}
	if rel == "." {
		return "", false
	}
	return strings.CutSuffix(path, "/"+filepath.ToSlash(rel))
}

// sourceFiles lists the Go files of a folder that are not tests, in order. An
// unreadable folder has none.
func sourceFiles(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var files []string
	for _, e := range entries {
		if !e.IsDir() && isSource(e.Name()) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}
