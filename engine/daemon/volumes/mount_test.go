package volumes

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/moby/api/types/volume"
	"github.com/moby/sys/mountinfo"
)

// TestMount: what a volume with options is made of is there as long as somebody
// runs with it, and is not removed with it.
func TestMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("without root it is not tested that volumes are mounted")
	}
	root, outside := t.TempDir(), t.TempDir()
	file := filepath.Join(outside, "file")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(os.WriteFile(file, []byte("kept"), 0o600))
	s := open(t, root)
	made, err := s.Create(t.Context(), volume.CreateRequest{Name: "bound", DriverOpts: map[string]string{"type": "none", "device": outside, "o": "bind"}})
	do(err)
	if _, err := s.Create(t.Context(), volume.CreateRequest{Name: "plain"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.unmount("bound") })
	mounted := func(want bool) {
		t.Helper()
		if is, err := mountinfo.Mounted(made.Mountpoint); err != nil || is != want {
			t.Errorf("mounted %v, want %v: %v", is, want, err)
		}
	}
	do(s.Mount("plain", "c1"))
	do(s.Mount("bound", "c1"))
	do(s.Mount("bound", "c2"))
	if got, err := os.ReadFile(filepath.Join(made.Mountpoint, "file")); err != nil || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
	do(s.Unmount("c1"))
	mounted(true)
	do(s.Unmount("c1")) // again, and it is not c2's
	mounted(true)
	do(s.Unmount("c2"))
	mounted(false)

	// An engine that was killed left it mounted.
	do(s.Mount("bound", "c3"))
	again := open(t, root)
	do(again.Mount("bound", "c3")) // which still runs
	do(again.Tidy())
	mounted(true)
	last := open(t, root)
	do(last.Tidy())
	mounted(false)

	do(last.Mount("bound", "c4"))
	do(last.Remove(t.Context(), "bound", false))
	if got, err := os.ReadFile(file); err != nil || string(got) != "kept" {
		t.Errorf("what was mounted went with the volume: %q, %v", got, err)
	}
}
