package value

import (
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
)

// joinKey is a departure of a program.
type joinKey struct {
	exe *summary.Executable
	at  int
}

// cross follows a value that a call sends to another program: in an argument, or in
// the command that it makes. It reports whether the call sends anything there: then
// what it gives is an answer.
func (f *follower) cross(i int, x fact, s *dataflow.Step) (sends bool) {
	for n := range x.exe.Departures {
		d := &x.exe.Departures[n]
		if d.Pos != s.Pos || x.exe.Base(d.In) != x.exe.Base(x.fn) {
			continue
		}
		sends = sends || d.Kind.Process()
		if !f.decided(i, x.exe, d) {
			continue
		}
		joins := f.joined(x.exe, n, d)
		if len(joins) == 0 && d.Kind.Process() && !x.path.empty() {
			f.unanswered(i, x, s, d)
		}
		for _, j := range joins {
			if f.route[j.Exe] == nil {
				continue
			}
			h := at(x, s, "")
			h.quiet = false
			h.kind, h.detail = d.Kind, j.Detail
			if f.st.Protocols.Of(d.Kind).Reach == boundary.Starts {
				f.toProgram(i, x.path, j, h)
				continue
			}
			f.toHandler(i, x.path, d.Kind, j, h)
		}
	}
	return sends
}

// unanswered notes that a value leaves for a program that is not here.
func (f *follower) unanswered(i int, x fact, s *dataflow.Step, d *summary.Departure) {
	h := byCall(at(x, s, ""), s)
	p := x.path
	if p.is(field) {
		p, _ = f.paths.names(models.Proto, p)
	}
	h.wire = p.document()
	f.losses = append(f.losses, loss{fact: i, hop: h, why: strings.TrimSpace("it leaves by "+string(d.Kind)+" "+d.Key.String()) + ", which no program here takes"})
}

// decided reports whether the way of a fact passed the function that decides a
// departure.
func (f *follower) decided(i int, exe *summary.Executable, d *summary.Departure) bool {
	origin := exe.Base(d.Origin())
	if len(d.Via) == 0 || !f.route[exe].bases[origin] {
		return len(d.Via) == 0
	}
	for ; i >= 0; i = f.facts[i].from {
		x := f.facts[i]
		if x.exe == exe && (x.fn != summary.None && exe.Base(x.fn) == origin || x.hop.exe == exe && x.hop.fn != summary.None && exe.Base(x.hop.fn) == origin) {
			return true
		}
	}
	return false
}

// joined is what a departure reaches.
func (f *follower) joined(exe *summary.Executable, n int, d *summary.Departure) []stitch.Join {
	key := joinKey{exe, n}
	if joins, ok := f.joins[key]; ok {
		return joins
	}
	if f.joins == nil {
		f.joins = map[joinKey][]stitch.Join{}
	}
	joins, _, err := f.st.Join(f.ctx, exe, d)
	if err != nil {
		joins = nil
	}
	f.joins[key] = joins
	return joins
}

// toProgram follows a value in the command that starts a program: its arguments and
// its standard input.
func (f *follower) toProgram(i int, p path, j stitch.Join, h hop) {
	for ; p.at != nil; p = p.tail() {
		e := p.head()
		switch {
		case e.kind == field && e.name == "Stdin":
			h.wire = strings.TrimSuffix("stdin "+p.document(), " ")
			f.add(fact{exe: j.Exe, fn: summary.None, reg: dataflow.None, name: "os.Stdin", path: p.tail()}, i, h)
			return
		case e.kind == element && strings.HasPrefix(e.name, "-"):
			h.wire = e.name
			n := len(f.facts)
			flag := strings.TrimLeft(e.name, "-")
			f.add(fact{exe: j.Exe, fn: summary.None, reg: dataflow.None, name: e.name}, i, h)
			if n < len(f.facts) {
				_ = f.start(j.Exe, j.Command, flag, n) // what defines no flag ends there
			}
			return
		case e.kind == encoded:
			return
		}
	}
}

// toHandler follows a value in a request or a message to the handler.
func (f *follower) toHandler(i int, p path, k flow.Kind, j stitch.Join, h hop) {
	b := j.Exe.Body(j.Func)
	if b == nil {
		return
	}
	if p.is(field) { // a message is written down by who sends it
		var ok bool
		if p, ok = f.paths.names(models.Proto, p); !ok {
			return
		}
	}
	if !p.is(encoded) && !p.is(named) && k != flow.HTTP {
		return
	}
	inPath := p.is(encoded) && p.head().form == models.Path
	if inPath {
		p = f.paths.inPattern(p, j.Detail)
	}
	h.wire = p.document()
	y := fact{exe: j.Exe, fn: j.Func, path: p}
	// A generated handler is given a function that decodes into its argument.
	decoded := false
	for n := range b.Steps {
		s := &b.Steps[n]
		if s.Op == dataflow.Call && s.Callee >= 0 && int(s.Callee) < b.Params() && len(s.Args) == 1 && len(s.Results) == 0 {
			decoded = true
			f.add(y.written(s.Args[0], p), i, h)
		}
	}
	if decoded {
		return
	}
	for n, v := range b.Vars[:b.Params()] {
		if inPath && v.Keyed {
			f.add(y.to(dataflow.Reg(n), p.tail()), i, h)
		}
		if v.Type == "net/http.Request" || k != flow.HTTP && n > 0 && v.Type != "" && !slices.Contains(notMessages, v.Type) {
			f.add(y.to(dataflow.Reg(n), p), i, h)
		}
	}
}

// placeholder is a variable in the pattern of a route: {name}, {name:.*}, :name, *name.
var placeholder = regexp.MustCompile(`\{([A-Za-z_]\w*)[^}]*\}|[:*]([A-Za-z_]\w*)`)

// inPattern is a path of a URL with the name that a route has for it, where it has one
// name alone.
func (t paths) inPattern(p path, pattern string) path {
	all := placeholder.FindAllStringSubmatch(pattern, -1)
	if len(all) != 1 || !p.tail().empty() {
		return p
	}
	name := all[0][1] + all[0][2]
	return t.with(p.head(), t.with(elem{kind: named, name: name, form: models.Path}, path{}))
}

// notMessages is the types of a handler's parameters that are no message.
var notMessages = []string{"context.Context", "net/http.ResponseWriter"}
