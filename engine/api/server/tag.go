package server

import "net/http"

func (i imageRoutes) tag(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	if err := i.backend.Tag(r.Context(), r.PathValue("name"), q.Get("repo"), q.Get("tag")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}
