package dataflow

import (
	"cmp"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// Reducer reduces the functions of one program.
type Reducer struct {
	Program *program.Program
	Number  func(*ssa.Function) int32     // of a function in Step.Func, -1 for none
	At      func(ssa.CallInstruction) int // where a call stands, in Step.Pos
	names   map[*types.Struct][]string    // see holds

	Within func(*ssa.Function) bool // a literal that is a part of the function around it: the body of a range over a function
}

// Body reduces one function and the parts of it.
func (r *Reducer) Body(f *ssa.Function) *Body {
	b := &body{Reducer: r, out: &Body{Free: len(f.FreeVars)}, regs: map[ssa.Value]Reg{}, results: map[ssa.Value][]Reg{}}
	for _, p := range f.Params {
		b.variable(p)
	}
	for _, v := range f.FreeVars {
		b.variable(v)
	}
	b.blocks(f)
	b.out.Regs = b.next
	return b.out
}

type body struct {
	*Reducer
	out     *Body
	regs    map[ssa.Value]Reg
	results map[ssa.Value][]Reg // of a call with several
	next    int
}

func (b *body) variable(v ssa.Value) {
	b.reg(v)
	out := Var{Name: v.Name(), Type: typeName(v.Type())}
	switch t := v.Type().Underlying().(type) {
	case *types.Slice:
		out.Texts = isText(t.Elem())
	case *types.Map:
		out.Keyed = isText(t.Key()) && isText(t.Elem())
	}
	b.out.Vars = append(b.out.Vars, out)
}

func isText(t types.Type) bool { return types.Identical(t, types.Typ[types.String]) }

func (b *body) blocks(f *ssa.Function) {
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			b.instr(instr)
		}
	}
}

// reg is the register of a value, made when it is first asked for. The address of
// a package variable is taken anew at each use.
func (b *body) reg(v ssa.Value) Reg {
	switch v := v.(type) {
	case nil, *ssa.Const, *ssa.Function, *ssa.Builtin:
		return None
	case *ssa.Global:
		to := b.fresh()
		b.add(Step{Op: Global, To: to, Name: v.RelString(nil), Type: typeName(v.Type().Underlying().(*types.Pointer).Elem()), Ref: true}, v.Pos())
		return to
	}
	if r, ok := b.regs[v]; ok {
		return r
	}
	r := b.fresh()
	b.regs[v] = r
	return r
}

func (b *body) fresh() Reg {
	b.next++
	return Reg(b.next - 1)
}

func (b *body) regsOf(values []ssa.Value) []Reg {
	var out []Reg
	for _, v := range values {
		out = append(out, b.reg(v))
	}
	return out
}

func (b *body) add(s Step, pos token.Pos) {
	s.Line = int32(b.Program.Line(pos))
	if s.Op != Closure && s.Op != Call {
		s.Func = -1
	}
	b.out.Steps = append(b.out.Steps, s)
}

// move adds a step from one value to another, if the first has a register.
func (b *body) move(s Step, to ssa.Value, from ...ssa.Value) {
	for _, v := range from {
		if r := b.reg(v); r != None {
			s.Args = append(s.Args, r)
		}
	}
	if len(s.Args) == 0 {
		return
	}
	s.To, s.Ref = b.reg(to), s.Ref || reference(to.Type())
	b.add(s, to.Pos())
}

