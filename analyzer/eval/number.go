package eval

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// constText is a constant as text, with its kind.
func constText(v *ssa.Const) Text {
	if v.Value.Kind() == constant.String {
		return Lit(constant.StringVal(v.Value))
	}
	return Text{Value: v.Value, T: v.Type()}.written()
}

// written is t with the text of its value.
func (t Text) written() Text {
	if v := goValue(t.Value, t.T); v != nil {
		t.Text = text.Constant(v).Text
		return t
	}
	t.Text = text.Lit(t.Value.ExactString())
	return t
}

// as is a number converted to another type, a hole when it does not fit.
func (t Text) as(b *types.Basic) Value {
	v := t.Value
	switch {
	case b.Info()&types.IsInteger != 0:
		v = constant.ToInt(v)
	case b.Info()&types.IsFloat != 0:
		v = constant.ToFloat(v)
	}
	if goValue(v, b) == nil {
		return Hole{T: b}
	}
	return Text{Value: v, T: b}.written()
}

// arithmetic is an operation on two integers, each of which has one value.
func (e *evaluation) arithmetic(v *ssa.BinOp, fr *Frame) []Value {
	b, ok := v.Type().Underlying().(*types.Basic)
	if !ok || b.Info()&types.IsInteger == 0 {
		return opaque(v)
	}
	switch v.Op {
	case token.ADD, token.SUB, token.MUL, token.AND, token.OR, token.XOR:
	default:
		return opaque(v)
	}
	x, y := e.eval(v.X, fr), e.eval(v.Y, fr)
	if len(x) != 1 || len(y) != 1 {
		return opaque(v)
	}
	p, ok1 := x[0].(Text)
	q, ok2 := y[0].(Text)
	if !ok1 || !ok2 || p.Value == nil || q.Value == nil {
		return opaque(v)
	}
	out := Text{Value: constant.BinaryOp(p.Value, v.Op, q.Value), T: v.Type()}
	if goValue(out.Value, out.T) == nil {
		return opaque(v) // it wraps
	}
	return []Value{out.written()}
}

// runeOf is string(v) of an integer.
func runeOf(v constant.Value) string {
	n, ok := constant.Int64Val(v)
	if !ok || n != int64(rune(n)) {
		return "\uFFFD"
	}
	return string(rune(n))
}

// goValue is a constant as the value that a program of this type has, nil when
// it does not fit.
func goValue(v constant.Value, t types.Type) any {
	if t == nil || v == nil {
		return nil
	}
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return nil
	}
	switch v.Kind() {
	case constant.Bool:
		return constant.BoolVal(v)
	case constant.Int:
		if b.Info()&types.IsUnsigned != 0 {
			n, exact := constant.Uint64Val(v)
			return unsigned(n, exact, b.Kind())
		}
		if b.Info()&types.IsInteger != 0 {
			n, exact := constant.Int64Val(v)
			return signed(n, exact, b.Kind())
		}
		v = constant.ToFloat(v)
	}
	if v.Kind() == constant.Float && b.Info()&types.IsFloat != 0 {
		f, _ := constant.Float64Val(v)
		if b.Kind() == types.Float32 {
			return float32(f)
		}
		return f
	}
	return nil
}

func signed(n int64, exact bool, kind types.BasicKind) any {
	var v any = int(n)
	same := true
	switch kind {
	case types.Int8:
		v, same = int8(n), n == int64(int8(n))
	case types.Int16:
		v, same = int16(n), n == int64(int16(n))
	case types.Int32, types.UntypedRune:
		v, same = int32(n), n == int64(int32(n))
	case types.Int64:
		v = n
	}
	if !exact || !same {
		return nil
	}
	return v
}

func unsigned(n uint64, exact bool, kind types.BasicKind) any {
	var v any = uint(n)
	same := true
	switch kind {
	case types.Uint8:
		v, same = uint8(n), n == uint64(uint8(n))
	case types.Uint16:
		v, same = uint16(n), n == uint64(uint16(n))
	case types.Uint32:
		v, same = uint32(n), n == uint64(uint32(n))
	case types.Uint64:
		v = n
	case types.Uintptr:
		v = uintptr(n)
	}
	if !exact || !same {
		return nil
	}
	return v
}
