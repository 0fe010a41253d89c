package server

import (
	"net/http"

	"github.com/moby/moby/api/types/network"
)

func (n networkRoutes) create(w http.ResponseWriter, r *http.Request) error {
	var req network.CreateRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	created, err := n.backend.Create(r.Context(), req)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, created)
}

func (n networkRoutes) list(w http.ResponseWriter, r *http.Request) error {
	filters, err := queryOf(r).filters()
	if err != nil {
		return err
	}
	list, err := n.backend.List(r.Context(), filters)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, orEmpty(list))
}

func (n networkRoutes) inspect(w http.ResponseWriter, r *http.Request) error {
	found, err := n.backend.Inspect(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, found)
}

func (n networkRoutes) rm(w http.ResponseWriter, r *http.Request) error {
	return noContent(w, n.backend.Remove(r.Context(), r.PathValue("name")))
}
