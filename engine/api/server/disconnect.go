package server

import (
	"net/http"

	"github.com/moby/moby/api/types/network"
)

func (n networkRoutes) disconnect(w http.ResponseWriter, r *http.Request) error {
	var req network.DisconnectRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if err := n.backend.Disconnect(r.Context(), r.PathValue("name"), req); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