// instr adds the steps of one instruction.
func (b *body) instr(instr ssa.Instruction) {
	switch i := instr.(type) {
	case *ssa.Phi:
		b.move(Step{Op: Copy, Else: instead(i)}, i, i.Edges...)
	case *ssa.ChangeType:
		b.move(Step{Op: Copy, Type: typeName(i.Type())}, i, i.X)
	case *ssa.ChangeInterface:
		b.move(Step{Op: Copy}, i, i.X)
	case *ssa.MakeInterface:
		b.move(Step{Op: Copy}, i, i.X)
	case *ssa.Convert:
		b.convert(i, i.X)
	case *ssa.MultiConvert:
		b.convert(i, i.X)
	case *ssa.Slice:
		b.move(Step{Op: Copy, Name: text(i.Low)}, i, i.X)
	case *ssa.SliceToArrayPointer:
		b.move(Step{Op: Copy}, i, i.X)
	case *ssa.TypeAssert:
		b.move(Step{Op: Assert, Type: typeName(i.AssertedType)}, i, i.X)
	case *ssa.FieldAddr:
		b.field(i, i.X, i.Field)
	case *ssa.Field:
		b.field(i, i.X, i.Field)
	case *ssa.IndexAddr:
		b.move(Step{Op: Elem, Name: elementName(i)}, i, i.X)
	case *ssa.Index:
		b.move(Step{Op: Elem, Name: text(i.Index)}, i, i.X)
	case *ssa.Lookup:
		b.move(Step{Op: Elem, Name: text(i.Index)}, i, i.X)
	case *ssa.Range:
		b.move(Step{Op: Copy, Ref: true}, i, i.X)
	case *ssa.Next:
		b.add(Step{Op: Elem, To: b.reg(i), Args: []Reg{b.reg(i.Iter)}, Ref: true}, i.Iter.Pos())
	case *ssa.Extract:
		b.extract(i)
	case *ssa.UnOp:
		b.unary(i)
	case *ssa.BinOp:
		b.binary(i)
	case *ssa.Store:
		b.add(Step{Op: Store, To: None, Args: []Reg{b.reg(i.Addr), b.reg(i.Val)}, Name: text(i.Val), Ref: reference(i.Val.Type())}, i.Pos())
	case *ssa.MapUpdate:
		b.add(Step{Op: Insert, To: None, Args: []Reg{b.reg(i.Map), b.reg(i.Value)}, Name: text(i.Key), Ref: reference(i.Value.Type())}, i.Pos())
	case *ssa.Send:
		b.add(Step{Op: Insert, To: None, Args: []Reg{b.reg(i.Chan), b.reg(i.X)}, Ref: reference(i.X.Type())}, i.Pos())
	case *ssa.Select:
		for _, s := range i.States {
			if s.Dir == types.SendOnly {
				b.add(Step{Op: Insert, To: None, Args: []Reg{b.reg(s.Chan), b.reg(s.Send)}, Ref: reference(s.Send.Type())}, s.Pos)
			}
		}
	case *ssa.MakeClosure:
		b.closure(i)
	case ssa.CallInstruction:
		b.call(i)
	case *ssa.Return:
		b.add(Step{Op: Return, To: None, Args: b.regsOf(i.Results)}, i.Pos())
	case *ssa.Alloc, *ssa.MakeChan, *ssa.MakeMap, *ssa.MakeSlice,
		*ssa.If, *ssa.Jump, *ssa.Panic, *ssa.RunDefers, *ssa.DebugRef:
		// They move nothing.
	default:
		panic(fmt.Sprintf("dataflow: %T is not known", instr))
	}
}

func (b *body) convert(to, from ssa.Value) {
	if types.Identical(to.Type(), from.Type()) {
		b.move(Step{Op: Copy}, to, from)
		return
	}
	b.move(Step{Op: Convert, Name: shortType(from.Type()) + " to " + shortType(to.Type()), Type: typeName(to.Type())}, to, from)
}

func (b *body) field(to, x ssa.Value, i int) {
	t := x.Type().Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	f := s.Field(i)
	var holds []string
	if f.Embedded() {
		holds = b.holds(f.Type())
	}
	b.move(Step{Op: Field, Holds: holds, Name: f.Name(), Type: typeName(t), Tag: s.Tag(i), Embedded: f.Embedded(), Held: typeName(f.Type()), Number: number(f.Type()), Link: reference(f.Type())}, to, x)
}

// extract takes one result of what has several.
func (b *body) extract(i *ssa.Extract) {
	switch t := i.Tuple.(type) {
	case *ssa.Call:
		// The register is made with the call, which stands before.
	case *ssa.Next:
		if i.Index == 2 { // the key of a map is none of its elements
			b.move(Step{Op: Copy}, i, t)
		}
	case *ssa.Select:
		n := 2
		for _, s := range t.States {
			if s.Dir == types.RecvOnly {
				if n == i.Index {
					b.move(Step{Op: Elem}, i, s.Chan)
				}
				n++
			}
		}
	default: // an assertion, a lookup or what is received, with an ok
		if i.Index == 0 {
			b.move(Step{Op: Copy}, i, i.Tuple)
		}
	}
}

func (b *body) unary(i *ssa.UnOp) {
	switch i.Op {
	case token.MUL:
		b.move(Step{Op: Load}, i, i.X)
	case token.ARROW:
		b.move(Step{Op: Elem}, i, i.X)
	case token.NOT:
		// A condition.
	default:
		b.move(Step{Op: Compute, Name: i.Op.String()}, i, i.X)
	}
}

