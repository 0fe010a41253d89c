package bundle

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	for _, data := range []string{"first", "", "second"} {
		if err := Write(dir, Exit, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, Exit)); err != nil || string(got) != data {
			t.Errorf("%q, %v; want %q", got, err, data)
		}
	}
	info, err := os.Stat(filepath.Join(dir, Exit))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v; want one", len(entries), err)
	}
	if err := Write(filepath.Join(dir, "nosuch"), Exit, nil); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}
