// Package waiting finds where a program waits for what comes later, and what it is
// that comes.
//
//  1. children: a call that waits for the end of any process that the program
//     started, as a model says; control goes on after it when one has ended
//  2. signal: a call that sends a signal, which may end a process; a program's own
//     child is not meant, which it reached as the process of a command that it started
//  3. closed: a function receives from a channel in a field of a struct, and another
//     function of the program closes it
//
// Who waits for one process goes on where it was started, which calls tell. It takes
// the channels in one field for one, and cannot see those that are no fields.
package waiting

import (
	"context"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
)

// Finder finds who waits, and what wakes them.
var Finder = boundary.Finder{Name: "waiting", Idioms: []int{34}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out}
	for _, m := range u.Models.All {
		for i := range m.Effects {
			e := &m.Effects[i]
			if e.Any == nil && !e.Signals {
				continue
			}
			for _, call := range u.CallsOf(m, e.Call) {
				switch {
				case u.Program.Std(call.In) || ctx.Err() != nil || e.Signals && ownChild(eval.Argument(call.Instr, 0)):
				case e.Signals && (e.Probe == nil || !isConst(eval.Argument(call.Instr, *e.Probe), 0)):
					out.Wakes = append(out.Wakes, boundary.Wait{Place: place(call), At: call.Instr, For: boundary.Signalled, Rule: "waiting/2"})
				case e.Any != nil && isConst(eval.Argument(call.Instr, *e.Any), -1):
					out.Waits = append(out.Waits, boundary.Wait{Place: place(call), At: call.Instr, For: boundary.Ended, Rule: "waiting/1"})
				}
			}
		}
	}
	for _, fn := range u.Program.Funcs {
		if u.Program.User(fn) && ctx.Err() == nil {
			f.channels(fn)
		}
	}
}

type finder struct {
	*boundary.Unit
	out *boundary.Findings
}

func place(call index.Call) boundary.Place { return boundary.Place{In: call.In, Pos: call.Instr.Pos()} }

func isConst(v ssa.Value, n int64) bool {
	if boxed, ok := v.(*ssa.MakeInterface); ok {
		v = boxed.X
	}
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Value.Kind() == constant.Int && c.Int64() == n
}

// ownChild reports whether v is the process of an exec.Cmd.
func ownChild(v ssa.Value) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return false
	}
	addr, ok := load.X.(*ssa.FieldAddr)
	return ok && index.TypeSymbol(addr.X.Type()) == "os/exec.Cmd"
}

// channels is rule 3.
func (f *finder) channels(fn *ssa.Function) {
	wait := func(at ssa.Instruction, ch ssa.Value, pos token.Pos) {
		if name := field(ch); name != "" {
			f.out.Waits = append(f.out.Waits, boundary.Wait{Place: boundary.Place{In: fn, Pos: pos}, At: at, For: name, Rule: "waiting/3"})
		}
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.UnOp:
				if instr.Op == token.ARROW {
					wait(instr, instr.X, instr.Pos())
				}
			case *ssa.Select:
				for _, st := range instr.States {
					if st.Dir == types.RecvOnly && instr.Blocking {
						wait(instr, st.Chan, st.Pos)
					}
				}
			case ssa.CallInstruction:
				if builtin, ok := instr.Common().Value.(*ssa.Builtin); ok && builtin.Name() == "close" {
					if name := field(instr.Common().Args[0]); name != "" {
						f.out.Wakes = append(f.out.Wakes, boundary.Wait{Place: boundary.Place{In: fn, Pos: instr.Pos()}, At: instr, For: name, Rule: "waiting/3"})
					}
				}
			}
		}
	}
}

// field names the field of a struct of the program that a channel is read from, ""
// for others.
func field(ch ssa.Value) string {
	load, ok := ch.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return ""
	}
	addr, ok := load.X.(*ssa.FieldAddr)
	if !ok {
		return ""
	}
	owner := index.TypeSymbol(addr.X.Type())
	if v := index.Field(addr.X.Type(), addr.Field); v != nil && owner != "" {
		return owner + "." + v.Name()
	}
	return ""
}
