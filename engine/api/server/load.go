package server

import "net/http"

func (i imageRoutes) load(w http.ResponseWriter, r *http.Request) error {
	return progress(r.Context(), w, func(report Progress) error {
		return i.backend.Load(r.Context(), r.Body, report)
	})
}
