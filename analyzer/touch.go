package analyzer

import (
	"context"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/touch"
)

// TouchQuery is a property to add.
type TouchQuery struct {
	ValueQuery        // the flag of the property that it is like
	As         string // the new flag, empty for none
	Type       string // its type, empty for that of the other
}

// Touch is what a change must touch that adds a property like the one of a flag.
func (a *Analyzer) Touch(ctx context.Context, q TouchQuery) (*flow.Touch, error) {
	defer a.programs.memory.close(ctx)
	v, err := a.Value(ctx, q.ValueQuery)
	if err != nil {
		return nil, err
	}
	var sources []touch.Source
	for _, src := range a.system.Sources {
		s := touch.Source{Dir: src.Dir, Given: src.Given}
		for _, p := range a.programs.all {
			if p.Source == src {
				s.Programs = append(s.Programs, p.String())
			}
		}
		sources = append(sources, s)
	}
	return touch.Find(v, sources, touch.Query{As: q.As, Type: q.Type})
}
