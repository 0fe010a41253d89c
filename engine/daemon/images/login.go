package images

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/moby/moby/api/types/registry"

	"github.com/callroute/callroute/engine/errdefs"
)

// Login asks a registry whether it knows somebody by these credentials. Nothing
// is kept: the client sends them along with each request.
func (s *Service) Login(ctx context.Context, auth registry.AuthConfig) (registry.AuthResponse, error) {
	server := strings.TrimPrefix(strings.TrimPrefix(auth.ServerAddress, "https://"), "http://")
	server, _, _ = strings.Cut(server, "/")
	host, err := docker.DefaultHost(strings.Replace(server, "index.docker.io", "docker.io", 1))
	if err != nil {
		return registry.AuthResponse{}, errdefs.Invalid("invalid registry %q: %w", auth.ServerAddress, err)
	}
	scheme := "https"
	if plain, err := docker.MatchLocalhost(host); err == nil && plain {
		scheme = "http"
	}
	client := &http.Client{Transport: docker.DefaultHTTPTransport(nil)}
	authorizer := docker.NewDockerAuthorizer(docker.WithAuthClient(client), docker.WithAuthCreds(func(string) (user, secret string, _ error) {
		if auth.IdentityToken != "" {
			return "", auth.IdentityToken, nil
		}
		return auth.Username, auth.Password, nil
	}))
	var asked []*http.Response
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+host+"/v2/", nil)
		if err != nil {
			return registry.AuthResponse{}, errdefs.Invalid("invalid registry %q: %w", auth.ServerAddress, err)
		}
		if err := authorizer.Authorize(ctx, r); err != nil {
			return registry.AuthResponse{}, loginFailed(r, err)
		}
		answer, err := client.Do(r)
		if err != nil {
			return registry.AuthResponse{}, errdefs.Internal("%w", err)
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxJSON))
		_ = answer.Body.Close()
		switch {
		case answer.StatusCode == http.StatusOK:
			return registry.AuthResponse{Status: "Login Succeeded"}, nil
		case answer.StatusCode != http.StatusUnauthorized:
			return registry.AuthResponse{}, errdefs.Internal("login to %s: unexpected status %s", host, answer.Status)
		}
		// It asks for credentials once; who is asked again is not known.
		if asked = append(asked, answer); len(asked) > 1 { //nolint:bodyclose // it is closed above, and only its headers are looked at
			return registry.AuthResponse{}, loginFailed(r, nil)
		}
		if err := authorizer.AddResponses(ctx, asked); err != nil {
			return registry.AuthResponse{}, loginFailed(r, err)
		}
	}
}

func loginFailed(r *http.Request, why error) error {
	if why == nil {
		return errdefs.Unauthorized("Get %q: unauthorized: incorrect username or password", r.URL)
	}
	return errdefs.Unauthorized("Get %q: unauthorized: incorrect username or password: %w", r.URL, why)
}
