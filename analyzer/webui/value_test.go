package webui_test

import (
	"bytes"
	"context"
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

// answers is a source that answers questions about values.
type answers struct{ *kiln }

func (answers) Flags(context.Context, string, []string, func(string)) ([]string, error) {
	return []string{"heat"}, nil
}

func (answers) Value(_ context.Context, q webui.ValueQuestion, _ func(string)) (*flow.Value, error) {
	v := &flow.Value{Program: q.Program, Command: q.Command, Flag: q.Flag, Arg: q.Arg, Into: q.Into, Hops: []flow.ValueHop{
		{After: -1, Component: "kiln", Func: "kiln.main", Site: flow.Site{File: "main.go", Line: 7}, Kind: flow.Call, Place: "kiln.options.Heat", Wire: "heat"},
	}}
	if q.Into == "" {
		v.Ends = []flow.ValueEnd{{Call: "os.WriteFile"}}
	} else {
		v.Sources = []flow.ValueSource{{Kind: flow.FlagSource, Program: "kiln", Name: "heat"}, {Kind: flow.ConstantSource, Name: "900", Hop: -1}}
	}
	return v, nil
}

func (answers) Accesses(_ context.Context, verb, symbol string, _ func(string)) (*flow.Accesses, error) {
	return &flow.Accesses{Query: symbol, Verb: verb, Accesses: []flow.Access{{Func: "kiln.fire", Callers: []flow.Caller{{Program: "kiln", Words: []string{"fire"}}}}}}, nil
}

// TestValuePages clicks through from a command to a flag, a field and a key.
func TestValuePages(t *testing.T) {
	h := webui.Handler(t.Context(), &answers{&kiln{t: t}}, webui.ServeOptions{})
	for _, test := range []struct{ address, want string }{
		{"/flags?program=kiln&command=fire", `href="/value?command=fire&amp;flag=heat&amp;program=kiln"`},
		{"/value?program=kiln&command=fire&flag=heat", `href="/accesses?symbol=kiln.options.Heat&amp;verb=writers"`},
		{"/value?program=kiln&command=fire&arg=2", `href="/into?command=fire&amp;program=kiln&amp;target=kiln.options.Heat"`},
		{"/value?program=kiln&command=fire&arg=2", `kiln fire argument 2`},
		{"/into?target=kiln.options.Heat", `kiln --heat`},
		{"/into?target=kiln.options.Heat", `900`},
		{"/accesses?verb=writers&symbol=kiln.options.Heat", `href="/trace?command=fire&amp;program=kiln"`},
		{"/value?program=kiln", `which value?`},
		{"/value?program=kiln&arg=0", `count from 1`},
		{"/accesses?verb=eats&symbol=x", `who does what?`},
		{"/flags", `the flags of what?`},
	} {
		if _, page := get(t, h, test.address); !strings.Contains(page, test.want) {
			t.Errorf("%s: no %q in\n%s", test.address, test.want, page)
		}
	}
}
