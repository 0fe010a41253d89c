package daemon

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/errdefs"
)

// Rename gives a container another name.
func (d *Daemon) Rename(ctx context.Context, name, newName string) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	newName = strings.TrimPrefix(newName, "/")
	if newName == "" {
		return errdefs.Invalid("Neither old nor new names may be empty")
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	old := c.Snapshot().Name
	if old == newName {
		return errdefs.Invalid("Renaming a container with the same name as its current name")
	}
	if err := d.containers.Rename(c, "/"+newName); err != nil {
		return fmt.Errorf("Error when allocating new name: %w", err)
	}
	if d.Network.Endpoint(c.ID) != nil {
		quiet(d.Network.Rename(c.ID, newName))
	}
	d.tell(events.ActionRename, c.Snapshot(), map[string]string{"oldName": "/" + old})
	return nil
}
