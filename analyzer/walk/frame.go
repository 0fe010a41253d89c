package walk

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

// frame is what a program does around one of its commands: what main, and the
// functions on the way from it to the call that hands the command line to a library,
// do before and after that call. What makes commands is none of it.
type frame struct {
	*walker
	from   int                 // the stop from which the program is entered
	words  []string            // of the command
	makers map[summary.ID]bool // functions that make commands, by their bases
}

// frame adds the frame of a command to the hop that leads to it.
func (w *walker) frame(from int, exe *summary.Executable, c *summary.Command, a activation, h hop) {
	way := exe.WayTo(c.Handed)
	f := frame{walker: w, from: from, words: c.Words, makers: makers(exe, way)}
	for i, id := range way {
		if i > 0 {
			h.via = append(slices.Clone(h.via), w.node(place{exe, id}))
		}
		at := c.Handed[0].Pos
		if i+1 < len(way) {
			s := siteTo(exe, id, way[i+1], 0)
			if s == nil { // no call leads on: a library does, or a variable
				return
			}
			at = s.Pos
			w.passing(visit{a, id}, s, way[i+1])
		}
		f.add(visit{a, id}, at, h)
	}
}

// makers is the functions that make the commands of a program, or what these run, by
// their bases, but for those on a way to where the commands are run.
func makers(exe *summary.Executable, way []summary.ID) map[summary.ID]bool {
	out := map[summary.ID]bool{}
	for i := range exe.Commands {
		c := &exe.Commands[i]
		for _, id := range c.Route {
			out[exe.Base(id)] = true
		}
		for _, h := range slices.Concat(c.Run, c.Before, c.After) {
			out[exe.Base(exe.Func(h.Func).Literal)] = true
		}
	}
	for _, id := range way {
		delete(out, exe.Base(id))
	}
	return out
}

// add adds what one function of the frame does beside the call at a position.
func (f *frame) add(v visit, at int, h hop) {
	fn := v.exe.Func(v.id)
	runs := f.worded(v).runs()
	makes := f.making(v)
	for i := range fn.Sites {
		s := &fn.Sites[i]
		if s.Pos == at || makes[s.Pos] || s.Kind == flow.Registration || s.Elsewhere || !runs(cmp.Or(s.Loop, s.Pos)) {
			continue
		}
		when := "runs before the command"
		if s.Pos > at || s.Kind == flow.Defer {
			when = "runs after the command"
		}
		for _, to := range brought(v, s) {
			if f.within != nil && !f.within(v.exe, to) {
				continue
			}
			e, _ := f.passing(v, s, to)
			if f.flow.Edges[e].Detail == "" {
				f.flow.Edges[e].Detail = when
			}
			below := v.activation
			below.around = true
			f.addAround(f.from, hop{Call: story.Call{To: f.stop(below, to), Pos: s.Pos}, edge: h.edge, via: h.via})
			f.push(below, to)
		}
	}
	v.framing = true // what leaves the process from here is on no spine either
	f.push(v.activation, v.id)
}

// worded is v where the words of the command line are known. The command's are, as it
// is the one that runs; what else stands there can only matter where flags do.
func (f *frame) worded(v visit) visit {
	flag := func(b summary.Branch) bool { return strings.HasPrefix(b.Word, "-") }
	if !v.known && !slices.ContainsFunc(v.exe.Func(v.id).Branches, flag) {
		v.facts, v.known = strings.Join(f.words, "\x00"), true
	}
	return v
}

// making is the positions at which a function has commands made: what it hands over
// there runs when they do.
func (f *frame) making(v visit) map[int]bool {
	out := map[int]bool{}
	sites := v.exe.Func(v.id).Sites
	for i := range sites {
		if slices.ContainsFunc(sites[i].To, func(id summary.ID) bool { return f.makers[v.exe.Base(id)] }) {
			out[sites[i].Pos] = true
		}
	}
	return out
}
