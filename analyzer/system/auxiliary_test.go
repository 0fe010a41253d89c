package system

import "testing"

func TestAuxiliary(t *testing.T) {
	src := &Source{Dir: "/src/kiln"}
	for _, c := range []struct {
		dir, name string
		want      bool
	}{
		{"/src/kiln/cmd/kilnd", "kilnd", false},
		{"/src/kiln/cmd/latest", "latest", false}, // test is no word of it
		{"/src/kiln/integration/cmd/kilnd", "kilnd", true},
		{"/src/kiln/cmd/gen-docs", "gen-docs", true},
		{"/src/kiln/cmd/kiln_stress", "kiln_stress", true},
		{"/src/kiln", "kiln", false},
	} {
		p := &Program{Name: c.name, Dir: c.dir, Source: src}
		if got := p.Auxiliary(); got != c.want {
			t.Errorf("%s in %s: %v", c.name, c.dir, got)
		}
	}
}
