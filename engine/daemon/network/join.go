package network

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/errdefs"
)

// Link is docker's --link: another container's address under these names.
type Link struct {
	ContainerID string
	Names       []string
}

// Attachment is what a container asks of one network with a bridge.
type Attachment struct {
	Network    string     // name or ID
	Address    netip.Addr // zero is any that is free
	MacAddress network.HardwareAddr
	Priority   int // the highest is the way to the rest of the world, the first of the same
	Aliases    []string
	Links      []Link
}

// JoinRequest is what a container asks of its network.
type JoinRequest struct {
	ContainerID string
	Name        string                // without slash
	Dir         string                // the container's folder: hosts, hostname and resolv.conf go there
	Mode        container.NetworkMode // "", default, none, host, container:<full ID>, or a network's name
	// Networks are those with a bridge that the container is in; nil is the one of
	// the mode.
	Networks []Attachment

	Hostname   string // host mode: empty is the machine's
	Domainname string

	ExposedPorts network.PortSet
	PortBindings network.PortMap
	PublishAll   bool

	DNS                   []netip.Addr
	DNSOptions, DNSSearch []string
	ExtraHosts            []string // name:address; the address may be host-gateway
	Links                 []Link   // of the engine's own bridge
}

// attachments are the networks with a bridge that are asked for.
func (r JoinRequest) attachments() []Attachment {
	if r.Networks != nil {
		return r.Networks
	}
	if r.Mode == "" || r.Mode.IsDefault() {
		return []Attachment{{Network: network.NetworkBridge}}
	}
	return []Attachment{{Network: string(r.Mode)}}
}

// Files are the container's own, for bind mounts on /etc/hosts, /etc/hostname
// and /etc/resolv.conf. With container:ID they are the other container's.
type Files struct {
	Hosts, Hostname, ResolvConf string
}

// Endpoint is a container's place in a network.
type Endpoint struct {
	// NetnsPath is the network namespace for the OCI spec. Empty is the
	// host's: the spec then has no network namespace.
	NetnsPath string
	Files     Files
	Settings  *container.NetworkSettings // for inspect
}

// Check says at create what Join would refuse at start, and warns of what it
// would ignore. The request is the person's own, before the image's ports and
// a generated hostname are put into it. The containers it names need not
// exist yet.
func (c *Controller) Check(req JoinRequest) (warnings []string, err error) {
	mode, shared, err := parseMode(req.Mode)
	if err != nil {
		return nil, err
	}
	if _, err := wishes(req.PortBindings, req.PublishAll, sortedPorts(req.ExposedPorts)); err != nil {
		return nil, err
	}
	if _, err := parseExtraHosts(req.ExtraHosts, netip.Addr{}); err != nil {
		return nil, err
	}
	for _, a := range req.Networks {
		if n := len(a.MacAddress); n != 0 && n != 6 {
			return nil, errdefs.Invalid("invalid MAC address: %s", a.MacAddress)
		}
	}
	switch mode {
	case modeBridge:
		for _, a := range req.attachments() {
			if err := (&Networks{c.state}).check(a); err != nil {
				return nil, err
			}
		}
	case modeContainer:
		return nil, checkShared(req, shared)
	case modeHost:
		if len(req.Links) > 0 {
			return nil, errdefs.Invalid("conflicting options: host type networking can't be used with links. This would result in undefined behavior")
		}
		if hasMAC(req) {
			return nil, errdefs.Invalid("conflicting options: mac-address and the network mode")
		}
		if len(req.PortBindings) > 0 || req.PublishAll {
			warnings = append(warnings, "Published ports are discarded when using host network mode")
		}
	}
	return warnings, nil
}

func hasMAC(req JoinRequest) bool {
	return slices.ContainsFunc(req.Networks, func(a Attachment) bool { return len(a.MacAddress) > 0 })
}

// check refuses what a network does not give.
func (s *Networks) check(a Attachment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findBridged(a.Network)
	if err != nil {
		return err
	}
	switch {
	case n.own() && len(a.Aliases) > 0:
		return errdefs.Invalid("invalid config for network %s: invalid endpoint settings:\nnetwork-scoped aliases are only supported for user-defined networks", n.Name)
	case n.own() && len(a.Links) > 0:
		return errdefs.Invalid("invalid config for network %s: links are only supported for user-defined networks", n.Name)
	case !a.Address.IsValid():
		return nil
	case n.own():
		return errdefs.Invalid("invalid config for network %s: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only", n.Name)
	case !n.ChosenSubnet:
		return errdefs.Invalid("invalid config for network %s: invalid endpoint settings:\nuser specified IP address is supported only when connecting to networks with user configured subnets", n.Name)
	case !n.subnet().Contains(a.Address):
		return errdefs.Invalid("invalid config for network %s: invalid endpoint settings:\nno configured subnet contains IP address %s", n.Name, a.Address)
	}
	return nil
}

