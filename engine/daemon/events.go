package daemon

import (
	"context"
	"time"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/errdefs"
)

// eventFilters are those that docker knows.
var eventFilters = map[string]bool{
	"type": true, "event": true, "container": true, "image": true, "volume": true, "network": true, "scope": true, "label": true,
	"daemon": true, "plugin": true, "config": true, "node": true, "secret": true, "service": true,
}

// Events sends what happened since, then what happens.
func (d *about) Events(ctx context.Context, o types.EventsOptions) (<-chan types.Event, error) {
	now := time.Now()
	since, err := logs.ParseTime(o.Since, now)
	if err != nil {
		return nil, err
	}
	until, err := logs.ParseTime(o.Until, now)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() && until.Before(since) {
		return nil, errdefs.Invalid("`since` time (%d.%09d) cannot be after `until` time (%d.%09d)", since.Unix(), since.Nanosecond(), until.Unix(), until.Nanosecond())
	}
	for name := range o.Filters {
		if !eventFilters[name] {
			return nil, errdefs.Invalid("invalid filter '%s'", name)
		}
	}
	if !until.IsZero() && since.IsZero() {
		since = time.Unix(0, 1) // the past, up to then
	}
	return d.EventLog.Subscribe(ctx, since, until, o.Filters), nil
}
