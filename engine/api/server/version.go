package server

import "net/http"

func (s systemRoutes) version(w http.ResponseWriter, r *http.Request) error {
	version, err := s.backend.Version(r.Context())
	if err != nil {
		return err
	}
	version.APIVersion, version.MinAPIVersion = APIVersion, MinAPIVersion
	return writeJSON(w, http.StatusOK, version)
}
