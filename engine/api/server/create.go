package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/errdefs"
)

func (c containerRoutes) create(w http.ResponseWriter, r *http.Request) error {
	var asked createBefore44
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	req := asked.request()
	if req.Config == nil {
		return errdefs.Invalid("config cannot be empty in order to create a container")
	}
	req.Platform = queryOf(r).Get("platform")
	created, err := c.backend.Create(r.Context(), queryOf(r).Get("name"), req)
	if err != nil {
		return err
	}
	created.Warnings = orEmpty(created.Warnings)
	return writeJSON(w, http.StatusCreated, created)
}
