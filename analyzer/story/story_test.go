package story_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/story"
)

// sketch is a graph written by hand, a line for each call or effect, in the order in
// which they stand in the source:
//
//	client.main calls client.create
//	client.create asks daemon.create open
//	daemon.create writes
//
// A function is program.name; the first one begins the route. The verbs are calls,
// requests, asks (a request for an answer alone), starts (a program), queues (work),
// writes, prepares and leaves (the system). Behind them stand terms: error, off, loose,
// open, open2, special, choice, loop, once, handed, at=N (the place, where it is not the line's),
// carries=N, madein=FUNCTION (what it is called on), in=N (the stretch of its function's course). The course itself is
//
//	client.run goes 0>1 0>2 1 2
//
// where 1 and 2 are the stretches in which a run may end.
type sketch string

func (s sketch) graph(t *testing.T) (*story.Graph, []string) {
	t.Helper()
	g := &story.Graph{}
	var names []string
	programs := map[string]int{}
	visit := func(name string) int {
		if i := slices.Index(names, name); i >= 0 {
			return i
		}
		program, _, _ := strings.Cut(name, ".")
		process := strings.TrimSuffix(program, "'") // client' is another process of client
		for _, p := range []string{process, program} {
			if _, ok := programs[p]; !ok {
				programs[p] = len(programs)
			}
		}
		names = append(names, name)
		g.Visits = append(g.Visits, story.Visit{Program: programs[process], Process: programs[program]})
		return len(names) - 1
	}
	for i, line := range strings.Split(strings.TrimSpace(string(s)), "\n") {
		words := strings.Fields(line)
		from := visit(words[0])
		if words[1] == "goes" {
			for _, way := range words[2:] {
				var at, to int
				if !scan(way, "%d>%d", &at, &to) {
					to = -1
				}
				course := stretches(&g.Visits[from], max(at, to))
				if to >= 0 {
					course[at].Next = append(course[at].Next, to)
				} else {
					course[at].Ends = true
				}
			}
			continue
		}
		c, in := story.Call{Pos: i}, -1
		var maker []int
		rest := words[2:]
		switch words[1] {
		case "calls", "requests", "asks", "starts", "queues":
			c.To, rest = visit(words[2]), words[3:]
			c.Leaves, c.Starts, c.Asks, c.Work = words[1] != "calls", words[1] == "starts", words[1] == "asks", words[1] == "queues"
		}
		for _, term := range rest {
			var n int
			switch {
			case term == "error":
				c.Error = true
			case term == "off":
				c.Off = true
			case term == "special":
				c.Open, c.Special = 1, 1
			case term == "loose":
				c.Loose = 1
			case term == "open":
				c.Open = 1
			case term == "open2":
				c.Open = 2
			case term == "choice":
				c.Choices = 1
			case term == "loop":
				c.Repeated = true
			case term == "once":
				c.Once, c.Open = true, 1
			case term == "handed":
				c.Handed, c.Loose = true, 1
			case scan(term, "in=%d", &in):
			case strings.HasPrefix(term, "madein="):
				maker = []int{visit(strings.TrimPrefix(term, "madein="))}
			case scan(term, "at=%d", &n):
				c.Pos = n
			case scan(term, "carries=%d", &n):
				c.Carries = n
			default:
				t.Fatalf("%q: what is %q?", line, term)
			}
		}
		v := &g.Visits[from]
		switch words[1] {
		case "writes", "prepares":
			v.Effects = append(v.Effects, story.Effect{Pos: c.Pos, Prepares: words[1] == "prepares", Terms: c.Terms})
		case "leaves":
			v.Ends = true
		default:
			if in >= 0 {
				course := stretches(v, in)
				course[in].Calls = append(course[in].Calls, len(v.Calls))
			}
			v.Calls, v.Makers = append(v.Calls, c), append(v.Makers, maker)
		}
	}
	return g, names
}

// stretches is the course of a visit, which has one of that number.
func stretches(v *story.Visit, number int) []story.Stretch {
	for len(v.Course) <= number {
		v.Course = append(v.Course, story.Stretch{})
	}
	return v.Course
}

func scan(term, format string, n ...any) bool {
	_, err := fmt.Sscanf(term, format, n...)
	return err == nil
}

// chain is the main chain as names.
func chain(g *story.Graph, names []string) string {
	out := []string{names[0]}
	for _, s := range story.Tell(g).Chain {
		out = append(out, names[g.Visits[s.Visit].Calls[s.Call].To])
	}
	return strings.Join(out, " ")
}

