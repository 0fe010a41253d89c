package text

import (
	"path"
	"strings"
	"testing"
)

var pathAtoms = []string{"/", "a", "b.c", "..", ".", "../", "/a/", "//", "./", "a/b", ".x", "é"}

var pathFolds = []fold{
	one("Clean", CleanPath, path.Clean),
	one("Base", BasePath, path.Base),
	one("Dir", DirPath, path.Dir),
	one("Ext", ExtPath, path.Ext),
	one("Split dir", func(t Text) Text { d, _ := SplitPath(t); return d }, func(s string) string { d, _ := path.Split(s); return d }),
	one("Split file", func(t Text) Text { _, f := SplitPath(t); return f }, func(s string) string { _, f := path.Split(s); return f }),
	many("Join", JoinPath, func(s ...string) (string, error) { return path.Join(s...), nil }),
}

func TestPath(t *testing.T) { law(t, pathAtoms, pathFolds) }
func FuzzPath(f *testing.F) { fuzz(f, pathAtoms, pathFolds) }

func TestPathKeepsWhatIsCertain(t *testing.T) {
	id := Hole(0)
	for _, test := range []struct {
		got           Text
		want, pattern string
	}{
		{JoinPath(Lit("/api/boxes"), id, Lit("hold")), `"/" ["api/boxes/"] *0 ["/"] "hold"`, "/api/boxes/*/hold"},
		{JoinPath(Lit("/api/"), Lit("/v1"), Lit("x")), `"/api/v1/x"`, "/api/v1/x"},
		{JoinPath(id, Lit("v1"), Lit("x")), `*0 ["/"] "v1/x"`, "*/v1/x"},
		{BasePath(Concat(Lit("/usr/bin/"), id)), `*0`, "*"},
		{BasePath(Concat(id, Lit("/bin/tool"))), `"tool"`, "tool"},
		{DirPath(Concat(Lit("/usr/lib/x"), id)), `"/" ["usr/lib"]`, "/usr/lib"},
		{ExtPath(Concat(id, Lit(".tar.gz"))), `".gz"`, ".gz"},
	} {
		if got := strings.Trim(test.got.show(), "‹ ›"); got != test.want || test.got.Pattern() != test.pattern {
			t.Errorf("have %s %s, want %s %s", got, test.got.Pattern(), test.want, test.pattern)
		}
	}
}
