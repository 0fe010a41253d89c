package summary

import (
	"go/token"
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
			for _, h := range slices.Concat(a.Handlers, a.Before) {
				handler[b.exe.Base(h.Func)] = true
			}
		}
	}
	for _, c := range b.exe.Commands {
		for _, h := range slices.Concat(c.Run, c.Before, c.After) {
			handler[b.exe.Base(h.Func)] = true
		}
	}
	for i := range b.exe.funcs {
		for j := range b.exe.funcs[i].Sites {
			s := &b.exe.funcs[i].Sites[j]
			if s.Rule == calls.Passed && slices.ContainsFunc(s.To, func(id ID) bool { return handler[b.exe.Base(id)] }) {
				s.Kind = flow.Registration
			}
		}
	}
}

// elsewhere marks the sites that hand on functions which other sites are known to
// call: that is where control passes.
func (b *builder) elsewhere() {
	called := map[ID]bool{}
	for i := range b.exe.funcs {
		for j := range b.exe.funcs[i].Sites {
			if s := &b.exe.funcs[i].Sites[j]; s.Rule != calls.Passed {
				for _, to := range s.To {
					called[b.exe.Base(to)] = true
				}
			}
		}
	}
	for i := range b.exe.funcs {
		for j := range b.exe.funcs[i].Sites {
			s := &b.exe.funcs[i].Sites[j]
			s.Elsewhere = s.Rule == calls.Passed && !slices.ContainsFunc(s.To, func(to ID) bool { return !called[b.exe.Base(to)] })
		}
	}
}

// dropIdle drops the arrivals that nothing in the program registers: a tool
// may link a server without ever making one.
func (b *builder) dropIdle() {
	run := b.exe.Reachable()
	idle := func(a Arrival) bool {
		return a.Kind.Process() && len(a.Registered) > 0 && !slices.ContainsFunc(a.Registered, func(p Place) bool {
			return b.exe.funcs[p.In].Decl == "" && run[p.In]
		})
	}
	b.exe.Arrivals = slices.DeleteFunc(b.exe.Arrivals, idle)
	b.exe.Foreign = slices.DeleteFunc(b.exe.Foreign, idle)
}

// Reachable is the functions that some run of the program can reach, by the ID
// of their base: from main, from its commands, and from package initializers. A
// handler that is only handed to a table is not reached.
func (e *Executable) Reachable() map[ID]bool {
	r := reach{exe: e, seen: map[ID]bool{}, bases: map[ID]bool{}}
	r.starts()
	r.run(func(f *Func, s *Site) bool {
		return s.Kind == flow.Registration && f.Decl == "" && s.Rule == calls.Passed
	})
	return r.bases
}

// Running is Reachable with what the program serves.
func (e *Executable) Running() map[ID]bool {
	r := reach{exe: e, seen: map[ID]bool{}, bases: map[ID]bool{}}
	r.starts()
	for _, a := range e.Arrivals {
		for _, h := range slices.Concat(a.All(), a.Before) {
			r.push(h.Func)
		}
	}
	r.run(func(*Func, *Site) bool { return false })
	return r.bases
}

// reach is a search over clones.
type reach struct {
	exe         *Executable
	seen, bases map[ID]bool
	work        []ID
}

func (r *reach) push(id ID) {
	if id != None && !r.seen[id] {
		r.seen[id], r.bases[r.exe.Base(id)] = true, true
		r.work = append(r.work, id)
	}
}

// starts is where runs of the program begin.
func (r *reach) starts() {
	r.push(r.exe.Main)
	for _, c := range r.exe.Commands {
		for _, id := range c.Route {
			r.push(id)
		}
		for _, h := range slices.Concat(c.Run, c.Before, c.After) {
			r.push(h.Func)
		}
	}
	for id := range ID(r.exe.NumFuncs()) {
		f := r.exe.Func(id)
		if strings.Contains(f.Name, ".init#") || r.exe.Program.Library && !f.Library && f.Exported() {
			r.push(id)
		}
	}
}

// Exported reports whether whoever imports the package of f can call it.
func (f *Func) Exported() bool {
	name, _, _ := strings.Cut(f.Name, "[")
	_, name, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	if f.Decl != "" || f.Literal != None || name == "" {
		return false
	}
	for part := range strings.SplitSeq(strings.NewReplacer("(*", "", ")", "").Replace(name), ".") {
		if !token.IsExported(part) {
			return false
		}
	}
	return true
}

// run follows all sites but those that skip names.
func (r *reach) run(skip func(*Func, *Site) bool) {
	for len(r.work) > 0 {
		f := r.exe.Func(r.work[len(r.work)-1])
		r.work = r.work[:len(r.work)-1]
		for i := range f.Sites {
			if s := &f.Sites[i]; !skip(f, s) {
				for _, to := range s.To {
					r.push(to)
				}
			}
		}
	}
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
