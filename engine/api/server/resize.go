package server

import (
	"net/http"
	"strconv"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (c containerRoutes) resize(w http.ResponseWriter, r *http.Request) error {
	size, err := resizeOptions(r)
	if err != nil {
		return err
	}
	return c.backend.Resize(r.Context(), r.PathValue("name"), size)
}

func (e execRoutes) resize(w http.ResponseWriter, r *http.Request) error {
	size, err := resizeOptions(r)
	if err != nil {
		return err
	}
	return e.backend.Resize(r.Context(), r.PathValue("id"), size)
}

func resizeOptions(r *http.Request) (types.ResizeOptions, error) {
	q := queryOf(r)
	height, err := strconv.ParseUint(q.Get("h"), 10, 16)
	if err != nil {
		return types.ResizeOptions{}, errdefs.Invalid("invalid resize height %q", q.Get("h"))
	}
	width, err := strconv.ParseUint(q.Get("w"), 10, 16)
	if err != nil {
		return types.ResizeOptions{}, errdefs.Invalid("invalid resize width %q", q.Get("w"))
	}
	return types.ResizeOptions{Height: uint16(height), Width: uint16(width)}, nil
}
