package task

import (
	"context"
	"slices"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/log"
	"golang.org/x/sync/errgroup"

	"github.com/callroute/callroute/engine/errdefs"
)

// State tells what a process is doing.
func (t *Tasks) State(ctx context.Context, id, execID string) (*taskv3.StateResponse, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return found.shim.State(ctx, &taskv3.StateRequest{ID: id, ExecID: execID})
}

// IDs names the tasks of the namespace, sorted.
func (t *Tasks) IDs(ctx context.Context) ([]string, error) {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return nil, errdefs.Invalid("%w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for k := range t.tasks {
		if k.namespace == ns {
			ids = append(ids, k.id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

const (
	stateTime = 2 * time.Second // for one shim, when all are asked
	states    = 16              // at once
)

// List is the state of the first process of every task of the namespace, by
// id. A task that ends meanwhile, or does not answer, is left out.
func (t *Tasks) List(ctx context.Context) ([]*taskv3.StateResponse, error) {
	ids, err := t.IDs(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]*taskv3.StateResponse, len(ids))
	var group errgroup.Group
	group.SetLimit(states)
	for i, id := range ids {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, stateTime)
			defer cancel()
			state, err := t.State(ctx, id, "")
			if err != nil {
				log.G(ctx).WithError(err).Warnf("task %s does not tell its state", id)
				return nil // the others are told
			}
			state.ID = id
			all[i] = state
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s *taskv3.StateResponse) bool { return s == nil }), nil
}
