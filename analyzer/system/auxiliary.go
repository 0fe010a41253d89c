package system

import (
	"slices"
	"strings"
)

// Auxiliary reports whether the main package stands in a folder that by its
// name holds tests, examples or tools of the tree. Nothing is taken to arrive in
// such a program unless nothing else has the name that is started.
func (p *Program) Auxiliary() bool {
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
