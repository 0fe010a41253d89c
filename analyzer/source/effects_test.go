package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

func TestEffects(t *testing.T) {
	for _, test := range []struct {
		name, body  string
		does, texts string
	}{
		{"nothing", `target()`, "", ""},
		{"a file by its constant", `os.WriteFile("state.json", data, 0o600)`, `5 writes data to "state.json"`, "state.json"},
		{"a path", `os.Remove(filepath.Join(dir, "state.json"))`, `5 removes filepath.Join(dir, "state.json")`, "state.json"},
		{"a variable that was set once", "path := filepath.Join(dir, name)\nf, err := os.Create(path)", "6 creates filepath.Join(dir, name)", ""},
		{"a variable that was set twice", "path := a\nif b {\npath = c\n}\nos.Create(path)", "9 creates path", ""},
		{"a variable that changes", "path := a\npath += c\nos.Create(path)", "7 creates path", ""},
		{"opened to read", `os.OpenFile("x", os.O_RDONLY, 0)`, `5 opens "x"`, "x"},
		{"opened to write", `os.OpenFile("x", os.O_CREATE|os.O_WRONLY, 0)`, `5 opens to write "x"`, "x"},
		{"opened by another's function", `f, err := reopen(dir, "x", sys.O_RDWR)`, `5 opens to write dir, "x"`, "x"},
		{"and written", "f, err := reopen(dir, sys.O_RDWR)\nf.Write([]byte(\"0\"))", `5 opens to write dir; 6 writes []byte("0") to dir`, "0"},
		{"what is no file is not", "f := buffer()\nf.WriteString(x)", "", ""},
		{"two names", `os.Rename(tmp.Name(), name)`, "5 renames tmp.Name() to name", ""},
		{"a program", `exec.Command("tool", "-v", x)`, `5 starts "tool", "-v", x`, "-v tool"},
		{"a program in a context", `exec.CommandContext(ctx, "tool", args...)`, `5 starts "tool", args`, "tool"},
		{"an import under another name", `sys.Mount("proc", dir, "proc", 0, "")`, `5 mounts "proc" to dir`, "proc"},
		{"a package that is called os and is none", `other.WriteFile("x")`, "", "x"},
		{"a literal has its own", `func() { os.Remove("x") }()`, "", ""},
		{"constants of the file", `open(dir, fileName)`, "", "cgroup.freeze"},
		{"constants are their text", `os.Remove(filepath.Join(dir, fileName, x.fileName))`, `5 removes filepath.Join(dir, "cgroup.freeze", x.fileName)`, "cgroup.freeze"},
		{"also those of another file", `os.Remove(otherName)`, `5 removes "state.json"`, ""},
		{"but not of another package", `os.Remove(testName)`, `5 removes testName`, ""},
		{"messages are no names", `fail("it is broken", "%d")`, "", ""},
		{"too few arguments", `os.OpenFile("x")`, `5 opens "x"`, "x"},
		{"over lines", "os.Remove(filepath.Join(dir,\n\tname))", `5 removes filepath.Join(dir, name)`, ""},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "a.go")
		for name, text := range map[string]string{"b.go": "package p\nconst otherName = \"state.json\"", "a_test.go": "package p_test\nconst testName = \"x\""} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		src := fmt.Sprintf("package p\nimport (\"os\"; \"os/exec\"; \"path/filepath\"; sys \"syscall\"; other \"example.org/os\")\nconst fileName = \"cgroup.freeze\"\nfunc f() {\n%s\n}\n", test.body)
		if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		f := &flow.Flow{Nodes: []flow.Node{{ID: 1, Func: "p.f", Line: 4, EndLine: 5 + 1 + strings.Count(test.body, "\n")}}}
		Effects(f, func(flow.Node) string { return file }, nil)
		var does []string
		for _, e := range f.Nodes[0].Does {
			does = append(does, fmt.Sprintf("%d %s %s", e.Line, e.Verb, e.What))
		}
		if got := strings.Join(does, "; "); got != test.does {
			t.Errorf("%s: does %s, want %s", test.name, got, test.does)
		}
		if got := strings.Join(f.Nodes[0].Texts, " "); got != test.texts {
			t.Errorf("%s: texts %s, want %s", test.name, got, test.texts)
		}
	}
}
