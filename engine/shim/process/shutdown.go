package process

import "context"

// Shutdown ends the shim, unless it still has a container.
func (t *Task) Shutdown(context.Context) error {
	t.mu.Lock()
	busy := t.container != nil || t.reserved
	t.mu.Unlock()
	if !busy {
		t.cfg.Shutdown()
	}
	return nil
}
