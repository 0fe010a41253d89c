package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/go-runc"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/types"
)

// CleanUp removes a container whose shim has died: it kills what runs, lets
// the runtime forget the container and unmounts its root. All is done of it
// that can be, however little there is. The exit is the one that the shim has
// recorded, else that of a killed process.
func CleanUp(ctx context.Context, id, dir string, runtime Runtime) (types.Exit, error) {
	var failed []error
	if err := runtime.Delete(ctx, id, &runc.DeleteOpts{Force: true}); err != nil && !cerrdefs.IsNotFound(err) {
		failed = append(failed, err)
	}
	// A runtime that was killed before it had written down what it made knows
	// of no container, and still there is its cgroup.
	if err := removeCgroup(dir); err != nil {
		failed = append(failed, err)
	}
	exit := types.Exit{Status: 128 + int(unix.SIGKILL), At: time.Now()}
	if pid, err := runc.ReadPidFile(filepath.Join(dir, bundle.InitPid)); err == nil {
		exit.Pid = pid
	}
	if err := unmountRootfs(filepath.Join(dir, bundle.Rootfs)); err != nil {
		failed = append(failed, err)
	}
	if recorded, err := readExit(dir); err == nil {
		exit = recorded
	}
	return exit, errors.Join(failed...)
}

// RuncOf finds the runtime that made the container of a bundle.
func RuncOf(cfg RuncConfig) (*Runc, error) {
	opts, err := readOptions(cfg.Bundle)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("options of the container: %w", err)
	}
	cfg.Options = opts
	return NewRunc(cfg)
}
