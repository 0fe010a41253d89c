package server

import "net/http"

func (i imageRoutes) history(w http.ResponseWriter, r *http.Request) error {
	layers, err := i.backend.History(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(layers))
}
