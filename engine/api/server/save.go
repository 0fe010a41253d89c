package server

import (
	"net/http"

	"github.com/callroute/callroute/engine/errdefs"
)

func (i imageRoutes) save(w http.ResponseWriter, r *http.Request) error {
	return i.saveNamed(w, r, []string{r.PathValue("name")})
}

func (i imageRoutes) saveMany(w http.ResponseWriter, r *http.Request) error {
	names := queryOf(r).Values["names"]
	if len(names) == 0 {
		return errdefs.Invalid("bad parameter: names cannot be empty")
	}
	return i.saveNamed(w, r, names)
}

func (i imageRoutes) saveNamed(w http.ResponseWriter, r *http.Request, names []string) error {
	return i.backend.Save(r.Context(), names, openAs(w, "application/x-tar"))
}
