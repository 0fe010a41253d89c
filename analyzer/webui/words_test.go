package webui

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

var (
	inTemplate     = regexp.MustCompile(`[$.]T "([^"]+)"`)
	inScript       = regexp.MustCompile(`\bt\(((?:[^()']|'(?:[^'\\]|\\.)*')*)`)
	inGo           = regexp.MustCompile(`\.(?:T|many)\(([^()]*(?:\([^()]*\))?[^()]*)\)`)
	inDoubleQuotes = regexp.MustCompile(`"([^"]+)"`)
	inQuotes       = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)
)

// TestWordsInChinese looks for every text of templates and scripts in the
// dictionary, and for what no page says any more.
func TestWordsInChinese(t *testing.T) {
	used := map[string]bool{"from": true, "to": true} // ends of a way, by name
	for _, k := range flow.Kinds() {
		if k.Title() != string(k) {
			used[k.Title()] = true
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inGo.FindAllStringSubmatch(string(text), -1) {
			for _, quoted := range inDoubleQuotes.FindAllStringSubmatch(m[1], -1) {
				used[quoted[1]] = true
			}
		}
	}
	files, err := fs.Glob(assets, "assets/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := assets.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch path.Ext(name) {
		case ".html":
			for _, m := range inTemplate.FindAllStringSubmatch(string(text), -1) {
				used[m[1]] = true
			}
		case ".js":
			for _, call := range inScript.FindAllStringSubmatch(string(text), -1) {
				for _, m := range inQuotes.FindAllStringSubmatch(call[1], -1) {
					used[m[1]] = true
				}
			}
		}
	}
	known := dictionary(article.Chinese)
	if len(used) < 50 {
		t.Fatalf("found %d texts: the search is broken", len(used))
	}
	for text := range used {
		switch chinese := known[text]; {
		case chinese == "":
			t.Errorf("%q is not in assets/zh.json", text)
		case !slices.Equal(holes(text), holes(chinese)):
			t.Errorf("%q has other holes than %q", chinese, text)
		}
	}
	for text := range known {
		if !used[text] {
			t.Errorf("assets/zh.json has %q, which no page says", text)
		}
	}
}

// holes is the places of a text that are filled in.
func holes(text string) []string {
	return regexp.MustCompile(`%[ds]|\{\w+\}`).FindAllString(strings.ReplaceAll(text, "%%", ""), -1)
}
