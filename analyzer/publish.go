package analyzer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/callroute/callroute/analyzer/store"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Index analyzes the programs that are named, or all that are no tests, examples or
// tools, as far as the store does not have them, and returns what the store has of
// them: what another machine needs to answer for the same sources.
func (a *Analyzer) Index(ctx context.Context, names []string) ([]store.Entry, error) {
	m := a.programs.memory
	if m.Store == nil {
		return nil, errors.New("an index is made in the cache, and there is none")
	}
	defer m.close(ctx)
	programs, err := a.named(names)
	if err != nil {
		return nil, err
	}
	var out []store.Entry
	for _, src := range a.system.Sources {
		out = append(out, m.loader.Entries(src, nil)...)
	}
	for _, p := range programs {
		if _, err := a.programs.Get(ctx, p); err != nil {
			return nil, err
		}
		key, _ := m.programKey(ctx, kept[summary.Calls], p)
		e, ok := m.Store.Entry(key, m.Disk)
		if !ok { // it is known with bodies alone
			if _, err := m.keep(ctx, p, summary.Calls, func() (*summary.Executable, error) { return a.programs.analyze(ctx, p) }); err != nil {
				return nil, err
			}
			e, ok = m.Store.Entry(key, m.Disk)
		}
		if !ok {
			return nil, fmt.Errorf("what was found of %s could not be kept; its sources change, or the cache cannot be written", p)
		}
		out = append(append(out, e), m.loader.Entries(p.Source, []*system.Program{p})...)
	}
	return out, nil
}

// named is the programs of some names.
func (a *Analyzer) named(names []string) ([]*system.Program, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(a.programs.all), (*system.Program).Auxiliary), nil
	}
	var out []*system.Program
	for _, name := range names {
		p, err := a.program(name)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Revision names the state of the sources, and what analyzes them, in twelve letters.
// Sources of which no version is known have the same one in every state.
func (a *Analyzer) Revision() string {
	key := a.programs.memory.Key
	parts := []string{string(key[:])}
	for _, src := range a.system.Sources {
		parts = append(parts, src.Name, src.Version)
	}
	sum := store.KeyOf(parts...)
	return hex.EncodeToString(sum[:6])
}
