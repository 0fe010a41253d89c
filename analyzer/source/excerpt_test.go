package source

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// TestCode marks, in the source of a test, the lines to be shown with "//+".
// The flow calls target from f; f is what the function is called that holds
// the call.
func TestCode(t *testing.T) {
	for _, test := range []struct{ name, src string }{
		{"signature, call and end", `
func f( //+
	a int, //+
) error { //+
	other()

	return target(a) //+
} //+
`},
		{"what prepares the arguments, two steps back", `
func f(opts options) { //+
	unused := 1
	third := opts.third
	memory, err := parse(third) //+
	if err != nil {
		return
	}
	config := Config{Memory: memory} //+
	config.Name = opts.name //+
	target(config) //+
	config.Late = 1
	use(unused)
} //+
`},
		{"a definition of another variable of that name", `
func f() { //+
	{
		x := 1
		use(x)
	}
	x := 2 //+
	target(x) //+
} //+
`},
		{"written through its address, and by its method", `
func f(r io.Reader) { //+
	var c Config //+
	decode(r, &c) //+
	if err := decode(r, &c); err != nil { //+
		return
	} //+
	query := url.Values{} //+
	query.Set("t", "1") //+
	query.Lock()
	target(query, c) //+
} //+
`},
		{"conditions around it and before it", `
func f(a, b bool) { //+
	if a { //+
		return //+
	} //+
	if err != nil {
		return
	}
	for _, c := range list() { //+
		switch c.kind { //+
		case 1:
			other()
		case 2: //+
			if b { //+
				target() //+
			} else { //+
				other()
			} //+
		} //+
	} //+
} //+
`},
		{"the other branch", `
func f(a bool) { //+
	if a { //+
		other()
	} else { //+
		target() //+
	} //+
} //+
`},
		{"literals keep their bodies to themselves", `
func f(c int) { //+
	c = 1 //+
	target(c, func() { //+
		other()
		c = 2
	}) //+
} //+
`},
		{"the first of many elements", `
func f() { //+
	target(Config{ //+
		A: 1, //+
		B: 2, //+
		C: 3, //+
		D: 4, //+
		E: 5, //+
		F: 6, //+
		G: 7,
		H: 8,
	}) //+
} //+
`},
		{"the element that leads on", `
func f() { //+
	add( //+
		c(1), //+
		c(2), //+
		c(3), //+
		c(4), //+
		c(5), //+
		c(6), //+
		c(7),
		hide(target()), //+
		c(9),
	) //+
} //+
`},
		{"the loop sets it for the next round", `
func f() { //+
	var last int //+
	for { //+
		target(last) //+
		last = next() //+
	} //+
} //+
`},
		{"a short leaf is whole", `
func f() { //+
	a() //+
	b() //+
} //+
`},
		{"a long leaf shows what acts on the machine", `
func f(name string, data []byte) error { //+
` + strings.Repeat("\tother()\n", wholeLeaf) + `
	path := filepath.Join("/", name) //+
	return os.WriteFile(path, data, 0o600) //+
} //+
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := "package p\n\nimport \"os\"\n" + test.src
			var want, clean []string
			for i, line := range strings.Split(src, "\n") {
				text, marked := strings.CutSuffix(line, " //+")
				clean = append(clean, text)
				if marked {
					want = append(want, strconv.Itoa(i+1)+" "+text)
				}
			}
			name := filepath.Join(t.TempDir(), "f.go")
			if err := os.WriteFile(name, []byte(strings.Join(clean, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			f := &flow.Flow{
				Nodes: []flow.Node{{ID: 1, Func: "p.f", File: "f.go", Line: 5, EndLine: len(clean) - 1}, {ID: 2, Func: "p.target", File: "none.go"}},
				Spine: []int{1, 2},
			}
			for i, line := range clean {
				if strings.Contains(line, "target(") {
					f.Edges = append(f.Edges, flow.Edge{From: 1, To: 2, Site: flow.Site{File: "f.go", Line: i + 1}})
				}
			}
			Code(f, func(n flow.Node) string { return filepath.Join(filepath.Dir(name), n.File) })
			var got []string
			for _, c := range f.Nodes[0].Code {
				got = append(got, strconv.Itoa(c.Line)+" "+c.Text)
			}
			if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
				t.Errorf("shown:\n%s\nwant:\n%s", g, w)
			}
		})
	}
}
