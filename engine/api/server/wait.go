package server

import (
	"net/http"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// wait answers when the container has ended. The status is sent before: a
// client starts the container once it knows that the wait began.
func (c containerRoutes) wait(w http.ResponseWriter, r *http.Request) error {
	condition := container.WaitCondition(queryOf(r).Get("condition"))
	switch condition {
	case "":
		condition = container.WaitConditionNotRunning
	case container.WaitConditionNotRunning, container.WaitConditionNextExit, container.WaitConditionRemoved:
	default:
		return errdefs.Invalid("invalid condition: %q", string(condition))
	}
	ended, err := c.backend.Wait(r.Context(), r.PathValue("name"), condition)
	if err != nil {
		return err
	}
	out := &lines{w: w}
	out.begin()
	select {
	case exit, ok := <-ended:
		if !ok {
			return errdefs.Unavailable("the wait for the container ended before the container")
		}
		return out.send(exit)
	case <-r.Context().Done():
		return r.Context().Err()
	}
}
