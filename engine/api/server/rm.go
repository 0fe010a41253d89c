package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (c containerRoutes) rm(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	if q.is("link") {
		return errdefs.NotImplemented("this engine has no links between containers")
	}
	err := c.backend.Remove(r.Context(), r.PathValue("name"), types.RemoveOptions{
		Force: q.is("force"), Volumes: q.is("v"),
	})
	return noContent(w, err)
}
