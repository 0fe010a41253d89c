package server

import (
	"net/http"
	"slices"

	"github.com/moby/moby/api/types/system"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (s systemRoutes) df(w http.ResponseWriter, r *http.Request) error {
	kinds := queryOf(r).Values["type"]
	for _, kind := range kinds {
		known := []system.DiskUsageObject{system.ContainerObject, system.ImageObject, system.VolumeObject, system.BuildCacheObject}
		if !slices.Contains(known, system.DiskUsageObject(kind)) {
			return errdefs.Invalid("unknown object type: %s", kind)
		}
	}
	usage, err := s.backend.DiskUsage(r.Context(), types.DiskUsageOptions{Types: kinds})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, diskUsageFor(versionOf(r), usage))
}
