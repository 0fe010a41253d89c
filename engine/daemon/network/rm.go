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
func (s *Networks) Remove(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.find(name)
	if err != nil {
		return err
	}
	if builtin(found.Name) {
		return errdefs.Forbidden("%s is a pre-defined network and cannot be removed", found.Name)
	}
	return s.remove(s.networks[found.ID])
}

// remove removes a network: its file at last, for that is how a crash finds what
// is left. The lock is held.
func (s *Networks) remove(gone *bridged) error {
	var active []string
	for _, e := range s.attached(gone) {
		active = append(active, fmt.Sprintf("name:%q id:%q", e.Name, e.in(gone.ID).EndpointID[:12]))
	}
	slices.Sort(active)
	if len(active) > 0 {
		return errdefs.Forbidden("error while removing network: network %s has active endpoints (%s)", gone.Name, strings.Join(active, ", "))
	}
	if err := (bridges{s.state}).removeBridge(gone); err != nil {
		return err
	}
	if err := os.Remove(s.definitionPath(gone.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(s.networks, gone.ID)
	s.config.Event(events.ActionDestroy, gone.ID, attributes(gone.Name))
	return nil
}
