package images

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/registry"
)

// hosts says how to reach the registry of an image: over https, but for one on
// this machine, and with the client's credentials.
func hosts(ref reference.Named, registryAuth string) docker.RegistryHosts {
	client := &http.Client{Transport: docker.DefaultHTTPTransport(nil)}
	auth := decodeAuth(registryAuth)
	domain := reference.Domain(ref)
	return docker.ConfigureDefaultRegistries(
		docker.WithClient(client),
		docker.WithPlainHTTP(docker.MatchLocalhost),
		docker.WithAuthorizer(docker.NewDockerAuthorizer(
			docker.WithAuthClient(client),
			docker.WithAuthCreds(func(asking string) (user, secret string, _ error) {
				host, err := docker.DefaultHost(domain)
				if err != nil {
					return "", "", err
				}
				// Where a registry redirects to is not whom the credentials are for.
				if asking != host {
					return "", "", nil
				}
				if auth.IdentityToken != "" {
					return "", auth.IdentityToken, nil
				}
				return auth.Username, auth.Password, nil
			}),
		)),
	)
}

// decodeAuth reads the X-Registry-Auth header. Docker pulls without credentials
// if there are none or they cannot be read, and so do we.
func decodeAuth(header string) registry.AuthConfig {
	var auth registry.AuthConfig
	if data, err := base64.URLEncoding.DecodeString(header); err == nil {
		_ = json.Unmarshal(data, &auth)
	}
	return auth
}
