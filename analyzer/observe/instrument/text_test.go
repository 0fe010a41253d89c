package instrument

import (
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// enters is what is put into a function, without its number.
var enters = regexp.MustCompile(` callrouteruntime\.CallrouteEnter\(0x[0-9a-f]+\);`)

func TestEnter(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       string   // with E for what is put into a function
		names      []string // of the functions, with their lines
	}{
		{
			"function", "package p\n\nfunc f() {\n\tg()\n}\n",
			"package p; import callrouteruntime \"runtime\"\n\nfunc f() {E\n\tg()\n}\n",
			[]string{"x/p.f:3"},
		},
		{
			"one line", "package p // import \"x/p\"\nfunc f() {}\n",
			"package p; import callrouteruntime \"runtime\" // import \"x/p\"\nfunc f() {E}\n",
			[]string{"x/p.f:2"},
		},
		{
			"methods", "package p\nfunc (t *T) m() {}\nfunc (T) n() {}\nfunc (t *G[K, V]) o() {}\n",
			"package p; import callrouteruntime \"runtime\"\nfunc (t *T) m() {E}\nfunc (T) n() {E}\nfunc (t *G[K, V]) o() {E}\n",
			[]string{"x/p.(*T).m:2", "x/p.T.n:3", "x/p.(*G).o:4"},
		},
		{
			"literals", "package p\nvar v = func() {}\nfunc f() {\n\tgo func() { func() {}() }()\n\tfunc() {}()\n}\n",
			"package p; import callrouteruntime \"runtime\"\nvar v = func() {E}\nfunc f() {E\n\tgo func() {E func() {E}() }()\n\tfunc() {E}()\n}\n",
			[]string{"x/p.v.func1:2", "x/p.f:3", "x/p.f.func1:4", "x/p.f.func1.1:4", "x/p.f.func2:5"},
		},
		{
			"declaration over several lines", "package p\nfunc f(\n\ta int,\n) (\n\terr error,\n) {\n\treturn\n}\n",
			"package p; import callrouteruntime \"runtime\"\nfunc f(\n\ta int,\n) (\n\terr error,\n) {E\n\treturn\n}\n",
			[]string{"x/p.f:2"},
		},
		{"no room on the stack", "package p\n\n//go:nosplit\nfunc f() {}\n", "", nil},
		{"no body", "package p\n\nfunc f()\n\ntype T interface{ m() }\n", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := read("x/p", "/src/p/p.go", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			ids := map[uint64]bool{}
			s.enter(func(id uint64, f Function) {
				names = append(names, f.Name+":"+string(rune('0'+f.Line)))
				ids[id] = true
			})
			got := string(s.instrumented())
			if got != "" {
				if _, err := parser.ParseFile(token.NewFileSet(), "", got, 0); err != nil {
					t.Errorf("it is no Go any more: %v", err)
				}
				if strings.Count(got, "\n") != strings.Count(test.text, "\n") {
					t.Error("lines have moved")
				}
			}
			if got = enters.ReplaceAllString(got, "E"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if !slices.Equal(names, test.names) || len(ids) != len(test.names) {
				t.Errorf("functions %q with %d numbers, want %q", names, len(ids), test.names)
			}
		})
	}
}

func TestAct(t *testing.T) {
	for _, test := range []struct {
		name, pkg, file, text string
		want                  string // what is in the function, with N for the number
		does                  Act
	}{
		{
			"kill", "golang.org/x/sys/unix", "zsyscall_linux.go", "func Kill(pid int, sig int) (err error) { return }",
			`defer func() { if err == nil { if sig != 0 { callrouteruntime.CallrouteAct(N, pid<<8|int(sig), "process", "") } } }();`,
			Act{"signals", Signal},
		},
		{
			"exec", "syscall", "exec_unix.go", "func forkExec(argv0 string, argv []string, attr *ProcAttr) (pid int, err error) { return }",
			`callrouteruntime.CallrouteStart(N, argv0, argv);`,
			Act{"starts", Program},
		},
		{
			"rename", "syscall", "zsyscall_linux_arm64.go", "func Renameat(olddirfd int, oldpath string, newdirfd int, newpath string) (err error) { return }",
			`defer func() { if err == nil { callrouteruntime.CallrouteAct(N, -1, oldpath, newpath) } }();`,
			Act{"renames", Paths},
		},
		{"another form", "syscall", "zsyscall_linux_arm64.go", "func Renameat(a, b string) (err error) { return }", "", Act{}},
		{"in the child", "syscall", "exec_linux.go", "func forkAndExecInChild(argv0 *byte, argv []*byte) { }", "", Act{}},
		{"only looks", "syscall", "zsyscall_linux_amd64.go", "func Statfs(path string, buf *Statfs_t) (err error) { return }", "", Act{}},
		{"a caller of it", "golang.org/x/sys/unix", "syscall_linux.go", "func Mount(source string, target string) (err error) { return }", "", Act{}},
		{"a method", "syscall", "exec_unix.go", "func (t T) forkExec(argv0 string, argv []string) { }", "", Act{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := read(test.pkg, "/src/"+test.file, []byte("package p\n"+test.text+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			var does Act
			s.act(func(_ uint64, a Act) { does = a })
			got := string(s.instrumented())
			if got != "" {
				_, got, _ = strings.Cut(got, "{ ")
				got = got[:strings.LastIndex(got, ";")+1]
			}
			if got = regexp.MustCompile(`0x[0-9a-f]+`).ReplaceAllString(got, "N"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if does != test.does {
				t.Errorf("does %v, want %v", does, test.does)
			}
		})
	}
}
