package server

import (
	"net/http"

	"github.com/moby/moby/api/types/volume"
)

func (v volumeRoutes) create(w http.ResponseWriter, r *http.Request) error {
	var req volume.CreateRequest
	if err := readOptionalJSON(w, r, &req); err != nil {
		return err
	}
	created, err := v.backend.Create(r.Context(), req)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, created)
}

func (v volumeRoutes) list(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	list, err := v.backend.List(r.Context(), filters)
	if err != nil {
		return err
	}
	list.Volumes = orEmpty(list.Volumes)
	return writeJSON(w, http.StatusOK, list)
}

func (v volumeRoutes) inspect(w http.ResponseWriter, r *http.Request) error {
	found, err := v.backend.Inspect(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, found)
}

func (v volumeRoutes) rm(w http.ResponseWriter, r *http.Request) error {
	return noContent(w, v.backend.Remove(r.Context(), r.PathValue("name"), queryOf(r).is("force")))
}
