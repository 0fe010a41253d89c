package scenario

import (
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// The flow that the tests below hold expectations against: a runs b by a call,
// b sends to c in another program, d registered c, and a cannot go on.
func sample() *flow.Flow {
	d := 4
	return &flow.Flow{
		Schema: flow.Schema, Program: "p",
		Components: []flow.Component{{Name: "p"}, {Name: "q"}},
		Nodes: []flow.Node{
			{ID: 1, Component: "p", Func: "m/p.main", File: "a.go", Line: 1, EndLine: 3},
			{ID: 2, Component: "p", Func: "m/p.b", File: "a.go", Line: 4, EndLine: 6},
			{ID: 3, Component: "q", Func: "m/q.(*T).c", File: "a.go", Line: 7, EndLine: 7},
			{ID: 4, Component: "q", Func: "m/q.d", File: "a.go", Line: 8, EndLine: 8},
		},
		Edges: []flow.Edge{
			{From: 1, To: 2, Kind: flow.Call, Site: flow.Site{File: "a.go", Line: 2}, Rule: "static", Candidates: 1, Under: []string{"if x"}},
			{
				From: 2, To: 3, Kind: flow.HTTP, Site: flow.Site{File: "a.go", Line: 5}, Rule: "httproute/1", Candidates: 1, Label: "v1",
				Registered: []flow.Registered{{Site: flow.Site{File: "a.go", Line: 8}, Node: &d}},
			},
		},
		Root: 1, Spine: []int{1, 2, 3},
		Gaps: []flow.Gap{{After: 1, Kind: flow.Exec, Reason: "name is configured"}},
	}
}

const sampleSource = "func main() {\n b()\n}\nfunc b() {\n send()\n}\nfunc (*T) c() {}\nfunc d() { handle(c) }\n"

// Every line holds for sample, and with its negation reversed it does not.
func TestCheck(t *testing.T) {
	lines := `
node m/p.main
node p:m/p.main
!node q:m/p.main
!node m/p.d
edge m/p.main -> m/p.b
edge m/p.main --call--> m/p.b
edge m/p.b --http|grpc--> m/q.(*T).c
!edge m/p.main --go--> m/p.b
!edge m/p.main -> m/q.(*T).c
path m/p.main -> m/q.(*T).c
path m/q.d -> m/q.(*T).c
!path m/q.(*T).c -> m/p.main
spine m/p.main -> m/q.(*T).c
!spine m/q.d
under m/p.main -> m/p.b ~ "if x"
!under m/p.main -> m/p.b ~ "if y"
label m/p.b -> m/q.(*T).c ~ "^v1$"
rule m/p.b -> m/q.(*T).c ~ "httproute/1"
registered m/p.b -> m/q.(*T).c ~ "handle\\(c\\)"
gap exec after m/p.main ~ "configured"
!gap exec after m/p.b
!gap http
either edge m/p.main -> m/q.d || edge m/p.main -> m/p.b
either !node m/p.main || !node m/p.x
unsupported 7 node m/p.x
`
	dir := t.TempDir()
	s := parse(t, "expect-unsupported: 7 because of time\n"+lines+"-- a.go --\n"+sampleSource)
	if _, err := s.Unpack(dir, ""); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Traces[0].Expect); n != strings.Count(lines, "\n")-1 {
		t.Fatalf("%d expectations", n)
	}
	for _, p := range s.Traces[0].Check(sample(), dir) {
		t.Error(p)
	}
	reversed := s.Traces[0]
	for i := range reversed.Expect {
		reversed.Expect[i].Not = !reversed.Expect[i].Not
	}
	failed := map[int]bool{}
	for _, p := range reversed.Check(sample(), dir) {
		failed[p.Line] = true
	}
	for _, e := range reversed.Expect {
		if e.Op == Either {
			continue
		}
		if e.Text != "!gap http" && !failed[e.Line] { // there is no "gap http" without a place
			t.Errorf("the reverse of %s holds too", e.Text)
		}
	}
	if insane := Sane(sample(), []string{dir}); len(insane) > 0 {
		t.Error(strings.Join(insane, "\n"))
	}
}

