package taskkind

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// maxStates bounds the ways through a receiver that are tried for one message: a
// switch over some hundred types is a few blocks for each.
const maxStates = 4000

// firsts is what the first byte of a message can be: the type that its sender
// put in front of it.
func (f *finder) firsts(c *eval.Context, call index.Call, root *eval.Frame) []eval.Value {
	if f.task.Message == nil {
		return nil
	}
	arg := eval.Argument(call.Instr, int(f.task.Message.Arg))
	if arg == nil {
		return nil
	}
	values := c.Eval(arg, root)
	if f.task.Message.Field != "" {
		var fields []eval.Value
		for _, v := range values {
			if o, ok := v.(eval.Object); ok {
				fields = append(fields, c.Field(o, f.task.Message.Field)...)
			}
		}
		values = fields
	}
	var out []eval.Value
	for _, v := range values {
		switch v := v.(type) {
		case eval.Hole:
			out = append(out, v)
		case eval.List:
			if len(v.Elems) > 0 && !v.Elems[0].Rest && !v.Elems[0].Optional {
				out = append(out, c.Element(v.Elems[0])...)
			}
		case eval.Result:
			if first := firstWritten(v.Call); first != nil {
				out = append(out, c.Eval(first, v.Frame)...)
			}
		}
	}
	return out
}

// firstWritten is the byte that is written first to the buffer of which call gives
// the bytes, nil where that is something else.
func firstWritten(call *ssa.Call) ssa.Value {
	if fn := call.Call.StaticCallee(); fn == nil || fn.String() != "(*bytes.Buffer).Bytes" {
		return nil
	}
	buffer := call.Call.Args[0]
	if buffer.Referrers() == nil {
		return nil
	}
	var first ssa.CallInstruction
	for _, r := range *buffer.Referrers() {
		c, ok := r.(ssa.CallInstruction)
		if ok && (first == nil || before(c, first)) {
			first = c
		}
	}
	if first == nil || first.Common().StaticCallee() == nil || first.Common().StaticCallee().String() != "(*bytes.Buffer).WriteByte" {
		return nil
	}
	return first.Common().Args[1]
}

// before reports whether a runs before b, whenever b does.
func before(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return a.Block().Dominates(b.Block())
	}
	return slices.Index(a.Block().Instrs, a) < slices.Index(b.Block().Instrs, b)
}

// messageName is how the type of a message is written: the constant of its type,
// else the number.
func messageName(v eval.Value) (name string, n int64, ok bool) {
	t, isText := v.(eval.Text)
	if !isText || t.Value == nil {
		return "", 0, false
	}
	if n, exact := constant.Int64Val(constant.ToInt(t.Value)); exact {
		return constantOf(t.T, n), n, true
	}
	return "", 0, false
}

func constantOf(t types.Type, n int64) string {
	if named := index.Named(t); named != nil && named.Obj().Pkg() != nil {
		scope := named.Obj().Pkg().Scope()
		for _, name := range scope.Names() {
			c, ok := scope.Lookup(name).(*types.Const)
			if !ok || !types.Identical(c.Type(), named) {
				continue
			}
			if k, exact := constant.Int64Val(constant.ToInt(c.Val())); exact && k == n {
				return name
			}
		}
	}
	return fmt.Sprintf("message %d", n)
}

// messages is what is sent and received of the kinds whose messages begin with
// their type.
type messages struct {
	sent      map[string]map[int64]string // kind → type → how it is written
	receivers []receiver
}

// receiver is a function that serves a kind, and how it is given a message.
type receiver struct {
	kind string
	fn   *ssa.Function
	in   *models.MessageIn
}

func (m *messages) send(kind string, v eval.Value) (name string) {
	name, n, ok := messageName(v)
	if !ok {
		return ""
	}
	if m.sent[kind] == nil {
		m.sent[kind] = map[int64]string{}
	}
	m.sent[kind][n] = name
	return name
}

// switched notes which calls of each receiver run for each message that is sent.
func (m *messages) switched(out *boundary.Findings) {
	for _, r := range m.receivers {
		if int(r.in.Arg) >= len(r.fn.Params) || len(r.fn.Blocks) == 0 {
			continue
		}
		given := message{param: r.fn.Params[r.in.Arg], field: r.in.Field}
		for _, n := range slices.Sorted(maps.Keys(m.sent[r.kind])) {
			out.Branches = append(out.Branches, boundary.Branch{In: r.fn, Sent: true, Word: m.sent[r.kind][n], Live: given.live(r.fn, n)})
		}
	}
}

// message is the parameter in which a receiver is given a message.
type message struct {
	param *ssa.Parameter
	field string
}

// isFirst reports whether v reads the first byte.
func (m message) isFirst(v ssa.Value) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return false
	}
	at, ok := load.X.(*ssa.IndexAddr)
	if !ok {
		return false
	}
	i, ok := at.Index.(*ssa.Const)
	return ok && i.Int64() == 0 && m.isData(at.X)
}

func (m message) isData(v ssa.Value) bool {
	if m.field == "" {
		return v == ssa.Value(m.param)
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		at, ok := v.X.(*ssa.FieldAddr)
		return ok && at.X == ssa.Value(m.param) && index.Field(at.X.Type(), at.Field).Name() == m.field
	case *ssa.Field:
		return v.X == ssa.Value(m.param) && index.Field(v.X.Type(), v.Field).Name() == m.field
	}
	return false
}

