// Package npm fetches what a test needs from npm's registry.
package npm

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Install fetches packages ("axe-core@4.10.3") into a folder of the test's own
// and returns its node_modules. Where that is not possible the test fails for
// root, who runs every test, and is skipped for others.
func Install(t *testing.T, packages ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"}, packages...)
	cmd := exec.CommandContext(t.Context(), "npm", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		Missing(t, "npm cannot fetch %v: %v: %s", packages, err, out)
	}
	return filepath.Join(dir, "node_modules")
}

// Missing fails the test of root, and skips that of others.
func Missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getuid() == 0 {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
