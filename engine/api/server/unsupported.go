package server

import (
	"net/http"

	"github.com/moby/moby/api/types/plugin"

	"github.com/callroute/callroute/engine/errdefs"
)

// unsupported is the handler of what docker has and this engine has not.
func unsupported(what string) handler {
	return func(http.ResponseWriter, *http.Request) error {
		return errdefs.NotImplemented("%s is not supported by this engine", what)
	}
}

// noBuild says where a Dockerfile can be built: docker's client hands it to a
// buildkitd itself, and loads what that makes.
func noBuild(http.ResponseWriter, *http.Request) error {
	return errdefs.NotImplemented("building images is not supported by this engine: have a buildkitd build them " +
		"(docker buildx create --use --driver remote ADDRESS; docker buildx build --load .)")
}

func notSwarm(http.ResponseWriter, *http.Request) error {
	return errdefs.Unavailable("%s", `This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.`)
}

func noSwarm(http.ResponseWriter, *http.Request) error {
	return errdefs.Unavailable("This node is not part of a swarm")
}

func plugins(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, plugin.ListResponse{})
}

func noPlugin(_ http.ResponseWriter, r *http.Request) error {
	return errdefs.NotFound("plugin %q not found", r.PathValue("name"))
}