// live is the calls of fn that can run for a message that begins with n: the
// ways through fn are followed with what is computed from n alone.
func (m message) live(fn *ssa.Function, n int64) []ssa.CallInstruction {
	type state struct {
		block, from *ssa.BasicBlock
		phis        map[*ssa.Phi]int64
	}
	var out []ssa.CallInstruction
	added := map[*ssa.BasicBlock]bool{}
	seen := map[string]bool{}
	work := []state{{block: fn.Blocks[0]}}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		known := m.enter(s.block, s.from, s.phis, n)
		key := fmt.Sprint(s.block.Index, printed(known))
		if seen[key] {
			continue
		}
		if seen[key] = true; len(seen) > maxStates {
			return allCalls(fn)
		}
		if !added[s.block] {
			added[s.block] = true
			out = append(out, callsIn(s.block)...)
		}
		next := s.block.Succs
		if branch, ok := s.block.Instrs[len(s.block.Instrs)-1].(*ssa.If); ok {
			if yes, decided := m.truth(branch.Cond, known, n); decided {
				next = next[1:]
				if yes {
					next = s.block.Succs[:1]
				}
			}
		}
		for _, b := range next {
			work = append(work, state{b, s.block, known})
		}
	}
	return out
}

// enter is what the phis of a block are when control comes from another one.
func (m message) enter(b, from *ssa.BasicBlock, phis map[*ssa.Phi]int64, n int64) map[*ssa.Phi]int64 {
	out := map[*ssa.Phi]int64{}
	for p, v := range phis {
		out[p] = v
	}
	for _, instr := range b.Instrs {
		phi, ok := instr.(*ssa.Phi)
		if !ok {
			break
		}
		delete(out, phi)
		if v, known := m.number(phi.Edges[slices.Index(b.Preds, from)], phis, n); known {
			out[phi] = v
		}
	}
	return out
}

// number is v, where it is made from the first byte and constants.
func (m message) number(v ssa.Value, phis map[*ssa.Phi]int64, n int64) (int64, bool) {
	if m.isFirst(v) {
		return n, true
	}
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value == nil || v.Value.Kind() != constant.Int {
			return 0, false
		}
		return constant.Int64Val(v.Value)
	case *ssa.Phi:
		k, ok := phis[v]
		return k, ok
	case *ssa.Convert:
		return m.number(v.X, phis, n)
	case *ssa.ChangeType:
		return m.number(v.X, phis, n)
	case *ssa.UnOp:
		if x, ok := m.number(v.X, phis, n); ok && v.Op == token.XOR {
			return wrapped(^x, v.Type()), true
		}
	case *ssa.BinOp:
		x, ok1 := m.number(v.X, phis, n)
		y, ok2 := m.number(v.Y, phis, n)
		if !ok1 || !ok2 {
			return 0, false
		}
		switch v.Op {
		case token.AND, token.OR, token.XOR, token.AND_NOT, token.ADD, token.SUB:
			r, exact := constant.Int64Val(binary(constant.MakeInt64(x), v.Op, constant.MakeInt64(y)))
			return wrapped(r, v.Type()), exact
		}
	}
	return 0, false
}

func binary(x constant.Value, op token.Token, y constant.Value) constant.Value {
	return constant.BinaryOp(x, op, y)
}

// wrapped is n as a value of an unsigned type of eight bits, if it is one.
func wrapped(n int64, t types.Type) int64 {
	if b, ok := t.Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 {
		return n & 0xff
	}
	return n
}

// truth decides a condition on the first byte.
func (m message) truth(v ssa.Value, phis map[*ssa.Phi]int64, n int64) (yes, known bool) {
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op == token.NOT {
			yes, known = m.truth(v.X, phis, n)
			return !yes, known
		}
	case *ssa.BinOp:
		x, ok1 := m.number(v.X, phis, n)
		y, ok2 := m.number(v.Y, phis, n)
		if _, comparison := compared[v.Op]; ok1 && ok2 && comparison {
			return constant.Compare(constant.MakeInt64(x), v.Op, constant.MakeInt64(y)), true
		}
	}
	return false, false
}

var compared = map[token.Token]bool{token.EQL: true, token.NEQ: true, token.LSS: true, token.LEQ: true, token.GTR: true, token.GEQ: true}

func printed(phis map[*ssa.Phi]int64) string {
	var parts []string
	for p, n := range phis {
		parts = append(parts, fmt.Sprintf(" %s=%d", p.Name(), n))
	}
	slices.Sort(parts)
	return strings.Join(parts, "")
}

func allCalls(fn *ssa.Function) []ssa.CallInstruction {
	var out []ssa.CallInstruction
	for _, b := range fn.Blocks {
		out = append(out, callsIn(b)...)
	}
	return out
}

func callsIn(b *ssa.BasicBlock) []ssa.CallInstruction {
	var out []ssa.CallInstruction
	for _, instr := range b.Instrs {
		if c, ok := instr.(ssa.CallInstruction); ok {
			out = append(out, c)
		}
	}
	return out
}
