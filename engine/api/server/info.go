package server

import "net/http"

func (s systemRoutes) info(w http.ResponseWriter, r *http.Request) error {
	info, err := s.backend.Info(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, infoFor(versionOf(r), info))
}
