package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

var articlesAt = flag.String("articles", "", "write docs/articles.md from the sources in this `folder`")

// walk is a published article that follows a command through source.
type walk struct {
	title   string
	about   string
	system  string // name of the file that describes the sources
	program string
	command string
}

// checkout is a source tree at the revision that an article is about.
type checkout struct{ dir, repository, revision, importPath, sub string }

var (
	systems = map[string][]checkout{
		"docker-17.03.yaml": {
			{dir: "moby-17.03", repository: "moby/moby", revision: "v17.03.0-ce", importPath: "github.com/docker/docker"},
			{dir: "containerd-17.03", repository: "containerd/containerd", revision: "977c511eda09", importPath: "github.com/docker/containerd"},
			{dir: "runc-17.03", repository: "docker/runc", revision: "a01dafd48bc1", importPath: "github.com/opencontainers/runc"},
		},
		"docker-19.03.yaml": {
			{dir: "moby-19.03", repository: "moby/moby", revision: "b084ccda9d34", importPath: "github.com/docker/docker"},
			{dir: "containerd-1.3.3", repository: "containerd/containerd", revision: "v1.3.3", importPath: "github.com/containerd/containerd"},
			{dir: "runc-rc10", repository: "opencontainers/runc", revision: "v1.0.0-rc10", importPath: "github.com/opencontainers/runc"},
		},
		"docker-18.09.0.yaml": {
			{dir: "docker-ce-18.09.0", repository: "docker/docker-ce", revision: "v18.09.0", importPath: "github.com/docker/cli", sub: "components/cli"},
			{dir: "docker-ce-18.09.0", repository: "docker/docker-ce", revision: "v18.09.0", importPath: "github.com/docker/docker", sub: "components/engine"},
		},
		"docker-18.09.4.yaml": {
			{dir: "docker-ce-18.09.4", repository: "docker/docker-ce", revision: "v18.09.4-rc1", importPath: "github.com/docker/cli", sub: "components/cli"},
			{dir: "docker-ce-18.09.4", repository: "docker/docker-ce", revision: "v18.09.4-rc1", importPath: "github.com/docker/docker", sub: "components/engine"},
		},
	}
	walks = []walk{
		{"docker update", "An article of 2019 follows it to see where a property of its own would have to go.", "docker-17.03.yaml", "docker", "update"},
		{"container create", "An article goes from the daemon down: what starts a container that was created.", "docker-19.03.yaml", "dockerd", "POST /containers/{name}/start"},
		{"docker run", "An article of 2018 follows it through client and daemon.", "docker-18.09.0.yaml", "docker", "run"},
		{"docker info", "An article of 2019 follows it to the fields of the answer.", "docker-18.09.4.yaml", "docker", "info"},
		{"docker checkpoint create", "An article of 2017 follows it to the gRPC client; the route goes on to runc.", "docker-17.03.yaml", "docker", "checkpoint create"},
	}
)

// TestArticles writes docs/articles.md. The sources are old revisions of public
// repositories, which this test does not fetch: docs/articles.md has the lines
// that do.
//
//	go test ./cmd/callroute -run TestArticles -articles DIR
func TestArticles(t *testing.T) {
	const page = "../../docs/articles.md"
	if *articlesAt == "" {
		have, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		// Without the sources it is held to what does not need them.
		for _, w := range walks {
			if section := introduction(w); !strings.Contains(string(have), section) {
				t.Errorf("%s lacks\n%s", page, section)
			}
		}
		return
	}
	var out bytes.Buffer
	out.WriteString("# Five articles, written again\n\nThese five walks through Docker's source were written by hand and published.\ncallroute began with the wish that a command write them. Below each stand the\nlines that do, and the table that comes out; without `--code=false` the code that\nmatters and what crosses between the programs come with it.\n\n`go test ./cmd/callroute -run TestArticles -articles DIR` writes this page from\nthe checkouts in DIR.\n")
	for _, w := range walks {
		out.WriteString("\n" + introduction(w))
		writeRows(t, &out, w)
	}
	if err := os.WriteFile(page, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// introduction is what the page says of an article before the table.
func introduction(w walk) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", w.title, w.about)
	seen := map[string]bool{}
	for _, c := range systems[w.system] {
		if !seen[c.dir] {
			seen[c.dir] = true
			fmt.Fprintf(&b, "    git clone -q https://github.com/%s %s && git -C %s checkout -q %s\n", c.repository, c.dir, c.dir, c.revision)
		}
	}
	fmt.Fprintf(&b, "    cat >%s <<EOF\n", w.system)
	for line := range strings.Lines(systemText(w.system)) {
		b.WriteString("    " + line)
	}
	command := w.command
	if strings.Contains(command, "/") {
		command = `"` + command + `"`
	}
	fmt.Fprintf(&b, "    EOF\n    callroute trace -f %s %s %s --format md --code=false\n\n", w.system, w.program, command)
	return b.String()
}

func systemText(name string) string {
	text := "sources:\n"
	for _, c := range systems[name] {
		text += fmt.Sprintf("  - {dir: %s, import: %s}\n", filepath.ToSlash(filepath.Join(c.dir, c.sub)), c.importPath)
	}
	return text
}

// writeRows writes the tables of an article as one.
func writeRows(t *testing.T, out *bytes.Buffer, w walk) {
	t.Helper()
	file := filepath.Join(*articlesAt, w.system)
	if err := os.WriteFile(file, []byte(systemText(w.system)), 0o644); err != nil {
		t.Fatal(err)
	}
	an, err := openAnalyzer(t.Context(), sources{file: file}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	f, err := an.Trace(t.Context(), analyzer.Query{Program: w.program, Command: strings.Fields(w.command)})
	if err != nil {
		t.Fatal(err)
	}
	a, err := article.Build(f)
	if err != nil {
		t.Fatal(err)
	}
	out.WriteString("| Program | Path | Function | Line |\n|---|---|---|---:|\n")
	for _, s := range a.Sections {
		for _, r := range a.Rows(s) {
			fmt.Fprintf(out, "| %s | %s | `%s` | %d |\n", s.Component.Name, r.File, r.Name, r.Line)
		}
		if s.Next != nil {
			fmt.Fprintf(out, "| | | **%s** `%s` | |\n", s.Next.Kind, strings.ReplaceAll(flow.Brief(s.Next.Kind, s.Next.Detail), "|", `\|`))
		}
	}
}
