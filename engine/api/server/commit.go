package server

import (
	"net/http"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

func (a archiveRoutes) commit(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	opts := types.CommitOptions{
		Repository: q.Get("repo"), Tag: q.Get("tag"), Comment: q.Get("comment"), Author: q.Get("author"),
		Pause: q.isOr("pause", true), Changes: q.Values["changes"],
	}
	if err := readOptionalJSON(w, r, &opts.Config); err != nil {
		return err
	}
	id, err := a.backend.Commit(r.Context(), q.Get("container"), opts)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, container.CommitResponse{ID: id})
}
