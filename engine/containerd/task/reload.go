package task

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/log"
	"golang.org/x/sync/errgroup"
)

// connectTime is how long a shim may take to answer after a restart.
const connectTime = 5 * time.Second

// Reload takes up the tasks whose bundles a former process left: it connects
// to the shims that run, and cleans up after those that are gone.
func (t *Tasks) Reload(ctx context.Context) error {
	spaces, err := os.ReadDir(t.Bundles)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(16)
	for _, ns := range spaces {
		bundles, err := os.ReadDir(filepath.Join(t.Bundles, ns.Name()))
		if err != nil {
			return err
		}
		for _, b := range bundles {
			if !b.IsDir() || strings.HasPrefix(b.Name(), ".") {
				continue
			}
			found := &task{key: key{ns.Name(), b.Name()}, bundle: filepath.Join(t.Bundles, ns.Name(), b.Name())}
			group.Go(func() error {
				t.reload(namespaces.WithNamespace(ctx, found.namespace), found)
				return nil
			})
		}
	}
	return group.Wait()
}

func (t *Tasks) reload(ctx context.Context, found *task) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	config := ShimConfig{Namespace: found.namespace, ID: found.id, Bundle: found.bundle, OnClose: func() { t.shimGone(found) }}
	shim, err := t.Shims.Load(ctx, config)
	if err == nil {
		var state *taskv3.StateResponse
		if state, err = shim.State(ctx, &taskv3.StateRequest{ID: found.id}); err == nil {
			found.shim, found.pid = shim, state.Pid
			if err := t.reserve(found); err != nil {
				log.G(ctx).WithError(err).Warn("a task was there before it was loaded")
			}
			return
		}
		found.markRemoved()
		shim.Close()
	}
	log.G(ctx).WithError(err).Infof("the shim of %s did not outlive us; cleaning up", found.id)
	ctx, stop := detached(found.namespace)
	defer stop()
	t.cleanUp(ctx, found, config)
}
