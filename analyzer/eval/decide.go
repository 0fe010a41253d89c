package eval

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Decisions tells which way a function goes in a frame. Where Eval answers with
// all that a value may be and is blind to order, a decision must hold for every
// run: it is made only from constants, from arguments that are known wholly, and
// from fields of which every store in the program is known.
type Decisions struct {
	e     *evaluation
	live  map[*ssa.BasicBlock]bool            // of the function at hand, nil while it is not known
	taken map[*ssa.BasicBlock]*ssa.BasicBlock // where those go on that can go one way only
	depth int                                 // operands, one behind the other
	calls int                                 // calls, one inside the other
	steps *int                                // operands looked at for one condition
	asked *asking                             // nil unless it is asked which inputs decide
}

// What one decision may look through. Predicates in real source are a few blocks
// that read a field or compare an argument; what is longer is left open.
const (
	maxDecided     = 24
	maxPredicates  = 3
	predicateSize  = 12 // blocks
	maxDecideSteps = 4000
)

// eval is a question of its own.
func (d *Decisions) eval() *evaluation {
	return &evaluation{Context: d.e.Context, active: map[elemKey]bool{}, parting: map[partKey]bool{}}
}

// Decide prepares to decide in the context c.
func (c *Context) Decide() *Decisions { return &Decisions{e: c.question(), steps: new(int)} }

// Taken is where the blocks go on that are decided, once Live was asked for.
func (d *Decisions) Taken() map[*ssa.BasicBlock]*ssa.BasicBlock { return d.taken }

// Live is the blocks of fr.Fn that can run in fr.
func (d *Decisions) Live(fr *Frame) map[*ssa.BasicBlock]bool {
	// Twice, if anything is decided: a phi of the first pass takes edges that turn
	// out never to run.
	if d.live = d.reach(fr); len(d.taken) > 0 {
		d.live = d.reach(fr)
		if d.asked == nil {
			fr.live, fr.taken = d.live, d.taken
		}
	}
	return d.live
}

func (d *Decisions) reach(fr *Frame) map[*ssa.BasicBlock]bool {
	seen := map[*ssa.BasicBlock]bool{}
	d.taken = map[*ssa.BasicBlock]*ssa.BasicBlock{}
	if len(fr.Fn.Blocks) == 0 {
		return seen
	}
	work := []*ssa.BasicBlock{fr.Fn.Blocks[0]}
	if fr.Fn.Recover != nil {
		work = append(work, fr.Fn.Recover)
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[b] {
			continue
		}
		seen[b] = true
		next := b.Succs
		if cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok && b.Succs[0] != b.Succs[1] {
			if d.asked == nil {
				*d.e.Context.steps, *d.steps = 0, 0
			}
			if yes, known := d.truth(cond.Cond, fr); known {
				next = b.Succs[1:]
				if yes {
					next = b.Succs[:1]
				}
				d.taken[b] = next[0]
			}
		}
		work = append(work, next...)
	}
	return seen
}

// truth decides a condition.
func (d *Decisions) truth(v ssa.Value, fr *Frame) (yes, known bool) {
	facts, ok := d.facts(v, fr)
	if !ok || len(facts) == 0 {
		return false, false
	}
	for _, f := range facts {
		if !f.constant || f.text != facts[0].text {
			return false, false
		}
	}
	return facts[0].text == "true", true
}

// facts is everything that v can be in fr; ok is false where that is not known.
func (d *Decisions) facts(v ssa.Value, fr *Frame) (out []fact, ok bool) {
	if *d.steps++; d.depth > maxDecided || *d.steps > maxDecideSteps {
		return nil, false
	}
	d.depth++
	defer func() { d.depth-- }()
	switch v := v.(type) {
	case *ssa.Const:
		return constantFact(v), true
	case *ssa.Function, *ssa.MakeClosure, *ssa.Alloc, *ssa.Global, *ssa.FieldAddr, *ssa.IndexAddr,
		*ssa.MakeMap, *ssa.MakeChan, *ssa.MakeSlice:
		return []fact{{typ: v.Type()}}, true
	case *ssa.Parameter:
		return d.parameter(v, fr)
	case *ssa.Phi:
		return d.phi(v, fr)
	case *ssa.UnOp:
		switch v.Op {
		case token.NOT:
			if yes, known := d.truth(v.X, fr); known {
				return boolean(!yes), true
			}
		case token.MUL:
			return d.load(v, fr)
		}
	case *ssa.BinOp:
		return d.binary(v, fr)
	case *ssa.ChangeType:
		return d.facts(v.X, fr)
	case *ssa.ChangeInterface:
		return d.facts(v.X, fr)
	case *ssa.MakeInterface:
		inner, ok := d.facts(v.X, fr)
		if !ok {
			return []fact{{typ: v.X.Type()}}, true
		}
		out := slices.Clone(inner)
		for i := range out {
			out[i].null, out[i].typ = false, v.X.Type()
		}
		return out, true
	case *ssa.Field:
		return d.field(v.X, v.Field, fr)
	case *ssa.Lookup:
		switch {
		case v.CommaOk:
		case d.lacks(v, fr):
			return zeroFact(v.Type()), true
		default:
			return d.has(v, fr)
		}
	case *ssa.Extract:
		return d.extract(v, fr)
	case *ssa.Call:
		return d.call(v, 0, fr)
	}
	return nil, false
}

