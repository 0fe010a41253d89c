package task

import (
	"context"
	"syscall"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/log"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Remove deletes an ended process. The first process of a task takes the task
// along: its shim and its bundle.
func (t *Tasks) Remove(ctx context.Context, id, execID string) (*taskv3.DeleteResponse, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	// Who asks may be killed meanwhile. What has begun is ended all the same: of a
	// container that it has deleted the shim knows nothing, and who asks again
	// would take it for gone, with the shim.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	resp, err := found.shim.Delete(ctx, &taskv3.DeleteRequest{ID: id, ExecID: execID})
	if err != nil {
		// If the shim is gone, so is by now what was to be deleted.
		exit, err := found.after(ctx, execID, err)
		return exit.response(), err
	}
	if execID != "" || !found.claim() {
		return resp, nil
	}
	deaths{t}.shutdown(ctx, found)
	err = bundles{t}.removeBundle(found.key)
	deaths{t}.forget(found)
	found.finish(Exit{Pid: resp.Pid, Status: resp.ExitStatus, At: resp.ExitedAt.AsTime()})
	return resp, err
}

const (
	removeTime    = time.Minute     // for a runtime to delete a container, and a shim to end
	shutdownTime  = 3 * time.Second // for a shim to end
	shutdownAgain = 50 * time.Millisecond
)

// shutdown ends a shim, by force if it must be.
//
// A shim that makes a container, for a client or a containerd that is gone by
// now, does not end before it has, and killing it would let the runtime go on
// without it. So that container is waited for and deleted.
func (t deaths) shutdown(ctx context.Context, gone *task) {
	var pid int
	if who, err := gone.shim.Connect(ctx, &taskv3.ConnectRequest{ID: gone.id}); err == nil {
		pid = int(who.ShimPid)
	}
	if !gone.ends(ctx) {
		log.G(ctx).Warnf("the shim of %s, process %d, does not end; it is killed", gone.id, pid)
		if pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // while it is connected the pid is its own
		}
	}
	if err := gone.shim.Close(); err != nil {
		log.G(ctx).WithError(err).Debugf("connection to the shim of %s", gone.id)
	}
}

// ends asks a shim to end until it does, and reports whether it has.
func (gone *task) ends(ctx context.Context) bool {
	late := time.After(shutdownTime)
	for {
		if err := gone.shim.Shutdown(ctx, &taskv3.ShutdownRequest{ID: gone.id, Now: true}); err != nil {
			log.G(ctx).WithError(err).Debugf("the shim of %s does not shut down", gone.id)
		}
		select {
		case <-gone.disconnected:
			return true
		case <-late:
			return false
		case <-time.After(shutdownAgain):
		}
		if _, err := gone.shim.Delete(ctx, &taskv3.DeleteRequest{ID: gone.id}); err != nil {
			log.G(ctx).WithError(err).Debugf("delete of what the shim of %s made", gone.id)
		}
	}
}

func (e Exit) response() *taskv3.DeleteResponse {
	return &taskv3.DeleteResponse{Pid: e.Pid, ExitStatus: e.Status, ExitedAt: timestamppb.New(e.At)}
}
