package summary

import (
	"iter"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/dataflow"
)

// bodies reduces the functions that some run can reach to the steps of values, and
// those of the sources under study, which libraries may call. The clones of a function
// share them.
func (b *builder) bodies() {
	run := b.exe.Running()
	r := &dataflow.Reducer{
		Program: b.u.Program, At: func(c ssa.CallInstruction) int { return int(siteAt(c)) },
		Number: func(f *ssa.Function) int32 {
			if id, ok := b.ids[f]; ok {
				return int32(id)
			}
			if behind := b.u.Graph.Through(f); len(behind) == 1 { // a method that is a value
				if id, ok := b.ids[behind[0]]; ok {
					return int32(id)
				}
			}
			return int32(None)
		},
		Within: func(f *ssa.Function) bool { return f.Synthetic == clone.LoopBody },
	}
	for _, f := range b.u.Program.Funcs {
		ids := b.ofFunc[f]
		if len(ids) == 0 || r.Within(f) || !run[b.exe.Base(ids[0])] && !b.u.Program.User(f) {
			continue
		}
		b.exe.bodies = append(b.exe.bodies, r.Body(f))
		for _, id := range ids {
			b.exe.funcs[id].Body = int32(len(b.exe.bodies))
		}
	}
}

// Body is the steps of a function, nil where they are not known.
func (e *Executable) Body(id ID) *dataflow.Body {
	if id == None || !e.HasBodies() || e.Func(id).Body == 0 {
		return nil
	}
	return e.bodyAt(int(e.Func(id).Body) - 1)
}

// HasBodies reports whether the bodies of functions were kept.
func (e *Executable) HasBodies() bool { return e.numBodies() > 0 }

// Bodies is every body that was kept.
func (e *Executable) Bodies() iter.Seq[*dataflow.Body] {
	return func(yield func(*dataflow.Body) bool) {
		for i := range e.numBodies() {
			if !yield(e.bodyAt(i)) {
				return
			}
		}
	}
}

func (e *Executable) numBodies() int {
	if e.stored != nil {
		return len(e.stored.bodies)
	}
	return len(e.bodies)
}

func (e *Executable) bodyAt(i int) *dataflow.Body {
	if e.stored != nil {
		return e.stored.body(i)
	}
	return e.bodies[i]
}
