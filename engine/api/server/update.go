package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (c containerRoutes) update(w http.ResponseWriter, r *http.Request) error {
	var config types.UpdateConfig
	if err := readJSON(w, r, &config); err != nil {
		return err
	}
	updated, err := c.backend.Update(r.Context(), r.PathValue("name"), config)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, updated)
}
