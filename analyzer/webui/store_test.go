package webui

import (
	"testing"
)

func TestPacked(t *testing.T) {
	for _, test := range []struct {
		numbers []int
		want    string
	}{
		{nil, ""},
		{[]int{0}, "0"},
		{[]int{3, 1, 2, 2}, "1.3"},
		{[]int{0, 1, 2, 40, 76, 77}, "0.3 11 z.2"},
	} {
		if got := packed(test.numbers); got != test.want {
			t.Errorf("%v becomes %q, want %q", test.numbers, got, test.want)
		}
	}
}

// TestStoreKeepsOnce checks that what two pages have in common is kept once, and
// the lines of a function that either shows.
func TestStoreKeepsOnce(t *testing.T) {
	page := func(code ...codeData) *data {
		return &data{
			Programs: []programData{{Name: "kiln"}}, Files: []fileData{{Name: "fire.go"}},
			Nodes: []nodeData{{Name: "fire", Line: 3, Code: code}, {Name: "heat", Line: 9}},
			Edges: []edgeData{{From: 0, To: 1, Line: 4, Spine: len(code) > 1}}, Spine: []int{0, 1},
		}
	}
	s := newStore()
	first := s.add(page(codeData{3, "func fire() {"}, codeData{4, "heat()"}))
	second := s.add(page(codeData{3, "func fire() {"}))
	if len(s.Functions) != 2 || len(s.Edges) != 1 || len(s.code[0]) != 2 {
		t.Errorf("the store has %d functions, %d edges, code %v", len(s.Functions), len(s.Edges), s.code)
	}
	if first.Nodes != "0.2" || second.Nodes != first.Nodes || second.Edges != first.Edges || len(first.Taken) != 1 || len(second.Taken) != 0 {
		t.Errorf("the pages are %+v and %+v", first, second)
	}
}
