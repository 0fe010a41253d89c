package summary

import (
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/flow"
)

// registrations marks the sites that only hand a handler to a table: control
// does not pass there, it arrives later.
func (b *builder) registrations() {
	handler := map[ID]bool{}
	for _, a := range b.exe.Arrivals {
		if a.Kind.Process() {
			for _, h := range a.Handlers {
				handler[h.Func] = true
			}
		}
	}
	for _, c := range b.exe.Commands {
		for _, h := range slices.Concat(c.Run, c.Before) {
			handler[h.Func] = true
		}
	}
	for i := range b.exe.Funcs {
		for j := range b.exe.Funcs[i].Sites {
			s := &b.exe.Funcs[i].Sites[j]
			if s.Rule == calls.Passed && slices.ContainsFunc(s.To, func(id ID) bool { return handler[id] }) {
				s.Kind = flow.Registration
			}
		}
	}
}

// dropIdle drops the arrivals that nothing in the program registers: a tool
// may link a server without ever making one.
func (b *builder) dropIdle() {
	run := b.exe.Reachable()
	idle := func(a Arrival) bool {
		return a.Kind.Process() && len(a.Registered) > 0 && !slices.ContainsFunc(a.Registered, func(p Place) bool {
			return b.exe.Funcs[p.In].Decl == "" && run[p.In]
		})
	}
	b.exe.Arrivals = slices.DeleteFunc(b.exe.Arrivals, idle)
	b.exe.Foreign = slices.DeleteFunc(b.exe.Foreign, idle)
}

// Reachable is the functions that some run of the program can reach: from main,
// from its commands, and from package initializers.
func (e *Executable) Reachable() map[ID]bool {
	seen := map[ID]bool{}
	var work []ID
	push := func(id ID) {
		if id != None && !seen[id] {
			seen[id] = true
			work = append(work, id)
		}
	}
	push(e.Main)
	for _, c := range e.Commands {
		for _, id := range c.Route {
			push(id)
		}
		for _, h := range slices.Concat(c.Run, c.Before) {
			push(h.Func)
		}
	}
	for i := range e.Funcs {
		if name := e.Funcs[i].Name; strings.Contains(name, ".init#") || strings.HasSuffix(name, ".init") && !strings.HasSuffix(name, ").init") {
			push(ID(i))
		}
	}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range e.Funcs[id].Sites {
			if s.Kind == flow.Registration && e.Funcs[id].Decl == "" && s.Rule == calls.Passed {
				continue
			}
			for _, to := range s.To {
				push(to)
			}
		}
	}
	return seen
}

// Called reports whether words name the command, by its own words or by other
// names of them.
func (c *Command) Called(words []string) bool {
	if len(words) != len(c.Words) || c.Argv0 {
		return false
	}
	for i, w := range words {
		names := c.Aliases
		if i < len(c.Words)-1 {
			names = nil
			if i < len(c.Groups) {
				names = c.Groups[i]
			}
		}
		if w != c.Words[i] && !slices.Contains(names, w) {
			return false
		}
	}
	return true
}
