package server

import (
	"maps"
	"net/netip"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// The backend answers with docker's newest types, in which some fields are
// gone that clients of API 1.50 and older still read. Here they come back.

// createBefore44 is a request to make a container with the field that was beside
// its networks until 1.44.
type createBefore44 struct {
	types.CreateRequest
	MacAddress network.HardwareAddr
}

// request has the address where it is now: with the network of the container's
// mode.
func (c createBefore44) request() types.CreateRequest {
	req := c.CreateRequest
	if len(c.MacAddress) == 0 {
		return req
	}
	mode := network.NetworkBridge
	if req.HostConfig != nil && req.HostConfig.NetworkMode != "" {
		mode = string(req.HostConfig.NetworkMode)
	}
	if req.NetworkingConfig == nil {
		req.NetworkingConfig = &network.NetworkingConfig{}
	}
	endpoints := maps.Clone(req.NetworkingConfig.EndpointsConfig)
	if endpoints == nil {
		endpoints = map[string]*network.EndpointSettings{}
	}
	if endpoints[mode] == nil {
		endpoints[mode] = &network.EndpointSettings{}
	}
	if len(endpoints[mode].MacAddress) == 0 {
		endpoints[mode].MacAddress = c.MacAddress
	}
	req.NetworkingConfig.EndpointsConfig = endpoints
	return req
}

// infoFor adds what docker left out of /info in 1.50 and in 1.49.
func infoFor(version apiVersion, info system.Info) any {
	if version >= 50 {
		return info
	}
	old := infoBefore50{Info: info}
	if version >= 49 {
		return old
	}
	return infoBefore49{
		infoBefore50:     old,
		ContainerdCommit: expected(info.ContainerdCommit),
		RuncCommit:       expected(info.RuncCommit),
		InitCommit:       expected(info.InitCommit),
	}
}

type infoBefore50 struct {
	system.Info
	BridgeNfIptables  bool
	BridgeNfIP6tables bool `json:"BridgeNfIp6tables"`
}

type infoBefore49 struct {
	infoBefore50
	ContainerdCommit, RuncCommit, InitCommit expectedCommit
}

// expectedCommit is a component's version, and the one it should have: clients
// show both if they differ.
type expectedCommit struct{ ID, Expected string }

func expected(c system.Commit) expectedCommit { return expectedCommit{c.ID, c.ID} }

// eventFor adds the fields that events had before there was an actor.
func eventFor(event types.Event) any {
	old := eventBefore52{Message: event}
	switch event.Type {
	case events.ContainerEventType:
		old.From = event.Actor.Attributes["image"]
		fallthrough
	case events.ImageEventType:
		old.Status, old.ID = string(event.Action), event.Actor.ID
	}
	return old
}

type eventBefore52 struct {
	Status string `json:"status,omitempty"`
	ID     string `json:"id,omitempty"`
	From   string `json:"from,omitempty"`
	events.Message
}

// containerFor adds the addresses on the bridge beside the list of networks.
func containerFor(c types.Container) any {
	old := containerBefore52{Container: c}
	if c.NetworkSettings == nil {
		return old
	}
	old.NetworkSettings = &networkSettingsBefore52{NetworkSettings: c.NetworkSettings}
	if bridge := c.NetworkSettings.Networks[network.NetworkBridge]; bridge != nil {
		old.NetworkSettings.addresses = addresses{
			EndpointID:          bridge.EndpointID,
			Gateway:             bridge.Gateway,
			IPAddress:           bridge.IPAddress,
			IPPrefixLen:         bridge.IPPrefixLen,
			IPv6Gateway:         bridge.IPv6Gateway,
			GlobalIPv6Address:   bridge.GlobalIPv6Address,
			GlobalIPv6PrefixLen: bridge.GlobalIPv6PrefixLen,
			MacAddress:          bridge.MacAddress,
		}
	}
	return old
}

type containerBefore52 struct {
	types.Container
	NetworkSettings *networkSettingsBefore52
}

type networkSettingsBefore52 struct {
	Bridge string
	*container.NetworkSettings
	HairpinMode            bool
	LinkLocalIPv6Address   string
	LinkLocalIPv6PrefixLen int
	SecondaryIPAddresses   []string
	SecondaryIPv6Addresses []string
	addresses
}

type addresses struct {
	EndpointID          string
	Gateway             netip.Addr
	GlobalIPv6Address   netip.Addr
	GlobalIPv6PrefixLen int
	IPAddress           netip.Addr
	IPPrefixLen         int
	IPv6Gateway         netip.Addr
	MacAddress          network.HardwareAddr
}

// imageFor adds what is left out of an image since 1.52 when it is empty, and
// the second name of the size that was there until 1.43.
func imageFor(version apiVersion, i image.InspectResponse) any {
	old := imageBefore52{
		InspectResponse: i, Comment: i.Comment, Author: i.Author,
		VirtualSize: virtualSize(version, i.Size),
	}
	if c := i.Config; c != nil {
		old.Config = &imageConfigBefore52{
			DockerOCIImageConfig: c,
			User:                 c.User, Env: c.Env, Entrypoint: c.Entrypoint, Cmd: c.Cmd,
			Volumes: c.Volumes, WorkingDir: c.WorkingDir, Labels: c.Labels, OnBuild: c.OnBuild,
		}
	}
	return old
}

type imageBefore52 struct {
	image.InspectResponse
	Parent, Comment, DockerVersion, Author string
	Config                                 *imageConfigBefore52
	VirtualSize                            int64 `json:",omitempty"`
}

type imageConfigBefore52 struct {
	*dockerspec.DockerOCIImageConfig
	User       string
	Env        []string
	Cmd        []string
	Volumes    map[string]struct{}
	WorkingDir string
	Entrypoint []string
	OnBuild    []string
	Labels     map[string]string
}

// imagesFor is a list of images as clients of the version read it.
func imagesFor(version apiVersion, list []image.Summary) []imageSummary {
	old := make([]imageSummary, 0, len(list))
	for _, i := range list {
		if i.RepoTags, i.RepoDigests = orEmpty(i.RepoTags), orEmpty(i.RepoDigests); version < 43 &&
			len(i.RepoTags) == 0 && len(i.RepoDigests) == 0 {
			i.RepoTags, i.RepoDigests = []string{"<none>:<none>"}, []string{"<none>@<none>"}
		}
		old = append(old, imageSummary{Summary: i, VirtualSize: virtualSize(version, i.Size)})
	}
	return old
}

type imageSummary struct {
	image.Summary
	VirtualSize int64 `json:",omitempty"` // until 1.43
}

func virtualSize(version apiVersion, size int64) int64 {
	if version >= 44 {
		return 0
	}
	return size
}

// diskUsageFor is the usage in lists of things, as it was until 1.51, beside
// the sums by kind that it is now. Kinds that were not asked for are null.
func diskUsageFor(version apiVersion, usage system.DiskUsage) any {
	old := diskUsageBefore52{DiskUsage: usage}
	if version < 42 {
		old.BuilderSize = new(int64)
	}
	if u := usage.ImageUsage; u != nil {
		old.LayersSize = u.TotalSize
		old.Images = imagesFor(version, u.Items)
	}
	if u := usage.ContainerUsage; u != nil {
		old.Containers = orEmpty(u.Items)
	}
	if u := usage.VolumeUsage; u != nil {
		old.Volumes = orEmpty(u.Items)
		for i, v := range old.Volumes {
			if v.UsageData == nil { // clients read it without a look
				old.Volumes[i].UsageData = &volume.UsageData{Size: -1, RefCount: -1}
			}
		}
	}
	if u := usage.BuildCacheUsage; u != nil {
		old.BuildCache = orEmpty(u.Items)
	}
	return old
}

type diskUsageBefore52 struct {
	LayersSize  int64
	Images      []imageSummary
	Containers  []container.Summary
	Volumes     []volume.Volume
	BuildCache  []build.CacheRecord
	BuilderSize *int64 `json:",omitempty"` // until 1.41
	system.DiskUsage
}

// pruneFiltersFor asks for named volumes too, as every prune did until 1.41.
func pruneFiltersFor(version apiVersion, filters types.Filters) types.Filters {
	if version >= 42 || filters["all"] != nil {
		return filters
	}
	all := types.Filters{"all": {"true"}}
	maps.Copy(all, filters)
	return all
}
