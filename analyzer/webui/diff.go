package webui

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

//go:embed assets/diff.html
var diffPage string

// Diff writes how routes changed as one HTML file that needs nothing else, no
// script either.
func Diff(w io.Writer, d *flow.Diff) error {
	page, err := template.New("diff").Funcs(template.FuncMap{
		"short": flow.Short,
		"brief": flow.Brief,
		"side": func(side string) string {
			program, fn, _ := strings.Cut(side, " ")
			return program + " " + flow.Short(fn)
		},
		"count": func(c flow.CommandDiff) string {
			added, removed, changed := c.Counts()
			return fmt.Sprintf("+%d −%d ~%d", added, removed, changed)
		},
		"programs": byProgram,
	}).Parse(diffPage)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, d); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// programSteps is the steps of a route inside one process.
type programSteps struct {
	Program string
	Steps   []flow.StepDiff
}

func byProgram(steps []flow.StepDiff) []programSteps {
	var out []programSteps
	for _, s := range steps {
		if len(out) == 0 || out[len(out)-1].Program != s.Program {
			out = append(out, programSteps{Program: s.Program})
		}
		last := &out[len(out)-1]
		last.Steps = append(last.Steps, s)
	}
	return out
}
