package eval

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"

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
func (d *Decisions) texts(x, y ssa.Value, test predicate, fr *Frame) (yes, known bool) {
	is, ok := d.text(y, fr)
	if !ok {
		return false, false
	}
	for i, t := range d.named(x, fr) {
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
	if _, constant := v.X.(*ssa.Const); constant {
		return d.texts(v.Y, v.X, text.Text.Equal, fr)
	}
	return d.texts(v.X, v.Y, text.Text.Equal, fr)
}

// named is all texts that v can be, as far as its holes are parts of the path of
// a request; none where that is not known.
func (d *Decisions) named(v ssa.Value, fr *Frame) []text.Text {
	if s, ok := d.text(v, fr); ok {
		return []text.Text{text.Lit(s)}
	}
	if !fr.asked() {
		return nil
	}
	e := &evaluation{Context: d.e.Context, active: map[elemKey]bool{}, parting: map[partKey]bool{}}
	var out []text.Text
	for _, x := range e.eval(v, fr) {
		t, ok := x.(Text)
		if !ok || !t.Named() {
			return nil
		}
		out = append(out, t.Text)
	}
	if e.incomplete {
		return nil
	}
	return out
}

// asked reports whether the path of a request is known in fr, or in the frame
// of a caller.
func (f *Frame) asked() bool {
	for ; f != nil; f = f.Up {
		for _, a := range f.args {
			for _, v := range a.Values {
				switch v := v.(type) {
				case Outside:
					if v.Fields["URL"] != nil {
						return true
					}
				case Text:
					if _, constant := v.Const(); !constant {
						return true
					}
				}
			}
		}
		if f.clo != nil && f.clo.Frame.asked() {
			return true
		}
	}
	return false
}

// text is the one constant that v is.
func (d *Decisions) text(v ssa.Value, fr *Frame) (string, bool) {
	facts, ok := d.facts(v, fr)
	if !ok || len(facts) != 1 || !facts[0].constant {
		return "", false
	}
	return facts[0].text, true
}
