package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

// events streams what happens as one line each, until the client goes or the
// time it asked for is over.
func (s systemRoutes) events(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	filters, err := q.filters()
	if err != nil {
		return err
	}
	happened, err := s.backend.Events(r.Context(), types.EventsOptions{
		Since: q.Get("since"), Until: q.Get("until"), Filters: filters,
	})
	if err != nil {
		return err
	}
	out := &lines{w: w}
	out.begin()
	for event := range happened {
		if err := out.send(eventFor(event)); err != nil {
			return err
		}
	}
	return nil
}