// TestChain holds what is told of two things that could be. Each has its like in a
// command that was run and watched.
func TestChain(t *testing.T) {
	for _, test := range []struct{ name, graph, want string }{
		{"what surely runs, not what comes further under a condition", `
			client.kill requests daemon.kill
			daemon.kill calls daemon.signal
			daemon.kill calls daemon.thaw open
			daemon.signal requests shim.kill
			daemon.thaw requests shim.resume
			shim.resume starts runtime.resume
		`, "client.kill daemon.kill daemon.signal shim.kill"},
		{"a condition is taken where nothing else leads on", `
			client.update requests daemon.update
			daemon.update calls daemon.save
			daemon.save writes
			daemon.update calls daemon.running open
			daemon.running requests shim.update
		`, "client.update daemon.update daemon.running shim.update"},
		{"no crossing that is ruled out where there is an effect", `
			client.cut requests daemon.cut
			daemon.cut calls daemon.send off
			daemon.cut calls daemon.note open
			daemon.send requests worker.cut
			daemon.note writes
		`, "client.cut daemon.cut daemon.note"},
		{"not what a server makes once", `
			client.list requests daemon.list
			daemon.list calls daemon.open once
			daemon.list calls daemon.read
			daemon.open writes
		`, "client.list daemon.list daemon.read"},
		{"a program makes it each time", `
			client.list calls client.open once
			client.list calls client.read
			client.open writes
		`, "client.list client.open"},
		{"one condition rather than two", `
			daemon.stop calls daemon.signal open
			daemon.stop calls daemon.kill open2
			daemon.signal requests shim.signal
			daemon.kill requests shim.kill
		`, "daemon.stop daemon.signal shim.signal"},
		{"what surely comes to more processes", `
			client.run requests daemon.create
			client.run requests daemon.start
			client.run requests daemon.wait
			daemon.start requests shim.start
		`, "client.run daemon.start shim.start"},
		{"what carries more", `
			client.logs calls client.inspect carries=1
			client.logs calls client.read carries=2
			client.logs calls client.tell carries=1
			client.inspect asks daemon.inspect
			daemon.inspect requests store.list open
			client.read asks daemon.logs
			client.tell asks daemon.version
		`, "client.logs client.read daemon.logs"},
		{"a request that does something, not one that asks", `
			client.copy requests daemon.put
			client.copy asks daemon.stat
		`, "client.copy daemon.put"},
		{"the last of several", `
			daemon.start requests shim.create
			daemon.start requests shim.start
		`, "daemon.start shim.start"},
		{"the first of several answers of one call", `
			daemon.start calls daemon.v3 choice at=1
			daemon.start calls daemon.v2 choice at=1
			daemon.v3 requests shim.v3
			daemon.v2 requests shim.v2
		`, "daemon.start daemon.v3 shim.v3"},
		{"not what an error leads to", `
			client.run requests daemon.start
			client.run requests daemon.pull error
			daemon.pull requests registry.get
		`, "client.run daemon.start"},
		{"not what is left to others", `
			client.attach calls client.signals loose
			client.signals requests daemon.kill
			daemon.kill requests shim.kill
			client.attach requests daemon.attach
		`, "client.attach daemon.attach"},
		{"the surest way to one function", `
			client.a calls client.b open
			client.a calls client.c
			client.c calls client.b
			client.b writes
		`, "client.a client.c client.b"},
		{"not back into a program that was left", `
			client.a requests daemon.a
			daemon.a starts client'.hook
			client'.hook requests other.a
			daemon.a requests shim.a
		`, "client.a daemon.a shim.a"},
		{"nor to the process itself", `
			client.info requests daemon.info
			daemon.info requests daemon.cluster
			daemon.info writes
		`, "client.info daemon.info"},
		{"but to who takes work, in the same program too", `
			daemon.apply queues daemon.worker
			daemon.worker writes
			daemon.apply writes
		`, "daemon.apply daemon.worker"},
		{"not what a flag rules out", `
			client.exec calls client.detached off
			client.exec requests daemon.create
			client.detached requests daemon.start
			daemon.start requests shim.start
		`, "client.exec daemon.create"},
		{"of two conditions the one that asks for nothing", `
			shim.start calls shim.exec special
			shim.start calls shim.init open
			shim.exec starts runtime.exec
			runtime.exec starts runtime'.init
			shim.init starts runtime.start
		`, "shim.start shim.init runtime.start"},
		{"but into a process that a program makes of itself", `
			runtime.create starts runtime'.init
			runtime.create writes
			runtime'.init writes
		`, "runtime.create runtime'.init"},
		{"a sure effect, not a guess", `
			daemon.create calls daemon.register
			daemon.register writes
			daemon.create calls daemon.overlay choice open
			daemon.overlay starts daemon'.mount
		`, "daemon.create daemon.register"},
		{"the last effect that counts", `
			runtime.update calls runtime.load
			runtime.update calls runtime.set
			runtime.load prepares
			runtime.set writes open
		`, "runtime.update runtime.set"},
		{"the surest effect", `
			runtime.update calls runtime.save
			runtime.save writes
			runtime.update calls runtime.all open
			runtime.all writes
		`, "runtime.update runtime.save"},
		{"of what only answers, sure effects alone", `
			client.top asks daemon.top
			daemon.top calls daemon.open
			daemon.top calls daemon.answer
			daemon.open writes open
			daemon.answer calls daemon.titles
			daemon.answer calls daemon.rows
		`, "client.top daemon.top daemon.answer daemon.rows"},
		{"where control leaves the system", `
			client.pull requests daemon.pull
			daemon.pull calls daemon.fetch
			daemon.fetch leaves
			daemon.pull calls daemon.note open
			daemon.note writes
		`, "client.pull daemon.pull daemon.fetch"},
		{"what both sides of a condition come to", `
			client.run requests daemon.create in=0
			client.run requests daemon.start open2 at=7 in=1
			client.run calls client.attached open in=2
			client.attached requests daemon.attach
			client.attached requests daemon.start
			client.run goes 0>1 0>2 1 2
			daemon.start requests shim.start
		`, "client.run client.attached daemon.start shim.start"},
		{"not what one side alone comes to", `
			client.run requests daemon.create in=0
			client.run requests daemon.start open in=1
			client.run calls client.note open in=2
			client.note writes
			client.run goes 0>1 0>2 1 2
			daemon.start requests shim.start
		`, "client.run daemon.create"},
		{"nor where the second side may be passed by", `
			client.run requests daemon.create in=0
			client.run requests daemon.start open in=1
			client.run requests daemon.start open in=2
			client.run goes 0>1 0>2 0 1 2
			daemon.start requests shim.start
		`, "client.run daemon.create"},
		{"but where a flag rules out that it is", `
			client.run requests daemon.create in=0
			client.run requests daemon.start open in=1
			client.run calls client.note off in=2
			client.run goes 0>1 0>2 1 2
			daemon.start requests shim.start
		`, "client.run daemon.start shim.start"},
		{"a loop in the course", `
			client.run requests daemon.create in=0
			client.run requests daemon.start open in=2
			client.run calls client.try open in=1
			client.run goes 0>1 1>1 1>2 2
			daemon.start requests shim.start
		`, "client.run daemon.start shim.start"},
		{"what both sides begin with is not what the command is for", `
			daemon.create calls daemon.pull open in=1
			daemon.create calls daemon.load open in=2
			daemon.create goes 0>1 0>2 1 2
			daemon.pull requests store.lease
			daemon.pull requests store.fetch open
			daemon.load requests store.lease
			daemon.load requests store.write
		`, "daemon.create daemon.load store.write"},
		{"not what is handed on and called elsewhere", `
			shim.serve calls shim.update handed
			shim.update starts runtime.update
			shim.serve writes
		`, "shim.serve"},
		{"a program that is asked, not one that is started to be asked", `
			daemon.start starts shim'.main
			daemon.start requests shim.create
			shim'.main starts shim''.main
			shim.create writes
		`, "daemon.start shim.create"},
		{"but one that is started and not asked", `
			daemon.start starts shim'.main
			daemon.start requests store.put
			shim'.main starts shim''.main
		`, "daemon.start shim'.main shim''.main"},
		{"what comes to more programs, not what carries more", `
			client.run requests daemon.start carries=1
			client.run requests daemon.wait carries=2
			daemon.start requests shim.start open
		`, "client.run daemon.start shim.start"},
		{"of answers of one call not the one that comes to more processes of a program", `
			shim.start calls shim.exec choice at=1 carries=1
			shim.start calls shim.init choice at=1 carries=2
			shim.exec starts runtime.exec
			runtime.exec starts runtime'.init open
			shim.init starts runtime.start
		`, "shim.start shim.init runtime.start"},
		{"of answers of one call the one on what the command makes", `
			daemon.start requests shim.create
			daemon.start requests shim.start
			shim.create calls shim.newInit
			shim.start calls shim.exec choice at=1 madein=shim.newExec
			shim.start calls shim.init choice at=1 madein=shim.newInit
			shim.exec starts runtime.exec
			runtime.exec starts runtime'.init
			shim.init starts runtime.start
			daemon.start calls daemon.health loose
			daemon.health requests shim.add
			shim.add calls shim.newExec
		`, "daemon.start shim.start shim.init runtime.start"},
		{"where it leaves the system, of what only answers, if that is sure", `
			client.ps asks daemon.ps
			daemon.ps calls daemon.sizes special
			daemon.ps calls daemon.list
			daemon.sizes leaves
		`, "client.ps daemon.ps daemon.list"},
		{"a circle ends", `
			daemon.a calls daemon.b
			daemon.b calls daemon.a
			daemon.b calls daemon.c
		`, "daemon.a daemon.b daemon.c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, names := sketch(test.graph).graph(t)
			if got := chain(g, names); got != test.want {
				t.Errorf("told\n\t%s\nwant\n\t%s", got, test.want)
			}
		})
	}
}

