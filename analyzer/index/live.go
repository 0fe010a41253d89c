package index

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// Dead reports whether nothing refers to fn, so that what it stores and calls
// happens in no run. Methods count as referred to: an interface or a template may
// call them. Where functions or packages had to be left out nothing is dead.
func (x *Index) Dead(fn *ssa.Function) bool { return x.live != nil && !x.live[fn] }

// findLive finds the functions that something refers to, nil when what refers to
// them is not wholly known.
func findLive(p *program.Program) map[*ssa.Function]bool {
	if d := p.Exe.Dropped; d.Functions > 0 || len(d.Packages) > 0 || len(p.Broke) > 0 {
		return nil
	}
	live := map[*ssa.Function]bool{}
	var work []*ssa.Function
	push := func(fn *ssa.Function) {
		if !live[fn] {
			live[fn] = true
			work = append(work, fn)
		}
	}
	for _, fn := range p.Funcs {
		if fn.Signature.Recv() != nil || fn.Synthetic != "" || fn.Blocks == nil || begins(fn) {
			push(fn)
		}
	}
	var buf [16]*ssa.Value
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				for _, op := range instr.Operands(buf[:0]) {
					if callee, ok := (*op).(*ssa.Function); ok {
						push(callee)
						if o := callee.Origin(); o != nil {
							push(o)
						}
					}
				}
			}
		}
	}
	return live
}

// begins reports whether a run begins with fn.
func begins(fn *ssa.Function) bool {
	return fn.Parent() == nil && (fn.Name() == "main" || fn.Name() == "init" || strings.HasPrefix(fn.Name(), "init#"))
}
