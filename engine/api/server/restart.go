package server

import "net/http"

func (c containerRoutes) restart(w http.ResponseWriter, r *http.Request) error {
	opts, err := stopOptions(r)
	if err != nil {
		return err
	}
	return noContent(w, c.backend.Restart(r.Context(), r.PathValue("name"), opts))
}