func (d *Decisions) parameter(p *ssa.Parameter, fr *Frame) ([]fact, bool) {
	i := slices.Index(p.Parent().Params, p)
	if fr.Fn != p.Parent() {
		return nil, false
	}
	if a := fr.argument(i); a != nil {
		return known(*a)
	}
	if g, ok := fr.given(i); ok {
		return d.given(g)
	}
	if fr.Call == nil {
		return nil, false
	}
	if a := Argument(fr.Call, i); a != nil {
		return d.elsewhere().facts(a, fr.Up)
	}
	return nil, false
}

// elsewhere decides in another function, of which it is not known what runs.
func (d *Decisions) elsewhere() *Decisions {
	return &Decisions{e: d.e, depth: d.depth, calls: d.calls, steps: d.steps, asked: d.asked}
}

func (d *Decisions) phi(v *ssa.Phi, fr *Frame) ([]fact, bool) {
	if d.e.active[elemKey{v, fr}] {
		return nil, true // the cycle adds nothing
	}
	d.e.active[elemKey{v, fr}] = true
	defer delete(d.e.active, elemKey{v, fr})
	var out []fact
	for i, x := range v.Edges {
		if d.live != nil && v.Parent() == fr.Fn && !d.live[v.Block().Preds[i]] {
			continue
		}
		facts, ok := d.facts(x, fr)
		if !ok {
			return nil, false
		}
		out = append(out, facts...)
	}
	return out, len(out) > 0
}

// binary decides comparisons.
func (d *Decisions) binary(v *ssa.BinOp, fr *Frame) ([]fact, bool) {
	switch v.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
	default:
		return nil, false
	}
	if yes, known := d.textsEqual(v, fr); known {
		return boolean(yes == (v.Op == token.EQL)), true
	}
	if yes, known := d.count(v, fr); known {
		return boolean(yes), true
	}
	d.compared(v)
	xs, ok := d.facts(v.X, fr)
	if !ok || len(xs) == 0 {
		return nil, false
	}
	ys, ok := d.facts(v.Y, fr)
	if !ok || len(ys) == 0 {
		return nil, false
	}
	var yes, decided bool
	for _, x := range xs {
		for _, y := range ys {
			r, ok := compare(x, y, v.Op, v.X.Type())
			if !ok || decided && r != yes {
				return nil, false
			}
			yes, decided = r, true
		}
	}
	return boolean(yes), true
}

// load decides what a variable holds.
func (d *Decisions) load(v *ssa.UnOp, fr *Frame) ([]fact, bool) {
	switch a := v.X.(type) {
	case *ssa.FieldAddr:
		return d.field(a.X, a.Field, fr)
	case *ssa.Call:
		if f, ok := d.ofVariable(a); ok {
			return d.flag(f, v.Type())
		}
	case *ssa.Alloc:
		return d.variable(a, fr)
	case *ssa.FreeVar:
		if fr.clo == nil || fr.clo.Closure == nil || fr.Fn != a.Parent() {
			return nil, false
		}
		if i := slices.Index(fr.Fn.FreeVars, a); i >= 0 {
			return d.elsewhere().captured(fr.clo.Closure.Bindings[i], fr.clo.Frame)
		}
	case *ssa.Global:
		return d.global(a)
	}
	return nil, false
}

func (d *Decisions) captured(v ssa.Value, fr *Frame) ([]fact, bool) {
	switch v := v.(type) {
	case *ssa.Alloc:
		return d.variable(v, fr)
	case *ssa.FreeVar:
		if fr != nil && fr.clo != nil && fr.clo.Closure != nil && fr.Fn == v.Parent() {
			if i := slices.Index(fr.Fn.FreeVars, v); i >= 0 {
				return d.captured(fr.clo.Closure.Bindings[i], fr.clo.Frame)
			}
		}
	}
	return nil, false
}

// variable decides a local variable that is set once, where it is declared.
func (d *Decisions) variable(a *ssa.Alloc, fr *Frame) ([]fact, bool) {
	if f, ok := d.ofVariable(a); ok {
		return d.flag(f, a.Type().Underlying().(*types.Pointer).Elem())
	}
	stores := index.StoresTo(a)
	if fr == nil || fr.Fn != a.Parent() || len(stores) != 1 || stores[0].Block() != a.Block() || addressed(a) {
		return nil, false
	}
	return d.elsewhere().facts(stores[0].Val, fr)
}

