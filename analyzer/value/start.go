package value

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// startedBy is a place where a flag is defined or read.
type startedBy struct {
	exe  *summary.Executable
	flag string
	from int // the fact of the argument that sets it, -1 for what is typed
}

// begin starts at what is asked for.
func (f *follower) begin(q Query) error {
	if q.Arg > 0 {
		if f.route[q.Entry.Exe] == nil {
			f.route[q.Entry.Exe] = newRoute(q.Entry.Exe, nil)
		}
		return f.startArgument(q)
	}
	return f.start(q.Entry.Exe, q.Entry.Command, q.Flag, -1)
}

// start finds the registers that a flag of a command sets: the variable whose
// address is given to a call of the command line's library together with the name of
// the flag, and what such a call gives.
func (f *follower) start(exe *summary.Executable, c *summary.Command, flag string, from int) error {
	if s := (startedBy{exe, flag, from}); slices.Contains(f.starts, s) {
		return nil
	} else {
		f.starts = append(f.starts, s)
	}
	found := false
	f.definitions(exe, c, func(fn summary.ID, s *dataflow.Step) {
		for k, t := range s.Texts {
			if t == flag {
				f.route[exe].bases[exe.Base(fn)] = true
				found = f.startAt(exe, fn, s, k, from) || found
			}
		}
	})
	found = f.startTagged(exe, flag, from) || found
	if found || from >= 0 {
		return nil
	}
	all := f.flagNames(exe, c)
	for _, s := range f.tagged(exe) {
		all = append(all, f.flagOf(s))
	}
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(name string) bool { return name == flag })
	if near := system.Nearest(flag, all); len(near) > 0 {
		return fmt.Errorf("no flag --%s is seen to be defined for this command; did you mean --%s?", flag, strings.Join(near, " or --"))
	}
	if len(all) > 0 {
		return fmt.Errorf("no flag --%s is seen to be defined for this command; there are --%s", flag, strings.Join(all, ", --"))
	}
	return fmt.Errorf("no flag of this command is seen to be defined: callroute finds them where a library of the command line is given their name")
}

// startTagged starts at the fields of structs whose tags make them the flag: a library
// sets them in some object of the type.
func (f *follower) startTagged(exe *summary.Executable, flag string, from int) bool {
	found := false
	for _, s := range f.tagged(exe) {
		if f.flagOf(s) != flag || s.Type == "" {
			continue
		}
		found = true
		e := elem{kind: field, name: s.Name, owner: s.Type, tag: s.Tag, link: s.Link}
		f.add(fact{exe: exe, fn: summary.None, reg: dataflow.None, name: s.Type, path: f.paths.with(e, path{})}, from, hop{exe: exe})
	}
	return found
}

