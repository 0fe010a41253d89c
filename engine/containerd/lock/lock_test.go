package lock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/errdefs"
)

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if pid, err := Holder(dir); pid != 0 || err != nil {
		t.Errorf("nobody has been there: %d, %v", pid, err)
	}
	release, err := Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	if pid, err := Holder(dir); pid != os.Getpid() || err != nil {
		t.Errorf("holder %d, %v", pid, err)
	}
	if _, err := Take(dir); !errdefs.IsConflict(err) {
		t.Errorf("taken twice: %v", err)
	}
	if pid, err := Holder(dir); pid != os.Getpid() || err != nil {
		t.Errorf("after a try, holder %d, %v", pid, err)
	}
	release()
	// The file is still there, with the number of one who has let go.
	if pid, err := Holder(dir); pid != 0 || err != nil {
		t.Errorf("holder of nothing: %d, %v", pid, err)
	}
	release, err = Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	release()
}

func TestLockNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(file); err == nil {
		t.Error("a file is no folder")
	}
	if _, err := Take(""); err == nil || errors.Is(err, os.ErrExist) {
		t.Errorf("no folder: %v", err)
	}
}
