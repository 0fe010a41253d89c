package network

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// List is the networks that there are, by their names.
func (s *Networks) List(_ context.Context, filters types.Filters) ([]network.Summary, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []network.Summary{}
	for _, one := range s.all() {
		match, err := s.matches(one, filters)
		if err != nil {
			return nil, err
		}
		if match {
			list = append(list, network.Summary{Network: one})
		}
	}
	return list, nil
}

// all is every network. The lock is held.
func (s *state) all() []network.Network {
	list := []network.Network{s.unbridged(modeHost), s.unbridged(modeNone)}
	for _, n := range s.networks {
		list = append(list, s.describe(n))
	}
	slices.SortFunc(list, func(a, b network.Network) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// builtin reports whether a network always exists.
func builtin(name string) bool {
	return name == network.NetworkBridge || name == network.NetworkHost || name == network.NetworkNone
}

// matches applies docker's filters: of each name one value must match.
func (s *Networks) matches(n network.Network, filters types.Filters) (bool, error) {
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
			if i := slices.IndexFunc(values, func(v string) bool { return v != "builtin" && v != "custom" }); i >= 0 {
				return false, errdefs.Invalid("invalid filter: 'type'='%s'", values[i])
			}
			test = func(v string) bool { return (v == "builtin") == builtin(n.Name) }
		case "label":
			test = func(v string) bool { return labelled(n, v) }
		case "dangling":
			if slices.ContainsFunc(values, func(v string) bool { _, err := strconv.ParseBool(v); return err != nil }) {
				return false, errdefs.Invalid(`invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`)
			}
			unused := !builtin(n.Name) && len(s.attached(s.networks[n.ID])) == 0
			test = func(v string) bool { on, err := strconv.ParseBool(v); return err == nil && on == unused }
		default:
			return false, errdefs.Invalid("invalid filter '%s'", name)
		}
		if len(values) > 0 && !slices.ContainsFunc(values, test) {
			return false, nil
		}
	}
	return true, nil
}

// labelled reports whether a network has a label, or one with that value.
func labelled(n network.Network, filter string) bool {
	name, value, exact := strings.Cut(filter, "=")
	have, ok := n.Labels[name]
	return ok && (!exact || have == value)
}

// attached are the endpoints in a network, by their containers' IDs. The lock is
// held.
func (s *state) attached(n *bridged) map[string]*endpoint {
	found := map[string]*endpoint{}
	for id, e := range s.endpoints {
		if n != nil && e.in(n.ID) != nil {
			found[id] = e
		}
	}
	return found
}

// find is a network by its name, its ID or a prefix of that: one with a bridge,
// or one of the other two. The lock is held.
func (s *state) find(name string) (network.Network, error) {
	var found []network.Network
	for _, n := range s.all() {
		if n.Name == name || n.ID == name {
			return n, nil
		}
		if name != "" && strings.HasPrefix(n.ID, name) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return network.Network{}, errdefs.NotFound("network %s not found", name)
	case 1:
		return found[0], nil
	}
	return network.Network{}, errdefs.Invalid("network %s is ambiguous (%d matches found based on ID prefix)", name, len(found))
}

// findBridged is a network that containers can be plugged into. The lock is held.
func (s *state) findBridged(name string) (*bridged, error) {
	n, err := s.find(name)
	if err != nil {
		return nil, err
	}
	found := s.networks[n.ID]
	switch {
	case found != nil:
		return found, nil
	case n.Name == network.NetworkNone:
		return nil, errdefs.Forbidden("container cannot be connected to multiple networks with one of the networks in private (none) mode")
	}
	return nil, errdefs.Forbidden("container cannot be disconnected from host network or connected to host network")
}

// unbridged is host or none.
func (s *state) unbridged(m mode) network.Network {
	n := network.Network{
		Name: string(m), ID: s.builtinID(m), Created: s.networks[s.builtinID(modeBridge)].Created,
		Scope: "local", Driver: string(m), EnableIPv4: true,
		IPAM:    network.IPAM{Driver: "default", Config: []network.IPAMConfig{}},
		Options: map[string]string{}, Labels: map[string]string{},
	}
	if m == modeNone {
		n.Driver = "null"
	}
	return n
}

// describe is a network with a bridge. The lock is held.
func (s *state) describe(n *bridged) network.Network {
	out := network.Network{
		Name: n.Name, ID: n.ID, Created: n.Created, Scope: "local", Driver: network.NetworkBridge, EnableIPv4: true,
		Internal: n.Internal, Attachable: n.Attachable,
		IPAM:    network.IPAM{Driver: "default", Options: n.IPAM.Options, Config: []network.IPAMConfig{}},
		Options: orEmpty(n.Options), Labels: orEmpty(n.Labels),
	}
	if n.own() {
		name := n.Bridge
		if n.bridge != nil {
			name = n.bridge.name
		}
		out.Options = map[string]string{
			"com.docker.network.bridge.default_bridge":    "true",
			optionBetweenThem:                             "true",
			optionMasquerade:                              strconv.FormatBool(!n.NoMasquerade),
			"com.docker.network.bridge.host_binding_ipv4": netip.IPv4Unspecified().String(),
			optionName: name,
			optionMTU:  strconv.Itoa(n.MTU),
		}
	}
	if subnet := n.subnet(); subnet.IsValid() {
		out.IPAM.Config = append(out.IPAM.Config, network.IPAMConfig{
			Subnet: subnet.Masked(), Gateway: subnet.Addr(), IPRange: n.Range, AuxAddress: n.Reserved,
		})
	}
	return out
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
