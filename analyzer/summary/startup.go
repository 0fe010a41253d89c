package summary

import "slices"

// startup finds the shortest ways from main to what a program can reach by
// itself, through calls and commands, and notes them in Before and First.
func (e *Executable) startup() {
	for i := range e.funcs {
		e.funcs[i].Before, e.funcs[i].First = None, None
	}
	if e.Main == None {
		return
	}
	seen := make([]bool, len(e.funcs))
	var queue []ID
	reach := func(id, from ID) {
		if seen[id] {
			return
		}
		seen[id] = true
		e.funcs[id].Before = from
		queue = append(queue, id)
		if base := &e.funcs[e.Base(id)]; base.First == None {
			base.First = id
		}
	}
	reach(e.Main, None)
	for i := range e.Commands {
		c := &e.Commands[i]
		if len(c.Words) > 0 {
			continue
		}
		last := e.Main
		for _, id := range c.Route {
			reach(id, last)
			last = id
		}
		for _, r := range c.Run {
			reach(r.Func, last)
		}
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for i := range e.funcs[id].Sites {
			for _, to := range e.funcs[id].Sites[i].To {
				reach(to, id)
			}
		}
	}
}

// WayTo is the functions on a shortest way from main to the first of the places
// that the program can reach by itself, nil for none.
func (e *Executable) WayTo(places []Place) []ID {
	for _, p := range places {
		id := e.Func(e.Base(p.In)).First
		if id == None {
			continue
		}
		var way []ID
		for ; id != None; id = e.Func(id).Before {
			way = append(way, id)
		}
		slices.Reverse(way)
		return way
	}
	return nil
}