// TestPhases holds the phases of a command against what a person would list.
func TestPhases(t *testing.T) {
	g, names := sketch(`
		client.run calls client.pull
		client.run calls client.create
		client.run calls client.attached
		client.pull requests daemon.pull open
		client.create requests daemon.create
		client.attached requests daemon.attach
		client.attached calls client.resize loose
		client.attached requests daemon.start
		client.attached requests daemon.remove error
		client.resize requests daemon.resize loop
		daemon.create prepares
		daemon.create writes loop
		daemon.start requests shim.start choice
		daemon.attach calls daemon.copy
		daemon.copy calls daemon.attach
	`).graph(t)
	var got []string
	told := story.Tell(g)
	for i, p := range told.Phases {
		got = append(got, fmt.Sprintf("#%d %s", i, names[p.Entry]))
		for j, m := range p.Moments {
			line := "  effect in " + names[m.Visit]
			if m.Call != story.None {
				line = fmt.Sprintf("  to %s #%d", names[g.Visits[m.Visit].Calls[m.Call].To], m.Phase)
			}
			for _, s := range m.Way {
				line += " < " + names[s.Visit]
			}
			if j == p.Main {
				line += " MAIN"
			}
			got = append(got, line+terms(m.Terms))
		}
	}
	want := `
#0 client.run
  to daemon.pull #1 < client.run open
  to daemon.create #2 < client.run
  to daemon.attach #3 < client.run
  to daemon.resize #4 < client.run < client.attached loose loop
  to daemon.start #5 < client.run MAIN
  to daemon.remove #-1 < client.run error
#1 daemon.pull
#2 daemon.create
  effect in daemon.create
  effect in daemon.create loop
#3 daemon.attach
#4 daemon.resize
#5 daemon.start
  to shim.start #6 MAIN choice
#6 shim.start`
	if text := "\n" + strings.Join(got, "\n"); text != want {
		t.Errorf("told%s\nwant%s", text, want)
	}
}

