package system

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// builtAs tells the programs that a source's build files say are built under a name:
// `go build -o NAME ./cmd/x` in a makefile, a Dockerfile or a script, and the builds
// of goreleaser. They are read when nothing else has the name.
func builtAs(name string) func(*Program) bool {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return func(*Program) bool { return false }
	}
	targets := map[*Source][]string{}
	return func(p *Program) bool {
		if _, read := targets[p.Source]; !read {
			targets[p.Source] = buildsOf(p.Source.Dir)[name]
		}
		for _, target := range targets[p.Source] {
			if p.Package == target || p.Dir == filepath.Join(p.Source.Dir, filepath.FromSlash(target)) {
				return true
			}
		}
		return false
	}
}

// buildFiles is where sources say how they are built, from their folder.
var buildFiles = []string{
	"Makefile", "makefile", "GNUmakefile", "*.mk", "Makefile.*", "Dockerfile", "Dockerfile.*", "*.Dockerfile", "*/Dockerfile", "*/Dockerfile.*",
	"*.sh", "hack/*.sh", "scripts/*.sh", "script/*.sh", "build/*.sh", "hack/*/*.sh",
	".goreleaser.y*ml", "goreleaser.y*ml", ".goreleaser/*.y*ml",
}

// buildsOf is what the build files in a folder build: the name of an executable →
// main packages, as import paths or folders below it.
func buildsOf(dir string) map[string][]string {
	out := map[string][]string{}
	for _, pattern := range buildFiles {
		files, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern))) // a constant pattern is well-formed
		for _, file := range files {
			text, err := os.ReadFile(filepath.Clean(file))
			switch {
			case err != nil:
			case strings.HasSuffix(file, "ml"):
				released(out, text)
			default:
				compiled(out, string(text))
			}
		}
	}
	return out
}

// released adds the builds of goreleaser.
func released(out map[string][]string, text []byte) {
	var file struct {
		Project string `yaml:"project_name"`
		Builds  []struct{ Dir, Main, Binary string }
	}
	if yaml.Unmarshal(text, &file) != nil {
		return
	}
	for _, b := range file.Builds {
		if b.Binary == "" {
			b.Binary = file.Project
		}
		add(out, b.Binary, path.Join(b.Dir, mainOf(b.Main)))
	}
}

var (
	assignment = regexp.MustCompile(`(?m)^\s*(?:export |ENV |ARG )?([A-Za-z_]\w*)\s*[:?]?=\s*("[^"\n]*"|\S+)\s*$`)
	variable   = regexp.MustCompile(`\$[({]([A-Za-z_]\w*)[)}]`)
	command    = regexp.MustCompile(`\b(?:build|install)\s[^\n;&|]*?-o[ =]([^\n;&|]*)`)
	continued  = regexp.MustCompile(`\\\r?\n\s*`)
)

// compiled adds what `go build -o` is given in a makefile or script, whose variables
// stand for what they are assigned first.
func compiled(out map[string][]string, text string) {
	values := map[string]string{}
	for _, m := range assignment.FindAllStringSubmatch(text, -1) {
		if _, ok := values[m[1]]; !ok {
			values[m[1]] = strings.Trim(m[2], `"`)
		}
	}
	text = continued.ReplaceAllString(text, " ")
	const nested = 4 // a variable in the value of another
	for range nested {
		text = variable.ReplaceAllStringFunc(text, func(use string) string {
			if value, ok := values[variable.FindStringSubmatch(use)[1]]; ok {
				return value
			}
			return use
		})
	}
	for _, m := range command.FindAllStringSubmatch(text, -1) {
		if words := strings.Fields(m[1]); len(words) > 1 {
			add(out, path.Base(strings.Trim(words[0], `"'`)), mainOf(strings.Trim(words[len(words)-1], `"'`)))
		}
	}
}

// mainOf is the folder or import path of a main package that go build is given.
func mainOf(target string) string {
	if strings.HasSuffix(target, ".go") {
		target = path.Dir(target)
	}
	return path.Clean(target)
}

// add adds a build. What is not known of the name is taken for a suffix, as .exe.
func add(out map[string][]string, name, target string) {
	name = strings.TrimSuffix(variable.ReplaceAllString(name, ""), ".exe")
	out[name] = append(out[name], target)
}
