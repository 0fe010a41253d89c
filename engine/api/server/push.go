package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (i imageRoutes) push(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	ref := r.PathValue("name")
	if tag := q.Get("tag"); tag != "" {
		ref += ":" + tag
	}
	opts := types.ImagePushOptions{Platform: q.Get("platform"), RegistryAuth: r.Header.Get("X-Registry-Auth")}
	return progress(r.Context(), w, func(report Progress) error {
		return i.backend.Push(r.Context(), ref, opts, report)
	})
}
