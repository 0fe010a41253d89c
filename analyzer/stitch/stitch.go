// Package stitch joins departures to arrivals: it says which function of which
// program a request, a started program or a message reaches.
//
// Rules.
//
//   - http: method and path pattern fit, and addresses that are constants on
//     both sides agree; within a program the most specific route wins, between
//     programs the one with more equal segments, and equal fits are all given. A
//     route for everything answers only where other requests to the same
//     constant address reach that program
//   - grpc, ttrpc: "/service/Method" is equal; when several programs serve it,
//     those that the departing program starts are meant, or those that start it
//   - exec: the file name is the program's name, or an alias in callroute.yaml
//     says so; the arguments choose the command
//
// What finds no partner is a gap with its reason and, where callroute.yaml can
// help, the line to add. A program is loaded when something may arrive there.
package stitch

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary/execprogram"
	"github.com/callroute/callroute/analyzer/boundary/httproute"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Programs gives the programs of the system, analyzed when they are asked for.
type Programs interface {
	// All is every program, sorted by name and package.
	All() []*system.Program
	// Get analyzes a program, once.
	Get(context.Context, *system.Program) (*summary.Executable, error)
	// Serves reports whether a program may serve requests of this kind and
	// key; false is certain, and cheap to know.
	Serves(context.Context, *system.Program, flow.Kind, string) bool
}

// Stitcher joins the departures of one system.
type Stitcher struct {
	System   *system.System
	Programs Programs
}

// Join is one thing that a departure reaches.
type Join struct {
	Exe        *summary.Executable
	Func       summary.ID        // a handler; None when a program is started
	Command    *summary.Command  // the command of a started program, nil for its main function
	Argv       []string          // the known arguments of a started program
	ArgvKnown  bool              // whether Argv is all of them
	Before     []summary.Handler // run before Func
	Registered []summary.Place   // in Exe
	Detail     string
	Label      string
}

// Gap says why a departure reaches nothing.
type Gap struct{ Reason, Hint string }

// Join finds what d, which leaves from, reaches. It gives joins or a gap.
func (s *Stitcher) Join(ctx context.Context, from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	if d.Reason != "" && d.Kind != flow.Exec {
		return nil, &Gap{d.Reason, d.Hint}, nil
	}
	switch d.Kind {
	case flow.Exec:
		return s.exec(ctx, from, d)
	case flow.Channel:
		return channel(from, d)
	}
	return s.request(ctx, from, d)
}

