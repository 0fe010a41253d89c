package text

import "testing"

func TestWiden(t *testing.T) {
	for _, test := range []struct {
		texts []Text
		want  string
	}{
		{[]Text{Lit("/v1/boats"), Lit("/v2/boats")}, "/v*/boats"},
		{[]Text{Lit("/boats"), Lit("/boats")}, "/boats"},
		{[]Text{Lit("/boats"), Lit("/v2/boats")}, "*/boats"},
		{[]Text{Lit("boats"), Concat(Likely("/"), Lit("boats"))}, "*boats"},
		{[]Text{Concat(Lit("/a/"), Hole("id"), Lit("/x")), Concat(Lit("/b/"), Hole("id"), Lit("/x"))}, "/*/*/x"},
		{[]Text{Concat(Lit("/a/"), Hole("id")), Concat(Lit("/b/a/"), Hole("name"))}, "*/a/*"},
		{[]Text{Lit("a"), Lit("b")}, "*"},
		{nil, "*"},
	} {
		if got := Widen(test.texts...).Pattern(); got != test.want {
			t.Errorf("%v widened is %q, want %q", test.texts, got, test.want)
		}
	}
}
