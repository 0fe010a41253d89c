package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/sys/atomicwriter"
	"github.com/vishvananda/netlink"

	"github.com/callroute/callroute/engine/errdefs"
)

// Networks are the networks themselves: the three that always exist, and those
// that people make.
type Networks struct{ *state }

// definition is a network with a bridge, as it is kept on disk.
type definition struct {
	ID, Name     string
	Created      time.Time
	Bridge       string                // the device; "" takes a free one of engine0, engine1, ...
	Address      netip.Prefix          // the bridge's own; zero takes a free subnet
	Range        netip.Prefix          // of the addresses that are given; zero is the subnet
	Reserved     map[string]netip.Addr // given to nobody
	MTU          int
	Internal     bool // leads nowhere
	NoMasquerade bool
	Isolated     bool // its containers do not reach each other
	Attachable   bool // of no meaning here; kept to be shown
	// ChosenSubnet says that a person chose the subnet: only in such a one can a
	// container ask for an address.
	ChosenSubnet    bool
	Labels, Options map[string]string
	IPAM            network.IPAM // as it was asked for
}

func (d *definition) own() bool { return d.Name == network.NetworkBridge }

// ownBridge is the engine's own network.
func (s *state) ownBridge() *bridged {
	return &bridged{definition: definition{
		ID: s.builtinID(modeBridge), Name: network.NetworkBridge, Created: time.Now(),
		Bridge: s.config.Bridge, Address: s.config.BIP, MTU: s.config.MTU, NoMasquerade: s.config.DisableMasquerade,
	}}
}

// builtinID is the same for an engine at each start.
func (s *state) builtinID(m mode) string {
	sum := sha256.Sum256([]byte(s.config.EngineID + "\x00" + string(m)))
	return hex.EncodeToString(sum[:])
}

func (s *Networks) definitionPath(id string) string {
	return filepath.Join(s.networkDir(), id+".json")
}

// readDefinitions reads the networks of people.
func (s *Networks) readDefinitions() error {
	files, err := os.ReadDir(s.networkDir())
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(s.networkDir(), f.Name()))
		if err != nil {
			return fmt.Errorf("network: %w", err)
		}
		n := &bridged{}
		if err := json.Unmarshal(data, &n.definition); err != nil || f.Name() != n.ID+".json" {
			continue // what a crash has left; it was not answered
		}
		s.networks[n.ID] = n
	}
	return nil
}

// validName is what a network may be called: docker takes any line.
var validName = regexp.MustCompile(`^[^\pC/]*[^\pC\pZ/][^\pC/]*$`)