func (b *body) binary(i *ssa.BinOp) {
	switch i.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return // a condition
	}
	what := i.Op.String()
	switch {
	case text(i.Y) != "":
		what += " " + text(i.Y)
	case text(i.X) != "":
		what = text(i.X) + " " + what
	}
	b.move(Step{Op: Compute, Name: what}, i, i.X, i.Y)
}

func (b *body) closure(i *ssa.MakeClosure) {
	fn := i.Fn.(*ssa.Function)
	if b.Within(fn) {
		for j, v := range fn.FreeVars {
			b.regs[v] = b.reg(i.Bindings[j])
		}
		b.blocks(fn)
		return
	}
	b.add(Step{Op: Closure, To: b.reg(i), Args: b.regsOf(i.Bindings), Func: b.Number(fn), Ref: true}, i.Pos())
}

func (b *body) call(i ssa.CallInstruction) {
	cc := i.Common()
	if builtin, ok := cc.Value.(*ssa.Builtin); ok {
		b.builtin(builtin.Name(), i)
		return
	}
	s := Step{Op: Call, To: None, Pos: b.At(i), Callee: None, Func: -1}
	args := cc.Args
	switch fn := cc.StaticCallee(); {
	case cc.IsInvoke():
		s.Name = cc.Method.FullName()
		args = append([]ssa.Value{cc.Value}, args...)
	case fn != nil:
		if b.getter(i, fn) {
			return
		}
		s.Name, s.Func = program.Symbol(fn), b.Number(fn)
		if mc, ok := cc.Value.(*ssa.MakeClosure); ok {
			s.Callee = b.reg(mc)
		}
	default:
		s.Callee = b.reg(cc.Value)
	}
	s.Args = b.regsOf(args)
	for _, a := range args {
		s.Texts = append(s.Texts, cmp.Or(text(a), lastText(a)))
		s.Types = append(s.Types, boxed(a))
		s.Points = append(s.Points, points(a))
	}
	if v := i.Value(); v != nil {
		s.Results, s.Type = b.resultsOf(v), typeName(firstOf(v.Type()))
	}
	b.add(s, i.Pos())
}

// resultsOf is the registers of what a call gives.
func (b *body) resultsOf(v *ssa.Call) []Reg {
	tuple, several := v.Type().(*types.Tuple)
	if !several {
		if !carries(v.Type()) {
			return nil
		}
		return []Reg{b.reg(v)}
	}
	out := make([]Reg, tuple.Len())
	for i := range out {
		out[i] = None
	}
	for _, r := range *v.Referrers() {
		if e, ok := r.(*ssa.Extract); ok && carries(e.Type()) {
			out[e.Index] = b.reg(e)
		}
	}
	return out
}

func firstOf(t types.Type) types.Type {
	if tuple, ok := t.(*types.Tuple); ok && tuple.Len() > 0 {
		return tuple.At(0).Type()
	}
	return t
}

// carries reports whether a value of this type can have another in it: an error
// and a condition only tell of one, and a context is handed on beside it.
func carries(t types.Type) bool {
	if typeName(t) == "context.Context" {
		return false
	}
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsBoolean != 0 {
		return false
	}
	return !types.Identical(t, types.Universe.Lookup("error").Type())
}

// getter adds the field that a method without a body gives by its name, as those
// of generated messages do: GetName gives Name.
func (b *body) getter(i ssa.CallInstruction, fn *ssa.Function) bool {
	name, ok := strings.CutPrefix(fn.Name(), "Get")
	v := i.Value()
	if !ok || fn.Blocks != nil || v == nil || fn.Signature.Recv() == nil || len(i.Common().Args) != 1 {
		return false
	}
	t := fn.Signature.Recv().Type().Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for j := range s.NumFields() {
		if f := s.Field(j); f.Name() == name && types.Identical(f.Type(), v.Type()) {
			b.field(v, i.Common().Args[0], j)
			return true
		}
	}
	return false
}

func (b *body) builtin(name string, i ssa.CallInstruction) {
	args := i.Common().Args
	switch name {
	case "append":
		b.move(Step{Op: Copy, Name: name}, i.Value(), args...)
	case "ssa:wrapnilchk":
		b.move(Step{Op: Copy}, i.Value(), args...)
	case "min", "max":
		b.move(Step{Op: Compute, Name: name}, i.Value(), args...)
	case "delete":
		b.add(Step{Op: Insert, To: None, Args: []Reg{b.reg(args[0]), None}, Name: text(args[1]), Removes: true}, i.Pos())
	case "clear":
		b.add(Step{Op: Insert, To: None, Args: []Reg{b.reg(args[0]), None}, Removes: true}, i.Pos())
	case "copy":
		b.add(Step{Op: Store, To: None, Args: []Reg{b.reg(args[0]), b.reg(args[1])}}, i.Pos())
	}
}

