package server

import "net/http"

func (c containerRoutes) top(w http.ResponseWriter, r *http.Request) error {
	processes, err := c.backend.Top(r.Context(), r.PathValue("name"), queryOf(r).Get("ps_args"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, processes)
}
