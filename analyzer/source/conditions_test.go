package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/callroute/callroute/analyzer/flow"
)

// TestUnder asks for the conditions of the call of target in the body of a
// function.
func TestUnder(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", `target()`, nil},
		{"if", `if c.IsRunning() { target() }`, []string{"if c.IsRunning()"}},
		{"nested, the outermost first", "if a {\nif b {\ntarget()\n}\n}", []string{"if a", "if b"}},
		{"the condition itself", `if target() { other() }`, nil},
		{"the init statement", `if err := target(); err != nil { return err }`, nil},
		{"init and condition", `if err := f(); err != nil { target() }`, []string{"if err := f(); err != nil"}},
		{"else", "if a > 1 {\n} else {\ntarget()\n}", []string{"if !(a > 1)"}},
		{"else of equal", "if a == b {\n} else {\ntarget()\n}", []string{"if a != b"}},
		{"else of not equal", "if a != b {\n} else {\ntarget()\n}", []string{"if a == b"}},
		{"else of not", "if !a.b {\n} else {\ntarget()\n}", []string{"if a.b"}},
		{"else of not both", "if !(a && b) {\n} else {\ntarget()\n}", []string{"if a && b"}},
		{"else of a call", "if (f(x)) {\n} else {\ntarget()\n}", []string{"if !f(x)"}},
		{"else if", "if a {\n} else if b {\ntarget()\n}", []string{"if !a", "if b"}},
		{"condition of an else if", "if a {\n} else if target() {\n}", []string{"if !a"}},
		{"failure is told", "if err != nil {\ntarget()\n}", []string{"if err != nil"}},
		{"success is not", "if err == nil {\ntarget()\n}", nil},
		{"nor is the else of failure", "if closeErr != nil {\n} else {\ntarget()\n}", nil},
		{"success with more", "if err == nil && a {\ntarget()\n}", []string{"if err == nil && a"}},
		{"what is nil and no error", "if conn == nil {\ntarget()\n}", []string{"if conn == nil"}},

		{"for", "for i := 0; i < n; i++ {\ntarget()\n}", []string{"for i := 0; i < n; i++"}},
		{"for with a condition", "for s.Scan() {\ntarget()\n}", []string{"for s.Scan()"}},
		{"for ever", "for {\ntarget()\n}", []string{"for"}},
		{"the head of a for", "for i := target(); i < target(); {\nother()\n}", nil},
		{"the post statement", "for i := 0; i < n; i = target() {\nother()\n}", []string{"for i := 0; i < n; i = target()"}},
		{"range", "for _, c := range opts.containers {\ntarget()\n}", []string{"for _, c := range opts.containers"}},
		{"range over a key", "for i = range s.tasks {\ntarget()\n}", []string{"for i = range s.tasks"}},
		{"range without", "for range 3 {\ntarget()\n}", []string{"for range 3"}},
		{"what is ranged over", "for _, c := range target() {\nother()\n}", nil},

		{"switch", "switch runtime.GOOS {\ncase \"linux\", \"freebsd\":\ntarget()\n}", []string{`switch runtime.GOOS case "linux", "freebsd"`}},
		{"default", "switch runtime.GOOS {\ncase \"linux\":\ndefault:\ntarget()\n}", []string{"switch runtime.GOOS default"}},
		{"switch without a tag", "switch {\ncase a > 1:\ntarget()\n}", []string{"switch case a > 1"}},
		{"switch with init", "switch x := f(); x {\ncase 1:\ntarget()\n}", []string{"switch x := f(); x case 1"}},
		{"the tag and the cases", "switch f() {\ncase target():\n}", nil},
		{"fallthrough", "switch x {\ncase 1:\nother()\nfallthrough\ncase 2:\nfallthrough\ncase 3:\ntarget()\ncase 4:\n}", []string{"switch x case 1, 2, 3"}},
		{"fallthrough into default", "switch x {\ncase 1:\nfallthrough\ndefault:\ntarget()\n}", []string{"switch x default"}},
		{"type switch", "switch t := i.(type) {\ncase *UpdateTask:\ntarget()\n}", []string{"switch t := i.(type) case *UpdateTask"}},
		{"select", "select {\ncase v, ok := <-ch:\ntarget()\n}", []string{"select case v, ok := <-ch"}},
		{"select default", "select {\ndefault:\ntarget()\n}", []string{"select default"}},
		{"the operation of a select", "select {\ncase ch <- target():\n}", nil},

		{"guard", "if !c.running {\nreturn nil\n}\ntarget()", []string{"if c.running"}},
		{"guard outside", "if dead {\nreturn\n}\nif a {\ntarget()\n}", []string{"if !dead", "if a"}},
		{"guard in a loop", "for _, c := range all {\nif c.dead {\ncontinue\n}\nif c.last() {\nbreak\n}\ntarget()\n}", []string{"for _, c := range all", "if !c.dead", "if !c.last()"}},
		{"guard in a case", "switch x {\ncase 1:\nif a {\nbreak\n}\ntarget()\n}", []string{"switch x case 1", "if !a"}},
		{"guard that ends the program", "if a {\nlog.Fatalf(x)\n}\nif b {\npanic(x)\n}\nif c {\nos.Exit(1)\n}\ntarget()", []string{"if !a", "if !b", "if !c"}},
		{"guard with init", "if v, ok := x.(T); !ok {\nreturn\n}\ntarget()", []string{"if v, ok := x.(T); ok"}},
		{"guards in an else if", "if a {\nreturn\n} else if b {\nreturn\n}\ntarget()", []string{"if !a", "if !b"}},
		{"guard in the else", "if a {\n} else {\nreturn\n}\ntarget()", []string{"if a"}},
		{"guard in a later else", "if a {\nother()\n} else if b {\nreturn\n}\ntarget()", nil},
		{"both ways leave", "if a {\nreturn\n} else {\nreturn\n}\ntarget()", nil},
		{"guard of a label", "if a {\nreturn\n}\nagain:\ntarget()", []string{"if !a"}},
		{"guard under a label", "again:\nif a {\nreturn\n}\ntarget()", []string{"if !a"}},
		{"guard in the else of a comparison with nil", "if a != nil {\n} else {\nreturn\n}\ntarget()", []string{"if a != nil"}},
		{"the same twice", "if !a {\nreturn\n}\nif a {\ntarget()\n}", []string{"if a"}},
		{"no guard: it goes on", "if a {\nother()\n}\ntarget()", nil},
		{"no guard: it is empty", "if a {\n}\nif err != nil {\n}\ntarget()", nil},
		{"no guard: it comes later", "target()\nif a {\nreturn\n}", nil},
		{"no guard: it is in another block", "if b {\nif a {\nreturn\n}\n}\ntarget()", nil},
		{"no guard: the call is in it", "if a {\ntarget()\nreturn\n}", []string{"if a"}},
		{"error plumbing", "x, err := f()\nif err != nil {\nreturn err\n}\ntarget()", nil},
		{"error plumbing with init", "if err := f(); err != nil {\nreturn nil, wrap(err)\n}\ntarget()", nil},
		{"error plumbing by another name", "if e := f(); e != nil {\nreturn nil, e\n}\ntarget()", nil},
		{"error of a kind", "if os.IsNotExist(err) || errors.Is(cause, x) {\nreturn nil\n}\ntarget()", nil},
		{"not an error by its name", "if c.Stderr == nil {\nreturn nil\n}\ntarget()", []string{"if c.Stderr != nil"}},

		{"go", "if a {\ngo target()\n}", []string{"if a"}},
		{"defer", "if a {\ndefer target()\n}", []string{"if a"}},
		{"method", "if a {\nx.y.target(1)\n}", []string{"if a"}},
		{"generic", "if a {\ntarget[int](1)\n}", []string{"if a"}},
		{"argument", "if a {\nother(target())\n}", []string{"if a"}},
		{"the call of the target's name", "if other() { target() }", []string{"if other()"}},
		{"what all calls on the line have in common", "if a {\nif b { target() }; target()\n}", []string{"if a"}},
		{"a literal's calls are its own", "if a { go func() { if b { target() } }(); target() }", []string{"if a"}},
		{"in brackets over several lines", "if f(\na,\nfunc() int { return 1 },\n) &&\nb {\ntarget()\n}", []string{"if f(a, func() int { return 1 }) && b"}},
		{"text keeps its spaces", "if a == \"x  y\" {\ntarget()\n}", []string{`if a == "x  y"`}},
		{"composite literal", "if a == (T{1}) {\ntarget()\n}", []string{"if a == (T{1})"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := "package p\n\nfunc f() {\n" + test.body + "\n}\n"
			f := oneCall(src, 3, strings.Count(src, "\n"))
			got := conditionsIn(t, src, f)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q, in\n%s", got, test.want, src)
			}
		})
	}
}