// request joins http, grpc and ttrpc.
func (s *Stitcher) request(ctx context.Context, from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	var best answers
	foreign := 0
	var library *summary.Executable
	for _, p := range s.Programs.All() {
		if p == from.Program || !s.Programs.Serves(ctx, p, d.Kind, d.Key.Path) {
			continue
		}
		exe, err := s.Programs.Get(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		if d.Kind != flow.HTTP || !from.Funcs[d.In].Library || speaksTo(from, d, exe) {
			best.add(answer(exe, d))
			if n := foreignScore(exe, d); n > foreign && n > answer(exe, d).score {
				foreign, library = n, exe
			}
		}
	}
	if library != nil && equalSegments(foreign) >= equalSegments(best.score) && foreign > 4*httproute.Weak {
		return nil, &Gap{Reason: fmt.Sprintf("%s serves %s with a function of a library", library.Program.Name, d.Key)}, nil
	}
	if len(best.joins) == 0 && (d.Kind != flow.HTTP || speaksTo(from, d, from)) {
		best.add(answer(from, d))
	}
	if len(best.joins) == 0 && d.Key.Address != "" {
		exe, err := s.behind(ctx, from, d)
		if err != nil {
			return nil, nil, err
		}
		if exe != nil {
			best = answer(exe, d)
		}
	}
	if len(best.joins) == 0 {
		at := ""
		if d.Key.Address != "" {
			at = " at " + d.Key.Address
		}
		return nil, &Gap{Reason: fmt.Sprintf("no program under study serves %s%s", d.Key, at)}, nil
	}
	return s.label(from, narrow(from, best.joins)), nil, nil
}

// answers is what fits one departure best.
type answers struct {
	joins []Join
	score int
}

// add puts the answers of another program beside those found: how specific a
// pattern is says which one a server takes, not which server is asked, so that
// only a pattern with more equal segments is better.
func (a *answers) add(other answers) {
	switch have, comes := equalSegments(a.score), equalSegments(other.score); {
	case len(other.joins) == 0 || other.score <= 4*httproute.Weak && other.score > 1 || comes < have:
	case comes > have:
		*a = other
	default:
		a.joins = append(a.joins, other.joins...)
		a.score = max(a.score, other.score)
	}
}

// equalSegments is the number of path segments that a score stands for.
func equalSegments(score int) int { return (score + 3) / (4 * httproute.Literal) }

// answer is what exe serves that fits d best.
func answer(exe *summary.Executable, d *summary.Departure) answers {
	var out answers
	for i := range exe.Arrivals {
		a := &exe.Arrivals[i]
		n := fit(d, a)
		if n <= 0 || n < out.score {
			continue
		}
		if n > out.score {
			out = answers{score: n}
		}
		for _, h := range a.For(d.Key.Name) {
			j := Join{Exe: exe, Func: h.Func, Before: a.Before, Registered: a.Registered, Detail: detail(d, a), Label: h.Label}
			if !slices.ContainsFunc(out.joins, func(x Join) bool { return x.Func == h.Func }) {
				out.joins = append(out.joins, j)
			}
		}
	}
	return out
}

// foreignScore tells how well exe answers d with a function that is not in its
// summary.
func foreignScore(exe *summary.Executable, d *summary.Departure) int {
	best := 0
	for i := range exe.Foreign {
		best = max(best, fit(d, &exe.Foreign[i]))
	}
	return best
}

// behind is the program that other requests to the same constant address reach
// with a path of their own. There a route for everything answers the rest.
func (s *Stitcher) behind(ctx context.Context, from *summary.Executable, d *summary.Departure) (*summary.Executable, error) {
	for i := range from.Departures {
		other := &from.Departures[i]
		if other.Kind != d.Kind || other.Key.Address != d.Key.Address || other.Reason != "" {
			continue
		}
		for _, p := range s.Programs.All() {
			if p == from.Program || !s.Programs.Serves(ctx, p, other.Kind, other.Key.Path) {
				continue
			}
			exe, err := s.Programs.Get(ctx, p)
			if err != nil {
				return nil, err
			}
			if answer(exe, other).score > 4*httproute.Weak {
				return exe, nil
			}
		}
	}
	return nil, nil
}

// speaksTo reports whether at least half of what the package that sends d
// sends is served by exe. A client of some other API may share a path with exe;
// its own server answers all of them. It is asked where a partner is unlikely: of
// a library's client, and of a program that would ask itself.
func speaksTo(from *summary.Executable, d *summary.Departure, exe *summary.Executable) bool {
	dir := path.Dir(from.Funcs[d.In].File)
	served := map[string]bool{}
	for i := range from.Departures {
		other := &from.Departures[i]
		if other.Kind != d.Kind || other.Reason != "" || path.Dir(from.Funcs[other.In].File) != dir {
			continue
		}
		if key := other.Key.String(); !served[key] {
			served[key] = answer(exe, other).score > 4*httproute.Weak
		}
	}
	n := 0
	for _, ok := range served {
		if ok {
			n++
		}
	}
	return 2*n >= len(served)
}

// fit tells how well an arrival answers a departure, 0 for not at all.
func fit(d *summary.Departure, a *summary.Arrival) int {
	if d.Kind != a.Kind {
		return 0
	}
	if d.Kind != flow.HTTP {
		if d.Key.Path == a.Key.Path {
			return 1
		}
		return 0
	}
	n := 4 * httproute.Match(d.Key.Path, a.Key.Path)
	if n == 0 || !httproute.SameAddress(d.Key.Address, a.Key.Address) {
		return 0
	}
	if host := httproute.Host(a.Key.Path); host != "" {
		switch {
		case d.Key.Address == "":
			n--
		case httproute.Names(d.Key.Address, host):
			n += 2 * httproute.Literal // net/http looks at patterns with a host first
		default:
			return 0
		}
	}
	switch {
	case a.Key.Name == d.Key.Name || d.Key.Name == "*":
		return n
	case a.Key.Name == "":
		return n - 1
	case a.Key.Name == "GET" && d.Key.Name == "HEAD":
		return n - 2
	}
	return 0
}

func detail(d *summary.Departure, a *summary.Arrival) string {
	if d.Kind == flow.HTTP {
		name := a.Key.Name
		if name == "" {
			name = d.Key.Name
		}
		return name + " " + a.Key.Path
	}
	return a.Key.Path
}

// narrow keeps, of several programs that serve the same key, those that the
// departing program starts, or else those that start it.
func narrow(from *summary.Executable, joins []Join) []Join {
	if !manyPrograms(joins) {
		return joins
	}
	var children, parents []Join
	for _, j := range joins {
		if starts(from, j.Exe) {
			children = append(children, j)
		}
		if starts(j.Exe, from) {
			parents = append(parents, j)
		}
	}
	switch {
	case len(children) > 0:
		return children
	case len(parents) > 0:
		return parents
	}
	return joins
}

// starts reports whether one program starts another by its name.
func starts(one, other *summary.Executable) bool {
	return one != other && slices.ContainsFunc(one.Departures, func(d summary.Departure) bool {
		return d.Kind == flow.Exec && execprogram.Match(d.Key.Name, other.Program.Name)
	})
}

func manyPrograms(joins []Join) bool {
	return slices.ContainsFunc(joins, func(j Join) bool { return j.Exe != joins[0].Exe })
}

// label names the program on each of several answers, or keeps the one that
// callroute.yaml chose.
func (s *Stitcher) label(from *summary.Executable, joins []Join) []Join {
	if !manyPrograms(joins) {
		return joins
	}
	for _, answer := range s.System.Choices[from.Program.Name] {
		var chosen []Join
		for _, j := range joins {
			if j.Exe.Program.Name == answer {
				chosen = append(chosen, j)
			}
		}
		if len(chosen) > 0 {
			return chosen
		}
	}
	for i := range joins {
		joins[i].Label = joins[i].Exe.Program.Name
	}
	return joins
}

// exec joins the start of a program.
func (s *Stitcher) exec(ctx context.Context, from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	if d.Key.Name == execprogram.Self {
		j, gap := s.entry(from, d)
		return j, gap, nil
	}
	var joins []Join
	for _, p := range s.named(from, d.Key.Name) {
		exe, err := s.Programs.Get(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		j, gap := s.entry(exe, d)
		if gap != nil {
			return nil, gap, nil
		}
		joins = append(joins, j...)
	}
	if len(joins) > 0 {
		return s.label(from, joins), nil, nil
	}
	if slices.Contains(s.System.Outside, path.Base(d.Key.Name)) {
		return nil, nil, nil
	}
	reason := fmt.Sprintf("exec of %s: no program under study has this name", d.Key.Name)
	hint := fmt.Sprintf("aliases: {%[1]s: PROGRAM}, or outside: [%[1]s]", path.Base(d.Key.Name))
	if d.Reason != "" {
		reason = "exec of a name that is not a constant of the program: no program chosen"
		hint = fmt.Sprintf("choices: {%s: {exec: PROGRAM}}", from.Program.Name)
	}
	return nil, &Gap{reason, hint}, nil
}

// named is the programs that a name pattern can mean. The program's own source
// comes before others.
func (s *Stitcher) named(from *summary.Executable, pattern string) []*system.Program {
	if to, ok := s.System.Aliases[path.Base(pattern)]; ok {
		pattern = to
	}
	if pattern == "*" {
		pattern = s.System.Choices[from.Program.Name]["exec"]
	}
	var out []*system.Program
	for _, p := range s.Programs.All() {
		if execprogram.Match(pattern, p.Name) {
			out = append(out, p)
		}
	}
	if main := slices.DeleteFunc(slices.Clone(out), (*system.Program).Auxiliary); len(main) > 0 {
		out = main
	}
	if own := slices.DeleteFunc(slices.Clone(out), func(p *system.Program) bool { return p.Source != from.Program.Source }); len(own) > 0 && !strings.Contains(pattern, "*") {
		return own
	}
	return out
}

// entry is where a started program goes for the arguments of d.
func (s *Stitcher) entry(exe *summary.Executable, d *summary.Departure) ([]Join, *Gap) {
	j := Join{Exe: exe, Func: summary.None, Detail: strings.TrimSpace(d.Key.String()), ArgvKnown: true}
	for _, a := range d.Key.Argv {
		if a.Rest {
			j.ArgvKnown = false
		} else {
			j.Argv = append(j.Argv, a.Text)
		}
	}
	if c, gap := byArgv0(exe, d); c != nil || gap != nil {
		j.Command = c
		if gap != nil {
			return nil, gap
		}
		return []Join{j}, nil
	}
	words, certain := execprogram.Split(d.Key.Argv, commandWords(exe))
	if !certain && (len(exe.Commands) > 1 || len(j.Argv) == 0) {
		return nil, &Gap{
			Reason: fmt.Sprintf("exec of %s: its arguments, which choose what it does, are not constants of the program", exe.Program.Name),
		}
	}
	if len(words) == 0 && execprogram.Open(d.Key.Argv) {
		j.ArgvKnown = false
	}
	for i := range exe.Commands {
		c := &exe.Commands[i]
		if c.Called(words) {
			j.Command = c
			return []Join{j}, nil
		}
	}
	return []Join{j}, nil
}

// byArgv0 is the command that a program started under another name runs.
func byArgv0(exe *summary.Executable, d *summary.Departure) (*summary.Command, *Gap) {
	if d.Key.Argv0 == "" || d.Key.Name != execprogram.Self {
		return nil, nil
	}
	table := false
	for i := range exe.Commands {
		c := &exe.Commands[i]
		table = table || c.Argv0
		if c.Argv0 && c.Words[0] == d.Key.Argv0 {
			return c, nil
		}
	}
	switch {
	case d.Key.Argv0 == execprogram.Self || len(d.Key.Argv) > 0:
		return nil, nil
	case strings.Contains(d.Key.Argv0, "*"):
		if !table {
			return nil, nil
		}
		return nil, &Gap{Reason: fmt.Sprintf("%s starts itself under a name that is not a constant of the program", exe.Program.Name)}
	case path.Base(d.Key.Argv0) == exe.Program.Name:
		return nil, nil
	}
	return nil, &Gap{Reason: fmt.Sprintf("%s starts itself as %s, and nothing in it looks that name up", exe.Program.Name, d.Key.Argv0)}
}

// commandWords is the words of every command, under each of its names.
func commandWords(exe *summary.Executable) [][]string {
	var out [][]string
	for _, c := range exe.Commands {
		if len(c.Words) == 0 || c.Argv0 {
			continue
		}
		ways := [][]string{{}}
		for i, w := range c.Words {
			names := []string{w}
			if i == len(c.Words)-1 {
				names = append(names, c.Aliases...)
			} else if i < len(c.Groups) {
				names = append(names, c.Groups[i]...)
			}
			var next [][]string
			for _, way := range ways {
				for _, n := range names {
					next = append(next, append(slices.Clone(way), n))
				}
			}
			ways = next
		}
		out = append(out, ways...)
	}
	return out
}

// message is what the receiver goes by: the type of the value, the channel, and
// the functions that come with it.
func message(d *summary.Departure) []string {
	out := []string{d.Key.Path}
	if d.Key.Name != "" {
		out = append(out, d.Key.Name)
	}
	return append(out, d.Brings...)
}

// channel joins a send with the receivers of the same channel.
func channel(from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	var out []Join
	for i := range from.Arrivals {
		a := &from.Arrivals[i]
		if a.Kind != flow.Channel || a.Key.Path != d.Key.Path {
			continue
		}
		for _, h := range a.Handlers {
			out = append(out, Join{Exe: from, Func: h.Func, Argv: message(d), ArgvKnown: true, Detail: d.Key.Name, Registered: a.Registered})
		}
	}
	if len(out) == 0 {
		return nil, &Gap{Reason: "nothing in the program receives from this channel"}, nil
	}
	return out, nil, nil
}
