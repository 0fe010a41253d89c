package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (i imageRoutes) rmi(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	removed, err := i.backend.Remove(r.Context(), r.PathValue("name"), types.ImageRemoveOptions{
		Force: q.is("force"), NoPrune: q.is("noprune"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(removed))
}
