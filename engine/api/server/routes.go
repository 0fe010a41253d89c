package server

import "net/http"

// routes lists everything that can be asked, by kind of thing. Each group of
// handlers has its own part of the backend.
func routes(config Config) []route {
	system := systemRoutes{config.Backend.System}
	container := containerRoutes{config.Backend.Containers}
	exec := execRoutes{config.Backend.Execs}
	archive := archiveRoutes{config.Backend.Archives}
	checkpoint := checkpointRoutes{config.Backend.Checkpoints}
	image := imageRoutes{config.Backend.Images}
	volume := volumeRoutes{config.Backend.Volumes}
	network := networkRoutes{config.Backend.Networks}
	return []route{
		{http.MethodHead, "/_ping", system.ping},
		{http.MethodGet, "/_ping", system.ping},
		{http.MethodGet, "/version", system.version},
		{http.MethodGet, "/info", system.info},
		{http.MethodGet, "/events", system.events},
		{http.MethodGet, "/system/df", system.df},

		{http.MethodPost, "/containers/create", container.create},
		{http.MethodPost, "/containers/prune", container.prune},
		{http.MethodGet, "/containers/json", container.ps},
		{http.MethodGet, "/containers/{name}/json", container.inspect},
		{http.MethodPost, "/containers/{name}/start", container.start},
		{http.MethodPost, "/containers/{name}/stop", container.stop},
		{http.MethodPost, "/containers/{name}/restart", container.restart},
		{http.MethodPost, "/containers/{name}/kill", container.kill},
		{http.MethodPost, "/containers/{name}/pause", container.pause},
		{http.MethodPost, "/containers/{name}/unpause", container.unpause},
		{http.MethodPost, "/containers/{name}/update", container.update},
		{http.MethodPost, "/containers/{name}/rename", container.rename},
		{http.MethodPost, "/containers/{name}/wait", container.wait},
		{http.MethodPost, "/containers/{name}/attach", container.attach},
		{http.MethodPost, "/containers/{name}/resize", container.resize},
		{http.MethodGet, "/containers/{name}/logs", container.logs},
		{http.MethodGet, "/containers/{name}/top", container.top},
		{http.MethodGet, "/containers/{name}/stats", container.stats},
		{http.MethodHead, "/containers/{name}/archive", archive.stat},
		{http.MethodGet, "/containers/{name}/archive", archive.copyFrom},
		{http.MethodPut, "/containers/{name}/archive", archive.copyTo},
		{http.MethodGet, "/containers/{name}/changes", archive.diff},
		{http.MethodGet, "/containers/{name}/export", archive.export},
		{http.MethodPost, "/containers/{name}/exec", exec.create},
		{http.MethodPost, "/exec/{id}/start", exec.start},
		{http.MethodPost, "/exec/{id}/resize", exec.resize},
		{http.MethodGet, "/exec/{id}/json", exec.inspect},
		{http.MethodPost, "/containers/{name}/checkpoints", checkpoint.create},
		{http.MethodGet, "/containers/{name}/checkpoints", checkpoint.list},
		{http.MethodDelete, "/containers/{name}/checkpoints/{checkpoint}", checkpoint.rm},
		{http.MethodDelete, "/containers/{name}", container.rm},

		{http.MethodGet, "/images/json", image.images},
		{http.MethodPost, "/images/create", image.create},
		{http.MethodPost, "/images/load", image.load},
		{http.MethodGet, "/images/get", image.saveMany},
		{http.MethodPost, "/images/prune", image.prune},
		{http.MethodGet, "/images/{name}/json", image.inspect},
		{http.MethodGet, "/images/{name}/history", image.history},
		{http.MethodGet, "/images/{name}/get", image.save},
		{http.MethodPost, "/images/{name}/tag", image.tag},
		{http.MethodDelete, "/images/{name}", image.rmi},

		{http.MethodGet, "/volumes", volume.list},
		{http.MethodPost, "/volumes/create", volume.create},
		{http.MethodPost, "/volumes/prune", volume.prune},
		{http.MethodGet, "/volumes/{name}", volume.inspect},
		{http.MethodDelete, "/volumes/{name}", volume.rm},

		{http.MethodGet, "/networks", network.list},
		{http.MethodGet, "/networks/{name}", network.inspect},
		{http.MethodDelete, "/networks/{name}", network.rm},
		{http.MethodPost, "/networks/prune", network.prune},
		{http.MethodPost, "/networks/create", network.create},
		{http.MethodPost, "/networks/{name}/connect", network.connect},
		{http.MethodPost, "/networks/{name}/disconnect", network.disconnect},

		// What docker has and this engine has not. Clients probe some of it.
		{http.MethodGet, "/plugins", plugins},
		{http.MethodGet, "/plugins/{name}/json", noPlugin},
		{http.MethodGet, "/plugins/privileges", unsupported("installing plugins")},
		{http.MethodPost, "/plugins/pull", unsupported("installing plugins")},
		{http.MethodPost, "/plugins/create", unsupported("making plugins")},
		{http.MethodPost, "/plugins/{name}/enable", noPlugin},
		{http.MethodPost, "/plugins/{name}/disable", noPlugin},
		{http.MethodPost, "/plugins/{name}/upgrade", noPlugin},
		{http.MethodPost, "/plugins/{name}/push", noPlugin},
		{http.MethodPost, "/plugins/{name}/set", noPlugin},
		{http.MethodDelete, "/plugins/{name}", noPlugin},
		{http.MethodPost, "/swarm/init", unsupported("a swarm")},
		{http.MethodPost, "/swarm/join", unsupported("a swarm")},
		{http.MethodPost, "/swarm/leave", noSwarm},
		{http.MethodPost, "/swarm/update", notSwarm},
		{http.MethodPost, "/swarm/unlock", noSwarm},
		{http.MethodGet, "/swarm/unlockkey", notSwarm},
		{http.MethodPost, "/services/create", notSwarm},
		{http.MethodPost, "/secrets/create", notSwarm},
		{http.MethodPost, "/configs/create", notSwarm},
		{http.MethodPost, "/nodes/{name}/update", notSwarm},
		{http.MethodDelete, "/nodes/{name}", notSwarm},
		{http.MethodPost, "/services/{name}/update", notSwarm},
		{http.MethodDelete, "/services/{name}", notSwarm},
		{http.MethodDelete, "/secrets/{name}", notSwarm},
		{http.MethodDelete, "/configs/{name}", notSwarm},
		{http.MethodGet, "/swarm", notSwarm},
		{http.MethodGet, "/nodes", notSwarm},
		{http.MethodGet, "/nodes/{name}", notSwarm},
		{http.MethodGet, "/services", notSwarm},
		{http.MethodGet, "/services/{name}", notSwarm},
		{http.MethodGet, "/tasks", notSwarm},
		{http.MethodGet, "/tasks/{name}", notSwarm},
		{http.MethodGet, "/secrets", notSwarm},
		{http.MethodGet, "/secrets/{name}", notSwarm},
		{http.MethodGet, "/configs", notSwarm},
		{http.MethodGet, "/configs/{name}", notSwarm},
		{http.MethodPost, "/build/prune", buildPrune},
		{http.MethodPost, "/build", noBuild},
		{http.MethodPost, "/commit", archive.commit},
		{http.MethodPost, "/auth", image.login},
		{http.MethodGet, "/images/search", unsupported("searching registries")},
		{http.MethodPost, "/images/{name}/push", image.push},
		{http.MethodGet, "/distribution/{name}/json", unsupported("asking a registry about an image")},
		{http.MethodGet, "/containers/{name}/attach/ws", unsupported("attaching over a websocket")},
	}
}

// The handlers, by the part of the backend that they ask.
type (
	systemRoutes     struct{ backend System }
	containerRoutes  struct{ backend Containers }
	execRoutes       struct{ backend Execs }
	archiveRoutes    struct{ backend Archives }
	checkpointRoutes struct{ backend Checkpoints }
	imageRoutes      struct{ backend Images }
	volumeRoutes     struct{ backend Volumes }
	networkRoutes    struct{ backend Networks }
)