// tagged is the steps that read a field which is a flag, in what the command reaches.
func (f *follower) tagged(exe *summary.Executable) []*dataflow.Step {
	if len(f.models.FlagTags()) == 0 || f.route[exe] == nil {
		return nil
	}
	var out []*dataflow.Step
	for _, fn := range f.route[exe].clones {
		b := exe.Body(fn)
		if b == nil {
			continue
		}
		for i := range b.Steps {
			if s := &b.Steps[i]; s.Op == dataflow.Field && s.Tag != "" && f.flagOf(s) != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// flagOf is the name of the flag that a field is, "" for none.
func (f *follower) flagOf(s *dataflow.Step) string {
	for _, tag := range f.models.FlagTags() {
		if name := reflect.StructTag(s.Tag).Get(tag); name != "" {
			return name
		}
	}
	return ""
}

// definitions visits the calls of libraries of the command line by what may define the
// flags of a command.
func (f *follower) definitions(exe *summary.Executable, c *summary.Command, visit func(summary.ID, *dataflow.Step)) {
	for _, fn := range f.defining(exe, c) {
		b := exe.Body(fn)
		if b == nil {
			continue
		}
		for i := range b.Steps {
			if s := &b.Steps[i]; s.Op == dataflow.Call && f.commandLine(s.Name) {
				visit(fn, s)
			}
		}
	}
}

// flagNames is the names of flags that those calls are given: the first text that may
// be one, behind which stand a letter, a default and what it is for.
func (f *follower) flagNames(exe *summary.Executable, c *summary.Command) []string {
	names := map[string]bool{}
	f.definitions(exe, c, func(_ summary.ID, s *dataflow.Step) {
		for _, t := range s.Texts {
			if flagName.MatchString(t) && t != "false" && t != "true" {
				names[t] = true
				return
			}
		}
	})
	return slices.Sorted(maps.Keys(names))
}

var flagName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*([-_.][a-zA-Z0-9]+)*$`)

// commandLine reports whether a symbol is one of a library that reads command lines.
func (f *follower) commandLine(symbol string) bool {
	m := f.models.Of(models.Split(symbol).Path)
	return m != nil && m.Kind == models.CommandLine
}

// defining is the functions that may define the flags of a command: what makes it
// and runs it with what they call; those of the commands above it come last, alone.
func (f *follower) defining(exe *summary.Executable, c *summary.Command) []summary.ID {
	if f.route[exe] == nil {
		f.route[exe] = newRoute(exe, nil)
	}
	var work, above []summary.ID
	if c == nil {
		work = append(work, exe.Main)
	} else {
		for i, id := range c.Route {
			if i == len(c.Route)-1 {
				work = append(work, id)
			} else {
				above = append(above, id)
			}
		}
		for _, h := range slices.Concat(c.Run, c.Before) {
			work = append(work, h.Func)
		}
	}
	seen := map[summary.ID]bool{}
	var out []summary.ID
	for len(work) > 0 {
		id := work[0]
		work = work[1:]
		if id == summary.None || seen[id] {
			continue
		}
		seen[id] = true
		out = append(out, id)
		for _, s := range exe.Func(id).Sites {
			for _, to := range s.To {
				if !exe.Func(to).Library && s.Kind != flow.Registration {
					work = append(work, to)
				}
			}
		}
	}
	for _, id := range above {
		if !seen[id] {
			out = append(out, id)
		}
	}
	return out
}

// startAt starts at a call that defines or reads a flag. The name is argument k.
func (f *follower) startAt(exe *summary.Executable, fn summary.ID, s *dataflow.Step, k, from int) bool {
	r := f.route[exe]
	r.follow(fn)
	x := fact{exe: exe, fn: fn}
	h := at(x, s, shortSymbol(s.Name))
	found := false
	for j, a := range s.Args {
		if j == k || a == dataflow.None || !s.Points[j] || j == 0 && strings.HasPrefix(s.Name, "(") {
			continue
		}
		found = true
		if set := method(exe, s.Types[j], "Set"); set != summary.None {
			r.allow(set)
			n := len(f.facts)
			f.add(fact{exe: exe, fn: summary.None, reg: dataflow.None, name: "--" + s.Texts[k], path: path{}}, from, h)
			c := caller{fn: fn, step: &dataflow.Step{Op: dataflow.Call, Line: s.Line, Args: []dataflow.Reg{a, dataflow.None}}}
			f.into(n, entryKey{exe, set, 1, path{}}, c, hop{exe: exe, fn: fn, line: int(s.Line), did: "reads it with " + shortSymbol(s.Types[j]) + ".Set"})
			continue
		}
		f.add(x.written(a, path{}), from, h)
	}
	switch {
	case found || len(s.Results) == 0:
		return found
	case f.commandLine(s.Type):
		return f.startChain(x, s.Results[0], from)
	}
	f.add(x.to(s.Results[0], path{}), from, h)
	return true
}

// startChain starts at what is called on a flag that a library has made: the variable
// whose address is given to such a call, and what one gives that is no part of the
// library.
func (f *follower) startChain(x fact, flag dataflow.Reg, from int) bool {
	found := false
	b := x.exe.Body(x.fn)
	for _, i := range f.uses(b).of[flag] {
		s := &b.Steps[i]
		if s.Op == dataflow.Field && s.Embedded { // the method is one of what is embedded
			found = f.startChain(x, s.To, from) || found
		}
		if s.Op != dataflow.Call || len(s.Args) == 0 || s.Args[0] != flag || !f.commandLine(s.Name) {
			continue
		}
		for j, a := range s.Args {
			if j > 0 && a != dataflow.None && s.Points[j] {
				f.add(x.written(a, path{}), from, at(x, s, shortSymbol(s.Name)))
				found = true
			}
		}
		switch {
		case found || len(s.Results) == 0 || s.Results[0] == dataflow.None:
		case f.commandLine(s.Type):
			found = f.startChain(x, s.Results[0], from)
		default:
			f.add(x.to(s.Results[0], path{}), from, at(x, s, shortSymbol(s.Name)))
			found = true
		}
	}
	return found
}

// method is the method of a named type, None where it is not in the summary.
func method(exe *summary.Executable, typeName, name string) summary.ID {
	if typeName == "" {
		return summary.None
	}
	i := strings.LastIndexByte(typeName, '.')
	for _, full := range []string{typeName[:i+1] + "(*" + typeName[i+1:] + ")." + name, typeName + "." + name} {
		for id := range summary.ID(exe.NumFuncs()) {
			if exe.Func(id).Name == full && exe.Base(id) == id {
				return id
			}
		}
	}
	return summary.None
}
