package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

// TestValueMarkdown has a key, a condition and code that Markdown reads as its own.
func TestValueMarkdown(t *testing.T) {
	v := &flow.Value{
		Program: "lampc", Flag: "level",
		Components: []flow.Component{{Name: "lampc", Web: "https://example.org/lamp"}},
		Hops: []flow.ValueHop{{
			After: -1, Component: "lampc", Func: "lampc.main", Site: flow.Site{File: "main.go", Line: 7}, Kind: flow.Call,
			Code: "x := a | b // `x`", Place: "wire.Request.Level", Wire: "level|raw", Did: "computes a | b", Under: []string{"if a || b"},
		}},
		Ends: []flow.ValueEnd{{Call: "os.WriteFile", What: "level_x.txt"}},
		Gaps: []flow.ValueGap{{Hop: 0, Reason: "it is given to <nobody>"}, {Hop: -1, Reason: "capped"}},
	}
	var out bytes.Buffer
	if err := report.ValueMarkdown(&out, v); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"# lampc --level", "", "## lampc", "",
		"| place | code | held in | done to it | under |", "|---|---|---|---|---|",
		"| [main.go:7](https://example.org/lamp/main.go#L7) | `` x := a \\| b // `x` `` | `wire.Request.Level` `\"level\\|raw\"` | computes a \\| b | `if a \\|\\| b` |",
		"", "■ written to level\\_x.txt by os.WriteFile", "",
		"## From here it is not followed", "",
		"- it is given to &lt;nobody> ([main.go:7](https://example.org/lamp/main.go#L7))", "- capped", "",
	}, "\n")
	if out.String() != want {
		t.Errorf("have\n%s\nwant\n%s", &out, want)
	}
}
