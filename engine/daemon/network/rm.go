package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/errdefs"
)

// Remove removes a network in which nobody is.
func (n *Networks) Remove(_ context.Context, name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	found, err := n.find(name)
	if err != nil {
		return err
	}
	if builtin(found.Name) {
		return errdefs.Forbidden("%s is a pre-defined network and cannot be removed", found.Name)
	}
	return n.remove(n.networks[found.ID])
}

// remove removes a network: its file at last, for that is how a crash finds what
// is left. The lock is held.
func (n *Networks) remove(gone *bridged) error {
	var active []string
	for _, e := range n.attached(gone) {
		active = append(active, fmt.Sprintf("name:%q id:%q", e.Name, e.in(gone.ID).EndpointID[:12]))
	}
	slices.Sort(active)
	if len(active) > 0 {
		return errdefs.Forbidden("error while removing network: network %s has active endpoints (%s)", gone.Name, strings.Join(active, ", "))
	}
	if err := (bridges{n.state}).removeBridge(gone); err != nil {
		return err
	}
	if err := os.Remove(n.definitionPath(gone.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(n.networks, gone.ID)
	n.config.Event(events.ActionDestroy, gone.ID, attributes(gone.Name))
	return nil
}
