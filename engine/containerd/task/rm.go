package task

import (
	"context"
	"errors"
	"time"

	eventsapi "github.com/containerd/containerd/api/events"
	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/core/runtime"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/log"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Exit is how a process ended.
type Exit struct {
	Pid    uint32
	Status uint32 // exit code, or 128 plus the signal
	At     time.Time
}

// Remove deletes an ended process. The first process of a task takes the task
// along: its shim and its bundle.
func (t *Tasks) Remove(ctx context.Context, id, execID string) (Exit, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return Exit{}, err
	}
	if execID != "" {
		resp, err := found.shim.Delete(ctx, &taskv3.DeleteRequest{ID: id, ExecID: execID})
		return exitOf(resp), err
	}
	resp, err := found.shim.Delete(ctx, &taskv3.DeleteRequest{ID: id})
	if err != nil {
		return Exit{}, err
	}
	exit := exitOf(resp)
	found.markRemoved()
	// From here on the task is gone, whether or not who asked still waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := found.shim.Shutdown(ctx, &taskv3.ShutdownRequest{ID: id}); err != nil {
		log.G(ctx).WithError(err).Warnf("the shim of %s does not shut down", id)
	}
	err = errors.Join(found.shim.Close(), removeBundle(found.bundle))
	t.forget(found)
	return exit, err
}

func exitOf(r *taskv3.DeleteResponse) Exit {
	return Exit{Pid: r.GetPid(), Status: r.GetExitStatus(), At: r.GetExitedAt().AsTime()}
}

func (t *task) markRemoved() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.removed = true
}

func (t *task) isRemoved() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.removed
}

// detached is a context for work that nobody waits for.
func detached(namespace string) (context.Context, context.CancelFunc) {
	return context.WithTimeout(namespaces.WithNamespace(context.Background(), namespace), cleanupTime)
}

// shimGone cleans up after a shim whose connection ended though nobody removed
// its task: it was killed, or it crashed. The container's processes go too, as
// nobody would see them end.
func (t *Tasks) shimGone(gone *task) {
	if gone.isRemoved() {
		return
	}
	gone.markRemoved()
	ctx, cancel := detached(gone.namespace)
	defer cancel()
	log.G(ctx).Warnf("the shim of %s is gone; cleaning up", gone.id)
	t.cleanUp(ctx, gone, ShimConfig{Namespace: gone.namespace, ID: gone.id, Bundle: gone.bundle})
	t.forget(gone)
}

// killed is the status of a process of which only the end is known.
const killed = 128 + 9

// cleanUp removes what a dead shim left, and tells that the process has ended.
func (t *Tasks) cleanUp(ctx context.Context, gone *task, config ShimConfig) {
	exit, err := t.Shims.DeleteAfterDeath(ctx, config)
	if err != nil {
		log.G(ctx).WithError(err).Warnf("cleanup of %s", gone.id)
		exit = Exit{Status: killed, At: time.Now()}
	}
	if exit.Pid == 0 {
		exit.Pid = gone.pid
	}
	if err := removeBundle(gone.bundle); err != nil {
		log.G(ctx).WithError(err).Warnf("bundle of %s", gone.id)
	}
	at := timestamppb.New(exit.At)
	t.publish(ctx, runtime.TaskExitEventTopic, &eventsapi.TaskExit{ContainerID: gone.id, ID: gone.id, Pid: exit.Pid, ExitStatus: exit.Status, ExitedAt: at})
	t.publish(ctx, runtime.TaskDeleteEventTopic, &eventsapi.TaskDelete{ContainerID: gone.id, Pid: exit.Pid, ExitStatus: exit.Status, ExitedAt: at})
}
