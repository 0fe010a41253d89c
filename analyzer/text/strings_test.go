package text

import (
	"slices"
	"strings"
	"testing"
)

var stringAtoms = []string{"a", "ab", "/", "Aé", "b", "é", "\xc3", " ", "\t", "-", "aa", "\u00a0", "\xa9"}

var stringFolds = []fold{
	one("ToLower", ToLower, strings.ToLower),
	one("ToUpper", ToUpper, strings.ToUpper),
	one("Title", Title, strings.Title), //nolint:staticcheck // programs call it
	one("TrimSpace", TrimSpace, strings.TrimSpace),
	two("Trim", Trim, strings.Trim),
	two("TrimLeft", TrimLeft, strings.TrimLeft),
	two("TrimRight", TrimRight, strings.TrimRight),
	two("TrimPrefix", TrimPrefix, strings.TrimPrefix),
	two("TrimSuffix", TrimSuffix, strings.TrimSuffix),
	two("Cut before", func(a, b Text) Text { t, _, _, _ := Cut(a, b); return t }, func(a, b string) string { s, _, _ := strings.Cut(a, b); return s }),
	two("Cut after", func(a, b Text) Text { _, t, _, _ := Cut(a, b); return t }, func(a, b string) string { _, s, _ := strings.Cut(a, b); return s }),
	{"Cut found", func(d *dice) (Text, func(fill) (string, bool)) {
		a, b := d.text(), d.argument()
		_, _, found, sure := Cut(a, b)
		return truth(found, sure), func(f fill) (string, bool) {
			_, _, found := strings.Cut(f(a), f(b))
			s, _ := truth(found, true).Const()
			return s, true
		}
	}},
	{"Replace", func(d *dice) (Text, func(fill) (string, bool)) {
		t, old, with, n := d.text(), d.argument(), d.text(), d.roll(5)-1
		return Replace(t, old, with, n), func(f fill) (string, bool) {
			return strings.Replace(f(t), f(old), f(with), n), true
		}
	}},
	{"Replacer", func(d *dice) (Text, func(fill) (string, bool)) {
		t := d.text()
		var pairs []Text
		for range d.roll(4) {
			pairs = append(pairs, d.argument(), d.text())
		}
		return Replacer(pairs, t), func(f fill) (string, bool) {
			s := f(t)
			return strings.NewReplacer(fillAll(pairs, f)...).Replace(s), true
		}
	}},
	{"Repeat", func(d *dice) (Text, func(fill) (string, bool)) {
		t, n := d.text(), d.roll(4)
		return Repeat(t, n), func(f fill) (string, bool) { return strings.Repeat(f(t), n), true }
	}},
	{"Join", func(d *dice) (Text, func(fill) (string, bool)) {
		sep := d.text()
		list := []Text{d.text(), d.text(), d.text()}[:d.roll(4)]
		return Join(list, sep), func(f fill) (string, bool) { return strings.Join(fillAll(list, f), f(sep)), true }
	}},
	{"From", func(d *dice) (Text, func(fill) (string, bool)) {
		t, i := d.text(), d.roll(5)
		return From(t, i), func(f fill) (string, bool) {
			s := f(t)
			return s[min(i, len(s)):], i <= len(s)
		}
	}},
	{"UpTo", func(d *dice) (Text, func(fill) (string, bool)) {
		t, i := d.text(), d.roll(5)
		return UpTo(t, i), func(f fill) (string, bool) {
			s := f(t)
			return s[:min(i, len(s))], i <= len(s)
		}
	}},
	{"WithoutLast", func(d *dice) (Text, func(fill) (string, bool)) {
		t, i := d.text(), d.roll(5)
		return WithoutLast(t, i), func(f fill) (string, bool) {
			s := f(t)
			return s[:max(0, len(s)-i)], i <= len(s)
		}
	}},
}

func truth(yes, sure bool) Text {
	switch {
	case !sure:
		return Hole(Unknown{})
	case yes:
		return Lit("true")
	}
	return Lit("false")
}

func TestStrings(t *testing.T) { law(t, stringAtoms, stringFolds) }
func FuzzStrings(f *testing.F) { fuzz(f, stringAtoms, stringFolds) }
func TestLists(t *testing.T)   { law(t, stringAtoms, listFolds) }
func FuzzLists(f *testing.F)   { fuzz(f, stringAtoms, listFolds) }

// A list is compared as the text of its elements, each behind a byte that is in
// no atom.
var listFolds = []fold{
	{"SplitN", func(d *dice) (Text, func(fill) (string, bool)) {
		t, sep, n := d.text(), d.argument(), d.roll(5)-1
		return listText(SplitN(t, sep, n)), func(f fill) (string, bool) {
			return "\x00" + strings.Join(append(strings.SplitN(f(t), f(sep), n), ""), "\x00"), true
		}
	}},
	{"Fields", func(d *dice) (Text, func(fill) (string, bool)) {
		t := d.text()
		return listText(Fields(t)), func(f fill) (string, bool) {
			return "\x00" + strings.Join(append(strings.Fields(f(t)), ""), "\x00"), true
		}
	}},
}

func listText(list []Element) Text {
	out := Lit("\x00")
	for _, e := range list {
		if e.Rest {
			out = Concat(out, Likely(""), Hole(Unknown{}))
			continue
		}
		out = Concat(out, e.Text, Lit("\x00"))
	}
	return out
}

// What is certain must not be given up.
func TestStringsKeepWhatIsCertain(t *testing.T) {
	id := Hole(0)
	for _, test := range []struct {
		got  Text
		want string
	}{
		{ToLower(Concat(Lit("/Things/"), id)), `"/things/" *0`},
		{TrimSuffix(Concat(Lit("/boxes/"), id, Lit("/")), Lit("/")), `"/boxes/" *0`},
		{TrimSuffix(Concat(Lit("/boxes/"), id), Lit("/")), `"/boxes" ["/"] *0`},
		{TrimPrefix(Concat(id, Lit("/v1/x")), Lit("/")), `*0 ["/"] "v1/x"`},
		{TrimSuffix(Concat(id, Lit("/x")), Lit("/")), `*0 "/x"`},
		{ReplaceAll(Concat(Lit("/a/{id}/"), id, Lit("/{id}")), Lit("{id}"), Lit("7")), `"/a/7/" *0 "/7"`},
		{Replacer([]Text{Lit("{a}"), id, Lit("{b}"), Lit("y")}, Lit("/{a}/{b}")), `"/" *0 "/y"`},
		{From(Concat(Lit("abc"), id, Lit("def")), 4), `*0 "ef"`},
		{UpTo(Concat(Lit("abc"), id), 2), `"ab"`},
		{WithoutLast(Concat(id, Lit("/x/")), 1), `*0 "/x"`},
		{listText(Split(Concat(Lit("a/b/c"), id, Lit("d/e")), Lit("/"))), `"\x00a\x00b\x00c" *0 "\x00" *{} "e\x00"`},
	} {
		if got := strings.Trim(test.got.show(), "‹ ›"); got != test.want {
			t.Errorf("have %s, want %s", got, test.want)
		}
	}
	if s, ok := Split(Lit("a,b"), Lit(",")), true; !ok || len(s) != 2 || slices.ContainsFunc(s, func(e Element) bool { return e.Rest }) {
		t.Errorf("a constant is split to %v", s)
	}
}
