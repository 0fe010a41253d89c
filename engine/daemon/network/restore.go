package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// Restore takes up the endpoints of containers that still run, with their
// proxies and rules, and removes what all others left. Errors about one
// endpoint do not keep the others from it.
func (c *Controller) Restore(ctx context.Context, live []string) error {
	c.mu.Lock()
	var dead []string
	for id := range c.endpoints {
		if !slices.Contains(live, id) {
			dead = append(dead, id)
		}
	}
	leaving := slices.Collect(maps.Values(c.leaving))
	c.mu.Unlock()
	slices.Sort(dead)
	var errs []error
	for _, r := range leaving {
		errs = append(errs, c.unplug(r))
	}
	for _, id := range dead {
		errs = append(errs, c.Leave(ctx, id))
	}
	c.removals.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	errs = append(errs, remains{c.state}.removeStrangers())
	used := 0
	for _, n := range c.networks {
		for _, e := range c.attached(n) {
			address := netip.Prefix{}
			if a := e.in(n.ID); n.own() {
				address = netip.PrefixFrom(a.Gateway, a.Address.Bits())
			}
			errs = append(errs, bridges{c.state}.ensureBridge(n, address))
			used++
			break
		}
	}
	if used == 0 {
		errs = append(errs, c.firewall.remove())
	}
	errs = append(errs, bridges{c.state}.sweepBridges())
	for _, e := range c.endpoints {
		if e.Mode == modeBridge {
			errs = append(errs, remains{c.state}.takeUp(e))
		}
	}
	return errors.Join(errs...)
}

// remains is what a former daemon has left.
type remains struct{ *state }

// removeStrangers removes sandboxes and devices of ours that no record knows,
// because the record could not be read.
func (c remains) removeStrangers() error {
	known := map[string]bool{}
	for _, e := range c.endpoints {
		known[e.Sandbox] = true
		for _, a := range e.Attached {
			known[a.Link] = true
		}
	}
	var errs []error
	files, err := os.ReadDir(c.sandboxDir())
	errs = append(errs, err)
	for _, f := range files {
		if path := filepath.Join(c.sandboxDir(), f.Name()); !known[path] {
			errs = append(errs, removeSandbox(path))
		}
	}
	links, err := netlink.LinkList()
	errs = append(errs, err)
	for _, l := range links {
		if name := l.Attrs().Name; strings.HasPrefix(name, c.linkPrefix()) && !known[name] {
			errs = append(errs, removeLink(name))
		}
	}
	return errors.Join(errs...)
}

// takeUp connects the devices of a running container to their bridges, which may
// be new ones, and serves its ports and the names of others again.
func (c remains) takeUp(e *endpoint) error {
	var errs []error
	for _, a := range e.Attached {
		n := c.networks[a.Network]
		if n == nil || n.bridge == nil {
			errs = append(errs, fmt.Errorf("network %s of container %s is gone", a.NetworkName, e.Name))
			continue
		}
		link, err := netlink.LinkByName(a.Link)
		if err == nil && link.Attrs().MasterIndex != n.bridge.index {
			err = netlink.LinkSetMasterByIndex(link, n.bridge.index)
		}
		errs = append(errs, err)
	}
	for _, p := range e.Ports {
		proxy, err := newProxy(p.Port.Proto(), p.Host, netip.AddrPortFrom(e.Target, p.Port.Num()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e.proxies = append(e.proxies, proxy)
	}
	if e.usesNames() {
		s, err := openSandbox(e.Sandbox)
		if err == nil {
			defer s.close()
			e.nameServer, err = names(c).serveNames(s, e.ContainerID)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
