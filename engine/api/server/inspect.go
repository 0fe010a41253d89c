package server

import "net/http"

func (c containerRoutes) inspect(w http.ResponseWriter, r *http.Request) error {
	container, err := c.backend.Inspect(r.Context(), r.PathValue("name"), queryOf(r).is("size"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, containerFor(container))
}

func (i imageRoutes) inspect(w http.ResponseWriter, r *http.Request) error {
	image, err := i.backend.Inspect(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, imageFor(versionOf(r), image))
}
