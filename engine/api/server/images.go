package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (i imageRoutes) images(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	filters, err := q.filters()
	if err != nil {
		return err
	}
	list, err := i.backend.List(r.Context(), types.ImageListOptions{All: q.is("all"), Filters: filters})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, imagesFor(versionOf(r), list))
}
