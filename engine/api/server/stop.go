package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (c containerRoutes) stop(w http.ResponseWriter, r *http.Request) error {
	opts, err := stopOptions(r)
	if err != nil {
		return err
	}
	return noContent(w, c.backend.Stop(r.Context(), r.PathValue("name"), opts))
}

func stopOptions(r *http.Request) (types.StopOptions, error) {
	q := queryOf(r)
	seconds, err := q.number("t")
	return types.StopOptions{Signal: q.Get("signal"), Timeout: seconds}, err
}
