package diskusage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestBytes(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Mkdir(in("folder"), 0o755),
		os.WriteFile(in("folder/one"), make([]byte, 5000), 0o600),
		os.Link(in("folder/one"), in("again")),
		os.WriteFile(in("two"), []byte("abc"), 0o600),
		os.Symlink("two", in("link")), // three bytes: its target's name
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Bytes(t.Context(), dir); err != nil || got != 5006 {
		t.Errorf("%d bytes, %v; want 5006", got, err)
	}
	if got, err := Bytes(t.Context(), in("nosuch")); err != nil || got != 0 {
		t.Errorf("a folder that is gone: %d, %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Bytes(ended, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}
