package eval

import (
	"go/constant"
	"go/token"
	"math"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/text"
)

// predicate decides something of two texts.
type predicate func(x text.Text, y string) (yes, known bool)

// predicates is the functions of two texts that decide conditions.
var predicates = map[string]predicate{
	"strings.HasPrefix": text.Text.HasPrefix,
	"strings.HasSuffix": text.Text.HasSuffix,
	"strings.Contains":  text.Text.Contains,
	"strings.EqualFold": func(x text.Text, y string) (yes, known bool) {
		return text.ToLower(x).Equal(strings.ToLower(y))
	},
}

// texts decides a predicate of two texts, the second of which is constant.
func (d *Decisions) texts(v *ssa.Call, test predicate, fr *Frame) (yes, known bool) {
	is, ok := d.text(v.Call.Args[1], fr)
	if !ok {
		return false, false
	}
	for i, t := range d.named(v.Call.Args[0], fr) {
		switch v.Call.StaticCallee().Name() {
		case "HasPrefix":
			askForPrefix(t, is, v)
		case "HasSuffix":
			askForSuffix(t, is, v)
		default:
			askFor(t, is, v)
		}
		r, ok := test(t, is)
		if !ok || i > 0 && r != yes {
			return false, false
		}
		yes, known = r, true
	}
	return yes, known
}

// textsEqual decides a comparison of a text that is known in part.
func (d *Decisions) textsEqual(v *ssa.BinOp, fr *Frame) (yes, known bool) {
	if v.Op != token.EQL && v.Op != token.NEQ || !isString(v.X.Type()) {
		return false, false
	}
	return d.among(d.named(v.X, fr), d.named(v.Y, fr), v)
}

// among tells whether two texts are equal, of each of which all are given that it
// can be.
func (d *Decisions) among(xs, ys []text.Text, at ssa.Instruction) (yes, known bool) {
	decided := len(xs) > 0 && len(ys) > 0
	for i, x := range xs {
		for j, y := range ys {
			s, ok := y.Const()
			if !ok {
				x, y = y, x
				if s, ok = y.Const(); !ok {
					return false, false
				}
			}
			askFor(x, s, at)
			r, known := equal(x, s)
			decided = decided && known && (i+j == 0 || r == yes)
			yes = r
		}
	}
	return yes, decided
}

// named is all texts that v can be, as far as its holes are parts of the path of
// a request or words of a command line; none where that is not known.
func (d *Decisions) named(v ssa.Value, fr *Frame) []text.Text {
	if s, ok := d.text(v, fr); ok {
		return []text.Text{text.Lit(s)}
	}
	if !fr.Asked() {
		return nil
	}
	e := d.eval()
	var out []text.Text
	for _, x := range e.eval(v, fr) {
		t, ok := x.(Text)
		if !ok || !t.Telling() {
			return nil
		}
		out = append(out, t.Text)
	}
	if e.incomplete {
		return nil
	}
	return out
}

// contains decides whether a list has a text.
func (d *Decisions) contains(v *ssa.Call, fr *Frame) (yes, known bool) {
	words := d.named(v.Call.Args[1], fr)
	if len(words) != 1 || !isString(v.Call.Args[1].Type()) {
		return false, false
	}
	e := d.eval()
	lists := e.lists(v.Call.Args[0], fr)
	if len(lists) != 1 || !certain(lists[0].Elems) {
		return false, false
	}
	known = true
	for _, el := range lists[0].Elems {
		values := e.elem(el)
		if len(values) != 1 {
			return false, false
		}
		s, ok := AsText(values[0]).Const()
		if !ok {
			return false, false
		}
		askFor(words[0], s, v)
		is, ok := equal(words[0], s)
		known = known && ok
		yes = yes || is && ok
	}
	return yes, (known || yes) && e.whole()
}

// count decides a comparison of the number of words with a constant.
func (d *Decisions) count(v *ssa.BinOp, fr *Frame) (yes, known bool) {
	x, y, op := v.X, v.Y, v.Op
	if _, constant := x.(*ssa.Const); constant {
		x, y, op = y, x, mirrored[op]
	}
	k, ok := y.(*ssa.Const)
	if !ok || k.Value == nil || k.Value.Kind() != constant.Int || !fr.Asked() {
		return false, false
	}
	for i, l := range d.counted(x, fr) {
		least, most := l.size()
		r, ok := between(least, most, op, int(k.Int64()))
		if !ok || i > 0 && r != yes {
			return false, false
		}
		yes, known = r, true
	}
	return yes, known
}

// mirrored is the operator that says the same of exchanged operands.
var mirrored = map[token.Token]token.Token{
	token.LSS: token.GTR, token.LEQ: token.GEQ, token.GTR: token.LSS, token.GEQ: token.LEQ, token.EQL: token.EQL, token.NEQ: token.NEQ,
}

// counted is the lists whose elements v counts: len(os.Args), flag.NArg().
func (d *Decisions) counted(v ssa.Value, fr *Frame) []List {
	call, ok := v.(*ssa.Call)
	if !ok {
		return nil
	}
	if b, ok := call.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" && isSlice(call.Call.Args[0].Type()) {
		e := d.eval()
		if lists := e.lists(call.Call.Args[0], fr); e.whole() {
			return lists
		}
		return nil
	}
	switch index.CalleeSymbol(&call.Call) {
	case "flag.NArg", "github.com/spf13/pflag.NArg":
		if l := fr.Line(); l != nil {
			return []List{{l.elems[1:]}}
		}
	case "(*flag.FlagSet).NArg", "(*github.com/spf13/pflag.FlagSet).NArg":
		if list := ParsedBy(call); list != nil {
			return d.eval().lists(list, fr)
		}
	}
	return nil
}

// size is how many elements a list has at least and at most.
func (l List) size() (least, most int) {
	for _, el := range l.Elems {
		switch {
		case el.Rest:
			most = math.MaxInt
		case !el.Optional:
			least++
		}
		if most < math.MaxInt {
			most++
		}
	}
	return least, most
}

// between compares every number of a range with k.
func between(least, most int, op token.Token, k int) (yes, known bool) {
	switch op {
	case token.LSS:
		return most < k, most < k || least >= k
	case token.LEQ:
		return most <= k, most <= k || least > k
	case token.GTR:
		return least > k, least > k || most <= k
	case token.GEQ:
		return least >= k, least >= k || most < k
	case token.EQL:
		return least == k, least == most || k < least || k > most
	case token.NEQ:
		return least != k, least == most || k < least || k > most
	}
	return false, false
}

// text is the one constant that v is.
func (d *Decisions) text(v ssa.Value, fr *Frame) (string, bool) {
	facts, ok := d.facts(v, fr)
	if !ok || len(facts) != 1 || !facts[0].constant {
		return "", false
	}
	return facts[0].text, true
}
