package daemon

import (
	"fmt"
	"maps"
	"slices"

	"github.com/moby/moby/api/types/network"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// refuse says what of docker's options this engine does not have. It is said
// before anything is made: an option that did nothing would be found out much
// later.
func (d *creator) refuse(r *ours.Record) error {
	h := r.HostConfig
	for _, windows := range []struct {
		asked bool
		flag  string
	}{
		{h.CPUCount != 0, "--cpu-count"},
		{h.CPUPercent != 0, "--cpu-percent"},
		{h.IOMaximumIOps != 0, "--io-maxiops"},
		{h.IOMaximumBandwidth != 0, "--io-maxbandwidth"},
	} {
		if windows.asked {
			return errdefs.Invalid("%q is only supported on a Docker daemon running on windows", windows.flag)
		}
	}
	switch {
	case len(h.StorageOpt) > 0:
		return errdefs.Invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
	case !h.Isolation.IsDefault():
		return errdefs.Invalid("Invalid isolation: %q - linux only supports 'default'", string(h.Isolation))
	case h.Cgroup != "":
		return errdefs.NotImplemented("this engine's containers share no cgroup: %s", h.Cgroup)
	case h.Init != nil && *h.Init && d.InitProgram == "":
		return errdefs.NotImplemented("--init: engine-init is not beside engined")
	}
	if len(h.DeviceRequests) > 0 {
		q := h.DeviceRequests[0]
		if q.Driver == "cdi" {
			return errdefs.Invalid("could not select device driver %q with devices: %v", q.Driver, q.DeviceIDs)
		}
		return errdefs.Invalid("could not select device driver %q with capabilities: %v", q.Driver, q.Capabilities)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Endpoints)) {
		if e := r.Endpoints[name]; e != nil && len(e.MacAddress) > 0 && (h.NetworkMode.IsContainer() || h.NetworkMode.IsHost()) {
			return errdefs.Invalid("conflicting options: mac-address and the network mode")
		}
		if err := refuseEndpoint(name, r.Endpoints[name]); err != nil {
			return err
		}
	}
	return nil
}

// refuseEndpoint says what a container cannot ask of any network.
func refuseEndpoint(name string, e *network.EndpointSettings) error {
	switch {
	case e == nil:
		return nil
	case e.IPAMConfig != nil && (e.IPAMConfig.IPv6Address.IsValid() || len(e.IPAMConfig.LinkLocalIPs) > 0):
		return errdefs.NotImplemented("network %s has no IPv6 and no link-local addresses", name)
	case len(e.DriverOpts) > 0:
		return errdefs.NotImplemented("network %s has no options: %s", name, fmt.Sprint(e.DriverOpts))
	}
	return nil
}
