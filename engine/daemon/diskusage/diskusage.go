// Package diskusage says how much the files of a folder hold.
package diskusage

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
)

// Bytes is how many bytes the files in a folder have, each counted once, however
// many names it has. It is what is in them and not the room they take, as docker
// counts. Files may come and go meanwhile.
func Bytes(ctx context.Context, dir string) (int64, error) {
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		sys := info.Sys().(*syscall.Stat_t)
		if key := (inode{sys.Dev, sys.Ino}); !seen[key] {
			seen[key] = true
			total += info.Size()
		}
		return nil
	})
	return total, err
}
