// Package stitch joins departures to arrivals: it says which function of which
// program a request, a started program or a message reaches.
//
// How two keys fit is said by their protocol; where an arrival is looked for, by
// its reach, a file each.
//
//   - request: in every program that may serve it. Within a program the best fit
//     wins, between programs the one with more equal text, and equal fits are
//     all given: of those the programs that the departing one starts are meant,
//     or those that start it. A route for everything answers only where other
//     requests to the same constant address reach that program. A daemon with
//     the name of the departing program and a d behind it is asked first, and
//     where it serves all of the key no other is
//   - start: the file name is the program's name, or an alias in callroute.yaml
//     says so; the arguments choose the command
//   - within: in the program itself
//
// What finds no partner is a gap with its reason and, where callroute.yaml can
// help, the line to add. A program is loaded when something may arrive there.
package stitch

import (
	"context"
	"slices"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/contract"
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
	// path, which is cheap to know; false is certain, unless there are Many. An
	// empty path asks about the kind alone.
	Serves(context.Context, *system.Program, flow.Kind, string) bool
	// Links reports whether a program is made of the package of a file, among
	// others, and a person wrote the file, which is cheap to know.
	Links(ctx context.Context, p *system.Program, file string) bool
	// Many reports whether there are so many programs that one which does not
	// mention a path is taken not to serve it, nor any where it has no words.
	Many() bool
}

// Stitcher joins the departures of one system.
type Stitcher struct {
	System    *system.System
	Programs  Programs
	Protocols boundary.Protocols

	spoken map[client]bool                           // see request.speaksTo
	turns  map[*summary.Executable][]*system.Program // see request.programs
	joined map[*summary.Departure]joined

	contracts func() []contract.Operation // read once; see request.described
}

// joined is what was found for a departure: a function that sends is come to in
// many ways.
type joined struct {
	joins []Join
	gap   *Gap
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

// Entered is the functions at which a joined departure goes on, with those that
// stand on the way to a command of a started program.
func (j *Join) Entered() []summary.ID {
	var out []summary.ID
	if j.Func != summary.None {
		out = append(out, j.Func)
		for _, h := range j.Before {
			out = append(out, h.Func)
		}
		return out
	}
	if j.Exe.Main != summary.None {
		out = append(out, j.Exe.Main)
	}
	if c := j.Command; c != nil {
		for _, h := range slices.Concat(c.Before, c.Run, c.After) {
			out = append(out, h.Func)
		}
		out = append(out, c.Route...)
	}
	return out
}

// Gap says why a departure reaches nothing, and what describes it, if a contract does.
type Gap struct {
	Reason, Hint string
	Contract     *contract.Operation
}

// Join finds what d, which leaves from, reaches. It gives joins or a gap, the same
// each time.
func (s *Stitcher) Join(ctx context.Context, from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	if known, ok := s.joined[d]; ok {
		return known.joins, known.gap, nil
	}
	joins, gap, err := s.join(ctx, from, d)
	if err != nil {
		return nil, nil, err
	}
	if s.joined == nil {
		s.joined = map[*summary.Departure]joined{}
	}
	s.joined[d] = joined{joins, gap}
	return joins, gap, nil
}

func (s *Stitcher) join(ctx context.Context, from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	p := s.Protocols.Of(d.Kind)
	if d.Reason != "" && p.Reach != boundary.Starts {
		return nil, &Gap{Reason: d.Reason, Hint: d.Hint}, nil
	}
	switch p.Reach {
	case boundary.Starts:
		return s.start(ctx, from, d)
	case boundary.Within:
		return within(from, d, p)
	default:
		r := request{s, from, d, p}
		return r.join(ctx)
	}
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

// within joins a send with what receives it in the same program.
func within(from *summary.Executable, d *summary.Departure, p boundary.Protocol) ([]Join, *Gap, error) {
	var out []Join
	for i := range from.Arrivals {
		a := &from.Arrivals[i]
		if a.Kind != d.Kind || !p.Answers(d.Key, a.Key).Fits() {
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
