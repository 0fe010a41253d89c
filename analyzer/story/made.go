package story

// made reports whether the last of several answers on the way to a moment is called on
// something that the command makes.
func (t *teller) made(p *phase, m *Moment) bool {
	step, ok := p.choice(m)
	if !ok {
		return false
	}
	v := &t.graph.Visits[step.Visit]
	if step.Call >= len(v.Makers) {
		return false
	}
	for _, maker := range v.Makers[step.Call] {
		if t.running()[maker] {
			return true
		}
	}
	return false
}

// running is the visits that the command comes to on ways that are not left to others,
// in its own process and in those that it crosses to so.
func (t *teller) running() map[int]bool {
	if t.runs != nil {
		return t.runs
	}
	t.runs = map[int]bool{}
	entered := map[int]bool{0: true}
	for work := []int{0}; len(work) > 0; {
		p := t.phase(work[len(work)-1])
		work = work[:len(work)-1]
		for v, a := range p.best {
			if a.runs() {
				t.runs[v] = true
			}
		}
		for i := range p.moments {
			m := &p.moments[i]
			if m.Call == None || !m.runs() {
				continue
			}
			if to := t.graph.Visits[m.Visit].Calls[m.Call].To; !entered[to] {
				entered[to] = true
				work = append(work, to)
			}
		}
	}
	return t.runs
}
