package task

import (
	"context"
	"slices"
	"strings"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/log"

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

// List is the state of the first process of every task of the namespace, by
// id. A task that ends meanwhile is left out.
func (t *Tasks) List(ctx context.Context) ([]*taskv3.StateResponse, error) {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return nil, errdefs.Invalid("%w", err)
	}
	t.mu.Lock()
	var found []*task
	for k, each := range t.tasks {
		if k.namespace == ns && each.shim != nil {
			found = append(found, each)
		}
	}
	t.mu.Unlock()
	slices.SortFunc(found, func(a, b *task) int { return strings.Compare(a.id, b.id) })
	var all []*taskv3.StateResponse
	for _, each := range found {
		state, err := each.shim.State(ctx, &taskv3.StateRequest{ID: each.id})
		if err != nil {
			log.G(ctx).WithError(err).Warnf("task %s does not tell its state", each.id)
			continue
		}
		state.ID = each.id
		all = append(all, state)
	}
	return all, nil
}
