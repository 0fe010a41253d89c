package server

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// TestOlderVersions compares single fields of answers, by version. A field is
// a path of keys; what is not there is "absent".
func TestOlderVersions(t *testing.T) {
	f := &fake{
		info:   system.Info{ContainerdCommit: system.Commit{ID: "v2"}},
		images: []image.Summary{{ID: "sha256:1", Size: 5}, {ID: "sha256:2", RepoTags: []string{"a:b"}, RepoDigests: nil}},
		image:  image.InspectResponse{ID: "sha256:1", Size: 5, Config: &dockerspec.DockerOCIImageConfig{}},
		inspect: types.Container{
			InspectResponse: container.InspectResponse{
				ID: "c1",
				NetworkSettings: &container.NetworkSettings{
					SandboxID: "s1",
					Ports:     network.PortMap{},
					Networks: map[string]*network.EndpointSettings{"bridge": {
						IPAddress: netip.MustParseAddr("172.17.0.2"), IPPrefixLen: 16, Gateway: netip.MustParseAddr("172.17.0.1"),
					}},
				},
			},
			HostConfig: &types.HostConfig{CacheProperty: "L3:0=f"},
		},
		usage: system.DiskUsage{
			ImageUsage:     &image.DiskUsage{TotalSize: 9, Items: []image.Summary{{ID: "sha256:1", Size: 5}}},
			ContainerUsage: &container.DiskUsage{},
			VolumeUsage:    &volume.DiskUsage{Items: []volume.Volume{{Name: "v"}}},
		},
	}
	f.inspect.Config = &container.Config{Image: "busybox"}
	url, _ := served(t, f)
	for _, c := range []struct{ request, field, want string }{
		{"/v1.50/info", "BridgeNfIptables", "absent"},
		{"/v1.49/info", "BridgeNfIptables", "false"},
		{"/v1.41/info", "BridgeNfIp6tables", "false"},
		{"/v1.49/info", "ContainerdCommit.Expected", "absent"},
		{"/v1.48/info", "ContainerdCommit.Expected", `"v2"`},
		{"/v1.41/info", "ContainerdCommit.ID", `"v2"`},
		{"/v1.41/info", "ContainerdCommit.Expected", `"v2"`},

		{"/v1.44/images/json", "0.VirtualSize", "absent"},
		{"/v1.43/images/json", "0.VirtualSize", "5"},
		{"/v1.43/images/json", "0.RepoTags", "[]"},
		{"/v1.42/images/json", "0.RepoTags.0", `"<none>:<none>"`},
		{"/v1.42/images/json", "0.RepoDigests.0", `"<none>@<none>"`},
		{"/v1.42/images/json", "1.RepoTags.0", `"a:b"`},
		{"/v1.42/images/json", "1.RepoDigests", "[]"},

		{"/v1.50/images/x/json", "VirtualSize", "absent"},
		{"/v1.41/images/x/json", "VirtualSize", "5"},
		{"/v1.50/images/x/json", "Parent", `""`},
		{"/v1.50/images/x/json", "Comment", `""`},
		{"/v1.50/images/x/json", "Config.Entrypoint", "null"},
		{"/v1.50/images/x/json", "Config.ArgsEscaped", "absent"},

		{"/containers/x/json", "Id", `"c1"`},
		{"/containers/x/json", "Config.Image", `"busybox"`},
		{"/containers/x/json", "HostConfig.CacheProperty", `"L3:0=f"`},
		{"/containers/x/json", "NetworkSettings.SandboxID", `"s1"`},
		{"/containers/x/json", "NetworkSettings.IPAddress", `"172.17.0.2"`},
		{"/containers/x/json", "NetworkSettings.IPPrefixLen", "16"},
		{"/containers/x/json", "NetworkSettings.Gateway", `"172.17.0.1"`},
		{"/containers/x/json", "NetworkSettings.IPv6Gateway", `""`},
		{"/containers/x/json", "NetworkSettings.MacAddress", `""`},
		{"/containers/x/json", "NetworkSettings.SecondaryIPAddresses", "null"},
		{"/containers/x/json", "NetworkSettings.Networks.bridge.IPAddress", `"172.17.0.2"`},

		{"/v1.50/system/df", "LayersSize", "9"},
		{"/v1.50/system/df", "Images.0.Id", `"sha256:1"`},
		{"/v1.50/system/df", "Containers", "[]"},
		{"/v1.50/system/df", "Volumes.0.UsageData.Size", "-1"},
		{"/v1.50/system/df", "BuildCache", "null"},
		{"/v1.50/system/df", "BuilderSize", "absent"},
		{"/v1.41/system/df", "BuilderSize", "0"},
		{"/v1.50/system/df", "ImageUsage.TotalSize", "9"},
	} {
		_, body := ask(t, url, "GET "+c.request)
		if got := field(t, body, c.field); got != c.want {
			t.Errorf("%s %s is %s, want %s", c.request, c.field, got, c.want)
		}
	}
}

func TestContainerWithoutNetworkSettings(t *testing.T) {
	url, _ := served(t, &fake{})
	if _, body := ask(t, url, "GET /containers/x/json"); field(t, body, "NetworkSettings") != "null" {
		t.Error(body)
	}
}

// field is a part of a JSON text, as JSON.
func field(t *testing.T, text, path string) string {
	t.Helper()
	var at any
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for key := range strings.SplitSeq(path, ".") {
		var ok bool
		switch v := at.(type) {
		case map[string]any:
			at, ok = v[key]
		case []any:
			if i := int(key[0] - '0'); i < len(v) {
				at, ok = v[i], true
			}
		}
		if !ok {
			return "absent"
		}
	}
	encoded, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(encoded))
}

// TestAddressBefore44: the hardware address that clients before API 1.44 put
// beside the networks is that of the container's first.
func TestAddressBefore44(t *testing.T) {
	for body, want := range map[string]string{
		`{"Image":"x","MacAddress":"02:42:ac:11:00:99"}`:                                                                                      "bridge 02:42:ac:11:00:99",
		`{"Image":"x","MacAddress":"02:42:ac:11:00:99","HostConfig":{"NetworkMode":"mine"}}`:                                                  "mine 02:42:ac:11:00:99",
		`{"Image":"x","MacAddress":"02:42:ac:11:00:99","HostConfig":{"NetworkMode":"default"}}`:                                               "default 02:42:ac:11:00:99",
		`{"Image":"x","MacAddress":"","HostConfig":{"NetworkMode":"mine"}}`:                                                                   "",
		`{"Image":"x","MacAddress":"02:42:ac:11:00:99","NetworkingConfig":{"EndpointsConfig":{"bridge":{"MacAddress":"02:42:ac:11:00:01"}}}}`: "bridge 02:42:ac:11:00:01",
	} {
		var asked createBefore44
		if err := json.Unmarshal([]byte(body), &asked); err != nil {
			t.Fatal(err)
		}
		got := ""
		if n := asked.request().NetworkingConfig; n != nil {
			for name, e := range n.EndpointsConfig {
				got += name + " " + e.MacAddress.String()
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
