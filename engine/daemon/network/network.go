// Package network connects containers: none, host, the bridge, networks that
// people make, and another container's network.
//
// # Words
//
// A network is one of docker's: host and none, which are nothing, and those
// with a bridge, a device that containers are plugged into: the engine's own,
// called bridge, and those of people (create.go).
// An Endpoint is where a container is, from Join to Leave. It has a sandbox, its
// network namespace: a file under the exec root that the namespace is bound to.
// The OCI spec names that file, so the network is ready, and its ports are
// taken, before the process exists; the namespace outlives the daemon, and a
// checkpoint leaves it to us.
// An attachment is an endpoint's place in one network with a bridge, from Join or
// Connect to Disconnect or Leave. One of them is the way to the rest of the
// world, and has the published ports.
// A published port is one of the host that leads to one of a container: a
// proxy in the daemon listens on it.
// A name server of the daemon's answers inside a sandbox, with the names of
// those who are in the same networks of people. On the engine's own bridge
// nobody has a name, as in docker.
//
// # State
//
// Each endpoint is a file under the exec root, written before the first thing
// is made and removed after the last is gone, and each network of people one
// under the root. Which addresses are taken and which rules nftables holds are
// functions of these files, so that Restore after a crash does what New and
// Leave do.
//
// # What it leaves alone
//
// Everything happens in the network namespace the daemon runs in. Forwarding
// is switched on only when the configuration says so. Rules are in one
// nftables table of this engine; those of others can still drop what ours
// accept.
package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/errdefs"
)

// Config is what an engine's networks are made of. A zero field has a default.
type Config struct {
	EngineID string // names what this engine makes; engines in one namespace must differ; default ExecRoot
	ExecRoot string // folder for sandboxes and endpoints: must not outlive the machine's boot
	Root     string // folder for networks that people make; default ExecRoot

	// Bridge is the device; "" takes a free one of engine0, engine1, ... One
	// that exists and is no engine's is used with the address it has.
	Bridge            string
	BIP               netip.Prefix // the bridge's own address; zero takes a free subnet
	MTU               int          // 1500
	IPForward         bool         // switch forwarding on in the daemon's namespace
	DisableMasquerade bool

	// DNS for containers that do not bring their own; empty is the host's.
	DNS                   []netip.Addr
	DNSOptions, DNSSearch []string

	HostsFile, ResolvConf string // the host's: /etc/hosts, /etc/resolv.conf

	// Event is told what happened to a network. Nil tells nobody.
	Event func(action events.Action, id string, attributes map[string]string)
}

// state is what every part works on: the networks there are, and who is where.
type state struct {
	config   Config
	key      string // eight hex digits of the engine's ID
	records  records
	firewall firewall

	mu        sync.Mutex
	networks  map[string]*bridged  // those with a bridge, by ID
	endpoints map[string]*endpoint // by container ID
	leaving   map[string]record    // by endpoint ID: whose devices are not gone yet
	removals  sync.WaitGroup       // of those devices
}

// Controller makes and removes endpoints.
type Controller struct {
	*state
	// Networks are the networks themselves.
	Networks *Networks
}

// endpoint is where a container is, and what the daemon does for it.
type endpoint struct {
	record
	proxies    []proxy     // of its published ports
	nameServer *nameServer // nil without
}

// New reads what a former daemon left; Restore must follow before the first
// Join. Nothing is made yet: a bridge comes with its first container.
func New(_ context.Context, config Config) (*Controller, error) {
	setDefault(&config.EngineID, config.ExecRoot)
	setDefault(&config.Root, config.ExecRoot)
	setDefault(&config.HostsFile, "/etc/hosts")
	setDefault(&config.ResolvConf, "/etc/resolv.conf")
	setDefault(&config.MTU, 1500)
	if config.Event == nil {
		config.Event = func(events.Action, string, map[string]string) {}
	}
	if config.BIP.IsValid() && (!config.BIP.Addr().Is4() || config.BIP.Bits() > 29 || config.BIP.Addr() == config.BIP.Masked().Addr()) {
		return nil, errdefs.Invalid("invalid bridge address %s: it is an IPv4 address in a subnet of /29 or larger", config.BIP)
	}
	if len(config.Bridge) > maxLinkName {
		return nil, errdefs.Invalid("invalid bridge name %q: it is longer than %d characters", config.Bridge, maxLinkName)
	}
	sum := sha256.Sum256([]byte(config.EngineID))
	s := &state{
		config:    config,
		key:       hex.EncodeToString(sum[:4]),
		records:   records{dir: filepath.Join(config.ExecRoot, "endpoints")},
		networks:  map[string]*bridged{},
		endpoints: map[string]*endpoint{},
		leaving:   map[string]record{},
	}
	s.firewall.table = "engine-" + s.key
	for _, dir := range []string{s.sandboxDir(), s.records.dir, s.networkDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("network: %w", err)
		}
	}
	if config.IPForward {
		if err := os.WriteFile(forwardFile, []byte("1"), 0o644); err != nil {
			return nil, fmt.Errorf("network: switch forwarding on: %w", err)
		}
	}
	own := s.ownBridge()
	s.networks[own.ID] = own
	if err := (&Networks{s}).readDefinitions(); err != nil {
		return nil, err
	}
	var err error
	if s.endpoints, s.leaving, err = s.records.read(); err != nil {
		return nil, err
	}
	return &Controller{state: s, Networks: &Networks{s}}, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (s *state) sandboxDir() string { return filepath.Join(s.config.ExecRoot, "netns") }
func (s *state) networkDir() string { return filepath.Join(s.config.Root, "networks") }

// forwardFile is the switch of the namespace that reads or writes it.
const forwardFile = "/proc/sys/net/ipv4/ip_forward"

func forwarding() bool {
	value, err := os.ReadFile(forwardFile)
	return err == nil && len(value) > 0 && value[0] != '0'
}

// Endpoint is what Join gave, also after Restore. nil is a container that
// has not joined.
func (c *Controller) Endpoint(containerID string) *Endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[containerID]
	if e == nil {
		return nil
	}
	return c.answer(e)
}

// Rename tells the new name of a container that has joined.
func (c *Controller) Rename(containerID, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[containerID]
	if e == nil {
		return nil
	}
	e.Name = name
	return c.records.write(e.record)
}

// Warnings are docker's for info, and ours.
func (c *Controller) Warnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var warnings []string
	if !forwarding() {
		warnings = append(warnings, "WARNING: IPv4 forwarding is disabled. Networking will not work.")
	}
	if c.firewall.err != nil {
		warnings = append(warnings, fmt.Sprintf("WARNING: nftables cannot be used, containers reach only this machine: %v", c.firewall.err))
	}
	return warnings
}

// Close ends the proxies and the name servers. Endpoints stay for the next
// daemon; a bridge goes if nobody is there, and the rules with the last one.
func (c *Controller) Close(_ context.Context) error {
	c.removals.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.endpoints {
		e.serveNothing()
	}
	var errs []error
	for _, n := range c.networks {
		if len(c.attached(n)) == 0 {
			errs = append(errs, bridges{c.state}.removeBridge(n))
		}
	}
	return errors.Join(errs...)
}

// serveNothing ends what the daemon does for an endpoint.
func (e *endpoint) serveNothing() {
	closeProxies(e.proxies)
	e.proxies = nil
	e.nameServer.close()
	e.nameServer = nil
}