func terms(t story.Terms) string {
	out := ""
	for _, x := range []struct {
		holds bool
		word  string
	}{{t.Error, "error"}, {t.Loose > 0, "loose"}, {t.Open > 0, "open"}, {t.Choices > 0, "choice"}, {t.Repeated, "loop"}} {
		if x.holds {
			out += " " + x.word
		}
	}
	return out
}

// TestOrderOfVisits tells the same of a graph whose visits have other numbers.
func TestOrderOfVisits(t *testing.T) {
	g, names := sketch(`
		client.run calls client.create
		client.run calls client.start
		client.create requests daemon.create
		client.start requests daemon.start
		daemon.start calls daemon.task
		daemon.task requests shim.start
		shim.start writes
		daemon.create writes
	`).graph(t)
	want := chain(g, names)
	n := len(names)
	turned, renamed := &story.Graph{Visits: make([]story.Visit, n)}, make([]string, n)
	place := func(i int) int { return (n - i) % n } // the first stays
	for i, v := range g.Visits {
		v.Calls = slices.Clone(v.Calls)
		for j := range v.Calls {
			v.Calls[j].To = place(v.Calls[j].To)
		}
		turned.Visits[place(i)], renamed[place(i)] = v, names[i]
	}
	if got := chain(turned, renamed); got != want {
		t.Errorf("told %s, before %s", got, want)
	}
}

func TestEmpty(t *testing.T) {
	if s := story.Tell(&story.Graph{}); len(s.Phases) != 0 || len(s.Chain) != 0 {
		t.Errorf("of nothing is told %v", s)
	}
}
