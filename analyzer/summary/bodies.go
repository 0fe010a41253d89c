package summary

import (
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
			return int32(None)
		},
		Within: func(f *ssa.Function) bool { return f.Synthetic == clone.LoopBody },
	}
	for _, f := range b.u.Program.Funcs {
		ids := b.ofFunc[f]
		if len(ids) == 0 || r.Within(f) || !run[b.exe.Base(ids[0])] && !b.u.Program.User(f) {
			continue
		}
		b.exe.Bodies = append(b.exe.Bodies, r.Body(f))
		for _, id := range ids {
			b.exe.funcs[id].Body = int32(len(b.exe.Bodies))
		}
	}
}

// Body is the steps of a function, nil where they are not known.
func (e *Executable) Body(id ID) *dataflow.Body {
	if id == None || len(e.Bodies) == 0 || e.Func(id).Body == 0 {
		return nil
	}
	return e.Bodies[e.Func(id).Body-1]
}
