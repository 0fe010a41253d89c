package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
)

func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	f := &fake{query: new(analyzer.Query)}
	code, out, errs := call(t, f, "report", "-o", dir, "kiln")
	if code != fine || out != "" || errs != "" {
		t.Fatalf("exit %d, %q, %q", code, out, errs)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kiln/fire.html", "kiln glaze ls", "burner set"} {
		if !strings.Contains(string(index), want) {
			t.Errorf("the index has no %q", want)
		}
	}
	if strings.Contains(string(index), "secret") {
		t.Error("the index has a hidden command")
	}
	if _, err := os.Stat(filepath.Join(dir, "kiln", "fire.html")); err != nil {
		t.Error(err)
	}

	// Commands that cannot be followed are findings, and the rest is there.
	code, _, errs = call(t, f, "report", "-o", dir)
	if code != findings || !strings.Contains(errs, "callroute: kilnd GET /ping: no program") {
		t.Errorf("exit %d, %q", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "kiln", "fire.html")); err != nil {
		t.Error(err)
	}
}

func TestReportRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "name a folder with -o"},
		{[]string{"-o", full}, "left alone"},
		{[]string{"-o", filepath.Join(full, "no", "such")}, "cannot write"},
		{[]string{"-o", filepath.Join(full, "mine")}, "not a directory"},
		{[]string{"-o", filepath.Join(full, "site"), "--lang", "fr"}, "en and zh"},
		{[]string{"-o", filepath.Join(full, "site"), "nobody"}, "no program"},
	} {
		code, out, errs := call(t, &fake{query: new(analyzer.Query)}, append([]string{"report"}, test.args...)...)
		if code != cannotRun || out != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%q: exit %d, %q, %q", test.args, code, out, errs)
		}
	}
	if left, err := os.ReadDir(full); err != nil || len(left) != 1 {
		t.Errorf("something is left: %v, %v", left, err)
	}
}

func TestPageFormat(t *testing.T) {
	f := &fake{query: new(analyzer.Query)}
	code, out, errs := call(t, f, "trace", "kiln", "fire", "--format", "html", "--lang", "zh")
	if code != fine || errs != "" || !strings.Contains(out, `<html lang="zh">`) || !f.query.Code {
		t.Errorf("exit %d, %q, code %v: %.200s", code, errs, f.query.Code, out)
	}
}

// TestSiteOfThisRepository writes the site of the engine and of callroute itself:
// as many pages as there are things to ask for, in a folder that can be sent.
func TestSiteOfThisRepository(t *testing.T) {
	slow(t, "analyzes this repository and writes its site")
	t.Chdir(filepath.Join("..", ".."))
	dir := filepath.Join(t.TempDir(), "site")
	var out, errs bytes.Buffer
	a := newApp(&out, &errs, os.Getenv, openAnalyzer)
	if code := a.run(t.Context(), []string{"report", "-o", dir}); code != fine && code != findings {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	size, pages := int64(0), 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		if filepath.Ext(path) == ".html" {
			pages++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 200 || size > 12e6 {
		t.Errorf("%d pages of %d bytes", pages, size)
	}
}
