package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// List is the three networks that there are, by their names.
func (c *Controller) List(_ context.Context, filters types.Filters) ([]network.Summary, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []network.Summary{}
	for _, m := range []mode{modeBridge, modeHost, modeNone} {
		n := c.network(m)
		match, err := matches(n, filters)
		if err != nil {
			return nil, err
		}
		if match {
			list = append(list, network.Summary{Network: n})
		}
	}
	return list, nil
}

// matches applies docker's filters: of each name one value must match.
func matches(n network.Network, filters types.Filters) (bool, error) {
	for name, values := range filters {
		var test func(value string) bool
		switch name {
		case "name":
			test = func(v string) bool { return strings.Contains(n.Name, v) }
		case "id":
			test = func(v string) bool { return strings.HasPrefix(n.ID, v) }
		case "driver":
			test = func(v string) bool { return n.Driver == v }
		case "scope":
			test = func(v string) bool { return n.Scope == v }
		case "type":
			test = func(v string) bool { return v == "builtin" }
		case "label":
			test = func(string) bool { return false } // they have none
		case "dangling":
			test = func(v string) bool { return v == "false" || v == "0" } // they are always in use
		default:
			return false, errdefs.Invalid("invalid filter '%s'", name)
		}
		if len(values) > 0 && !slices.ContainsFunc(values, test) {
			return false, nil
		}
	}
	return true, nil
}

// Inspect is one network, named by its name, ID or a prefix of that, with the
// containers in it.
func (c *Controller) Inspect(_ context.Context, name string) (network.Inspect, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.find(name)
	if err != nil {
		return network.Inspect{}, err
	}
	result := network.Inspect{Network: c.network(m), Containers: map[string]network.EndpointResource{}}
	for id, e := range c.endpoints {
		if e.Mode == m {
			result.Containers[id] = network.EndpointResource{
				Name: e.Name, EndpointID: e.EndpointID, MacAddress: e.MAC, IPv4Address: e.Address,
			}
		}
	}
	return result, nil
}

func (c *Controller) find(name string) (mode, error) {
	var found []mode
	for _, m := range []mode{modeBridge, modeHost, modeNone} {
		if string(m) == name {
			return m, nil
		}
		if name != "" && strings.HasPrefix(c.networkID(m), name) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return "", errdefs.NotFound("network %s not found", name)
	case 1:
		return found[0], nil
	}
	return "", errdefs.Invalid("network %s is ambiguous (%d matches found based on ID prefix)", name, len(found))
}

// networkID is the same for an engine at each start.
func (c *Controller) networkID(m mode) string {
	sum := sha256.Sum256([]byte(c.config.EngineID + "\x00" + string(m)))
	return hex.EncodeToString(sum[:])
}

func (c *Controller) network(m mode) network.Network {
	n := network.Network{
		Name: string(m), ID: c.networkID(m), Created: c.created,
		Scope: "local", Driver: string(m), EnableIPv4: true,
		IPAM:    network.IPAM{Driver: "default", Config: []network.IPAMConfig{}},
		Options: map[string]string{}, Labels: map[string]string{},
	}
	if m == modeNone {
		n.Driver = "null"
	}
	if m != modeBridge {
		return n
	}
	name, address := c.config.Bridge, c.config.BIP
	if c.bridge != nil {
		name, address = c.bridge.name, c.bridge.address
	}
	n.Options = map[string]string{
		"com.docker.network.bridge.default_bridge":       "true",
		"com.docker.network.bridge.enable_icc":           "true",
		"com.docker.network.bridge.enable_ip_masquerade": strconv.FormatBool(!c.config.DisableMasquerade),
		"com.docker.network.bridge.host_binding_ipv4":    netip.IPv4Unspecified().String(),
		"com.docker.network.bridge.name":                 name,
		"com.docker.network.driver.mtu":                  strconv.Itoa(c.config.MTU),
	}
	if address.IsValid() {
		n.IPAM.Config = append(n.IPAM.Config, network.IPAMConfig{Subnet: address.Masked(), Gateway: address.Addr()})
	}
	return n
}
