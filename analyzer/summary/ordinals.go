package summary

import (
	"maps"
	"slices"
)

// renumber replaces the positions of an executable, which depend on what was
// loaded before it, by their places in the order of all of them. So the same
// program has the same summary whenever it is loaded.
func (e *Executable) renumber() {
	positions := map[int]bool{}
	e.eachPos(func(pos *int) { positions[*pos] = true })
	delete(positions, 0) // none
	rank := map[int]int{}
	for i, pos := range slices.Sorted(maps.Keys(positions)) {
		rank[pos] = i + 1
	}
	e.eachPos(func(pos *int) { *pos = rank[*pos] })
}

// eachPos visits every position once.
func (e *Executable) eachPos(visit func(*int)) {
	places := func(list []Place) {
		for i := range list {
			visit(&list[i].Pos)
		}
	}
	for i := range e.funcs {
		f := &e.funcs[i]
		for j := range f.Sites {
			visit(&f.Sites[j].Pos)
			visit(&f.Sites[j].Loop)
			places(f.Sites[j].Registered)
			for _, made := range f.Sites[j].Made {
				places(made)
			}
		}
		for j := range f.Effects {
			visit(&f.Effects[j].Pos)
		}
		for j := range f.Lost {
			visit(&f.Lost[j].Pos)
		}
		for _, b := range f.Branches {
			for j := range b.Live {
				visit(&b.Live[j])
			}
		}
		for _, s := range f.Course {
			for j := range s.Sites {
				visit(&s.Sites[j])
			}
		}
		for _, c := range f.Conditions {
			for j := range c.Then {
				visit(&c.Then[j])
			}
		}
	}
	for _, b := range e.bodies {
		for i := range b.Steps {
			visit(&b.Steps[i].Pos)
		}
	}
	for i := range e.Departures {
		visit(&e.Departures[i].Pos)
		places(e.Departures[i].Via)
	}
	for i := range e.Commands {
		places(e.Commands[i].Handed)
	}
	for _, list := range [][]Wait{e.Waits, e.Wakes} {
		for i := range list {
			visit(&list[i].Pos)
		}
	}
	for _, list := range [][]Arrival{e.Arrivals, e.Foreign} {
		for i := range list {
			places(list[i].Registered)
		}
	}
}
