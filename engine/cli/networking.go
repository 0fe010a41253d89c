package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
)

// networking chooses the networks, and says how the container appears in them.
// The first is the one that flags are about that name none.
func (c *containerFlags) networking(host *types.HostConfig) (*network.NetworkingConfig, error) {
	host.ExtraHosts = c.addHosts.list
	given := c.network
	if len(given) == 0 {
		given = list{network.NetworkDefault}
	}
	all := map[string]*network.EndpointSettings{}
	for i, text := range given {
		name, settings, err := parseNetwork(text)
		if err != nil {
			return nil, err
		}
		if all[name] != nil {
			return nil, fmt.Errorf("network %q is specified multiple times", name)
		}
		if i == 0 {
			host.NetworkMode = container.NetworkMode(name)
			if err := c.firstEndpoint(host, settings); err != nil {
				return nil, err
			}
		}
		if mode := container.NetworkMode(name); len(given) > 1 && !mode.IsUserDefined() && !mode.IsBridge() && !mode.IsDefault() {
			return nil, fmt.Errorf("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
		}
		all[name] = settings
	}
	if host.NetworkMode.IsContainer() {
		return &network.NetworkingConfig{}, nil
	}
	return &network.NetworkingConfig{EndpointsConfig: all}, nil
}

// firstEndpoint adds what flags say of the first network. Links are the
// container's, and also the network's if it is one of people.
func (c *containerFlags) firstEndpoint(host *types.HostConfig, e *network.EndpointSettings) error {
	if host.NetworkMode.IsUserDefined() {
		e.Links = append(e.Links, c.links...)
	}
	e.Aliases = append(e.Aliases, c.networkAliases...)
	if c.ip.IsValid() || c.ip6.IsValid() || len(c.linkLocal) > 0 {
		if e.IPAMConfig != nil {
			return errors.New("conflicting options: cannot specify both --ip and per-network IP address")
		}
		e.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: c.ip.Addr, IPv6Address: c.ip6.Addr, LinkLocalIPs: c.linkLocal}
	}
	if c.macAddress == "" {
		return nil
	}
	address, err := net.ParseMAC(strings.TrimSpace(c.macAddress))
	if err != nil {
		return fmt.Errorf("%s is not a valid mac address", c.macAddress)
	}
	e.MacAddress = network.HardwareAddr(address)
	return nil
}

// parseNetwork reads a network's name, or name=NETWORK,alias=NAME,ip=ADDRESS and
// the like.
func parseNetwork(text string) (name string, settings *network.EndpointSettings, err error) {
	settings = &network.EndpointSettings{}
	if !strings.Contains(text, "=") {
		return text, settings, nil
	}
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return "", nil, err
	}
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		if !ok || value == "" {
			return "", nil, fmt.Errorf("invalid key/value pair format in driver options: %s", field)
		}
		if key = strings.ToLower(strings.TrimSpace(key)); key == "name" {
			name = value
			continue
		}
		if err := setNetworkField(settings, key, strings.TrimSpace(value)); err != nil {
			return "", nil, err
		}
	}
	if name == "" {
		return "", nil, errors.New("network name/id is not specified")
	}
	return name, settings, nil
}

func setNetworkField(e *network.EndpointSettings, key, value string) (err error) {
	ipam := func() *network.EndpointIPAMConfig {
		if e.IPAMConfig == nil {
			e.IPAMConfig = &network.EndpointIPAMConfig{}
		}
		return e.IPAMConfig
	}
	switch key {
	case "link":
		e.Links = append(e.Links, value)
	case "alias":
		e.Aliases = append(e.Aliases, value)
	case "ip":
		ipam().IPv4Address, err = netip.ParseAddr(value)
	case "ip6":
		ipam().IPv6Address, err = netip.ParseAddr(value)
	case "link-local-ip":
		var a netip.Addr
		a, err = netip.ParseAddr(value)
		ipam().LinkLocalIPs = append(ipam().LinkLocalIPs, a)
	case "mac-address":
		var mac net.HardwareAddr
		mac, err = net.ParseMAC(value)
		e.MacAddress = network.HardwareAddr(mac)
	case "gw-priority":
		e.GwPriority, err = strconv.Atoi(value)
	case "driver-opt":
		name, option, _ := strings.Cut(value, "=")
		if e.DriverOpts == nil {
			e.DriverOpts = map[string]string{}
		}
		e.DriverOpts[name] = option
	default:
		return fmt.Errorf("invalid field key %s", key)
	}
	return err
}
