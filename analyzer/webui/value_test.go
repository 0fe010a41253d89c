package webui_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/webui"
)

// TestValue writes a page of a value under names that are markup.
func TestValue(t *testing.T) {
	v := &flow.Value{
		Program: "lampc", Flag: "level",
		Hops: []flow.ValueHop{
			{ID: 0, After: -1, Component: "lampc", Func: "lampc.main", Site: flow.Site{File: "main.go", Line: 7}, Kind: flow.HTTP, Detail: "POST /set", Place: "wire.Request.Level", Wire: "<b>level", Under: []string{"if a < b"}},
			{ID: 1, After: 0, Component: "lampd", Func: "lampd.set", Site: flow.Site{File: "d.go", Line: 9}, Kind: flow.Call},
		},
		Ends: []flow.ValueEnd{{Hop: 1, Call: "os.WriteFile", What: "level.txt"}, {Hop: 0, Call: "os.Rename"}},
		Gaps: []flow.ValueGap{{Hop: -1, Reason: "capped"}},
	}
	var out bytes.Buffer
	if err := webui.Value(&out, v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"lampc --level", "wire.Request", "&lt;b&gt;level", "if a &lt; b", "POST /set", "lampd", "written to level.txt by os.WriteFile", "lampc: given to os.Rename", "capped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	for _, not := range []string{"<b>", "<script", "href="} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q in a page of its own", not)
		}
	}
}
