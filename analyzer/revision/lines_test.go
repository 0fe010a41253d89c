package revision

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestIsRange(t *testing.T) {
	for text, want := range map[string]bool{
		"main..": true, "v1.2..v1.3": true, "HEAD~1..HEAD": true, "a...b": true, "origin/main..": true,
		"": false, "..": false, "..main": false, "../x.go:3": false, "main.run": false, "x/../y.go:3": false, "(*T).Run": false, "a.*..b": false, "main.. x": false,
	} {
		if got := IsRange(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	const diff = `diff --git a/a.go b/a.go
index 1..2 100644
--- a/a.go
+++ b/a.go
@@ -3 +3,2 @@ func f() {
-	// said
+	// says
+	more()
@@ -9,2 +10,0 @@ func g() {
--- 	x
-	gone()
diff --git a/b.go b/b.go
deleted file mode 100644
--- a/b.go
+++ /dev/null
@@ -1,2 +0,0 @@
-package b
-func f() {}
diff --git a/c d.go b/c d.go
new file mode 100644
--- /dev/null
+++ b/c d.go	
@@ -0,0 +1 @@
+package c
`
	got, err := parse(diff)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{{a.go 3 4 false} false} {{a.go 10 11 true} true} {{c d.go 1 1 false} false}]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if _, err := parse("diff --git a/a.go b/a.go\n+++ b/a.go\n@@ nonsense @@\n"); err == nil {
		t.Error("a head that says nothing is read")
	}
}

func TestSaysCode(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.go")
	text := "package a\n\n// A comment.\n\nvar s = `\n// no comment\n`\n\n/* long\n   comment */ var t = 1\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		first, last int
		want        bool
	}{
		{1, 1, true}, {2, 4, false}, {6, 6, true}, {7, 7, true}, {8, 8, false}, {9, 9, false}, {10, 10, true}, {11, 20, false},
	} {
		if got := saysCode(name, Lines{First: test.first, Last: test.last}); got != test.want {
			t.Errorf("lines %d to %d: %v, want %v", test.first, test.last, got, test.want)
		}
	}
	if saysCode(name, Lines{First: 1, Last: 2, Removed: true}) {
		t.Error("what was removed is looked for in the file")
	}
}
