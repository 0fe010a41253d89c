package text

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

var formatAtoms = []string{
	"%s", "%d", "%v", "%q", "%x", "%5s", "%-6s", "%05d", "%[2]s", "%[1]d", "%*d", "%.2f", "%t", "%c", "%U", "%T", "%%",
	"/", "a", "%", "%!", "%+v", "%#v", "%6.2f", "%[3]*.[2]*[1]f", "%p", "%w", "% x", "%#x", "%X", "%.1s", "%+q", "%#q", "%8q",
	"é", "\xc3", "%[", "]", "5", "%-", "%o", "%b", "%e", "%08.3f", "%2d", "%[9]d", "%[1]*d", "%10T", "7", "\"", "\x00", "\x010",
}

// operand is an operand and what it is when the holes are filled.
func (d *dice) operand() (Operand, func(fill) any) {
	constants := []any{7, -3, "ab", "", true, 2.5, uint8(65), int64(1 << 40), 'x', "é"}
	switch d.roll(4) {
	case 0:
		t := d.text()
		return String(t), func(f fill) any { return f(t) }
	case 1:
		t := d.text()
		kind := d.roll(5)
		return Any(t), func(f fill) any {
			s := f(t)
			return []any{s, len(s), nil, []string{s}, &s}[kind]
		}
	}
	c := constants[d.roll(len(constants))]
	return Constant(c), func(fill) any { return c }
}

func formatting(name string, folded func(Text, ...Operand) Text, inFmt func(string, ...any) string) fold {
	return fold{name, func(d *dice) (Text, func(fill) (string, bool)) {
		format := d.argument()
		var operands []Operand
		var values []func(fill) any
		for range d.roll(4) {
			o, v := d.operand()
			operands, values = append(operands, o), append(values, v)
		}
		return folded(format, operands...), func(f fill) (string, bool) {
			s := f(format)
			var args []any
			for _, v := range values {
				args = append(args, v(f))
			}
			return inFmt(s, args...), true
		}
	}}
}

var formatFolds = []fold{
	formatting("Sprintf", Sprintf, fmt.Sprintf),
	formatting("Sprint", func(_ Text, o ...Operand) Text { return Sprint(o...) }, func(_ string, a ...any) string { return fmt.Sprint(a...) }),
	formatting("Sprintln", func(_ Text, o ...Operand) Text { return Sprintln(o...) }, func(_ string, a ...any) string { return fmt.Sprintln(a...) }),
	one("Quote", Quote, strconv.Quote),
	{"SprintfMore", func(d *dice) (Text, func(fill) (string, bool)) {
		format := d.argument()
		first, value := d.operand()
		rest := d.text()
		more := d.roll(4)
		d.likely = true // how many there are is not known of ordinary ones either
		return SprintfMore(format, []Operand{first}, Any(rest)), func(f fill) (string, bool) {
			s := f(format)
			args := []any{value(f)}
			for range more {
				args = append(args, f(rest))
			}
			return fmt.Sprintf(s, args...), true
		}
	}},
}

func TestFormat(t *testing.T) { law(t, formatAtoms, formatFolds) }
func FuzzFormat(f *testing.F) { fuzz(f, formatAtoms, formatFolds) }

// kind is a named type, as an analyzer knows it: by value and type name.
type kind string

func TestFormatKeepsWhatIsCertain(t *testing.T) {
	id, ids := Any(Hole(0)), String(Hole(0))
	named := Constant("k")
	named.Type = "text.kind"
	for _, test := range []struct {
		got  Text
		want string
	}{
		{Sprintf(Lit("/%[2]s/%[1]s"), Constant("one"), Constant("two")), `"/two/one"`},
		{Sprintf(Lit("/v%02d/gauge"), Constant(1)), `"/v01/gauge"`},
		{Sprintf(Lit("/%-5s/pad"), Constant("ab")), `"/ab   /pad"`},
		{Sprintf(Lit("/a/%s/b"), id), `"/a/" *0 "/b"`},
		{Sprintf(Lit("/a/%[2]d/%[1]v/b"), id, Constant(2)), `"/a/2/" *0 "/b"`},
		{Sprintf(Lit("/a/%q"), ids), `"/a/\"" *0 "\""`},
		{Sprintf(Lit("%x"), String(Concat(Lit("ab"), Hole(0)))), `"6162" *0`},
		{Sprintf(Lit("/a/%s/%s"), id), `"/a/" *0 "/%!s(MISSING)"`},
		{Sprintf(Lit("/a/%s"), id, ids), `"/a/" *0 "%!(EXTRA string=" *0 ")"`},
		{Sprintf(Concat(Hole(1), Lit("/v%s/x")), id), `*1 ["/v"] *0 ["/x"]`},
		{Sprintf(Lit("%T %s %s"), named, named, id), `*0`},
		{Sprintf(Lit("/%s/%s"), named, id), `"/k/" *0`},
		{Sprint(Lit("").operand(), id, Constant(7)), `*0 "7"`},
		{Sprint(Constant(7), Constant(true), Constant("x"), ids), `"7 truex" *0`},
	} {
		if got := strings.Trim(test.got.show(), "‹ ›"); got != test.want {
			t.Errorf("have %s, want %s", got, test.want)
		}
	}
	if want := string(kind("k")); want != "k" {
		t.Error(want)
	}
}

func (t Text) operand() Operand { return String(t) }
