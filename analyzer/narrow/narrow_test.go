package narrow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// shop is a route through three programs: the client logs and sends, the server
// checks an order and starts a tool that writes. What mounts the handler is on
// no way from the root.
const shop = `
cli.main   -> cli.run;
cli.run    -> cli.log;
cli.log    -> cli.print;
cli.run    -> cli.send;
cli.send   -http-> srv.handle @srv.mount;
srv.main   -> srv.mount;
srv.handle -> srv.log;
srv.handle -> srv.check;
srv.handle -> srv.quick;
srv.check  -> srv.store;
srv.quick  -> srv.enqueue;
srv.enqueue -> srv.store;
srv.store  -exec-> tool.main;
tool.main  -> tool.write;
tool.write -> tool.write;
tool.write -> tool.sync;
tool.sync  -> tool.write;
srv.main   -> srv.enqueue;
gap srv.log;
gap tool.sync;
spine cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write;
`

func TestView(t *testing.T) {
	all := "cli.main cli.run cli.log cli.print cli.send srv.handle srv.mount srv.main srv.log srv.check srv.quick srv.store srv.enqueue tool.main tool.write tool.sync"
	for _, test := range []struct {
		name  string
		view  View
		nodes string // in the order of the flow
		spine string
		edges []string // some that must be there
		not   []string // and some that must not
		gaps  string
		cut   int
	}{
		{
			name: "the zero view shows all", nodes: all,
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write", gaps: "srv.log tool.sync",
		},
		{
			name: "to a function on the spine", view: View{To: re(`srv\.check`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.check", spine: "cli.main cli.run cli.send srv.handle srv.check",
			edges: []string{"cli.send -http-> srv.handle"}, not: []string{"cli.send -http-> srv.handle @srv.mount"},
		},
		{
			name: "to a function beside the spine", view: View{To: re(`enqueue`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.quick srv.enqueue",
			spine: "cli.main cli.run cli.send srv.handle srv.quick srv.enqueue",
		},
		{
			name: "to keeps every way and goes the one of the spine", view: View{To: re(`srv\.store`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.check srv.quick srv.store srv.enqueue",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store",
		},
		{
			name: "to ends at the first match of a way", view: View{To: re(`tool\.`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.check srv.quick srv.store srv.enqueue tool.main",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main", not: []string{"tool.main -> tool.write"},
		},
		{
			name: "to prefers the nearest on the spine", view: View{To: re(`log|send`)},
			nodes: "cli.main cli.run cli.log cli.send", spine: "cli.main cli.run cli.send",
			not: []string{"cli.send -http-> srv.handle"},
		},
		{
			name: "to main means another program's", view: View{To: re(`main\.main`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.check srv.quick srv.store srv.enqueue tool.main",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main",
		},
		{
			name: "to the root alone", view: View{To: re(`^cli main\.main$`)},
			nodes: "cli.main", spine: "cli.main",
		},
		{
			name: "focus on a function of the spine", view: View{Focus: re(`srv\.check`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write",
			not:   []string{"srv.handle -> srv.quick"}, gaps: "tool.sync",
		},
		{
			name: "focus turns the spine off and back", view: View{Focus: re(`quick`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.quick srv.enqueue srv.store tool.main tool.write", gaps: "tool.sync",
		},
		{
			name: "focus on a dead end", view: View{Focus: re(`print`)},
			nodes: "cli.main cli.run cli.log cli.print", spine: "cli.main cli.run cli.log cli.print",
		},
		{name: "focus on nothing", view: View{Focus: re(`nowhere`)}},
		{name: "focus on what is on no way from the root", view: View{Focus: re(`mount`)}},
		{
			name: "ignore a branch", view: View{Ignore: re(`log$`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.mount srv.main srv.check srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write",
			edges: []string{"cli.send -http-> srv.handle @srv.mount"}, gaps: "tool.sync",
		},
		{
			name: "ignore a step of the spine that has a way around", view: View{Ignore: re(`check`)},
			nodes: "cli.main cli.run cli.log cli.print cli.send srv.handle srv.mount srv.main srv.log srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.quick srv.enqueue srv.store tool.main tool.write", gaps: "srv.log tool.sync",
		},
		{
			name: "ignore a step that has none", view: View{Ignore: re(`handle`)},
			nodes: "cli.main cli.run cli.log cli.print cli.send", spine: "cli.main cli.run cli.send",
		},
		{
			name: "ignore where a handler is registered", view: View{Ignore: re(`mount`)},
			nodes: "cli.main cli.run cli.log cli.print cli.send srv.handle srv.log srv.check srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write", gaps: "srv.log tool.sync",
			not: []string{"cli.send -http-> srv.handle @srv.mount"},
		},
		{
			name: "ignore nothing", view: View{Ignore: re(`nowhere`)}, nodes: all,
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write", gaps: "srv.log tool.sync",
		},
		{name: "ignore the root", view: View{Ignore: re(`main`), To: re(`write`)}},
		{
			name: "ignore before to", view: View{Ignore: re(`check`), To: re(`store`)},
			nodes: "cli.main cli.run cli.send srv.handle srv.quick srv.store srv.enqueue",
			spine: "cli.main cli.run cli.send srv.handle srv.quick srv.enqueue srv.store",
		},
		{
			name: "hide joins calls", view: View{Hide: re(`quick|enqueue`)},
			nodes: "cli.main cli.run cli.log cli.print cli.send srv.handle srv.mount srv.main srv.log srv.check srv.store tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write",
			edges: []string{"srv.handle -> srv.store +hidden"}, gaps: "srv.log tool.sync",
		},
		{
			name: "hide keeps the ends of crossings", view: View{Hide: re(`send|handle|check|run`)},
			nodes: "cli.main cli.log cli.print cli.send srv.handle srv.mount srv.main srv.log srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.send srv.handle srv.store tool.main tool.write",
			edges: []string{"cli.main -> cli.send +hidden", "cli.send -http-> srv.handle @srv.mount", "srv.handle -> srv.store +hidden"},
			gaps:  "srv.log tool.sync",
		},
		{
			name: "hide moves a gap up and joins no node with itself", view: View{Hide: re(`sync|srv\.log|cli\.log`)},
			nodes: "cli.main cli.run cli.print cli.send srv.handle srv.mount srv.main srv.check srv.quick srv.store srv.enqueue tool.main tool.write",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write",
			edges: []string{"tool.write -> tool.write", "cli.run -> cli.print +hidden"}, not: []string{"tool.write -> tool.write +hidden"},
			gaps: "srv.handle tool.write",
		},
		{
			name: "hide never hides the root", view: View{Hide: re(`.`)},
			nodes: "cli.main", spine: "cli.main", gaps: "cli.main",
		},
		{
			name: "show joins over all others and drops their gaps", view: View{Show: re(`cli|tool|srv\.log`)},
			nodes: "cli.main cli.run cli.log cli.print cli.send srv.handle srv.log srv.store tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.store tool.main tool.write",
			edges: []string{"cli.send -http-> srv.handle", "srv.handle -> srv.store +hidden", "srv.store -exec-> tool.main", "srv.handle -> srv.log"},
			gaps:  "srv.log tool.sync",
		},
		{
			name: "show does not jump from program to program", view: View{Show: re(`tool\.write`)},
			nodes: "cli.main cli.send srv.handle srv.store tool.main tool.write",
			spine: "cli.main cli.send srv.handle srv.store tool.main tool.write",
			edges: []string{"cli.main -> cli.send +hidden", "srv.store -exec-> tool.main"},
			not:   []string{"cli.main -exec-> tool.write +hidden", "cli.main -http-> tool.write +hidden"},
		},
		{
			name: "show leaves out crossings that lead to nothing shown", view: View{Show: re(`cli\.print`)},
			nodes: "cli.main cli.print", spine: "cli.main cli.print", edges: []string{"cli.main -> cli.print +hidden"},
		},
		{
			name: "show turns the spine off to what is shown", view: View{Show: re(`quick`)},
			nodes: "cli.main cli.send srv.handle srv.quick", spine: "cli.main cli.send srv.handle srv.quick",
		},
		{
			name: "show without hide", view: View{Show: re(`srv`), Hide: re(`store|mount`)},
			nodes: "cli.main cli.send srv.handle srv.log srv.check srv.quick srv.enqueue",
			spine: "cli.main cli.send srv.handle srv.check", edges: []string{"cli.main -> cli.send +hidden", "cli.send -http-> srv.handle"}, gaps: "srv.log",
		},
		{
			name: "depth counts from where a process is entered", view: View{Depth: 2},
			nodes: "cli.main cli.run cli.log cli.send srv.handle srv.mount srv.main srv.log srv.check srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write",
			edges: []string{"cli.send -http-> srv.handle @srv.mount", "tool.write -> tool.write"}, gaps: "srv.log tool.sync",
		},
		{
			name: "depth ends the spine", view: View{Depth: 1},
			nodes: "cli.main cli.run", spine: "cli.main cli.run", cut: 6,
		},
		{
			name: "depth counts what is shown", view: View{Depth: 2, Hide: re(`cli\.log`)},
			nodes: "cli.main cli.run cli.print cli.send srv.handle srv.mount srv.main srv.log srv.check srv.quick srv.store srv.enqueue tool.main tool.write tool.sync",
			spine: "cli.main cli.run cli.send srv.handle srv.check srv.store tool.main tool.write", gaps: "srv.log tool.sync",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := sketch(shop)
			got, err := test.view.Apply(f)
			if err != nil {
				t.Fatal(err)
			}
			if have := strings.Join(names(got, ids(got.Nodes)), " "); have != test.nodes {
				t.Errorf("nodes\n%s\nwant\n%s", have, test.nodes)
			}
			if have := strings.Join(names(got, got.Spine), " "); have != test.spine {
				t.Errorf("spine\n%s\nwant\n%s", have, test.spine)
			}
			if got.Cut != test.cut {
				t.Errorf("%d steps are cut, want %d", got.Cut, test.cut)
			}
			var after []int
			for _, g := range got.Gaps {
				after = append(after, g.After)
			}
			if have := strings.Join(names(got, after), " "); have != test.gaps {
				t.Errorf("gaps after %q, want %q", have, test.gaps)
			}
			edges := written(got)
			for _, e := range test.edges {
				if !slices.Contains(edges, e) {
					t.Errorf("no edge %s in\n%s", e, strings.Join(edges, "\n"))
				}
			}
			for _, e := range test.not {
				if slices.Contains(edges, e) {
					t.Errorf("there is an edge %s", e)
				}
			}
		})
	}
}

// TestViewIsWhole narrows by each function in turn, and by all words at once:
// what is left must hang together, and be the same in every run.
func TestViewIsWhole(t *testing.T) {
	f := sketch(shop)
	before := marshal(t, f)
	reached := spread([]int{f.Root}, waysOf(f).next)
	var views []View
	for _, n := range f.Nodes {
		x := re(regexp.QuoteMeta(n.Func) + "$")
		views = append(views, View{Focus: x}, View{Ignore: x}, View{Hide: x}, View{Hide: x, Depth: 1},
			View{Ignore: x, Focus: re("store"), Hide: re("send"), Depth: 2})
		if reached[n.ID] {
			views = append(views, View{Show: x}, View{To: x}, View{To: x, Hide: re("log|check")})
		}
	}
	for _, v := range views {
		got, err := v.Apply(f)
		if err != nil {
			t.Errorf("%+v: %v", v, err)
			continue
		}
		if again, _ := v.Apply(sketch(shop)); marshal(t, again) != marshal(t, got) {
			t.Errorf("%+v: two runs differ", v)
		}
		checkWhole(t, fmt.Sprintf("%+v", v), got)
	}
	if marshal(t, f) != before {
		t.Error("a view changed the flow it was given")
	}
}

func checkWhole(t *testing.T, what string, f *flow.Flow) {
	t.Helper()
	w := waysOf(f)
	if f.Root == 0 {
		if len(f.Nodes)+len(f.Edges)+len(f.Spine)+len(f.Gaps) > 0 {
			t.Errorf("%s: there is no root and yet something", what)
		}
		return
	}
	if f.Spine[0] != f.Root {
		t.Errorf("%s: the spine starts at %d", what, f.Spine[0])
	}
	for i := 1; i < len(f.Spine); i++ {
		if !slices.Contains(w.next(f.Spine[i-1]), f.Spine[i]) {
			t.Errorf("%s: no edge on the spine to %d", what, f.Spine[i])
		}
	}
	for _, e := range f.Edges {
		if w.name[e.From] == "" || w.name[e.To] == "" {
			t.Errorf("%s: an edge leads to a node that is gone", what)
		}
		for _, r := range e.Registered {
			if r.Node != nil && w.name[*r.Node] == "" {
				t.Errorf("%s: registered in a node that is gone", what)
			}
		}
	}
	for _, g := range f.Gaps {
		if w.name[g.After] == "" {
			t.Errorf("%s: a gap after a node that is gone", what)
		}
	}
}

// TestCrossingsAreTrue shows each function alone, and hides it: an edge into
// another process is one of those that the flow has.
func TestCrossingsAreTrue(t *testing.T) {
	f := sketch(shop)
	own := map[string]bool{}
	for _, e := range f.Edges {
		if e.Kind.Process() {
			own[fmt.Sprint(e.From, e.To, e.Kind)] = true
		}
	}
	reached := spread([]int{f.Root}, waysOf(f).next)
	for _, n := range f.Nodes {
		x := re(regexp.QuoteMeta(n.Func) + "$")
		views := []View{{Hide: x}}
		if reached[n.ID] {
			views = append(views, View{Show: x})
		}
		for _, v := range views {
			got, err := v.Apply(f)
			if err != nil {
				t.Fatal(err)
			}
			program := map[int]string{}
			for _, n := range got.Nodes {
				program[n.ID] = n.Component
			}
			for _, e := range got.Edges {
				if e.Kind.Process() != (program[e.From] != program[e.To]) || e.Kind.Process() && !own[fmt.Sprint(e.From, e.To, e.Kind)] {
					t.Errorf("%+v: %v is no edge of the flow", v, e)
				}
				if (e.Skipped == 0) == strings.HasSuffix(e.Rule, "+hidden") {
					t.Errorf("%+v: %v does not say what it skips", v, e)
				}
			}
		}
	}
}

func TestShowMatchesNothing(t *testing.T) {
	for expr, want := range map[string]string{
		`nowhere`:  `no function on the route matches --show "nowhere"`,
		`srv.chek`: `no function on the route matches --show "srv.chek"; did you mean check?`,
		`mount`:    `no function on the route matches --show "mount"`,
	} {
		if _, err := (View{Show: re(expr)}).Apply(sketch(shop)); err == nil || err.Error() != want {
			t.Errorf("--show %s: %v, want %s", expr, err, want)
		}
	}
}

func TestToMatchesNothing(t *testing.T) {
	for expr, want := range map[string]string{
		`nowhere`:      `no function on the route matches --to "nowhere"`,
		`srv\.chekc`:   `no function on the route matches --to "srv\.chekc"; did you mean check?`,
		`^srv.*\.Stor`: `no function on the route matches --to "^srv.*\.Stor"; did you mean store?`,
		`mount`:        `no function on the route matches --to "mount"`,
		`^.{900}$`:     `no function on the route matches --to "^.{900}$"`,
	} {
		if _, err := (View{To: re(expr)}).Apply(sketch(shop)); err == nil || err.Error() != want {
			t.Errorf("--to %s: %v, want %s", expr, err, want)
		}
	}
	f, err := View{To: re("check"), Ignore: re("srv")}.Apply(sketch(shop))
	if err == nil {
		t.Errorf("what is ignored is found: %v", names(f, f.Spine))
	}
}

func TestViewOfNothing(t *testing.T) {
	empty := &flow.Flow{Schema: flow.Schema}
	for _, v := range []View{{}, {To: re(".")}, {Focus: re(".")}, {Ignore: re(".")}, {Hide: re(".")}, {Depth: 1}} {
		if got, err := v.Apply(empty); err != nil || len(got.Nodes) > 0 {
			t.Errorf("%+v: %v", v, err)
		}
	}
}
