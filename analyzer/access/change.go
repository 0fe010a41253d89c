package access

import (
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/summary"
)

// settle finds what each function does with its parameters. It begins with nothing
// and ends when a round changes nothing, so that recursion ends.
func (s *search) settle() {
	s.effects = map[*dataflow.Body][]Kind{}
	type function struct {
		id   summary.ID
		body *dataflow.Body
		part [][]bool // by parameter
	}
	var all []function
	for id := range summary.ID(s.exe.NumFuncs()) {
		b := s.exe.Body(id)
		if b == nil || s.effects[b] != nil {
			continue
		}
		f := function{id: id, body: b}
		for p := range b.Params() {
			f.part = append(f.part, s.parts(b, nil, []dataflow.Reg{dataflow.Reg(p)}))
		}
		s.effects[b] = make([]Kind, b.Params())
		all = append(all, f)
	}
	for changed := true; changed; {
		changed = false
		for _, f := range all {
			for p := range f.part {
				s.each(f.id, f.body, f.part[p], func(_ *dataflow.Step, k Kind, _ string) {
					if have := &s.effects[f.body][p]; *have|k != *have {
						*have |= k
						changed = true
					}
				})
			}
		}
	}
}