// addressed reports whether the address of a local variable goes anywhere but
// into literals that capture it.
func addressed(v ssa.Value) bool {
	if v.Referrers() == nil {
		return true
	}
	return slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool {
		switch r := r.(type) {
		case *ssa.Store:
			return r.Val == v
		case *ssa.UnOp, *ssa.DebugRef:
			return false
		case *ssa.MakeClosure:
			fn := r.Fn.(*ssa.Function)
			i := slices.Index(r.Bindings, v)
			return i < 0 || addressed(fn.FreeVars[i])
		}
		return true
	})
}

// global decides a package variable that is set once, by its declaration, and
// whose address goes nowhere. The guard of a package's init is none: it is set
// where it is read.
func (d *Decisions) global(g *ssa.Global) ([]fact, bool) {
	if f, ok := d.ofVariable(g); ok {
		return d.flag(f, g.Type().Underlying().(*types.Pointer).Elem())
	}
	stores := d.e.ev.Index.GlobalStores(g)
	if len(stores) != 1 || d.e.ev.Index.Addressed(g) || g.Object() == nil || stores[0].Parent().Synthetic == "" {
		return nil, false
	}
	return d.elsewhere().facts(stores[0].Val, d.e.ev.Root(stores[0].Parent()))
}

func (d *Decisions) extract(v *ssa.Extract, fr *Frame) ([]fact, bool) {
	switch t := v.Tuple.(type) {
	case *ssa.TypeAssert:
		if v.Index == 1 {
			return d.asserted(t, fr)
		}
	case *ssa.Call:
		return d.call(t, v.Index, fr)
	case *ssa.Lookup:
		if d.lacks(t, fr) {
			return zeroFact(t.Type().(*types.Tuple).At(v.Index).Type()), true
		}
		if facts, ok := d.has(t, fr); ok && v.Index == 1 {
			return boolean(true), true
		} else if ok {
			return facts, true
		}
	}
	return nil, false
}

// asserted decides whether a type assertion holds.
func (d *Decisions) asserted(t *ssa.TypeAssert, fr *Frame) ([]fact, bool) {
	facts, ok := d.facts(t.X, fr)
	if !ok || len(facts) == 0 {
		return nil, false
	}
	var yes, decided bool
	for _, f := range facts {
		holds := false
		switch {
		case f.null:
		case f.typ == nil || types.IsInterface(f.typ):
			return nil, false
		case types.IsInterface(t.AssertedType):
			holds = types.AssignableTo(f.typ, t.AssertedType)
		default:
			holds = types.Identical(f.typ, t.AssertedType)
		}
		if decided && holds != yes {
			return nil, false
		}
		yes, decided = holds, true
	}
	return boolean(yes), true
}

// call decides predicates of texts, and calls of functions whose every result
// is decided.
func (d *Decisions) call(v *ssa.Call, i int, fr *Frame) ([]fact, bool) {
	fn := v.Call.StaticCallee()
	if fn == nil {
		return nil, false
	}
	if out, ok := d.ofCall(v, i, fr); ok {
		return out, true
	}
	symbol := program.Symbol(fn)
	if rewrite := rewrites[symbol]; rewrite != nil && d.asked != nil {
		s, ok := d.text(v.Call.Args[0], fr)
		return []fact{{text: rewrite(s), constant: true}}, ok
	}
	switch symbol {
	case "(*regexp.Regexp).MatchString", "(*regexp.Regexp).FindStringSubmatch":
		return d.matched(v, fr)
	}
	if symbol == "slices.Contains" {
		if yes, known := d.contains(v, fr); known {
			return boolean(yes), true
		}
		return nil, false
	}
	if test := predicates[symbol]; test != nil {
		yes, known := d.texts(v, test, fr)
		if !known {
			return nil, false
		}
		return boolean(yes), true
	}
	if _, closure := v.Call.Value.(*ssa.MakeClosure); closure || fn.Blocks == nil || len(fn.Blocks) > predicateSize || d.calls >= maxPredicates || fn.Signature.Results().Len() == 0 {
		return nil, false
	}
	inner := d.e.ev.enter(fn, v, fr, nil)
	if d.e.active[elemKey{v, fr}] {
		return nil, false
	}
	d.e.active[elemKey{v, fr}] = true
	defer delete(d.e.active, elemKey{v, fr})
	sub := d.elsewhere()
	sub.calls++
	live := sub.Live(inner)
	var out []fact
	for _, b := range fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok || !live[b] || i >= len(r.Results) {
			continue
		}
		facts, ok := sub.facts(r.Results[i], inner)
		if !ok {
			return nil, false
		}
		out = append(out, facts...)
	}
	return out, len(out) > 0
}
