package summary

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
)

// Stretch is a part of a function through which a run goes as a whole.
type Stretch struct {
	Sites []int // positions of the calls that are made in it, as in Site
	Next  []int // places in the Course of those that may follow
	Ends  bool  // a run may return after it, and meet no other
}

// stretches gives the functions their courses, the stretch that is entered first
// at the front. One whose calls stand under no condition has none: they are all made.
func (b *builder) stretches() {
	for _, c := range b.cloner.All() {
		id := b.clones[c]
		f := &b.exe.funcs[id]
		kept, open := map[int]bool{}, 0
		for i := range f.Sites {
			kept[f.Sites[i].Pos] = true
			open += f.Sites[i].Open
		}
		for _, i := range f.Leaves {
			d := &b.exe.Departures[i]
			kept[d.decided().Pos] = true
			open += d.Open
		}
		if open > 0 && len(kept) > 1 && len(c.Fn.Blocks) > 0 {
			f.Course = stretchesOf(c.Fn, b.course(c, c.Fn), kept)
		}
	}
}

// stretchesOf is the blocks of a function that make calls at kept positions, and its
// first block.
func stretchesOf(f *ssa.Function, course *calls.Course, kept map[int]bool) []Stretch {
	sites := map[*ssa.BasicBlock][]int{}
	places := map[*ssa.BasicBlock]int{f.Blocks[0]: 0}
	blocks := f.Blocks[:1:1]
	for _, block := range f.Blocks {
		for _, instr := range block.Instrs {
			if call, ok := instr.(*ssa.Call); ok && kept[int(siteAt(call))] {
				sites[block] = append(sites[block], int(siteAt(call)))
			}
		}
		if _, ok := course.Next[block]; ok && len(sites[block]) > 0 && block != f.Blocks[0] {
			places[block] = len(blocks)
			blocks = append(blocks, block)
		}
	}
	out := make([]Stretch, len(blocks))
	for i, block := range blocks {
		s := Stretch{Sites: sites[block], Ends: calls.Returns(block)}
		seen := map[*ssa.BasicBlock]bool{}
		for work := slices.Clone(course.Next[block]); len(work) > 0; {
			to := work[len(work)-1]
			work = work[:len(work)-1]
			if seen[to] {
				continue
			}
			seen[to] = true
			if n, ok := places[to]; ok {
				s.Next = append(s.Next, n)
				continue
			}
			s.Ends = s.Ends || calls.Returns(to)
			work = append(work, course.Next[to]...)
		}
		slices.Sort(s.Next)
		out[i] = s
	}
	return out
}