// TestUnderWhichFunction has the function that makes the call start and end at
// other lines than the file suggests.
func TestUnderWhichFunction(t *testing.T) {
	const src = `package p

func f(a bool) {
	if a {
		do(func() {
			for {
				target()
			}
		})
	}
}

var x = func() { if b { target() } }

func g(seq iter.Seq[int]) {
	for i := range seq {
		if i > 1 {
			target()
		}
	}
}

func twice() (func(), func()) { return func() { if a { target() } }, func() { if a && b { target() } } }

func asm()
`
	for _, test := range []struct {
		name            string
		line, end, call int
		want            []string
	}{
		{"literal", 5, 9, 7, []string{"for"}},
		{"not the function around it", 3, 11, 7, nil},
		{"literal of a variable", 13, 13, 13, []string{"if b"}},
		{"declaration", 15, 21, 18, []string{"for i := range seq", "if i > 1"}},
		{"body of a range over a function", 16, 20, 18, []string{"if i > 1"}},
		{"two literals of one line share nothing", 23, 23, 23, nil},
		{"no body", 25, 25, 25, nil},
		{"no function has these lines", 4, 11, 7, nil},
		{"the call is not in it", 15, 21, 7, nil},
	} {
		f := oneCall(src, test.line, test.end)
		f.Edges[0].Site.Line = test.call
		if got := conditionsIn(t, src, f); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestUnderOfOtherEdges(t *testing.T) {
	const src = `package p

func f() {
	if a {
		ch <- x
		other(); more()
	}
	if b {
		return
	}
	x := map[string]int{
		"k": y,
	}
	if c {
		defer func(x int) {
			if d {
				other()
			}
		}(1)
	}
}
`
	for _, test := range []struct {
		name string
		line int
		want []string
	}{
		{"a send", 5, []string{"if a"}},
		{"a crossing has not the target's name", 6, []string{"if a"}},
		{"an entry of a table", 12, []string{"if !b"}},
		{"a deferred literal", 15, []string{"if !b", "if c"}},
		{"nothing starts there", 7, nil},
	} {
		f := oneCall(src, 3, 21)
		f.Edges[0].Kind, f.Edges[0].Site.Line = flow.Channel, test.line
		if got := conditionsIn(t, src, f); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}

	f := oneCall(src, 3, 21)
	f.Nodes[0].Decl, f.Edges[0].Site.Line = "var", 5
	if got := conditionsIn(t, src, f); got != nil {
		t.Errorf("a variable calls nothing, and has %q", got)
	}
	f = oneCall(src, 3, 21)
	f.Edges[0].Site = flow.Site{File: "elsewhere.go", Line: 5}
	if got := conditionsIn(t, src, f); got != nil {
		t.Errorf("the site is in another file, and has %q", got)
	}
}

func TestUnderWithoutSource(t *testing.T) {
	const src = "package p\n\nfunc f() {\n\tif a {\n\t\ttarget()\n\t}\n}\n"
	if got := conditionsIn(t, "package p\n\nfunc f() {\n\tif a {{\n\t\ttarget()\n\t}\n}\n", oneCall(src, 3, 7)); got != nil {
		t.Errorf("a file that does not parse gives %q", got)
	}
	f := oneCall(src, 3, 7)
	Conditions(f, func(flow.Node) string { return filepath.Join(t.TempDir(), "not-there.go") }, nil)
	if got := f.Edges[0].Under; got != nil {
		t.Errorf("a file that is not there gives %q", got)
	}
}

func TestLongCondition(t *testing.T) {
	src := "package p\n\nfunc f() {\n\tif x == \"" + strings.Repeat("ü", 300) + "\" {\n\t\ttarget()\n\t}\n}\n"
	got := conditionsIn(t, src, oneCall(src, 3, 7))
	if len(got) != 1 || utf8.RuneCountInString(got[0]) != longest || !strings.HasSuffix(got[0], "ü…") {
		t.Errorf("%q", got)
	}
}

// TestManyEdges checks which edges of a large flow get their conditions.
func TestManyEdges(t *testing.T) {
	const src = "package p\n\nfunc f() {\n\tif a {\n\t\ttarget()\n\t}\n}\n"
	f := oneCall(src, 3, 7)
	node := f.Nodes[0]
	for id := 3; id <= 4; id++ {
		node.ID = id
		f.Nodes = append(f.Nodes, node)
	}
	edge := func(from, to int) flow.Edge {
		e := f.Edges[0]
		e.From, e.To = from, to
		return e
	}
	f.Edges = []flow.Edge{edge(1, 3), edge(3, 1), edge(3, 4)}
	f.Spine = []int{1}
	conditionsIn(t, src, f)
	for _, e := range f.Edges {
		if e.Under == nil {
			t.Errorf("a small flow has no condition at %d → %d", e.From, e.To)
		}
	}
	for i := range f.Edges {
		f.Edges[i].Under = nil
	}
	for len(f.Edges) <= manyEdges {
		f.Edges = append(f.Edges, edge(3, 4))
	}
	conditionsIn(t, src, f)
	if f.Edges[0].Under == nil || f.Edges[1].Under == nil {
		t.Error("a large flow has no conditions beside the spine")
	}
	if f.Edges[2].Under != nil {
		t.Error("a large flow has conditions far from the spine")
	}
}

// oneCall is a flow of one call, of target by the function from line to end.
func oneCall(src string, line, end int) *flow.Flow {
	at := 0
	for i, l := range strings.Split(src, "\n") {
		if strings.Contains(l, "target") {
			at = i + 1
		}
	}
	return &flow.Flow{
		Nodes: []flow.Node{{ID: 1, Func: "p.f", File: "p.go", Line: line, EndLine: end}, {ID: 2, Func: "q.(*T).target"}},
		Edges: []flow.Edge{{From: 1, To: 2, Kind: flow.Call, Site: flow.Site{File: "p.go", Line: at}}},
	}
}

// conditionsIn writes the file of f, and returns the conditions of its first
// edge.
func conditionsIn(t *testing.T, src string, f *flow.Flow) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(name, []byte(src), 0o666); err != nil {
		t.Fatal(err)
	}
	Conditions(f, func(flow.Node) string { return name }, nil)
	return f.Edges[0].Under
}

// BenchmarkUnder reads the conditions of five calls in each of a number of
// files of 300 lines.
func BenchmarkUnder(b *testing.B) {
	for _, files := range []int{100, 400, 1000} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			f := manyFiles(b, files)
			for b.Loop() {
				Conditions(f, func(n flow.Node) string { return n.File }, nil)
			}
		})
	}
}

