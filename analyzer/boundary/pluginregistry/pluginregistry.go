// Package pluginregistry finds what a call through a value from a registry
// reaches, where constants decide it.
//
// Words. A registration is a struct that files a constructor under constant
// keys. A lookup is a call that names such keys, or a map expression. What an
// operand can be is told completely or not at all: every store, caller and
// entry counts, and one that cannot be told makes the answer void. Then the
// call graph's candidates stay as they are.
//
//  1. registry: a function of the registration's package, or one that takes a
//     key of its type, gives what the constructors return that are filed under
//     the constants it is called with
//  2. map: m[key] is the entries written under the constant; a function that
//     writes them with a key of its caller is followed to its callers. Where the
//     key is not constant each entry is labelled with its own
//  3. name: an element of a list that is returned where the constant result of
//     its method equals a constant of the caller
//  4. context: ctx.Value(key) is what context.WithValue puts under a key of the
//     same type; the type must be declared, so that it cannot be mistaken
//  5. list: an element of a slice whose elements are all known
//  6. dead code: stores and calls in functions that nothing refers to do not
//     count; not used where bodies had to be dropped
//
// It is blind to order: a field or map has all values ever stored to it. It
// cannot tell two objects of one type apart.
package pluginregistry

import (
	"context"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/flow"
)

// Finder finds calls of looked-up values.
var Finder = boundary.Finder{Name: "pluginregistry", Idioms: []int{29, 30, 31, 36, 41, 46}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{
		Unit: u, out: out, envs: map[env]*env{}, taken: map[ssa.Value]bool{}, takenFields: map[*types.Var]bool{},
		bodies: map[*types.Package]bool{}, registries: map[*types.TypeName]*registry{},
	}
	f.survey()
	f.markLive()
	done := map[ssa.CallInstruction]bool{}
	for _, c := range slices.Concat(out.Cuts, out.Carried) {
		done[c] = true
	}
	for _, fn := range u.Program.Funcs {
		if !u.Program.User(fn) || f.dead(fn) || u.Graph.Wrapper(fn) {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if c, ok := instr.(ssa.CallInstruction); ok && !done[c] {
					f.call(fn, c)
				}
			}
		}
	}
}

type finder struct {
	*boundary.Unit
	out         *boundary.Findings
	envs        map[env]*env
	taken       map[ssa.Value]bool  // package variables whose address goes anywhere
	takenFields map[*types.Var]bool // fields of interface and function types, likewise
	bodies      map[*types.Package]bool
	registries  map[*types.TypeName]*registry
	sorted      []*registry
	live        map[*ssa.Function]bool // nil: all
}

// survey passes over every instruction once.
func (f *finder) survey() {
	for _, fn := range f.Program.Funcs {
		if fn.Blocks == nil || f.Program.Std(fn) {
			continue
		}
		if fn.Pkg != nil && fn.Synthetic == "" {
			f.bodies[fn.Pkg.Pkg] = true
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				f.addresses(instr)
				switch instr := instr.(type) {
				case *ssa.FieldAddr:
					f.field(instr)
				case *ssa.Alloc:
					f.registration(instr)
				}
			}
		}
	}
}

// addresses notes package variables that an instruction does not just read or
// write.
func (f *finder) addresses(instr ssa.Instruction) {
	var buf [8]*ssa.Value
	for _, op := range instr.Operands(buf[:0]) {
		g, ok := (*op).(*ssa.Global)
		if !ok {
			continue
		}
		switch instr := instr.(type) {
		case *ssa.UnOp, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.DebugRef:
			continue
		case *ssa.Store:
			if instr.Val != g {
				continue
			}
		}
		f.taken[g] = true
	}
}

