package server

import (
	"net/http"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (e execRoutes) create(w http.ResponseWriter, r *http.Request) error {
	var req container.ExecCreateRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if len(req.Cmd) == 0 {
		return errdefs.Invalid("No exec command specified")
	}
	created, err := e.backend.Create(r.Context(), r.PathValue("name"), req)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, created)
}

// execStart runs the process with the client's connection as its stdio, or
// without one when the client detaches.
func (e execRoutes) start(w http.ResponseWriter, r *http.Request) error {
	var opts types.ExecStartOptions
	if err := readOptionalJSON(w, r, &opts); err != nil {
		return err
	}
	return e.backend.Start(r.Context(), r.PathValue("id"), opts, connect(w, r))
}

func (e execRoutes) inspect(w http.ResponseWriter, r *http.Request) error {
	process, err := e.backend.Inspect(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, process)
}