func manyFiles(b *testing.B, files int) *flow.Flow {
	b.Helper()
	dir := b.TempDir()
	f := &flow.Flow{Nodes: []flow.Node{{ID: 1, Func: "p.target"}}}
	const calls, length = 5, 30
	function := "func f() {\n" + strings.Repeat("\tif err := open(name, &options{mode: 0o600}); err != nil {\n\t\treturn nil, wrap(err)\n\t}\n", length/3) +
		"\tif a.b {\n\t\ttarget(a, b)\n\t}\n}\n\n"
	for i := range files {
		name := filepath.Join(dir, fmt.Sprintf("f%d.go", i))
		if err := os.WriteFile(name, []byte("package p\n\n"+strings.Repeat(function, 2*calls)), 0o666); err != nil {
			b.Fatal(err)
		}
		for c := range calls {
			line := 3 + c*(length+6)
			f.Nodes = append(f.Nodes, flow.Node{ID: len(f.Nodes) + 1, Func: "p.f", File: name, Line: line, EndLine: line + length + 4})
			f.Edges = append(f.Edges, flow.Edge{From: len(f.Nodes), To: 1, Site: flow.Site{File: name, Line: line + length + 2}})
			if i == 0 {
				f.Spine = append(f.Spine, len(f.Nodes))
			}
		}
	}
	return f
}
