package analyzer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
)

// Code is the source of the functions that a pattern names, each once though several
// programs have it.
func (a *Analyzer) Code(ctx context.Context, p *narrow.Pattern) ([]flow.Excerpt, error) {
	defer a.programs.memory.close(ctx)
	x, err := a.backward(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := x.Find(p)
	if err != nil {
		return nil, err
	}
	var out []flow.Excerpt
	places := map[string]int{} // in out, by the file on this machine and the line
	for _, t := range targets.List() {
		prog, err := a.program(t.Program)
		if err != nil {
			return nil, err
		}
		exe, err := a.programs.Get(ctx, prog)
		if err != nil {
			return nil, err
		}
		path := exe.Path(t.File)
		at := fmt.Sprintf("%s:%d", path, t.Line)
		if i, ok := places[at]; ok {
			out[i].Programs = append(out[i].Programs, t.Program)
			continue
		}
		text, err := lines(path, t.Line, t.EndLine)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", t.File, err)
		}
		places[at] = len(out)
		out = append(out, flow.Excerpt{Programs: []string{t.Program}, Func: t.Func, Site: t.Site, Text: text})
	}
	return out, nil
}

// lines is some lines of a file.
func lines(path string, first, last int) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	all := slices.Collect(bytes.Lines(text))
	first = max(1, first)
	last = min(len(all), max(first, last))
	if first > last {
		return "", fmt.Errorf("it has only %d lines", len(all))
	}
	return string(bytes.Join(all[first-1:last], nil)), nil
}
