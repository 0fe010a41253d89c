package analyzer

import (
	"context"
	"regexp"

	"github.com/callroute/callroute/analyzer/access"
	"github.com/callroute/callroute/analyzer/backward"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/summary"
)

// Writers is who writes a field or a package variable, with the entries that lead
// there.
func (a *Analyzer) Writers(ctx context.Context, symbol string) (*flow.Accesses, error) {
	return a.accesses(ctx, symbol, access.Writes)
}

// Readers is who reads it.
func (a *Analyzer) Readers(ctx context.Context, symbol string) (*flow.Accesses, error) {
	return a.accesses(ctx, symbol, access.Reads)
}

func (a *Analyzer) accesses(ctx context.Context, symbol string, k access.Kind) (*flow.Accesses, error) {
	defer a.programs.memory.close(ctx)
	a.withValues()
	x, err := a.backward(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := access.Targets(x.Executables(), symbol)
	if err != nil {
		return nil, err
	}
	out := &flow.Accesses{
		Schema: flow.AccessesSchema, Query: symbol, Verb: map[access.Kind]string{access.Writes: "writes", access.Reads: "reads"}[k],
		Accesses: []flow.Access{}, Programs: x.Programs(),
	}
	for _, t := range targets {
		out.Targets = append(out.Targets, t.String())
	}
	for _, s := range access.Find(x.Executables(), a.system.Models(), targets, k) {
		f := s.Exe.Func(s.Func)
		line := flow.AccessLine{Line: s.Line, How: s.How}
		if n := len(out.Accesses); n > 0 && out.Accesses[n-1].Func == f.Name && out.Accesses[n-1].File == f.File {
			out.Accesses[n-1].Lines = append(out.Accesses[n-1].Lines, line)
			continue
		}
		callers, err := leading(ctx, x, f)
		if err != nil {
			return nil, err
		}
		from := access.Callers(x.Executables(), f)
		out.Accesses = append(out.Accesses, flow.Access{
			Program: s.Exe.Program.String(), Func: f.Name, Site: flow.Site{File: f.File, Line: f.Line},
			Own:   s.Own && len(from) > 0, // what nobody calls by name is called as one of an interface
			Lines: []flow.AccessLine{line}, From: from, Callers: callers,
		})
	}
	return out, nil
}

// leading is the entries that lead to a function.
func leading(ctx context.Context, x *backward.Index, f *summary.Func) ([]flow.Caller, error) {
	none := []flow.Caller{}
	p, err := narrow.Parse("^" + regexp.QuoteMeta(f.Name) + "$")
	if err != nil {
		return none, err
	}
	targets, err := x.Find(p)
	if err != nil {
		return none, nil //nolint:nilerr // an initializer of variables is no function
	}
	c, err := x.Callers(ctx, targets)
	if err != nil || c.Callers == nil {
		return none, err
	}
	return c.Callers, nil
}

// withValues asks for summaries that tell where values go. What was indexed of
// those without is of no use beside them.
func (a *Analyzer) withValues() {
	if a.programs.detail != summary.Values {
		a.programs.detail, a.index = summary.Values, nil
	}
}
