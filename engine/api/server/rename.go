package server

import "net/http"

func (c containerRoutes) rename(w http.ResponseWriter, r *http.Request) error {
	return noContent(w, c.backend.Rename(r.Context(), r.PathValue("name"), queryOf(r).Get("name")))
}
