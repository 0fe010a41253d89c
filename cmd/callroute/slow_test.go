package main

import "testing"

// slow leaves a test out of short runs.
func slow(t *testing.T, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out of short runs: " + why)
	}
}
