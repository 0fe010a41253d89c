package network

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

const (
	maxLinkName = unix.IFNAMSIZ - 1
	// aliasPrefix and an engine's key are the alias of its bridge. A device's
	// alias is for people and programs; the kernel does nothing with it.
	aliasPrefix = "engine:"
)

// bridged is a network with a bridge.
type bridged struct {
	definition
	bridge *bridge    // once a container needed it
	last   netip.Addr // the address given last
}

// bridge is the device the containers are plugged into.
type bridge struct {
	name    string
	index   int
	address netip.Prefix // its own, with the length of the subnet
	ours    bool         // made by this engine, and removed with it
}

// bridges are the devices of networks, and the addresses in them.
type bridges struct{ *state }

// mark is the alias of a network's bridge.
func (s bridges) mark(n *bridged) string {
	if n.own() {
		return aliasPrefix + s.key
	}
	return aliasPrefix + s.key + ":" + n.ID[:12]
}

// ensureBridge finds or makes a network's bridge, with its rules. prefer is the
// address of a bridge that endpoints still know; zero is none. The lock is
// held.
func (s bridges) ensureBridge(n *bridged, prefer netip.Prefix) error {
	if n.bridge != nil {
		return nil
	}
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("network: list devices: %w", err)
	}
	mark := s.mark(n)
	name, link, err := n.chooseLink(links, mark)
	if err != nil {
		return err
	}
	b := &bridge{name: name}
	made := link == nil
	if made {
		if link, err = addBridge(name, mark, n.MTU); err != nil {
			return err
		}
	}
	b.ours = made || link.Attrs().Alias == mark
	b.index = link.Attrs().Index
	want := n.Address
	if prefer.IsValid() {
		want = prefer
	}
	if err := b.giveAddress(link, want, s.freeSubnet); err != nil {
		if made {
			err = errors.Join(err, b.remove())
		}
		return err
	}
	n.bridge = b
	s.applyRules()
	return nil
}

// removeBridge removes a network's bridge, with its rules. The lock is held.
func (s bridges) removeBridge(n *bridged) error {
	if n.bridge == nil {
		return nil
	}
	b := n.bridge
	n.bridge = nil
	for _, other := range s.networks {
		if other.bridge != nil {
			s.applyRules()
			return b.remove()
		}
	}
	return errors.Join(s.firewall.remove(), b.remove())
}

// chooseLink is the bridge's name, and the device if there is one.
func (n *bridged) chooseLink(links []netlink.Link, mark string) (string, netlink.Link, error) {
	byName := map[string]netlink.Link{}
	for _, l := range links {
		byName[l.Attrs().Name] = l
		if l.Type() == "bridge" && l.Attrs().Alias == mark && (n.Bridge == "" || n.Bridge == l.Attrs().Name) {
			return l.Attrs().Name, l, nil
		}
	}
	if name := n.Bridge; name != "" {
		l := byName[name]
		switch {
		case l == nil:
		case l.Type() != "bridge":
			return "", nil, errdefs.Conflict("network: device %s is a %s and no bridge", name, l.Type())
		case strings.HasPrefix(l.Attrs().Alias, aliasPrefix):
			return "", nil, errdefs.Conflict("network: bridge %s belongs to another engine", name)
		}
		return name, l, nil
	}
	for i := 0; ; i++ {
		if name := fmt.Sprintf("engine%d", i); byName[name] == nil {
			return name, nil, nil
		}
	}
}

// addBridge makes the device. Its hardware address is fixed, else it would be
// that of the first container and change with it.
func addBridge(name, mark string, mtu int) (netlink.Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	attrs.MTU = mtu
	attrs.HardwareAddr = net.HardwareAddr{0x02, 0x42, 0, 0, 0, 0}
	if _, err := rand.Read(attrs.HardwareAddr[2:]); err != nil {
		return nil, err
	}
	link := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(link); err != nil {
		return nil, fmt.Errorf("network: make bridge %s: %w", name, err)
	}
	if err := netlink.LinkSetAlias(link, mark); err != nil {
		return nil, errors.Join(fmt.Errorf("network: mark bridge %s: %w", name, err), netlink.LinkDel(link))
	}
	return link, nil
}

// giveAddress sees to it that the bridge is up with an address: the one it
// is told to have, else the one it has, else a free one.
func (b *bridge) giveAddress(link netlink.Link, want netip.Prefix, free func() (netip.Prefix, error)) error {
	addrs, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("network: addresses of %s: %w", b.name, err)
	}
	for _, a := range addrs {
		if has, ok := toPrefix(a.IPNet); ok && (has == want || !want.IsValid()) {
			b.address = has
		}
	}
	if !b.address.IsValid() {
		if !want.IsValid() {
			if want, err = free(); err != nil {
				return err
			}
		}
		if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: toIPNet(want)}); err != nil {
			return fmt.Errorf("network: address %s for %s: %w", want, b.name, err)
		}
		b.address = want
		if b.ours { // it had another subnet before
			for _, a := range addrs {
				if err := netlink.AddrDel(link, &a); err != nil {
					return fmt.Errorf("network: address %s of %s: %w", a.IPNet, b.name, err)
				}
			}
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("network: switch %s on: %w", b.name, err)
	}
	return nil
}

func (b *bridge) remove() error {
	if !b.ours {
		return nil
	}
	return removeLink(b.name)
}

// removeLink removes a device; one that is not there is no error.
func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkDel(link)
	}
	var notFound netlink.LinkNotFoundError
	if errors.As(err, &notFound) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("network: remove %s: %w", name, err)
	}
	return nil
}

// linkPrefix begins the names of the host's ends of this engine's pairs.
func (s *state) linkPrefix() string { return "ve" + s.key[:6] }

func (s *state) newLinkName() string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return s.linkPrefix() + hex.EncodeToString(b[:])[:maxLinkName-len(s.linkPrefix())]
}

// plug connects a sandbox to the bridge: a pair of devices, one end here and
// in the bridge, the other inside with an address.
func (b *bridge) plug(s *sandbox, a attachment, d definition) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = a.Link
	attrs.MTU = d.MTU
	attrs.MasterIndex = b.index
	attrs.Flags = net.FlagUp
	pair := &netlink.Veth{
		LinkAttrs:        attrs,
		PeerName:         a.Device,
		PeerHardwareAddr: net.HardwareAddr(a.MAC),
		PeerNamespace:    netlink.NsFd(int(s.file.Fd())),
	}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("network: connect to %s: %w", b.name, err)
	}
	if d.Isolated {
		if err := netlink.LinkSetIsolated(pair, true); err != nil {
			return fmt.Errorf("network: keep %s from the others: %w", a.Link, err)
		}
	}
	inside, err := s.handle.LinkByName(a.Device)
	if err != nil {
		return fmt.Errorf("network: %s: %w", a.Device, err)
	}
	if err := s.handle.AddrAdd(inside, &netlink.Addr{IPNet: toIPNet(a.Address)}); err != nil {
		return fmt.Errorf("network: address %s: %w", a.Address, err)
	}
	if err := s.handle.LinkSetUp(inside); err != nil {
		return fmt.Errorf("network: %s: %w", a.Device, err)
	}
	return nil
}
