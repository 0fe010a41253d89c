package server

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// pathStat is the header that tells what a path in a container is.
const pathStat = "X-Docker-Container-Path-Stat"

func (a archiveRoutes) stat(w http.ResponseWriter, r *http.Request) error {
	path, err := archivePath(r)
	if err != nil {
		return err
	}
	stat, err := a.backend.Stat(r.Context(), r.PathValue("name"), path)
	if err != nil {
		return err
	}
	return setPathStat(w, stat)
}

func (a archiveRoutes) copyFrom(w http.ResponseWriter, r *http.Request) error {
	path, err := archivePath(r)
	if err != nil {
		return err
	}
	stat, tar, err := a.backend.CopyFrom(r.Context(), r.PathValue("name"), path)
	if err != nil {
		return err
	}
	defer tar.Close()
	if err := setPathStat(w, stat); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-tar")
	_, err = io.Copy(w, tar)
	return err
}

func (a archiveRoutes) copyTo(w http.ResponseWriter, r *http.Request) error {
	path, err := archivePath(r)
	if err != nil {
		return err
	}
	q := queryOf(r)
	return a.backend.CopyTo(r.Context(), r.PathValue("name"), types.CopyToOptions{
		Path:                 path,
		NoOverwriteDirNonDir: q.is("noOverwriteDirNonDir"),
		CopyUIDGID:           q.is("copyUIDGID"),
	}, r.Body)
}

func archivePath(r *http.Request) (string, error) {
	path := queryOf(r).Get("path")
	if path == "" {
		return "", errdefs.Invalid("bad parameter: path cannot be empty")
	}
	return path, nil
}

func setPathStat(w http.ResponseWriter, stat container.PathStat) error {
	encoded, err := json.Marshal(stat)
	if err != nil {
		return err
	}
	w.Header().Set(pathStat, base64.StdEncoding.EncodeToString(encoded))
	return nil
}
