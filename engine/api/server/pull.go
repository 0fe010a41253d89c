package server

import (
	"net/http"
	"strings"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// create is two verbs that have one route: pull from a registry, and import
// of an archive.
func (i imageRoutes) create(w http.ResponseWriter, r *http.Request) error {
	switch q := queryOf(r); {
	case q.Get("fromImage") != "":
		return i.pull(w, r)
	case q.Get("fromSrc") != "":
		return i.importTar(w, r)
	}
	return errdefs.Invalid("bad parameter: fromImage or fromSrc must be given")
}

func (i imageRoutes) pull(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	ref := q.Get("fromImage")
	switch tag := q.Get("tag"); {
	case strings.Contains(tag, ":"): // a digest
		ref += "@" + tag
	case tag != "":
		ref += ":" + tag
	}
	opts := types.ImagePullOptions{Platform: q.Get("platform"), RegistryAuth: r.Header.Get("X-Registry-Auth")}
	return progress(r.Context(), w, func(report Progress) error {
		return i.backend.Pull(r.Context(), ref, opts, report)
	})
}
