package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/errdefs"
)

func (n networkRoutes) list(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	list, err := n.backend.List(r.Context(), filters)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(list))
}

func (n networkRoutes) inspect(w http.ResponseWriter, r *http.Request) error {
	found, err := n.backend.Inspect(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, found)
}

// rm refuses: what can be found is one of the engine's own.
func (n networkRoutes) rm(_ http.ResponseWriter, r *http.Request) error {
	found, err := n.backend.Inspect(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return errdefs.Forbidden("%s is a pre-defined network and cannot be removed", found.Name)
}
