package server

import "net/http"

func (a archiveRoutes) export(w http.ResponseWriter, r *http.Request) error {
	return a.backend.Export(r.Context(), r.PathValue("name"), openAs(w, "application/octet-stream"))
}
