package report

import "testing"

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{
		"":            0,
		"main.go":     7,
		"阀门":          4,
		"e\u0301":     1,
		"══▶":         3,
		"\U0001F600!": 3,
	} {
		if got := columns(s); got != want {
			t.Errorf("columns(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"if a  && b":       "if a  && b",
		"if a &&\n\t\tb {": "if a && b {",
		"\x1b[2Jcleared\a": "[2Jcleared",
	} {
		if got := printable(s); got != want {
			t.Errorf("printable(%q) = %q, want %q", s, got, want)
		}
	}
}