// Create makes a network. Its bridge comes with its first container.
func (s *Networks) Create(_ context.Context, req network.CreateRequest) (network.CreateResponse, error) {
	if err := checkCreate(req); err != nil {
		return network.CreateResponse{}, err
	}
	d := definition{
		ID: newID(), Name: req.Name, Created: time.Now().UTC(), MTU: s.config.MTU,
		Internal: req.Internal, Attachable: req.Attachable, Labels: maps.Clone(req.Labels), Options: maps.Clone(req.Options),
	}
	d.Bridge = "br-" + d.ID[:12]
	if err := d.applyOptions(); err != nil {
		return network.CreateResponse{}, err
	}
	if err := d.applyIPAM(req.IPAM); err != nil {
		return network.CreateResponse{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.networks {
		if other.Name == d.Name {
			return network.CreateResponse{}, errdefs.Conflict("network with name %s already exists", d.Name)
		}
	}
	if err := s.takeSubnet(&d); err != nil {
		return network.CreateResponse{}, err
	}
	data, err := json.Marshal(d)
	if err != nil {
		return network.CreateResponse{}, err
	}
	if err := atomicwriter.WriteFile(s.definitionPath(d.ID), data, 0o600); err != nil {
		return network.CreateResponse{}, fmt.Errorf("network: keep %s: %w", d.Name, err)
	}
	s.networks[d.ID] = &bridged{definition: d}
	s.config.Event(events.ActionCreate, d.ID, attributes(d.Name))
	return network.CreateResponse{ID: d.ID}, nil
}

// attributes are those of a network's events.
func attributes(name string) map[string]string {
	return map[string]string{"name": name, "type": network.NetworkBridge}
}

// checkCreate refuses what this engine does not have.
func checkCreate(req network.CreateRequest) error {
	switch req.Name {
	case network.NetworkBridge, network.NetworkHost, network.NetworkNone, network.NetworkDefault:
		return errdefs.Forbidden("operation is not permitted on predefined %s network", req.Name)
	}
	if strings.TrimSpace(req.Name) == "" {
		return errdefs.Invalid("invalid name: name is empty")
	}
	if !validName.MatchString(req.Name) {
		return errdefs.Invalid("invalid network name %q: it has neither slashes nor control characters", req.Name)
	}
	switch req.Driver {
	case "", network.NetworkDefault, network.NetworkBridge:
	case network.NetworkHost, "null":
		return errdefs.Forbidden("only one instance of %q network is allowed", req.Driver)
	case "overlay", "macvlan", "ipvlan":
		return errdefs.NotImplemented("this engine's networks are bridges: it has no driver %q", req.Driver)
	default:
		return errdefs.NotFound("plugin %q not found", req.Driver)
	}
	for _, missing := range []struct {
		asked bool
		what  string
	}{
		{req.EnableIPv6 != nil && *req.EnableIPv6, "IPv6"},
		{req.EnableIPv4 != nil && !*req.EnableIPv4, "networks without IPv4"},
		{req.Ingress, "ingress networks"},
		{req.ConfigOnly || req.ConfigFrom != nil && req.ConfigFrom.Network != "", "networks as configuration"},
		{req.Scope != "" && req.Scope != "local", "networks of scope " + req.Scope},
	} {
		if missing.asked {
			return errdefs.NotImplemented("this engine has no %s", missing.what)
		}
	}
	return nil
}

// The options of a bridge that people set.
const (
	optionName        = "com.docker.network.bridge.name"
	optionMasquerade  = "com.docker.network.bridge.enable_ip_masquerade"
	optionBetweenThem = "com.docker.network.bridge.enable_icc"
	optionMTU         = "com.docker.network.driver.mtu"
)

func (d *definition) applyOptions() error {
	for name, value := range d.Options {
		on, boolErr := strconv.ParseBool(value)
		switch name {
		case optionName:
			if value == "" || len(value) > maxLinkName {
				return errdefs.Invalid("invalid bridge name %q: it has between one and %d characters", value, maxLinkName)
			}
			d.Bridge = value
		case optionMasquerade:
			if boolErr != nil {
				return errdefs.Invalid("invalid value for %s: %q", name, value)
			}
			d.NoMasquerade = !on
		case optionBetweenThem:
			if boolErr != nil {
				return errdefs.Invalid("invalid value for %s: %q", name, value)
			}
			d.Isolated = !on
		case optionMTU:
			mtu, err := strconv.Atoi(value)
			const least = 68 // for IPv4
			if err != nil || mtu < least {
				return errdefs.Invalid("invalid value for %s: %q", name, value)
			}
			d.MTU = mtu
		default:
			return errdefs.NotImplemented("this engine's bridges have no option %q", name)
		}
	}
	return nil
}

// applyIPAM reads the addresses that a person chose.
func (d *definition) applyIPAM(asked *network.IPAM) error {
	if asked == nil {
		return nil
	}
	if asked.Driver != "" && asked.Driver != "default" || len(asked.Options) > 0 {
		return errdefs.NotImplemented("this engine has no other address management than its own: %s %v", asked.Driver, asked.Options)
	}
	d.IPAM = *asked
	if len(asked.Config) == 0 {
		return nil
	}
	if len(asked.Config) > 1 {
		return errdefs.NotImplemented("a network has one subnet, and %d are asked for", len(asked.Config))
	}
	c := asked.Config[0]
	if !c.Subnet.IsValid() {
		if c.Gateway.IsValid() || c.IPRange.IsValid() || len(c.AuxAddress) > 0 {
			return errdefs.Invalid("invalid network config:\nno matching subnet for what is asked for")
		}
		return nil
	}
	switch {
	case !c.Subnet.Addr().Is4():
		return errdefs.NotImplemented("this engine has no IPv6: %s", c.Subnet)
	case c.Subnet != c.Subnet.Masked():
		return errdefs.Invalid("invalid network config:\ninvalid subnet %s: it should be %s", c.Subnet, c.Subnet.Masked())
	case c.Subnet.Bits() > 30:
		return errdefs.Invalid("invalid network config:\ninvalid subnet %s: there is no room for a container", c.Subnet)
	case c.IPRange.IsValid() && (!c.Subnet.Contains(c.IPRange.Addr()) || c.IPRange.Bits() < c.Subnet.Bits()):
		return errdefs.Invalid("invalid network config:\ninvalid ip-range %s: parent subnet %s doesn't contain it", c.IPRange, c.Subnet)
	case c.Gateway.IsValid() && !c.Subnet.Contains(c.Gateway):
		return errdefs.Invalid("invalid network config:\ninvalid gateway %s: parent subnet %s doesn't contain this address", c.Gateway, c.Subnet)
	}
	for name, addr := range c.AuxAddress {
		if !c.Subnet.Contains(addr) {
			return errdefs.Invalid("invalid network config:\ninvalid auxiliary address %s (%s): parent subnet %s doesn't contain it", name, addr, c.Subnet)
		}
	}
	gateway := c.Gateway
	if !gateway.IsValid() {
		gateway = c.Subnet.Addr().Next()
	}
	d.Address, d.ChosenSubnet = netip.PrefixFrom(gateway, c.Subnet.Bits()), true
	d.Range, d.Reserved = c.IPRange, c.AuxAddress
	return nil
}

// takeSubnet gives a network a free subnet, or refuses one that another has. The
// lock is held.
func (s *Networks) takeSubnet(d *definition) (err error) {
	if !d.Address.IsValid() {
		d.Address, err = bridges{s.state}.freeSubnet()
		return err
	}
	for _, other := range s.networks {
		if subnet := other.subnet(); subnet.IsValid() && subnet.Overlaps(d.Address) {
			return errdefs.Forbidden("invalid pool request: Pool overlaps with other one on this address space")
		}
	}
	return nil
}

// sweepBridges removes the devices of this engine that no network uses now.
func (s bridges) sweepBridges() error {
	links, err := netlink.LinkList()
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, n := range s.networks {
		used[s.mark(n)] = n.bridge != nil
	}
	prefix := aliasPrefix + s.key
	var errs []error
	for _, l := range links {
		alias := l.Attrs().Alias
		if l.Type() == "bridge" && (alias == prefix || len(alias) > len(prefix) && alias[:len(prefix)+1] == prefix+":") && !used[alias] {
			errs = append(errs, removeLink(l.Attrs().Name))
		}
	}
	return errors.Join(errs...)
}
