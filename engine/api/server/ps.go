package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (c containerRoutes) ps(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	filters, err := q.filters()
	if err != nil {
		return err
	}
	limit, err := q.number("limit")
	if err != nil {
		return err
	}
	opts := types.ListOptions{All: q.is("all"), Size: q.is("size"), Filters: filters}
	if limit != nil {
		opts.Limit = *limit
	}
	list, err := c.backend.List(r.Context(), opts)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(list))
}
