package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (i imageRoutes) importTar(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	if q.Get("fromSrc") != "-" {
		return errdefs.NotImplemented("this engine does not fetch what it imports: send the archive itself (fromSrc=-)")
	}
	opts := types.ImageImportOptions{
		Repository: q.Get("repo"), Tag: q.Get("tag"),
		Message: q.Get("message"), Changes: q.Values["changes"], Platform: q.Get("platform"),
	}
	return progress(r.Context(), w, func(report Progress) error {
		return i.backend.Import(r.Context(), r.Body, opts, report)
	})
}
