package types

import "github.com/moby/moby/api/types/events"

// Filters is docker's filter argument: a name, and the values of which one
// must match. On the wire {"name":{"value":true}}; the older form
// {"name":["value"]} is read too.
type Filters map[string][]string

// EventsOptions is the query of GET /events. Since and Until are as in
// LogsOptions.
type EventsOptions struct {
	Since, Until string
	Filters      Filters
}

// Event is one line of GET /events.
type Event = events.Message

// ImagePullOptions is the query and header of POST /images/create.
type ImagePullOptions struct {
	Platform     string
	RegistryAuth string // base64 JSON of registry.AuthConfig, as in X-Registry-Auth
}

// ImagePushOptions is the query and header of POST /images/{name}/push.
type ImagePushOptions struct {
	Platform     string
	RegistryAuth string // as in ImagePullOptions
}

// ImageImportOptions is the query of POST /images/create?fromSrc=.
type ImageImportOptions struct {
	Repository, Tag string
	Message         string
	Changes         []string // Dockerfile instructions
	Platform        string
}

// ImageRemoveOptions is the query of DELETE /images/{name}.
type ImageRemoveOptions struct {
	Force   bool
	NoPrune bool
}

// ImageListOptions is the query of GET /images/json.
type ImageListOptions struct {
	All     bool
	Filters Filters
}

// DiskUsageOptions is the query of GET /system/df: which kinds to count
// ("container", "image", "volume", "build-cache"). None is all.
type DiskUsageOptions struct {
	Types []string
}
