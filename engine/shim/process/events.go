package process

import (
	"github.com/containerd/containerd/api/events"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/shim/types"
)

// publish tells containerd under the event's topic.
func (t *Task) publish(event proto.Message) {
	t.cfg.Events.Publish(topic(event), event)
}

// topic is the name under which containerd's clients subscribe to an event.
func topic(event proto.Message) string {
	switch event.(type) {
	case *events.TaskCreate:
		return "/tasks/create"
	case *events.TaskStart:
		return "/tasks/start"
	case *events.TaskOOM:
		return "/tasks/oom"
	case *events.TaskExit:
		return "/tasks/exit"
	case *events.TaskDelete:
		return "/tasks/delete"
	case *events.TaskExecAdded:
		return "/tasks/exec-added"
	case *events.TaskExecStarted:
		return "/tasks/exec-started"
	case *events.TaskPaused:
		return "/tasks/paused"
	case *events.TaskResumed:
		return "/tasks/resumed"
	case *events.TaskCheckpointed:
		return "/tasks/checkpointed"
	}
	return "/tasks/?"
}

// exitEvent tells a process's end. The init process has the container's ID.
func exitEvent(c *container, p *process, exit types.Exit) *events.TaskExit {
	id := p.execID
	if id == "" {
		id = c.id
	}
	return &events.TaskExit{
		ContainerID: c.id,
		ID:          id,
		Pid:         uint32(exit.Pid),
		ExitStatus:  uint32(exit.Status),
		ExitedAt:    timestamppb.New(exit.At),
	}
}
