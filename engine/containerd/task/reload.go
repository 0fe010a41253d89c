package task

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"golang.org/x/sync/errgroup"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/bundle"
)

const (
	reconnectTime = 5 * time.Second // a shim that does not answer so long after a restart is gone
	reloads       = 16              // at once
)

// Reload takes up the tasks whose bundles a former process left: it connects
// to the shims that run, and cleans up after those that are gone.
func (t *Tasks) Reload(ctx context.Context) error {
	left, err := keysIn(t.Bundles)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(reloads)
	for _, k := range left {
		group.Go(func() error {
			reloader{t}.reload(namespaces.WithNamespace(ctx, k.namespace), k)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return reloader{t}.removeWork()
}

// reloader takes up what a former process left.
type reloader struct{ *Tasks }

func (t reloader) reload(ctx context.Context, k key) {
	found := newTask(k)
	err := t.reconnect(ctx, found)
	if err == nil {
		err = maker(t).add(found)
	}
	if err == nil {
		log.G(ctx).Debugf("task %s goes on", k.id)
		return
	}
	if !found.claim() {
		return // it has died since, and that is being dealt with
	}
	log.G(ctx).WithError(err).Infof("task %s did not outlive us; cleaning up", k.id)
	ctx, cancel := detached(k.namespace)
	defer cancel()
	if found.shim != nil { // it runs, without a container
		deaths(t).shutdown(ctx, found)
	}
	exit := deaths(t).cleanUp(ctx, found)
	found.finish(exit)
	deaths(t).tell(ctx, found, exit)
}

// reconnect finds the shim of a bundle, and a container in it.
func (t reloader) reconnect(ctx context.Context, found *task) (err error) {
	config := ShimConfig{
		Namespace: found.namespace, ID: found.id, Bundle: bundles(t).bundleOf(found.key), OnClose: func() { deaths(t).shimGone(found) },
	}
	shim, err := t.Shims.Load(ctx, config)
	if cerrdefs.IsNotFound(err) {
		shim, err = t.loadUnanswered(ctx, config)
	}
	if err != nil {
		return err
	}
	found.shim = shim
	ctx, cancel := context.WithTimeout(ctx, reconnectTime)
	defer cancel()
	_, err = shim.State(ctx, &taskv3.StateRequest{ID: found.id})
	return err
}

// loadUnanswered connects to a shim whose answer nobody was there to take. Shims
// leave their address in the bundle too, but not the version of their API, so
// each is tried.
func (t reloader) loadUnanswered(ctx context.Context, config ShimConfig) (shim Shim, err error) {
	address, err := os.ReadFile(filepath.Join(config.Bundle, bundle.Address))
	if errors.Is(err, os.ErrNotExist) {
		return nil, errdefs.NotFound("no shim was started for %s", config.ID)
	}
	if err != nil {
		return nil, err
	}
	for _, version := range []int{3, 2} {
		answer, err := json.Marshal(map[string]any{"version": version, "address": string(address), "protocol": "ttrpc"})
		if err != nil {
			return nil, err
		}
		if err := bundle.Write(config.Bundle, bundle.Bootstrap, answer); err != nil {
			return nil, err
		}
		if shim, err = t.Shims.Load(ctx, config); !cerrdefs.IsNotImplemented(err) {
			return shim, err
		}
	}
	return nil, errdefs.Unavailable("shim of %s speaks no version of the task API that is known", config.ID)
}

// removeWork removes the folders of tasks whose bundles a reboot removed.
func (t reloader) removeWork() error {
	left, err := keysIn(t.Work)
	if err != nil {
		return err
	}
	var failed []error
	for _, k := range left {
		if _, err := os.Lstat(bundles(t).bundleOf(k)); errors.Is(err, os.ErrNotExist) {
			failed = append(failed, os.RemoveAll(bundles(t).workOf(k)))
		}
	}
	return errors.Join(failed...)
}

// keysIn is the tasks that a folder has folders for.
func keysIn(dir string) (found []key, err error) {
	spaces, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, space := range spaces {
		tasks, err := os.ReadDir(filepath.Join(dir, space.Name()))
		if err != nil {
			return nil, err
		}
		for _, task := range tasks {
			if task.IsDir() {
				found = append(found, key{space.Name(), task.Name()})
			}
		}
	}
	return found, nil
}
