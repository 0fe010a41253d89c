package network

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/errdefs"
)

// Link is docker's --link: another container's address under these names.
type Link struct {
	ContainerID string
	Names       []string
}

// JoinRequest is what a container asks of its network.
type JoinRequest struct {
	ContainerID string
	Name        string                // without slash
	Dir         string                // the container's folder: hosts, hostname and resolv.conf go there
	Mode        container.NetworkMode // "", default, bridge, none, host, container:<full ID>

	Hostname   string // host mode: empty is the machine's
	Domainname string
	MacAddress network.HardwareAddr // empty is made of the address
	Address    netip.Addr           // on the bridge; zero is any that is free

	ExposedPorts network.PortSet
	PortBindings network.PortMap
	PublishAll   bool

	DNS                   []netip.Addr
	DNSOptions, DNSSearch []string
	ExtraHosts            []string // name:address; the address may be host-gateway
	Links                 []Link
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
	if _, err := wishes(req); err != nil {
		return nil, err
	}
	if _, err := parseExtraHosts(req.ExtraHosts, netip.Addr{}); err != nil {
		return nil, err
	}
	if n := len(req.MacAddress); n != 0 && n != 6 {
		return nil, errdefs.Invalid("invalid MAC address: %s", req.MacAddress)
	}
	switch mode {
	case modeContainer:
		return nil, checkShared(req, shared)
	case modeHost:
		if len(req.Links) > 0 {
			return nil, errdefs.Invalid("conflicting options: host type networking can't be used with links. This would result in undefined behavior")
		}
		if len(req.MacAddress) > 0 {
			return nil, errdefs.Invalid("conflicting options: mac-address and the network mode")
		}
		if len(req.PortBindings) > 0 || req.PublishAll {
			warnings = append(warnings, "Published ports are discarded when using host network mode")
		}
	}
	return warnings, nil
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
		{len(req.MacAddress) > 0, "mac-address and the network mode"},
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
	return "", "", errdefs.NotFound("network %s not found", m)
}

// Join makes a container's network. On an error nothing is left.
func (c *Controller) Join(ctx context.Context, req JoinRequest) (*Endpoint, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if id := req.ContainerID; id == "" || id[0] == '.' || filepath.Base(id) != id {
		return nil, errdefs.Invalid("network: %q cannot name a container", id)
	}
	if req.Address.IsValid() {
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

// reserve takes what only one container can have, address and ports, and
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
		Mode:        mode,
		EndpointID:  newEndpointID(),
		Files: Files{
			Hosts:      filepath.Join(req.Dir, "hosts"),
			Hostname:   filepath.Join(req.Dir, "hostname"),
			ResolvConf: filepath.Join(req.Dir, "resolv.conf"),
		},
	}}
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
		if err := c.reserveBridge(req, e); err != nil {
			return nil, err
		}
	case modeHost:
	}
	if err := c.writeRecord(e.record); err != nil {
		closeProxies(e.proxies)
		return nil, errors.Join(err, c.removeRecord(e.record, recordSuffix))
	}
	c.endpoints[req.ContainerID] = e
	return e, nil
}

func (c *Controller) reserveBridge(req JoinRequest, e *endpoint) (err error) {
	if err := c.ensureBridge(netip.Prefix{}); err != nil {
		return err
	}
	subnet := c.bridge.address
	taken := map[netip.Addr]bool{subnet.Addr(): true}
	for _, other := range c.endpoints {
		taken[other.Address.Addr()] = true
	}
	for _, r := range c.leaving {
		taken[r.Address.Addr()] = true
	}
	addr, err := c.choose(req.Address, subnet, taken)
	if err != nil {
		return err
	}
	e.Address = netip.PrefixFrom(addr, subnet.Bits())
	e.Gateway = subnet.Addr()
	e.MAC = req.MacAddress
	if len(e.MAC) == 0 {
		e.MAC = hardwareAddr(addr)
	}
	e.Link = c.newLinkName()
	e.Exposed = sortedPorts(req.ExposedPorts)
	e.Ports, e.proxies, err = c.publish(req, e.EndpointID, addr)
	if err == nil && !req.Address.IsValid() {
		c.last = addr
	}
	return err
}

// choose is the address that is wanted, or one that is free.
func (c *Controller) choose(wanted netip.Addr, subnet netip.Prefix, taken map[netip.Addr]bool) (netip.Addr, error) {
	switch {
	case !wanted.IsValid():
		return nextAddress(subnet, c.last, taken)
	case !subnet.Contains(wanted):
		return wanted, errdefs.Conflict("the address %s is not in the bridge's subnet %s", wanted, subnet.Masked())
	case taken[wanted]:
		return wanted, errdefs.Conflict("the address %s is in use", wanted)
	}
	return wanted, nil
}

// sandboxPath is named by the whole ID: a prefix might not be unique.
func (c *Controller) sandboxPath(containerID string) string {
	return filepath.Join(c.sandboxDir(), containerID)
}

func newEndpointID() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// build makes what the record says.
func (c *Controller) build(req JoinRequest, e *endpoint) error {
	if e.Mode == modeContainer {
		return nil
	}
	if err := c.writeFiles(req, e.record); err != nil {
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
	if e.Mode == modeNone {
		return nil
	}
	c.mu.Lock()
	b := c.bridge
	c.mu.Unlock()
	if err := b.plug(s, e.record, c.config.MTU); err != nil {
		return err
	}
	c.translatePorts(e.record)
	return nil
}

// translatePorts puts the rules of an endpoint's ports in place, or takes out
// those of one that has left.
func (c *Controller) translatePorts(r record) {
	if len(r.Ports) == 0 || !forwarding() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bridge != nil {
		c.applyRules()
	}
}

// answer is the endpoint as others see it. The lock is held.
func (c *Controller) answer(e *endpoint) *Endpoint {
	settings := &container.NetworkSettings{
		SandboxKey: e.Sandbox,
		Ports:      network.PortMap{},
		Networks:   map[string]*network.EndpointSettings{},
	}
	if e.Mode == modeContainer {
		return &Endpoint{NetnsPath: e.Sandbox, Files: e.Files, Settings: settings}
	}
	settings.SandboxID = e.EndpointID
	place := &network.EndpointSettings{NetworkID: c.networkID(e.Mode), EndpointID: e.EndpointID}
	settings.Networks[string(e.Mode)] = place
	if e.Mode == modeBridge {
		place.Gateway = e.Gateway
		place.IPAddress = e.Address.Addr()
		place.IPPrefixLen = e.Address.Bits()
		place.MacAddress = network.HardwareAddr(net.HardwareAddr(e.MAC))
		for _, p := range e.Exposed {
			settings.Ports[p] = nil
		}
		for _, p := range e.Ports {
			settings.Ports[p.Port] = append(settings.Ports[p.Port], network.PortBinding{
				HostIP: p.Host.Addr(), HostPort: fmt.Sprint(p.Host.Port()),
			})
		}
	}
	return &Endpoint{NetnsPath: e.Sandbox, Files: e.Files, Settings: settings}
}
