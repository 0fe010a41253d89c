package process

import (
	"context"

	"github.com/containerd/console"
)

// ResizePty sets the size of a process's terminal, if it has one.
func (t *Task) ResizePty(_ context.Context, id, execID string, width, height uint16) error {
	_, p, err := t.findProcess(id, execID)
	if err != nil {
		return err
	}
	if _, err := p.check(verbResize); err != nil {
		return err
	}
	streams := p.currentStreams()
	if streams == nil || streams.terminal == nil {
		return nil
	}
	return streams.terminal.Resize(console.WinSize{Width: width, Height: height})
}
