package server

import (
	"net/http"

	"github.com/moby/moby/api/types/registry"
)

func (i imageRoutes) login(w http.ResponseWriter, r *http.Request) error {
	var auth registry.AuthConfig
	if err := readJSON(w, r, &auth); err != nil {
		return err
	}
	answer, err := i.backend.Login(r.Context(), auth)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}
