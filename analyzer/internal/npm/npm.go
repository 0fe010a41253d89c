// Package npm fetches what a test needs from npm's registry.
package npm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Install fetches packages ("axe-core@4.10.3") into a folder of the test's own
// and returns its node_modules. Where that is not possible the test is left out.
func Install(t *testing.T, packages ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"}, packages...)
	cmd := exec.CommandContext(t.Context(), "npm", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		last := strings.TrimSpace(string(out))
		Missing(t, "npm cannot fetch %s: %v: %s", strings.Join(packages, ", "), err, last[strings.LastIndexByte(last, '\n')+1:])
	}
	return filepath.Join(dir, "node_modules")
}

// Missing leaves a test out, because something is not there, or fails it where
// nothing may be left out.
func Missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CALLROUTE_COMPLETE") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
