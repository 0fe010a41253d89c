package golist

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// writeTree lays an archive out in a new folder and returns the folder.
func writeTree(tb testing.TB, archive *txtar.Archive) string {
	tb.Helper()
	dir := tb.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}