// Each change makes sample a flow that cannot be.
func TestSane(t *testing.T) {
	dir := t.TempDir()
	s := parse(t, "node m/p.main\n-- a.go --\n"+sampleSource)
	if _, err := s.Unpack(dir, ""); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(f *flow.Flow){
		"ids":                    func(f *flow.Flow) { f.Nodes[3].ID = 1 },
		"which is not there":     func(f *flow.Flow) { f.Gaps[0].After = 77 },
		"the root is":            func(f *flow.Flow) { f.Root = 2 },
		"neither on a way":       func(f *flow.Flow) { f.Edges = f.Edges[1:] },
		"no edge on the spine":   func(f *flow.Flow) { f.Spine = []int{1, 3} },
		"not start at the root":  func(f *flow.Flow) { f.Spine = []int{2, 3} },
		"declares something":     func(f *flow.Flow) { f.Nodes[1].Line = 5 },
		"outside its caller":     func(f *flow.Flow) { f.Edges[0].Site.Line = 5 },
		"is not listed":          func(f *flow.Flow) { f.Components = f.Components[:1] },
		"no rule":                func(f *flow.Flow) { f.Edges[0].Rule = "" },
		"no candidates":          func(f *flow.Flow) { f.Edges[0].Candidates = 0 },
		"ends at line 1 before ": func(f *flow.Flow) { f.Nodes[1].EndLine = 1 },
		"schema":                 func(f *flow.Flow) { f.Schema = "" },
	} {
		f := sample()
		change(f)
		if got := strings.Join(Sane(f, []string{dir}), "\n"); !strings.Contains(got, want) {
			t.Errorf("want %q, have %q", want, got)
		}
	}
}

func TestCheckSystem(t *testing.T) {
	site := flow.Site{File: "a.go", Line: 5}
	found := &flow.Endpoints{
		Departures: []flow.Endpoint{
			{Program: "p", Kind: flow.HTTP, Key: "GET /x", Site: site, Peers: []string{"q m/q.(*T).c"}},
			{Program: "p", Kind: flow.Exec, Key: "nobody", Site: site},
		},
		Arrivals: []flow.Endpoint{{Program: "q", Kind: flow.HTTP, Key: "PUT /y", Site: site}},
	}
	commands := []flow.Command{{Program: "p", Words: []string{"lamp", "on"}, Func: "m/p.b"}}
	s := parse(t, `
endpoint http "GET /x" p -> q
!endpoint http "GET /x" p -> r
departs exec "nobody" p
!departs http "GET /x" p
arrives http "PUT /y" q
!arrives http "PUT /z" q
command p lamp on
command p lamp on => m/p.b
!command p lamp
-- src/a.go --
1
2
3
4
x() //@ departs(http, "GET /x")
`)
	s.Source = []string{"src"}
	for _, p := range s.CheckSystem(found, commands) {
		t.Error(p)
	}
	for i := range s.System {
		s.System[i].Not = !s.System[i].Not
	}
	s.Markers[0].Site.Line++
	if got, want := len(s.CheckSystem(found, commands)), len(s.System)+1; got != want {
		t.Errorf("%d of %d reversed expectations fail", got, want)
	}
}

func TestSameKey(t *testing.T) {
	for _, test := range []struct {
		kind       flow.Kind
		want, have string
		same       bool
	}{
		{flow.HTTP, "GET /x/*", "GET /x/{id:.*}", true},
		{flow.HTTP, "GET /x/*", "GET */x/*", true},
		{flow.HTTP, "/x/*", "*/x/*", true},
		{flow.HTTP, "GET /x/*", "PUT /x/*", false},
		{flow.HTTP, "GET /x", "GET /y/x", false},
		{flow.GRPC, "/a.B/C", "/a.B/C", true},
		{flow.Exec, "ship push", "/bin/ship --to * push *", true},
		{flow.Exec, "ship push", "ship pull push-all", false},
		{flow.Exec, "push", "ship push", false},
	} {
		if sameKey(test.kind, test.want, test.have) != test.same {
			t.Errorf("%+v", test)
		}
	}
}

func TestParseRejects(t *testing.T) {
	for _, line := range []string{
		"nodes m.f", "node", "node m.f m.g", "node m.f -> m.g", "edge m.f", "edge m.f -> m.g -> m.h", "edge m.f --htpp--> m.g",
		"path m.f --http--> m.g", "!path m.a -> m.b -> m.c", "under m.f -> m.g", `edge m.f -> m.g ~ "x"`, `label m.f -> m.g ~ x`,
		`label m.f -> m.g ~ "("`, "gap exec", "gap foo after m.f", `endpoint http "GET /" p`, `departs http "GET /" p -> q`,
		`endpoint call "x" p -> q`, "command p", "either node m.f", "!either node m.f || node m.g", "idioms: 50", "unsupported 7 node m.f", "expect-unsupported: 3 since",
	} {
		if _, err := Parse("x", []byte(header+line+"\n")); err == nil {
			t.Errorf("no error for %q", line)
		}
	}
	if _, err := Parse("x", []byte(header+"node m.f\n-- a.go --\n//@ depart(http)\n")); err == nil {
		t.Error("no error for a marker with a mistake")
	}
}

const header = "What it shows.\n\nidioms: 1\ntrace p x\n"

func parse(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("x", []byte(header+text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
