package server

import "net/http"

func (c containerRoutes) pause(w http.ResponseWriter, r *http.Request) error {
	return noContent(w, c.backend.Pause(r.Context(), r.PathValue("name")))
}