// markLive finds the functions that something refers to. Methods count always.
func (f *finder) markLive() {
	if d := f.Program.Exe.Dropped; d.Functions > 0 || len(d.Packages) > 0 || len(f.Program.Broke) > 0 {
		return
	}
	f.live = map[*ssa.Function]bool{}
	var work []*ssa.Function
	push := func(fn *ssa.Function) {
		if !f.live[fn] {
			f.live[fn] = true
			work = append(work, fn)
		}
	}
	for _, fn := range f.Program.Funcs {
		if fn.Signature.Recv() != nil || fn.Synthetic != "" || fn.Blocks == nil || fn.Parent() == nil && (fn.Name() == "main" || fn.Name() == "init" || len(fn.Name()) > 5 && fn.Name()[:5] == "init#") {
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
}

// dead reports whether nothing can call fn.
func (f *finder) dead(fn *ssa.Function) bool { return f.live != nil && !f.live[fn] }

// call replaces the candidates of one call by what its operand can be.
func (f *finder) call(fn *ssa.Function, c ssa.CallInstruction) {
	cc := c.Common()
	if static := cc.StaticCallee(); static != nil {
		f.plugin(fn, c, static)
		return
	}
	if _, ok := cc.Value.(*ssa.Builtin); ok || cc.IsInvoke() && calls.Universal(cc.Method) {
		return
	}
	s := f.Graph.At(c)
	if s != nil && len(s.Callees) == 0 {
		s = nil // the call graph knows nothing of it
	}
	if s != nil && (s.Given || len(s.Callees) < 2) || s == nil && !cc.IsInvoke() {
		return
	}
	r := &resolver{finder: f, active: map[activeKey]bool{}}
	leaves, ok := r.resolve(cc.Value, nil, 0)
	if !ok || r.rule == 0 {
		return
	}
	type target struct {
		fn *ssa.Function
		l  leaf
	}
	var targets []target
	labels := false
	for _, l := range leaves {
		for _, to := range f.reached(cc, l) {
			if s != nil && !slices.Contains(s.Callees, to) {
				return // the call graph knows better
			}
			labels = labels || l.label != ""
			i := slices.IndexFunc(targets, func(t target) bool { return t.fn == to })
			if i < 0 {
				targets = append(targets, target{to, l})
				continue
			}
			targets[i].l = alsoNamed(targets[i].l, l)
		}
	}
	if len(targets) == 0 || s != nil && len(targets) >= len(s.Callees) && !labels {
		return
	}
	var kind flow.Kind
	var detail string
	if s != nil {
		kind, detail = s.Kind, s.Detail
	} else {
		kind, detail = flow.Interface, calls.TypeString(cc.Value.Type())+"."+cc.Method.Name()
	}
	f.out.Cuts = append(f.out.Cuts, c)
	slices.SortStableFunc(targets, func(a, b target) int { return f.Graph.Before(a.fn, b.fn) })
	for _, t := range targets {
		f.out.Links = append(f.out.Links, boundary.Link{
			From: fn, Pos: c.Pos(), To: t.fn, Kind: kind, Detail: detail, Rule: "pluginregistry/" + strconv.Itoa(r.rule),
			Candidates: len(targets), Registered: t.l.at, Label: t.l.label,
		})
	}
}

// alsoNamed is a leaf that is filed under the key of another too.
func alsoNamed(l, other leaf) leaf {
	if other.label != "" && !slices.Contains(strings.Split(l.label, ", "), other.label) {
		l.label = strings.TrimPrefix(l.label+", "+other.label, ", ")
		l.at = append(slices.Clone(l.at), other.at...)
	}
	return l
}

// reached is the functions that a call goes to when its operand is l.
func (f *finder) reached(cc *ssa.CallCommon, l leaf) []*ssa.Function {
	fn := l.fn
	if cc.IsInvoke() {
		if l.t == nil {
			return nil
		}
		sel := types.NewMethodSet(l.t).Lookup(cc.Method.Pkg(), cc.Method.Name())
		if sel == nil {
			return nil
		}
		fn = f.Program.SSA.MethodValue(sel)
	}
	if fn == nil {
		return nil
	}
	return f.Graph.Through(fn)
}
