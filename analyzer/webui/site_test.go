package webui_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
	"github.com/callroute/callroute/analyzer/webui"
)

// siteOptions is a system of three commands, one of which cannot be traced and
// one of which panics.
func siteOptions(t *testing.T) webui.SiteOptions {
	t.Helper()
	command := func(kind flow.Kind, words ...string) flow.Command {
		return flow.Command{Program: "kiln", Kind: kind, Words: words, Func: "example.org/kiln.run", Says: strings.Join(words, " ") + " <it>", Site: flow.Site{File: "kiln.go", Line: 7}}
	}
	return webui.SiteOptions{
		Title: "kiln & co",
		Commands: []flow.Command{
			command(flow.Registration, "fire"), command(flow.Registration, "glaze"), command(flow.Registration, "crack"),
			command(flow.HTTP, "POST", "/Fire"), command(flow.HTTP, "POST", "/fire"), command(flow.HTTP, "GET", "/explode"),
		},
		Endpoints: &flow.Endpoints{
			Departures: []flow.Endpoint{
				{Program: "kiln", Kind: flow.HTTP, Key: "POST /fire", Func: "example.org/client.Fire", Site: flow.Site{File: "client.go", Line: 4}, Peers: []string{"kilnd example.org/server.Fire"}},
				{Program: "kilnd", Kind: flow.Exec, Key: "tongs<b>", Func: "example.org/server.Grab", Site: flow.Site{File: "grab.go", Line: 9}, Reason: "no program is called tongs"},
				{Program: "kilnd", Kind: flow.GRPC, Key: "/kiln.v1.Oven/Heat", Func: "example.org/oven.Heat", Site: flow.Site{File: "heat.go", Line: 9}, Peers: []string{"kilnd example.org/oven.heat", "ash example.org/ash.Heat"}},
				{Program: "ash", Kind: flow.HTTP, Key: "GET /back", Func: "example.org/ash.Back", Site: flow.Site{File: "ash.go", Line: 9}, Peers: []string{"kiln example.org/kiln.Back"}},
			},
			Arrivals: []flow.Endpoint{{Program: "kilnd", Kind: flow.HTTP, Key: "GET /temperature", Func: "example.org/server.Temperature", Reason: "nobody asks"}},
		},
		Trace: func(_ context.Context, c flow.Command) (*flow.Flow, error) {
			switch c.Words[len(c.Words)-1] {
			case "glaze":
				return golden.Flow(t, "glaze"), nil
			case "crack":
				return nil, errors.New("it <cracks>")
			case "/explode":
				panic("too hot")
			}
			f := golden.Flow(t, "fire")
			for i := range f.Nodes {
				n := &f.Nodes[i]
				n.Code = []flow.CodeLine{{Line: n.Line, Text: "func " + path.Base(n.Func) + "() {"}, {Line: n.EndLine, Text: "}"}}
			}
			return f, nil
		},
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	o := siteOptions(t)
	o.Draw = func(w io.Writer, _ *flow.Flow) error {
		_, err := io.WriteString(w, "<svg xmlns='http://www.w3.org/2000/svg'/>")
		return err
	}
	var said []string
	o.Progress = func(_, _ int, command string) { said = append(said, command) }
	result, err := webui.Site(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	// Two commands do the same as another: they share its page.
	if result.Pages != 2 || len(result.Failed) != 2 || len(said) != 6 {
		t.Errorf("result %+v, progress %q", result, said)
	}
	all := files(t, dir)
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	golden.Compare(t, "site.txt", []byte(strings.Join(names, "\n")+"\n"))
	golden.Compare(t, "site.index.html", []byte(all["index.html"]))
	// Code is in no page, but once for all.
	if strings.Contains(all["kiln/fire.html"], "func client.") {
		t.Error("a page holds code")
	}
	if !strings.Contains(all["index.html"], "as kiln fire") {
		t.Error("the index does not say that a command is the same as another")
	}
	for name, text := range all {
		if strings.Contains(text, `src="http`) || strings.Contains(text, `rel="stylesheet" href="http`) {
			t.Errorf("%s asks for something from outside", name)
		}
	}

	// Again, it is the same, and nothing of the old one is left.
	if err := os.WriteFile(filepath.Join(dir, "old.html"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := webui.Site(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	again := files(t, dir)
	if len(again) != len(all) {
		t.Errorf("the second report has %d files, the first %d", len(again), len(all))
	}
	for name := range all {
		if again[name] != all[name] {
			t.Errorf("%s differs the second time", name)
		}
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("temporary folders stay: %v %v", left, err)
	}
}

func TestSiteLeavesAlone(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := webui.Site(t.Context(), dir, siteOptions(t)); err == nil || !strings.Contains(err.Error(), "left alone") {
		t.Errorf("a folder with other files gives %v", err)
	}
	if err := webui.CheckSite(mine); err == nil {
		t.Error("a file passes for a folder")
	}
	if err := webui.CheckSite(filepath.Join(dir, "missing", "site")); err == nil {
		t.Error("a folder in a missing folder passes")
	}

	// Cancelled half way, the old report stays.
	site := filepath.Join(dir, "site")
	if _, err := webui.Site(t.Context(), site, siteOptions(t)); err != nil {
		t.Fatal(err)
	}
	before := files(t, site)
	ctx, cancel := context.WithCancel(t.Context())
	o := siteOptions(t)
	o.Progress = func(done, _ int, _ string) {
		if done == 2 {
			cancel()
		}
	}
	if _, err := webui.Site(ctx, site, o); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled report gives %v", err)
	}
	if after := files(t, site); len(after) != len(before) {
		t.Errorf("a cancelled report leaves %d files of %d", len(after), len(before))
	}
}
