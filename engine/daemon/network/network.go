// Package network connects containers: none, host, the bridge, and another
// container's network.
//
// # Words
//
// An Endpoint is a container's place in a network, from Join to Leave. A
// sandbox is its network namespace: a file under the exec root that the
// namespace is bound to. The OCI spec names that file, so the network is
// ready, and its ports are taken, before the process exists; the namespace
// outlives the daemon, and a checkpoint leaves it to us.
// A published port is one of the host that leads to one of a container: a
// proxy in the daemon listens on it.
//
// # State
//
// Each endpoint is a file under the exec root, written before the first thing
// is made and removed after the last is gone. Which addresses are taken and
// which rules nftables holds are functions of these files, so that Restore
// after a crash does what New and Leave do.
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
	"time"

	"github.com/callroute/callroute/engine/errdefs"
)

// Config is what an engine's networks are made of. A zero field has a default.
type Config struct {
	EngineID string // names what this engine makes; engines in one namespace must differ; default ExecRoot
	ExecRoot string // folder for sandboxes and endpoints: must not outlive the machine's boot

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
}

// Controller makes and removes endpoints.
type Controller struct {
	config  Config
	key     string // eight hex digits of the engine's ID
	created time.Time

	mu        sync.Mutex
	endpoints map[string]*endpoint // by container ID
	leaving   map[string]record    // by endpoint ID: whose device is not gone yet
	removals  sync.WaitGroup       // of those devices
	bridge    *bridge              // once a container needed it
	last      netip.Addr           // the address given last
	rulesErr  error                // why nftables does not hold our rules
}

// endpoint is a container's place in a network, and the proxies of its ports.
type endpoint struct {
	record
	proxies []proxy
}

// New reads what a former daemon left; Restore must follow before the first
// Join. Nothing is made yet: the bridge comes with its first container.
func New(_ context.Context, config Config) (*Controller, error) {
	setDefault(&config.EngineID, config.ExecRoot)
	setDefault(&config.HostsFile, "/etc/hosts")
	setDefault(&config.ResolvConf, "/etc/resolv.conf")
	setDefault(&config.MTU, 1500)
	if config.BIP.IsValid() && (!config.BIP.Addr().Is4() || config.BIP.Bits() > 29 || config.BIP.Addr() == config.BIP.Masked().Addr()) {
		return nil, errdefs.Invalid("invalid bridge address %s: it is an IPv4 address in a subnet of /29 or larger", config.BIP)
	}
	if len(config.Bridge) > maxLinkName {
		return nil, errdefs.Invalid("invalid bridge name %q: it is longer than %d characters", config.Bridge, maxLinkName)
	}
	sum := sha256.Sum256([]byte(config.EngineID))
	c := &Controller{
		config:    config,
		key:       hex.EncodeToString(sum[:4]),
		created:   time.Now(),
		endpoints: map[string]*endpoint{},
		leaving:   map[string]record{},
	}
	for _, dir := range []string{c.sandboxDir(), c.recordDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("network: %w", err)
		}
	}
	if config.IPForward {
		if err := os.WriteFile(forwardFile, []byte("1"), 0o644); err != nil {
			return nil, fmt.Errorf("network: switch forwarding on: %w", err)
		}
	}
	if err := c.readRecords(); err != nil {
		return nil, err
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c *Controller) sandboxDir() string { return filepath.Join(c.config.ExecRoot, "netns") }
func (c *Controller) recordDir() string  { return filepath.Join(c.config.ExecRoot, "endpoints") }

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
	return c.writeRecord(e.record)
}

// Warnings are docker's for info, and ours.
func (c *Controller) Warnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var warnings []string
	if !forwarding() {
		warnings = append(warnings, "WARNING: IPv4 forwarding is disabled. Networking will not work.")
	}
	if c.rulesErr != nil {
		warnings = append(warnings, fmt.Sprintf("WARNING: nftables cannot be used, containers reach only this machine: %v", c.rulesErr))
	}
	return warnings
}

// Close ends the proxies. Endpoints stay for the next daemon; the bridge and
// the rules go with the last one.
func (c *Controller) Close(_ context.Context) error {
	c.removals.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	bridged := false
	for _, e := range c.endpoints {
		closeProxies(e.proxies)
		e.proxies = nil
		bridged = bridged || e.Mode == modeBridge
	}
	if bridged || c.bridge == nil {
		return nil
	}
	b := c.bridge
	c.bridge = nil
	return errors.Join(c.removeRules(), b.remove())
}
