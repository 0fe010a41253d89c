package system

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// tree lays out an archive in a new folder and returns the folder.
func tree(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const sources = `
-- moby/a.go --
-- old/moby/a.go --
-- containerd/a.go --
-- notes.txt --
`

func TestRead(t *testing.T) {
	dir := tree(t, sources+`
-- sub/callroute.yaml --
# what we study
sources:
  - {dir: ../moby, import: github.com/docker/docker}
  - dir: ../containerd
  - dir: ../old/moby
aliases: {docker-containerd: containerd, ctrd: docker-containerd}
choices:
  containerd: {runtime: io.containerd.runc.v2}
`)
	file := filepath.Join(dir, "sub", "callroute.yaml")
	s, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if s.File != file {
		t.Errorf("File is %q, want %q", s.File, file)
	}
	var got []Source
	for _, src := range s.Sources {
		got = append(got, *src)
	}
	want := []Source{
		{Name: filepath.ToSlash(filepath.Base(dir)) + "/moby", Dir: filepath.Join(dir, "moby"), Given: "../moby", Import: "github.com/docker/docker"},
		{Name: "containerd", Dir: filepath.Join(dir, "containerd"), Given: "../containerd"},
		{Name: "old/moby", Dir: filepath.Join(dir, "old", "moby"), Given: "../old/moby"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("sources are\n%+v\nwant\n%+v", got, want)
	}
	for argv0, want := range map[string]string{
		"ctrd": "containerd", "/usr/bin/docker-containerd": "containerd", "containerd": "containerd", "runc": "runc",
	} {
		if got := s.ProgramName(argv0); got != want {
			t.Errorf("ProgramName(%q) = %q, want %q", argv0, got, want)
		}
	}
	if got := s.Choices["containerd"]["runtime"]; got != "io.containerd.runc.v2" {
		t.Errorf("the runtime chosen is %q", got)
	}
}

func TestReadErrors(t *testing.T) {
	const good = "sources: [{dir: moby}]\n"
	tests := []struct {
		name, text string
		want       string // after FILE
	}{
		{"empty", "", ":1: the file is empty; begin with `sources:` and one `- {dir: FOLDER}` per source tree"},
		{"only a comment", "# nothing yet\n", ":1: the file is empty; begin with `sources:`"},
		{"null", "\n~\n", ":1: the file is empty; begin with `sources:`"},
		{"malformed", "sources:\n  - {dir: moby\naliases: x\n", ":3: not YAML: ',' or '}' must be specified; mend the line"},
		{"tab", "sources:\n\t- dir: moby\n", ":2: not YAML: found character '\\t' that cannot start any token; mend the line"},
		{"second document", good + "---\nsources: []\n", ":2: a second document begins here; remove the line `---`"},
		{"a list", "- dir: moby\n", ":1: the file is a list; write `KEY: VALUE` lines"},
		{"a text", "moby\n", `:1: the file is "moby"; write ` + "`KEY: VALUE` lines"},
		{"typo", "\nsource:\n  - dir: moby\n", `:2: unknown key "source"; did you mean sources?`},
		{"strange key", good + "weather: 2\n", `:2: unknown key "weather"; the keys here are sources, aliases, choices`},
		{"key twice", good + good, ":2: sources is there twice, first in line 1; remove one"},
		{"list as key", good + "[a, b]: c\n", ":2: not YAML: found an invalid key for this map; mend the line"},
		{"empty key", good + "\"\": c\n", ":2: a key of the file is empty; write a name"},
		{"no sources", "aliases: {a: b}\n", ":1: no sources; add `sources:`"},
		{"sources empty", "sources: []\n", ":1: no sources; add `sources:`"},
		{"sources null", "sources:\n", ":1: sources is empty; write a list of `- {dir: FOLDER}`"},
		{"sources a text", "sources: moby\n", `:1: sources is "moby"; write a list of ` + "`- {dir: FOLDER}`"},
		{"source a text", "sources:\n- moby\n", `:2: a source is "moby"; write ` + "`KEY: VALUE` lines"},
		{"source without dir", "sources:\n- {import: x}\n", ":2: a source without dir; write `- {dir: FOLDER}`"},
		{"source typo", "sources:\n- {dri: moby}\n", `:2: unknown key "dri"; did you mean dir?`},
		{"dir a list", "sources:\n- dir:\n  - moby\n", ":3: dir is a list; write a text"},
		{"dir empty", "sources:\n- dir:\n", ":2: dir is empty; write a text"},
		{"dir of two lines", "sources:\n- dir: \"a\\nb\"\n", ":2: dir has more than one line; write a single one"},
		{"dir missing", "sources:\n- dir: moby\n- dir: containrd\n", ":3: there is no folder DIR/containrd; did you mean DIR/containerd?"},
		{"dir far from any", "sources:\n- dir: qqqqqq\n", ":2: there is no folder DIR/qqqqqq; check the path"},
		{"dir a file", "sources:\n- dir: notes.txt\n", ":2: DIR/notes.txt is a file; give the folder of a Go source tree"},
		{"source twice", "sources:\n- dir: moby\n- dir: ./moby/\n", ":3: the same folder as moby in line 2; leave one out"},
		{"source through a link", "sources:\n- dir: moby\n- dir: link\n", ":3: the same folder as moby in line 2; leave one out"},
		{"aliases a list", good + "aliases: [a]\n", ":2: aliases is a list; write `KEY: VALUE` lines"},
		{"alias a mapping", good + "aliases: {a: {b: c}}\n", ":2: a is a mapping; write a text"},
		{"alias of itself", good + "aliases:\n  a: b\n  b: b\n", ":4: b is an alias of itself; remove the line"},
		{"aliases in a circle", good + "aliases:\n  x: a\n  c: a\n  a: b\n  b: c\n", ":5: the aliases a → b → c → a go in a circle; let one of them name a program"},
		{"choices of a text", good + "choices: {containerd: x}\n", `:2: the choices of containerd is "x"; write ` + "`KEY: VALUE` lines"},
		{"choice a list", good + "choices: {containerd: {runtime: [v1, v2]}}\n", ":2: runtime is a list; write a text"},
		{"anchor", "sources: &s\n- dir: moby\naliases: *s\n", ":1: sources is an anchor, a reference or a tag; write a list of `- {dir: FOLDER}`"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, sources)
			if err := os.Symlink("moby", filepath.Join(dir, "link")); err != nil {
				t.Skip(err)
			}
			file := filepath.Join(dir, "callroute.yaml")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(file)
			if err == nil {
				t.Fatal("no error")
			}
			want := file + strings.ReplaceAll(test.want, "DIR", dir)
			if got := err.Error(); !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
				t.Errorf("error is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestReadUnreadable(t *testing.T) {
	dir := tree(t, sources)
	for file, want := range map[string]string{
		filepath.Join(dir, "absent.yaml"): ": no such file; check the path, or name the sources with --src",
		filepath.Join(dir, "moby"):        ": is a directory; give a system file such as callroute.yaml",
	} {
		if _, err := Read(file); err == nil || err.Error() != file+want {
			t.Errorf("error is\n%v\nwant\n%s", err, file+want)
		}
	}
}

func TestFromDirs(t *testing.T) {
	dir := tree(t, sources)
	t.Chdir(dir)
	s, err := FromDirs([]string{"moby", filepath.Join(dir, "old/moby"), "."})
	if err != nil {
		t.Fatal(err)
	}
	var names, given []string
	for _, src := range s.Sources {
		names = append(names, src.Name)
		given = append(given, src.Given)
		if !filepath.IsAbs(src.Dir) {
			t.Errorf("%s is not absolute", src.Dir)
		}
	}
	base := filepath.Base(dir)
	if want := []string{base + "/moby", "old/moby", base}; !slices.Equal(names, want) {
		t.Errorf("names are %q, want %q", names, want)
	}
	if want := []string{"moby", filepath.Join(dir, "old/moby"), "."}; !slices.Equal(given, want) {
		t.Errorf("given are %q, want %q", given, want)
	}
	if s, err := FromDirs(nil); err != nil || len(s.Sources) != 1 || s.Sources[0].Given != "." {
		t.Errorf("no folders give %+v, %v; want the current one", s, err)
	}
	for _, test := range []struct{ dirs, want string }{
		{"moby moby/", "moby/: the same folder as moby; leave one out"},
		{"mobby", "mobby: there is no folder " + filepath.Join(dir, "mobby") + "; did you mean " + filepath.Join(dir, "moby") + "?"},
		{"notes.txt", "notes.txt: " + filepath.Join(dir, "notes.txt") + " is a file; give the folder of a Go source tree"},
	} {
		if _, err := FromDirs(strings.Fields(test.dirs)); err == nil || err.Error() != test.want {
			t.Errorf("FromDirs(%s): error is\n%v\nwant\n%s", test.dirs, err, test.want)
		}
	}
}

func TestVersion(t *testing.T) {
	const (
		commit = "0123456789abcdef0123456789abcdef01234567"
		object = "fedcba9876543210fedcba9876543210fedcba98"
	)
	tests := []struct{ name, files, want string }{
		{"nothing", "-- a.go --\n", ""},
		{"VERSION", "-- VERSION --\n17.03.0-ce\n", "17.03.0-ce"},
		{"VERSION of another kind", "-- VERSION --\nsee the tags\n", ""},
		{"detached", "-- .git/HEAD --\n" + commit + "\n-- VERSION --\n1.2.3\n", "0123456789ab"},
		{"branch", "-- .git/HEAD --\nref: refs/heads/main\n-- .git/refs/heads/main --\n" + commit + "\n", "0123456789ab"},
		{"packed branch", "-- .git/HEAD --\nref: refs/heads/main\n-- .git/packed-refs --\n# pack-refs with: peeled\n" + commit + " refs/heads/main\n", "0123456789ab"},
		{"tag", "-- .git/HEAD --\n" + commit + "\n-- .git/refs/tags/v1.0 --\n" + commit + "\n-- .git/refs/tags/v0.9 --\n" + object + "\n", "v1.0"},
		{"tag with a message", "-- .git/HEAD --\n" + commit + "\n-- .git/packed-refs --\n" + object + " refs/tags/v2.0\n^" + commit + "\n", "v2.0"},
		{"worktree", "-- .git --\ngitdir: real\n-- real/HEAD --\n" + commit + "\n", "0123456789ab"},
		{"unborn branch", "-- .git/HEAD --\nref: refs/heads/main\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := version(tree(t, test.files)); got != test.want {
				t.Errorf("version is %q, want %q", got, test.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"docker", "dockerd", "containerd", "containerd-shim", "runc", "ctr"}
	for wrote, want := range map[string]string{
		"dokcer":     "docker dockerd",
		"Docker":     "docker dockerd",
		"containred": "containerd",
		"cont":       "containerd containerd-shim",
		"rnc":        "runc",
		"xyz":        "",
		"":           "",
		"runc":       "",
	} {
		if got := strings.Join(Nearest(wrote, names), " "); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", wrote, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("sources:\n  - {dir: moby, import: github.com/docker/docker}\naliases: {a: b}\nchoices: {a: {b: c}}\n")
	f.Add("sources: &s\n- dir: moby\n- *s\naliases: {<<: *s, a: a}\n")
	f.Add("---\n...\n---\n? [a]\n: b\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parse("FILE", []byte(text))
		switch {
		case err == nil:
			for _, src := range d.sources {
				if src.dir == "" || src.line < 1 {
					t.Errorf("source without dir or line: %+v", src)
				}
			}
		case !strings.HasPrefix(err.Error(), "FILE:") || strings.Contains(err.Error(), "\n"):
			t.Errorf("error is not one line with a place: %q", err)
		}
	})
}
