package server

import (
	"net/http"

	"github.com/moby/moby/api/types"
)

func (c containerRoutes) stats(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	mode := StatsStream
	switch {
	case q.isOr("stream", true):
	case q.is("one-shot"):
		mode = StatsOneShot
	default:
		mode = StatsOnce
	}
	return c.backend.Stats(r.Context(), r.PathValue("name"), mode, openAs(w, types.MediaTypeJSON))
}