// checkShared refuses what only the container that has the network can have.
func checkShared(req JoinRequest, shared string) error {
	conflicts := []struct {
		asked bool
		what  string
	}{
		{req.Hostname != "", "hostname and the network mode"},
		{len(req.Links) > 0, "container type network can't be used with links. This would result in undefined behavior"},
		{len(req.DNS) > 0, "dns and the network mode"},
		{len(req.ExtraHosts) > 0, "custom host-to-IP mapping and the network mode"},
		{hasMAC(req), "mac-address and the network mode"},
		{len(req.PortBindings) > 0 || req.PublishAll, "port publishing and the container type network mode"},
		{len(req.ExposedPorts) > 0, "port exposing and the container type network mode"},
	}
	for _, c := range conflicts {
		if c.asked {
			return errdefs.Invalid("conflicting options: %s", c.what)
		}
	}
	if shared == req.ContainerID && shared != "" {
		return errdefs.Invalid("cannot join own network namespace")
	}
	return nil
}

func parseMode(m container.NetworkMode) (_ mode, shared string, err error) {
	switch {
	case m == "" || m.IsDefault() || m.IsBridge():
		return modeBridge, "", nil
	case m.IsNone():
		return modeNone, "", nil
	case m.IsHost():
		return modeHost, "", nil
	case m.IsContainer():
		if m.ConnectedContainer() == "" {
			return "", "", errdefs.Invalid("Invalid network mode: invalid container format container:<name|id>")
		}
		return modeContainer, m.ConnectedContainer(), nil
	}
	return modeBridge, "", nil // a network of people, which is looked for later
}

