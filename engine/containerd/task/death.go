package task

import (
	"context"
	"sync"
	"time"

	eventsapi "github.com/containerd/containerd/api/events"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/core/runtime"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Exit is how a process ended.
type Exit struct {
	Pid    uint32
	Status uint32 // exit code, or 128 plus the signal
	At     time.Time
}

// killed is the status of a process of which only the end is known.
const killed = 128 + 9

// death is the end of a task. Whoever claims it takes the task down: Remove,
// because somebody asked, a Create that failed, or shimGone, because the shim
// ended by itself. The others leave it alone, or wait for it.
type death struct {
	over    chan struct{} // closed when the task is down
	mu      sync.Mutex
	claimed bool
	exit    Exit // of the first process, once over is closed
}

// claim is true for the first who calls it.
func (d *death) claim() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := !d.claimed
	d.claimed = true
	return first
}

func (d *death) isClaimed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.claimed
}

// finish tells who waits that the task is down.
func (d *death) finish(exit Exit) {
	d.exit = exit
	close(d.over)
}

// after waits for the task to be down if err says that its shim is gone, and
// tells how the process ended; else it gives err back. Processes that were
// added to the container end with it.
func (d *death) after(ctx context.Context, execID string, err error) (Exit, error) {
	if !cerrdefs.IsUnavailable(err) {
		return Exit{}, err
	}
	select {
	case <-d.over:
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
	if execID != "" {
		return Exit{Status: killed, At: d.exit.At}, nil
	}
	return d.exit, nil
}

// cleanupTime is how long taking down may take when who asked has gone.
const cleanupTime = 10 * time.Second

// detached is a context for work that nobody waits for.
func detached(namespace string) (context.Context, context.CancelFunc) {
	return context.WithTimeout(namespaces.WithNamespace(context.Background(), namespace), cleanupTime)
}

// deaths take tasks down.
type deaths struct{ *Tasks }

// shimGone is told that the connection to a shim has ended. If nobody took its
// task down, it was killed, or it crashed: what it left is cleaned up. The
// container's processes go too, as nobody would see them end.
func (t deaths) shimGone(gone *task) {
	close(gone.disconnected)
	if !gone.claim() {
		return
	}
	ctx, cancel := detached(gone.namespace)
	defer cancel()
	log.G(ctx).Warnf("the shim of %s is gone; cleaning up", gone.id)
	exit := t.cleanUp(ctx, gone)
	t.forget(gone)
	gone.finish(exit)
	t.tell(ctx, gone, exit)
}

// cleanUp removes what a dead shim left.
func (t deaths) cleanUp(ctx context.Context, gone *task) Exit {
	exit, err := t.Shims.DeleteAfterDeath(ctx, ShimConfig{Namespace: gone.namespace, ID: gone.id, Bundle: bundles(t).bundleOf(gone.key)})
	if err != nil {
		log.G(ctx).WithError(err).Warnf("cleanup of %s", gone.id)
		exit = Exit{Status: killed, At: time.Now()}
	}
	if err := bundles(t).removeBundle(gone.key); err != nil {
		log.G(ctx).WithError(err).Warnf("bundle of %s", gone.id)
	}
	return exit
}

// tell tells the world that a task is over, which its shim cannot any more.
func (t deaths) tell(ctx context.Context, gone *task, exit Exit) {
	at := timestamppb.New(exit.At)
	t.publish(ctx, runtime.TaskExitEventTopic, &eventsapi.TaskExit{ContainerID: gone.id, ID: gone.id, Pid: exit.Pid, ExitStatus: exit.Status, ExitedAt: at})
	t.publish(ctx, runtime.TaskDeleteEventTopic, &eventsapi.TaskDelete{ContainerID: gone.id, Pid: exit.Pid, ExitStatus: exit.Status, ExitedAt: at})
}

// publish tells an event. That nobody could be told is no failure.
func (t deaths) publish(ctx context.Context, topic string, event events.Event) {
	if err := t.Events.Publish(ctx, topic, event); err != nil {
		log.G(ctx).WithError(err).Warnf("event %s is lost", topic)
	}
}
