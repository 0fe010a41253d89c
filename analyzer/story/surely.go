package story

// surely is the entries that a run of a visit which finds no error crosses to,
// whichever way it goes: what stands on both sides of a condition is crossed to.
func (t *teller) surely(visit int) map[int]bool {
	if known, ok := t.crossed[visit]; ok {
		return known
	}
	t.crossed[visit] = nil // who comes back to it crosses to what is crossed to besides
	v := &t.graph.Visits[visit]
	course := v.Course
	if len(course) == 0 {
		course = []Stretch{{Ends: true}}
	}
	out, behind := map[int]bool{}, make([]map[int]bool, len(course))
	stretch := map[int]int{} // by call
	for i := range course {
		behind[i] = map[int]bool{}
		for _, call := range course[i].Calls {
			stretch[call] = i
		}
	}
	closed := map[int]bool{} // stretches that flags rule out
	for _, calls := range v.answers() {
		crossed := t.crossedBy(v, calls)
		c := &v.Calls[calls[0]]
		i, placed := stretch[calls[0]]
		if c.Open == 0 {
			add(out, crossed)
		} else if placed {
			add(behind[i], crossed)
		}
	}
	for i := range v.Calls {
		if at, ok := stretch[i]; ok && v.Calls[i].Off {
			closed[at] = true
		}
	}
	if always := onAllWays(course, behind, closed); always != nil {
		add(out, always)
	}
	t.crossed[visit] = out
	return out
}

// answers is the calls of a visit that are made, those together of which one is: of
// the functions that one call may reach, and of what may serve one request.
func (v *Visit) answers() [][]int {
	type place struct {
		pos    int
		leaves bool
	}
	var out [][]int
	at := map[place]int{}
	for i := range v.Calls {
		c := &v.Calls[i]
		if !c.runs() {
			continue
		}
		p := place{c.Pos, c.Leaves}
		if n, ok := at[p]; ok {
			out[n] = append(out[n], i)
			continue
		}
		at[p] = len(out)
		out = append(out, []int{i})
	}
	return out
}

// crossedBy is what each of some calls surely crosses to.
func (t *teller) crossedBy(v *Visit, calls []int) map[int]bool {
	var all map[int]bool
	for _, i := range calls {
		one := map[int]bool{v.Calls[i].To: true}
		if !v.Calls[i].Leaves {
			one = t.surely(v.Calls[i].To)
		}
		all = both(all, one)
	}
	return all
}

// onAllWays is what is crossed to on each way through a course, whose stretches cross
// to behind; nil if no way ends.
func onAllWays(course []Stretch, behind []map[int]bool, closed map[int]bool) map[int]bool {
	before := make([]map[int]bool, len(course)) // nil for those that no way was seen to come to
	before[0] = map[int]bool{}
	var out map[int]bool
	for changed := true; changed; {
		changed, out = false, nil
		for i := range course {
			if before[i] == nil || closed[i] {
				continue
			}
			after := map[int]bool{}
			add(after, before[i])
			add(after, behind[i])
			if course[i].Ends {
				out = both(out, after)
			}
			for _, n := range course[i].Next {
				if met := both(before[n], after); before[n] == nil || len(met) < len(before[n]) {
					before[n], changed = met, true
				}
			}
		}
	}
	return out
}

func add(to, from map[int]bool) {
	for x := range from {
		to[x] = true
	}
}

// both is what is in a and in b, b where a is nil.
func both(a, b map[int]bool) map[int]bool {
	out := map[int]bool{}
	for x := range b {
		if a == nil || a[x] {
			out[x] = true
		}
	}
	return out
}