// Join makes a container's network. On an error nothing is left.
func (c *Controller) Join(ctx context.Context, req JoinRequest) (*Endpoint, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if id := req.ContainerID; id == "" || id[0] == '.' || filepath.Base(id) != id {
		return nil, errdefs.Invalid("network: %q cannot name a container", id)
	}
	if slices.ContainsFunc(req.Networks, func(a Attachment) bool { return a.Address.IsValid() }) {
		c.removals.Wait() // it may be the one that the container has just left
	}
	e, err := c.reserve(req)
	if err != nil {
		return nil, err
	}
	if err := c.build(req, e); err != nil {
		return nil, errors.Join(err, c.Leave(context.WithoutCancel(ctx), req.ContainerID))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answer(e), nil
}

// reserve takes what only one container can have, addresses and ports, and
// writes down what the endpoint is going to be.
func (c *Controller) reserve(req JoinRequest) (*endpoint, error) {
	mode, shared, err := parseMode(req.Mode)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endpoints[req.ContainerID] != nil {
		return nil, errdefs.Conflict("network: container %s has joined already", req.ContainerID)
	}
	e := &endpoint{record: record{
		ContainerID: req.ContainerID,
		Name:        req.Name,
		Hostname:    req.Hostname,
		Mode:        mode,
		EndpointID:  newID(),
		Files: Files{
			Hosts:      filepath.Join(req.Dir, "hosts"),
			Hostname:   filepath.Join(req.Dir, "hostname"),
			ResolvConf: filepath.Join(req.Dir, "resolv.conf"),
		},
	}}
	if e.Resolv, err = (files{c.state}).resolvConf(req, mode); err != nil {
		return nil, err
	}
	switch mode {
	case modeContainer:
		other := c.endpoints[shared]
		if other == nil {
			return nil, errdefs.Conflict("cannot join network of a non running container: %s", shared)
		}
		e.Shares, e.Sandbox, e.Files = shared, other.Sandbox, other.Files
	case modeNone:
		e.Sandbox = c.sandboxPath(req.ContainerID)
	case modeBridge:
		e.Sandbox = c.sandboxPath(req.ContainerID)
		for _, a := range req.attachments() {
			if err := c.reserveIn(&e.record, a); err != nil {
				return nil, err
			}
		}
		e.Exposed, e.Bindings, e.PublishAll = sortedPorts(req.ExposedPorts), req.PortBindings, req.PublishAll
		if err := (publisher{c.state}).publish(e); err != nil {
			return nil, err
		}
	case modeHost:
	}
	if err := c.records.write(e.record); err != nil {
		closeProxies(e.proxies)
		return nil, errors.Join(err, c.records.remove(e.record, recordSuffix))
	}
	c.endpoints[req.ContainerID] = e
	return e, nil
}

// reserveIn adds a place in a network to a record. The lock is held.
func (s *state) reserveIn(r *record, a Attachment) error {
	n, err := s.findBridged(a.Network)
	if err != nil {
		return err
	}
	if r.in(n.ID) != nil {
		return errdefs.Forbidden("endpoint with name %s already exists in network %s", r.Name, n.Name)
	}
	if err := (bridges{s}).ensureBridge(n, netip.Prefix{}); err != nil {
		return err
	}
	addr, err := bridges{s}.choose(n, a.Address)
	if err != nil {
		return err
	}
	place := attachment{
		Network: n.ID, NetworkName: n.Name, EndpointID: newID(), Link: s.newLinkName(), Device: r.freeDevice(),
		Address: netip.PrefixFrom(addr, n.subnet().Bits()), MAC: a.MacAddress, Priority: a.Priority,
		Aliases: a.Aliases, Links: a.Links, Asked: a.Address,
	}
	if len(place.MAC) == 0 {
		place.MAC = hardwareAddr(addr)
	}
	if !n.Internal {
		place.Gateway = n.subnet().Addr()
	}
	r.Attached = append(r.Attached, place)
	return nil
}

// freeDevice is the next name of a device in a container.
func (r record) freeDevice() string {
	for i := 0; ; i++ {
		name := fmt.Sprintf("eth%d", i)
		if !slices.ContainsFunc(r.Attached, func(a attachment) bool { return a.Device == name }) {
			return name
		}
	}
}

// sandboxPath is named by the whole ID: a prefix might not be unique.
func (s *state) sandboxPath(containerID string) string {
	return filepath.Join(s.sandboxDir(), containerID)
}

func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// build makes what the record says.
func (c *Controller) build(req JoinRequest, e *endpoint) error {
	if e.Mode == modeContainer {
		return nil
	}
	if err := (files{c.state}).writeFiles(req, e.record); err != nil {
		return err
	}
	if e.Mode == modeHost {
		return nil
	}
	s, err := newSandbox(e.Sandbox)
	if err != nil {
		return fmt.Errorf("network: sandbox: %w", err)
	}
	defer s.close()
	for _, a := range e.Attached {
		if err := c.plug(s, a); err != nil {
			return err
		}
	}
	if by := e.gateway(); by != nil {
		if err := s.route(by); err != nil {
			return err
		}
	}
	c.translatePorts(e.record)
	return c.nameOthers(s, e)
}

// plug makes the devices of a place.
func (c *Controller) plug(s *sandbox, a attachment) error {
	c.mu.Lock()
	n := c.networks[a.Network]
	c.mu.Unlock()
	return n.bridge.plug(s, a, n.definition)
}

// translatePorts puts the rules of an endpoint's ports in place, or takes out
// those of one that has left.
func (s *state) translatePorts(r record) {
	if len(r.Ports) == 0 || !forwarding() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applyRules()
}

// answer is the endpoint as others see it. The lock is held.
func (s *state) answer(e *endpoint) *Endpoint {
	settings := &container.NetworkSettings{
		SandboxKey: e.Sandbox,
		Ports:      network.PortMap{},
		Networks:   map[string]*network.EndpointSettings{},
	}
	out := &Endpoint{NetnsPath: e.Sandbox, Files: e.Files, Settings: settings}
	switch e.Mode {
	case modeContainer:
		return out
	case modeNone, modeHost:
		settings.Networks[string(e.Mode)] = &network.EndpointSettings{NetworkID: s.builtinID(e.Mode), EndpointID: e.EndpointID}
	}
	settings.SandboxID = e.EndpointID
	for _, a := range e.Attached {
		settings.Networks[a.NetworkName] = a.settings(e.record)
	}
	if len(e.Attached) > 0 {
		for _, p := range e.Exposed {
			settings.Ports[p] = nil
		}
	}
	for _, p := range e.Ports {
		settings.Ports[p.Port] = append(settings.Ports[p.Port], network.PortBinding{
			HostIP: p.Host.Addr(), HostPort: fmt.Sprint(p.Host.Port()),
		})
	}
	return out
}

// settings are a place as inspect shows it.
func (a attachment) settings(r record) *network.EndpointSettings {
	s := &network.EndpointSettings{
		NetworkID: a.Network, EndpointID: a.EndpointID, Gateway: a.Gateway, GwPriority: a.Priority,
		IPAddress: a.Address.Addr(), IPPrefixLen: a.Address.Bits(), MacAddress: a.MAC, Aliases: a.Aliases,
	}
	if a.NetworkName != network.NetworkBridge {
		s.DNSNames = r.names(a)
	}
	if a.Asked.IsValid() {
		s.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: a.Asked}
	}
	return s
}
