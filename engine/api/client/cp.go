package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// Stat says what a path in a container is.
func (a Archives) Stat(ctx context.Context, name, path string) (container.PathStat, error) {
	resp, err := a.head(ctx, "/containers/"+segment(name)+"/archive", url.Values{"path": {path}})
	if err != nil {
		return container.PathStat{}, err
	}
	defer resp.body.Close()
	return pathStat(resp)
}

// CopyFrom is a path in a container as a tar archive.
func (a Archives) CopyFrom(ctx context.Context, name, path string) (container.PathStat, io.ReadCloser, error) {
	resp, err := a.get(ctx, "/containers/"+segment(name)+"/archive", url.Values{"path": {path}})
	if err != nil {
		return container.PathStat{}, nil, err
	}
	stat, err := pathStat(resp)
	if err != nil {
		_ = resp.body.Close()
		return container.PathStat{}, nil, err
	}
	return stat, resp.body, nil
}

// CopyTo unpacks a tar archive in a folder of a container.
func (a Archives) CopyTo(ctx context.Context, name string, opts types.CopyToOptions, tar io.Reader) error {
	query := url.Values{"path": {opts.Path}}
	flag(query, "noOverwriteDirNonDir", opts.NoOverwriteDirNonDir)
	flag(query, "copyUIDGID", opts.CopyUIDGID)
	return done(a.request(ctx, http.MethodPut, "/containers/"+segment(name)+"/archive", payload{query: query, upload: tar}))
}

// pathStat reads the header that tells what a path is.
func pathStat(resp *answer) (container.PathStat, error) {
	var stat container.PathStat
	encoded, err := base64.StdEncoding.DecodeString(resp.header.Get("X-Docker-Container-Path-Stat"))
	if err == nil {
		err = json.Unmarshal(encoded, &stat)
	}
	if err != nil {
		return stat, fmt.Errorf("reading what the daemon tells of the path: %w", err)
	}
	return stat, nil
}
