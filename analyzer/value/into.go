package value

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/walk"
)

// Field is a field of a type, which has its import path.
type Field struct{ Type, Name string }

// Into is what values may end in: fields, or a file of this name.
type Into struct {
	Fields map[Field]bool
	File   string
}

// Collector collects what can end in a place. Each flag, argument and request is
// followed by itself, so that what is told of one holds of it alone.
type Collector struct {
	Stitcher *stitch.Stitcher
	Into     Into
	teller   *teller
}

// NewCollector begins with nothing.
func NewCollector(st *stitch.Stitcher, into Into) *Collector {
	return &Collector{Stitcher: st, Into: into, teller: newTeller(&flow.Value{
		Schema: flow.ValueSchema, Hops: []flow.ValueHop{}, Ends: []flow.ValueEnd{}, Gaps: []flow.ValueGap{},
	})}
}

// Value is what was collected.
func (c *Collector) Value() *flow.Value { return c.teller.out }

// Add follows what an entry is given.
func (c *Collector) Add(ctx context.Context, e walk.Entry) error {
	reached, err := walk.Reach(ctx, c.Stitcher, e)
	if err != nil {
		return err
	}
	try := func(kind flow.ValueSourceKind, name string, start func(*follower)) error {
		f := newFollower(ctx, c.Stitcher, reached)
		f.goal = c.Into.Fields
		start(f)
		if err := f.run(); err != nil {
			return err
		}
		c.tell(f, flow.ValueSource{Kind: kind, Program: e.Exe.Program.String(), Command: e.Words, Name: name})
		return nil
	}
	if e.Arrival != nil {
		return try(flow.RequestSource, "", func(f *follower) { f.startRequest(e) })
	}
	for _, flag := range flagsOf(ctx, c.Stitcher, e, reached) {
		if err := try(flow.FlagSource, flag, func(f *follower) { _ = f.start(e.Exe, e.Command, flag, -1) }); err != nil {
			return err
		}
	}
	return try(flow.ArgumentSource, "", func(f *follower) { _ = f.startArgument(Query{Entry: e}) })
}

// Flags is the names of the flags that a command is seen to have, sorted.
func Flags(ctx context.Context, st *stitch.Stitcher, e walk.Entry) ([]string, error) {
	reached, err := walk.Reach(ctx, st, e)
	if err != nil {
		return nil, err
	}
	return flagsOf(ctx, st, e, reached), nil
}

// flagsOf is the names of the flags that a command is seen to have.
func flagsOf(ctx context.Context, st *stitch.Stitcher, e walk.Entry, reached map[*summary.Executable][]summary.ID) []string {
	f := newFollower(ctx, st, reached)
	var out []string
	for _, name := range f.flagNames(e.Exe, e.Command) {
		n := len(f.facts)
		f.starts = nil
		if _ = f.start(e.Exe, e.Command, name, -1); len(f.facts) > n {
			out = append(out, name)
		}
	}
	return out
}

// startRequest starts at what a handler is given of a request, in every form.
func (f *follower) startRequest(e walk.Entry) {
	for _, h := range e.Arrival.All() {
		b := e.Exe.Body(h.Func)
		if b == nil {
			continue
		}
		at := hop{exe: e.Exe, fn: h.Func, line: e.Exe.Func(h.Func).Line}
		for n, v := range b.Vars[:b.Params()] {
			x := fact{exe: e.Exe, fn: h.Func, reg: dataflow.Reg(n)}
			switch {
			case v.Type == "net/http.Request":
				for _, form := range []models.Form{models.JSON, models.YAML, models.Query, models.Header, models.Path} {
					x.path = f.paths.with(elem{kind: encoded, form: form}, path{})
					f.add(x, -1, at)
				}
			case v.Keyed:
				f.add(x, -1, at)
			case e.Arrival.Kind != flow.HTTP && n > 0 && v.Type != "" && !slices.Contains(notMessages, v.Type):
				f.add(x, -1, at)
			}
		}
	}
}

// tell adds a source where what was followed ends in what is asked for.
func (c *Collector) tell(f *follower, s flow.ValueSource) {
	c.teller.follower = f
	var best []hop
	if f.hit >= 0 {
		for i := f.hit; i >= 0; i = f.facts[i].from {
			best = append(best, f.facts[i].hop)
		}
		slices.Reverse(best)
	}
	what := ""
	for _, e := range f.ends {
		if c.Into.File == "" {
			break
		}
		for _, hops := range f.histories(e) {
			if name := writtenTo(hops); !e.names && names(name, c.Into.File) && (best == nil || len(hops) < len(best)) {
				best, what = hops, name
			}
		}
	}
	if best == nil {
		return
	}
	s.Hop = c.teller.way(best)
	if s.Hop < 0 {
		return
	}
	for _, t := range best {
		if t.kind == "" || t.detail == "" {
			continue
		}
		if through := strings.TrimSpace(string(t.kind) + " " + t.detail); !slices.Contains(s.Through, through) {
			s.Through = append(s.Through, through)
		}
	}
	s.What = what
	c.teller.out.Sources = append(c.teller.out.Sources, s)
	c.teller.components()
}

// names reports whether a name of a file is meant by another: the whole or its end.
func names(name, file string) bool {
	return name == file || strings.HasSuffix(name, "/"+strings.TrimPrefix(file, "/"))
}

// Constants is the constants that are written into fields: in a store, or as the
// argument of a call whose parameter is stored.
func Constants(exes []*summary.Executable, fields map[Field]bool) []flow.ValueSource {
	var out []flow.ValueSource
	for _, exe := range exes {
		c := &constants{exe: exe, asked: map[parameter]bool{}}
		c.stores(fields)
		c.calls()
		out = append(out, c.found...)
	}
	slices.SortFunc(out, func(a, b flow.ValueSource) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Name, b.Name), strings.Compare(a.Program, b.Program))
	})
	return slices.CompactFunc(out, func(a, b flow.ValueSource) bool {
		return a.File == b.File && a.Line == b.Line && a.Name == b.Name
	})
}
