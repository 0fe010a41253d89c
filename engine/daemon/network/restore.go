package network

import (
	"context"
	"errors"
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
	errs = append(errs, c.removeStrangers())
	address := netip.Prefix{}
	var bridged []*endpoint
	for _, e := range c.endpoints {
		if e.Mode == modeBridge {
			bridged = append(bridged, e)
			address = netip.PrefixFrom(e.Gateway, e.Address.Bits())
		}
	}
	if len(bridged) == 0 {
		return errors.Join(append(errs, c.removeBridge())...)
	}
	if err := c.ensureBridge(address); err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, e := range bridged {
		errs = append(errs, c.takeUp(e))
	}
	return errors.Join(errs...)
}

// removeStrangers removes sandboxes and devices of ours that no record knows,
// because the record could not be read.
func (c *Controller) removeStrangers() error {
	known := map[string]bool{}
	for _, e := range c.endpoints {
		known[e.Sandbox] = true
		known[e.Link] = true
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

// removeBridge removes a bridge that a former daemon left without containers,
// with its rules.
func (c *Controller) removeBridge() error {
	links, err := netlink.LinkList()
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Type() == "bridge" && l.Attrs().Alias == aliasPrefix+c.key {
			return errors.Join(c.removeRules(), removeLink(l.Attrs().Name))
		}
	}
	return nil
}

// takeUp connects the device of a running container to the bridge, which may
// be a new one, and serves its ports again.
func (c *Controller) takeUp(e *endpoint) error {
	var errs []error
	link, err := netlink.LinkByName(e.Link)
	if err == nil && link.Attrs().MasterIndex != c.bridge.index {
		err = netlink.LinkSetMasterByIndex(link, c.bridge.index)
	}
	errs = append(errs, err)
	for _, p := range e.Ports {
		proxy, err := newProxy(p.Port.Proto(), p.Host, netip.AddrPortFrom(e.Address.Addr(), p.Port.Num()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e.proxies = append(e.proxies, proxy)
	}
	return errors.Join(errs...)
}
