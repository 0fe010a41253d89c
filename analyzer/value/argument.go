package value

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/summary"
)

// startArgument finds the registers that hold an argument of a command, counted from
// 1: the list of texts that what runs the command is given, what a library of the
// command line gives of it, and os.Args of a program that reads it itself.
func (f *follower) startArgument(q Query) error {
	exe, c := q.Entry.Exe, q.Entry.Command
	at := q.Arg - 1 // -1 for any
	r := f.route[exe]
	for _, fn := range f.defining(exe, c) {
		b := exe.Body(fn)
		if b == nil || !r.bases[exe.Base(fn)] {
			continue
		}
		for i := range b.Steps {
			s := &b.Steps[i]
			if s.Op != dataflow.Call || len(s.Results) == 0 {
				continue
			}
			if p, ok := f.argument(s, at); ok {
				r.follow(fn)
				f.add(fact{exe: exe, fn: fn, reg: s.Results[0], path: p}, -1, hop{exe: exe, fn: fn, line: int(s.Line), did: shortSymbol(s.Name)})
			}
		}
	}
	if c != nil {
		for _, h := range c.Run {
			for _, fn := range r.visited(h.Func) {
				f.startParameter(exe, fn, at)
			}
		}
	}
	if r.index(); len(r.readers[osArgs]) > 0 {
		p := f.paths.position(-1)
		if at >= 0 {
			p = f.paths.position(len(q.Entry.Words) + q.Arg)
		}
		f.add(fact{exe: exe, fn: summary.None, reg: dataflow.None, name: osArgs, path: p}, -1, hop{exe: exe})
	}
	if len(f.facts) == 0 {
		return fmt.Errorf("no argument is seen to be read by %s: callroute knows the list of texts that a command's function is given, what libraries of the command line give, and os.Args", strings.Join(append([]string{exe.Program.String()}, q.Entry.Words...), " "))
	}
	return nil
}

// osArgs is the variable that has the whole command line.
const osArgs = "os.Args"

// startParameter starts at the parameter that is a list of texts.
func (f *follower) startParameter(exe *summary.Executable, fn summary.ID, at int) {
	b := exe.Body(fn)
	if b == nil {
		return
	}
	for n, v := range b.Vars[:b.Params()] {
		if v.Texts {
			f.add(fact{exe: exe, fn: fn, reg: dataflow.Reg(n), path: f.paths.position(at)}, -1, hop{exe: exe, fn: fn, line: exe.Func(fn).Line, place: v.Name})
		}
	}
}

// argument is where an argument, counted from 0, lies in what a call gives.
func (f *follower) argument(s *dataflow.Step, at int) (path, bool) {
	m := f.models.Argument(s.Name)
	switch {
	case m == nil:
		return path{}, false
	case m.From != nil:
		return f.paths.position(max(at-*m.From, -1)), at < 0 || at >= *m.From
	case m.At != nil:
		return path{}, at < 0 || at == *m.At
	}
	if int(*m.Index) >= len(s.Texts) {
		return path{}, false
	}
	text := s.Texts[*m.Index]
	return path{}, at < 0 || text == "" || text == strconv.Itoa(at)
}

// position is the path of an element of which the place in the list is known, or of
// any for -1.
func (t paths) position(at int) path {
	if at < 0 {
		return t.with(elem{kind: element}, path{})
	}
	return t.with(elem{kind: position, name: strconv.Itoa(at)}, path{})
}

// moved is what a copy does to a path: a list that is cut counts from there on, and
// one that is joined no longer tells places.
func (t paths) moved(p path, s *dataflow.Step) (path, bool) {
	if !p.is(position) || s.Name == "" {
		return p, true
	}
	if s.Name == "append" {
		return t.with(elem{kind: element}, p.tail()), true
	}
	from, err := strconv.Atoi(s.Name)
	at, _ := strconv.Atoi(p.head().name)
	if err != nil {
		return p, true
	}
	return t.with(elem{kind: position, name: strconv.Itoa(at - from)}, p.tail()), at >= from
}
