package flow

import "testing"

// TestOnward asks for the step of the spine where two edges lead to the next
// node: the one that says so is meant, wherever it stands.
func TestOnward(t *testing.T) {
	f := &Flow{
		Schema: Schema, Root: 1, Spine: []int{1, 2, 3}, Components: []Component{{Name: "kiln"}},
		Nodes: []Node{{ID: 1, Component: "kiln"}, {ID: 2, Component: "kiln"}, {ID: 3, Component: "kiln"}},
		Edges: []Edge{
			{From: 1, To: 2, Kind: Exec, Detail: "tool heat"},
			{From: 1, To: 2, Kind: Exec, Detail: "tool stop", Spine: true},
			{From: 1, To: 2, Kind: Exec, Detail: "tool wake"},
			{From: 2, To: 3, Kind: Call, Detail: "first"},
			{From: 2, To: 3, Kind: Call, Detail: "second"},
		},
	}
	r, err := NewRoute(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"tool stop", "first", ""} {
		if got := r.Onward(i).Detail; got != want {
			t.Errorf("step %d goes on by %q, want %q", i, got, want)
		}
	}
}