// reference reports whether what is written through a value of this type is seen
// by others that hold it.
func reference(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Chan, *types.Interface, *types.Signature, *types.Tuple:
		return true
	}
	return false
}

// lastText is the constant at the end of a text that is joined: "cpu.max" of
// filepath.Join(dir, "cpu.max") and of dir + "/cpu.max".
func lastText(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.BinOp:
		if c, ok := v.Y.(*ssa.Const); ok && v.Op == token.ADD && c.Value != nil && c.Value.Kind() == constant.String {
			return text(c)
		}
	case *ssa.Call:
		f := v.Call.StaticCallee()
		if f == nil || f.Name() != "Join" || len(v.Call.Args) != 1 {
			return ""
		}
		list, ok := v.Call.Args[0].(*ssa.Slice)
		if !ok {
			return ""
		}
		last, at := "", int64(-1)
		for _, r := range *list.X.Referrers() {
			i, ok := r.(*ssa.IndexAddr)
			if !ok {
				continue
			}
			c, ok := i.Index.(*ssa.Const)
			if !ok || c.Int64() < at {
				continue
			}
			for _, r := range *i.Referrers() {
				if s, ok := r.(*ssa.Store); ok {
					last, at = text(s.Val), c.Int64()
				}
			}
		}
		return last
	}
	return ""
}

// holds is the names that the fields of an embedded struct have in JSON.
func (r *Reducer) holds(t types.Type) []string {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	if known, ok := r.names[s]; ok {
		return known
	}
	if r.names == nil {
		r.names = map[*types.Struct][]string{}
	}
	r.names[s] = nil // of one that holds itself
	out := []string{}
	for i := range s.NumFields() {
		f := s.Field(i)
		name, _, _ := strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
		if f.Embedded() && name == "" {
			out = append(out, r.holds(f.Type())...)
		} else {
			out = append(out, strings.ToLower(cmp.Or(name, f.Name())))
		}
	}
	r.names[s] = out
	return out
}

func number(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsNumeric|types.IsBoolean) != 0
}

// text is a constant as it is written in the source, "" for what is none. A text
// has no quotes.
func text(v ssa.Value) string {
	if mi, ok := v.(*ssa.MakeInterface); ok {
		v = mi.X
	}
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil {
		return ""
	}
	if c.Value.Kind() == constant.String {
		return constant.StringVal(c.Value)
	}
	return c.Value.String()
}

// instead is the one constant among the values that meet, "" where there is none,
// several, or only what a variable is without being set.
func instead(phi *ssa.Phi) string {
	out := ""
	for _, e := range phi.Edges {
		t := text(e)
		if t == "" || t == "0" || t == "false" {
			continue
		}
		if out != "" && out != t {
			return ""
		}
		out = t
	}
	return out
}

// elementName is the index of an element. In a list that is written out and names
// flags, it is the flag in front of the element: "--name".
func elementName(i *ssa.IndexAddr) string {
	c, ok := i.Index.(*ssa.Const)
	list, isAlloc := i.X.(*ssa.Alloc)
	if !ok || !isAlloc || c.Int64() == 0 {
		return text(i.Index)
	}
	for _, r := range *list.Referrers() {
		before, ok := r.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		if bc, ok := before.Index.(*ssa.Const); !ok || bc.Int64() != c.Int64()-1 {
			continue
		}
		for _, r := range *before.Referrers() {
			if s, ok := r.(*ssa.Store); ok && strings.HasPrefix(text(s.Val), "-") {
				return text(s.Val)
			}
		}
	}
	return strconv.FormatInt(c.Int64(), 10)
}

// boxed is the named type of a value that is turned into an interface.
func boxed(v ssa.Value) string {
	if mi, ok := v.(*ssa.MakeInterface); ok {
		return typeName(mi.X.Type())
	}
	return ""
}

func points(v ssa.Value) bool {
	if mi, ok := v.(*ssa.MakeInterface); ok {
		v = mi.X
	}
	_, ok := v.Type().Underlying().(*types.Pointer)
	return ok
}

// typeName is the symbol of the named type that t is or points to, "" for others.
func typeName(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return ""
	}
	if n.Obj().Pkg() == nil {
		return n.Obj().Name()
	}
	return n.Obj().Pkg().Path() + "." + n.Obj().Name()
}

// shortType is a type as it is written in the source, with the names of packages.
func shortType(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}
