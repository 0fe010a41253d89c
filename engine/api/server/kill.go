package server

import "net/http"

func (c containerRoutes) kill(w http.ResponseWriter, r *http.Request) error {
	return noContent(w, c.backend.Kill(r.Context(), r.PathValue("name"), queryOf(r).Get("signal")))
}
