package export_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/callroute/callroute/analyzer/export"
	"github.com/callroute/callroute/analyzer/flow"
)

// findings is a check with one finding in the source, one in the file of rules and
// one that is accepted.
func findings() *flow.Check {
	step := func(fn string, line int) flow.Step {
		return flow.Step{Program: "oven", Func: "x.org/oven." + fn, Site: flow.Site{File: "main.go", Line: line}}
	}
	return &flow.Check{
		Schema: flow.CheckSchema, File: "rules.yaml", Rules: 2, Routes: 3,
		Programs: []flow.Component{{Name: "oven", Package: "x.org/oven", Dir: "src/oven"}},
		Findings: []flow.Finding{
			{Rule: "a", Why: "so: 100%", Program: "oven", Route: "oven GET /x,y", Message: "it\ncomes", Site: flow.Site{File: "a b.go", Line: 3}, Way: []flow.Step{step("main", 1), step("f", 3)}},
			{Rule: "b", Message: "nothing needs it", Site: flow.Site{File: "rules.yaml", Line: 9}},
		},
		Suppressed: []flow.Finding{{Rule: "a", Program: "oven", Message: "old", Site: flow.Site{File: "lib@v1/a.go", Line: 0}, Reason: "habit", Until: "2027-01-01"}},
	}
}

func TestCheckSARIF(t *testing.T) {
	var out bytes.Buffer
	if err := export.CheckSARIF(&out, findings()); err != nil {
		t.Fatal(err)
	}
	log, err := sarif.FromBytes(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Errorf("it does not fit SARIF's schema: %v", err)
	}
	for _, want := range []string{`"uri": "src/oven/a%20b.go"`, `"uri": "rules.yaml"`, `"uri": "lib@v1/a.go"`, `"justification": "habit (until 2027-01-01)"`, `"codeFlows"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %s in %s", want, out.String())
		}
	}
}

func TestGitHub(t *testing.T) {
	var out bytes.Buffer
	if err := export.GitHub(&out, findings()); err != nil {
		t.Fatal(err)
	}
	want := "::error file=src/oven/a b.go,line=3,title=callroute a::oven GET /x,y: it%0Acomes (so: 100%25)\n" +
		"::error file=rules.yaml,line=9,title=callroute b::nothing needs it\n"
	if out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}
