package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
)

func (c containerRoutes) attach(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	return c.backend.Attach(r.Context(), r.PathValue("name"), types.AttachOptions{
		Logs: q.is("logs"), Stream: q.is("stream"),
		Stdin: q.is("stdin"), Stdout: q.is("stdout"), Stderr: q.is("stderr"),
		DetachKeys: q.Get("detachKeys"),
	}, connect(w, r))
}
