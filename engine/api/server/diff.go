package server

import "net/http"

func (a archiveRoutes) diff(w http.ResponseWriter, r *http.Request) error {
	changes, err := a.backend.Diff(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(changes))
}
