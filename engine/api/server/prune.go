package server

import (
	"net/http"

	"github.com/moby/moby/api/types/build"
)

func (c containerRoutes) prune(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	report, err := c.backend.Prune(r.Context(), filters)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

func (i imageRoutes) prune(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	report, err := i.backend.Prune(r.Context(), filters)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

func (v volumeRoutes) prune(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	report, err := v.backend.Prune(r.Context(), pruneFiltersFor(versionOf(r), filters))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

func (n networkRoutes) prune(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	report, err := n.backend.Prune(r.Context(), filters)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, report)
}

// buildPrune removes nothing: without builds there is no cache of them. A
// prune of everything asks for it.
func buildPrune(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, build.CachePruneReport{})
}
