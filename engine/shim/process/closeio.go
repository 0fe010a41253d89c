package process

import "context"

// CloseIO ends a process's standard input, once its client has closed it too.
func (t *Task) CloseIO(_ context.Context, id, execID string) error {
	_, p, err := t.findProcess(id, execID)
	if err != nil {
		return err
	}
	return p.currentStreams().closeStdin()
}
