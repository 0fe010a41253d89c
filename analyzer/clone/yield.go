package clone

import (
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
)

// loopBody adds the calls in the body of a range over a function that stands in fr:
// once for each call by which the iterator hands it values that are known, so that a
// table which is a function is told apart as one that is a list.
func (b *Builder) loopBody(c *Clone, at *eval.Context, fr *eval.Frame, body eval.Func, loop ssa.CallInstruction) {
	frames := b.yielded(at, fr, body)
	if len(frames) == 0 {
		b.body(c, b.eval.Enter(body, nil), loop)
		return
	}
	var parts []*Clone
	for _, in := range frames {
		part := &Clone{Fn: c.Fn, Frame: c.Frame, Base: c.Base}
		b.body(part, in, loop)
		parts = append(parts, part)
	}
	c.join(parts)
}

// yielded is the activations of a loop's body that the calls in the iterator make; none
// where it is not known which function iterates, or what it hands over.
func (b *Builder) yielded(at *eval.Context, fr *eval.Frame, body eval.Func) []*eval.Frame {
	run := ranges(body.Closure)
	if run == nil || run.Common().IsInvoke() {
		return nil
	}
	iterators := at.Answer(run.Common().Value, fr)
	if static := run.Common().StaticCallee(); !iterators.Complete || static != nil && len(iterators.Values) != 1 {
		return nil
	}
	var out []*eval.Frame
	for _, s := range b.graph.In(body.Fn) {
		if s.Instr == run {
			continue
		}
		i := slices.IndexFunc(iterators.Values, func(v eval.Value) bool { f, ok := v.(eval.Func); return ok && f.Fn == s.Caller })
		if s.Rule == calls.Passed || i < 0 || len(out) > maxChosen {
			return nil
		}
		in := b.eval.Enter(iterators.Values[i].(eval.Func), nil)
		turns, ok := at.Turns(s.Instr, in)
		if !ok {
			turns = []*eval.Frame{in}
		}
		for _, in := range turns {
			args := b.arguments(b.brief(), in, s.Instr).all()
			if !slices.ContainsFunc(args, telling) {
				return nil
			}
			out = append(out, b.eval.Enter(body, args))
		}
	}
	return out
}

// join adds the calls of several activations of one body: what cannot run in any of
// them never does.
func (c *Clone) join(parts []*Clone) {
	type key struct {
		call   ssa.CallInstruction
		passed bool
	}
	at := map[key]int{}
	never := map[ssa.CallInstruction]int{}
	for _, p := range parts {
		for call := range p.Never {
			never[call]++
		}
		for _, s := range p.Sites {
			k := key{s.Instr, s.Rule == calls.Passed}
			n, ok := at[k]
			if !ok {
				at[k] = len(c.Sites)
				c.Sites = append(c.Sites, s)
				continue
			}
			c.Sites[n].add(s)
		}
	}
	same := maps.Clone(parts[0].Taken)
	for _, p := range parts[1:] {
		maps.DeleteFunc(same, func(from, to *ssa.BasicBlock) bool { return p.Taken[from] != to })
	}
	if len(same) > 0 && c.Taken == nil {
		c.Taken = map[*ssa.BasicBlock]*ssa.BasicBlock{}
	}
	maps.Copy(c.Taken, same)
	for call, n := range never {
		if n == len(parts) {
			c.never(call)
		}
	}
}

// add is the site of the same call in another activation.
func (s *Site) add(x Site) {
	for _, to := range x.To {
		if !slices.Contains(s.To, to) {
			s.To, s.Kept = append(s.To, to), append(s.Kept, to)
		}
	}
	s.Whole, s.Never, s.Yields = s.Whole && x.Whole, s.Never && x.Never, s.Yields || x.Yields
}
