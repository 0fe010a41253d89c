package main

import (
	"bytes"
	"os"
	"testing"
)

// TestOwnRoutes holds the programs of this repository to routes.yaml.
func TestOwnRoutes(t *testing.T) {
	if testing.Short() {
		t.Skip("analyzes every program of the repository")
	}
	t.Chdir("../..")
	var out, errs bytes.Buffer
	a := newApp(&out, &errs, os.Getenv, openAnalyzer)
	if code := a.run(t.Context(), []string{"check", "routes.yaml"}); code != fine {
		t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
	}
}
