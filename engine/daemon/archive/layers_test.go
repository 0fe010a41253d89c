package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
)

func write(t *testing.T, dir string, files ...string) string {
	t.Helper()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(filepath.Base(dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestChanges compares what was written with two layers below it.
func TestChanges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("without root it is not tested what has changed over two layers")
	}
	top := t.TempDir()
	bottom := write(t, filepath.Join(top, "bottom"), "etc/a", "etc/b", "same")
	middle := write(t, filepath.Join(top, "middle"), "etc/c")
	upper := write(t, filepath.Join(top, "upper"), "etc/b", "new/file")
	mounts := []mount.Mount{{Type: "overlay", Source: "overlay", Options: []string{"workdir=/w", "upperdir=" + upper, "lowerdir=" + middle + ":" + bottom}}}
	got, err := Changes(t.Context(), mounts)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, c := range got {
		paths = append(paths, c.Kind.String()+" "+c.Path)
	}
	if want := []string{"C /etc", "C /etc/b", "A /new", "A /new/file"}; !slices.Equal(paths, want) {
		t.Errorf("%q, want %q", paths, want)
	}
	err = View(t.Context(), mounts, func(dir string) error {
		for name, want := range map[string]string{"etc/a": "bottom", "etc/c": "middle", "etc/b": "upper", "new/file": "upper"} {
			if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != want {
				t.Errorf("%s: %q %v", name, text, err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err == nil {
			t.Error("it can be written")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLayersRefused(t *testing.T) {
	for _, mounts := range [][]mount.Mount{nil, {{Type: "btrfs"}}, {{Type: "overlay", Options: []string{"lowerdir=/a"}}}} {
		if _, err := Changes(t.Context(), mounts); err == nil || !strings.Contains(err.Error(), "cannot be taken apart") {
			t.Errorf("%+v: %v", mounts, err)
		}
	}
}
