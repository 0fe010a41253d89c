package server

import "net/http"

func (c containerRoutes) unpause(w http.ResponseWriter, r *http.Request) error {
	return noContent(w, c.backend.Unpause(r.Context(), r.PathValue("name")))
}
