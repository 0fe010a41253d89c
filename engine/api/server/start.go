package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (c containerRoutes) start(w http.ResponseWriter, r *http.Request) error {
	// A host's configuration came here once; who still sends one must not
	// think that it is used. Clients of then sent "null" or "{}" too.
	if r.ContentLength > int64(len("null\r\n")) {
		return errdefs.Invalid("starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24")
	}
	q := queryOf(r)
	err := c.backend.Start(r.Context(), r.PathValue("name"), types.StartOptions{
		Checkpoint: q.Get("checkpoint"), CheckpointDir: q.Get("checkpoint-dir"),
	})
	return noContent(w, err)
}
