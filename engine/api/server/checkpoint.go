package server

import (
	"net/http"

	"github.com/moby/moby/api/types/checkpoint"

	"github.com/callroute/callroute/engine/api/types"
)

func (c checkpointRoutes) create(w http.ResponseWriter, r *http.Request) error {
	var req checkpoint.CreateRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if err := c.backend.Create(r.Context(), r.PathValue("name"), req); err != nil {
		return err
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (c checkpointRoutes) list(w http.ResponseWriter, r *http.Request) error {
	list, err := c.backend.List(r.Context(), r.PathValue("name"), checkpointOptions(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(list))
}

func (c checkpointRoutes) rm(w http.ResponseWriter, r *http.Request) error {
	err := c.backend.Remove(r.Context(), r.PathValue("name"), r.PathValue("checkpoint"), checkpointOptions(r))
	return noContent(w, err)
}

func checkpointOptions(r *http.Request) types.CheckpointOptions {
	return types.CheckpointOptions{Dir: queryOf(r).Get("dir")}
}
