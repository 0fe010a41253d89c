package system

import (
	"slices"
	"strings"
)

// Auxiliary reports whether the main package is by its name, or by that of a
// folder around it, a test, an example or a tool of the tree: integration/x,
// gen-docs, x-stress. Nothing is taken to arrive in such a program unless
// nothing else has the name that is started.
func (p *Program) Auxiliary() bool {
	for _, word := range strings.FieldsFunc(p.Name, func(r rune) bool { return r == '-' || r == '_' }) {
		switch word {
		case "bench", "gen", "stress", "test", "tests":
			return true
		}
	}
	below := strings.TrimPrefix(p.Dir, p.Source.Dir)
	return slices.ContainsFunc(strings.Split(below, "/"), func(elem string) bool {
		switch elem {
		case "contrib", "docs", "e2e", "example", "examples", "fixtures", "hack", "integration", "man", "scripts",
			"test", "testdata", "testfiles", "tests", "testutil", "testutils", "tools":
			return true
		}
		return false
	})
}
