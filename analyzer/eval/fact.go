package eval

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// fact is one thing that a value can be: a constant, nil, or something that is
// not nil, with its type where that is known.
type fact struct {
	text     string // of a constant, as Text has it
	constant bool
	null     bool
	other    bool // a constant that is none of those that are written down
	typ      types.Type
}

func boolean(b bool) []fact {
	if b {
		return []fact{{text: "true", constant: true}}
	}
	return []fact{{text: "false", constant: true}}
}

func constantFact(c *ssa.Const) []fact {
	switch {
	case c.Value == nil && c.IsNil():
		return []fact{{null: true}}
	case c.Value == nil:
		return nil
	case c.Value.Kind() == constant.String:
		return []fact{{text: constant.StringVal(c.Value), constant: true, typ: c.Type()}}
	}
	return []fact{{text: c.Value.ExactString(), constant: true, typ: c.Type()}}
}

// known turns an answer about arguments into facts.
func known(a Answer) (out []fact, ok bool) {
	if !a.Complete {
		return nil, false
	}
	for _, v := range a.Values {
		switch v := v.(type) {
		case Text:
			s, ok := v.Const()
			if !ok {
				return nil, false
			}
			out = append(out, fact{text: s, constant: true})
		case Func, Object:
			out = append(out, fact{typ: v.Type()})
		case Hole:
			c, ok := v.V.(*ssa.Const)
			if !ok {
				return nil, false
			}
			out = append(out, fact{null: c.IsNil(), typ: v.T})
		default:
			return nil, false
		}
	}
	if a.Nil {
		out = append(out, fact{null: true})
	}
	return out, len(out) > 0
}

// compare compares two facts of values of type t.
func compare(x, y fact, op token.Token, t types.Type) (yes, ok bool) {
	switch {
	case x.other && y.constant || y.other && x.constant:
		return op == token.NEQ, op == token.EQL || op == token.NEQ
	case x.constant && y.constant:
		return compareConstants(x.text, y.text, op, t)
	case op != token.EQL && op != token.NEQ:
		return false, false
	case x.null && y.null:
		return op == token.EQL, true
	case x.null != y.null:
		return op == token.NEQ, true
	case x.typ != nil && y.typ != nil && types.IsInterface(t) && !types.Identical(x.typ, y.typ):
		return op == token.NEQ, true
	}
	return false, false
}

func compareConstants(x, y string, op token.Token, t types.Type) (yes, ok bool) {
	b, basic := t.Underlying().(*types.Basic)
	switch {
	case op == token.EQL:
		return x == y, true
	case op == token.NEQ:
		return x != y, true
	case !basic || b.Info()&types.IsNumeric == 0:
		return false, false
	}
	a, c := constant.MakeFromLiteral(x, token.INT, 0), constant.MakeFromLiteral(y, token.INT, 0)
	if a.Kind() == constant.Unknown || c.Kind() == constant.Unknown {
		return false, false
	}
	return constant.Compare(a, op, c), true
}

func zeroFact(t types.Type) []fact {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return boolean(false)
		case u.Info()&types.IsString != 0:
			return []fact{{constant: true}}
		case u.Info()&types.IsInteger != 0:
			return []fact{{text: "0", constant: true}}
		}
	case *types.Pointer, *types.Interface, *types.Signature, *types.Slice, *types.Map, *types.Chan:
		return []fact{{null: true}}
	}
	return nil
}
