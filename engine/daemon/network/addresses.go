package network

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"

	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/errdefs"
)

// subnets are those a bridge may take by itself, in the order they are tried,
// each as the bridge's own address in it.
func subnets() []netip.Prefix {
	var list []netip.Prefix
	for _, second := range []byte{30, 31, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17} {
		list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{172, second, 0, 1}), 16))
	}
	for third := 0; third < 256; third += 16 {
		list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(third), 1}), 20))
	}
	return list
}

// freeSubnet is one that no address and no route of this namespace and no network
// is in. The lock is held.
func (s bridges) freeSubnet() (netip.Prefix, error) {
	var taken []netip.Prefix
	for _, n := range s.networks {
		taken = append(taken, n.subnet())
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("network: list addresses: %w", err)
	}
	for _, a := range addrs {
		if p, ok := toPrefix(a.IPNet); ok {
			taken = append(taken, p)
		}
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("network: list routes: %w", err)
	}
	for _, r := range routes {
		// The default route leads everywhere and takes nothing.
		if p, ok := toPrefix(r.Dst); ok && p.Bits() > 0 {
			taken = append(taken, p)
		}
	}
	return firstFree(subnets(), taken)
}

func firstFree(candidates, taken []netip.Prefix) (netip.Prefix, error) {
next:
	for _, candidate := range candidates {
		for _, t := range taken {
			if t.IsValid() && candidate.Overlaps(t) {
				continue next
			}
		}
		return candidate, nil
	}
	return netip.Prefix{}, errdefs.Unavailable("network: every subnet for a bridge is taken; choose one with --bip")
}

// nextAddress is the first free address of a range after the last one given, so
// that one that was given back is not taken again at once.
func nextAddress(within netip.Prefix, last netip.Addr, taken map[netip.Addr]bool) (netip.Addr, bool) {
	first := within.Masked().Addr()
	addr := last
	for range 1 << (32 - within.Bits()) {
		if addr = addr.Next(); !within.Contains(addr) {
			addr = first
		}
		if !taken[addr] {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// choose is the address that is wanted, or one that is free. The lock is held.
func (s bridges) choose(n *bridged, wanted netip.Addr) (netip.Addr, error) {
	subnet := n.subnet()
	taken := map[netip.Addr]bool{
		subnet.Masked().Addr(): true, n.bridge.address.Addr(): true, lastAddress(subnet): true,
	}
	for _, addr := range n.Reserved {
		taken[addr] = true
	}
	mark := func(r record) {
		if a := r.in(n.ID); a != nil {
			taken[a.Address.Addr()] = true
		}
	}
	for _, other := range s.endpoints {
		mark(other.record)
	}
	for _, r := range s.leaving {
		mark(r)
	}
	switch {
	case !wanted.IsValid():
		within := subnet
		if n.Range.IsValid() {
			within = n.Range
		}
		addr, ok := nextAddress(within, n.last, taken)
		if !ok {
			return addr, errdefs.Unavailable("no available IPv4 addresses on this network's address pools: %s", n.Name)
		}
		n.last = addr
		return addr, nil
	case !subnet.Contains(wanted):
		return wanted, errdefs.Conflict("the address %s is not in the bridge's subnet %s", wanted, subnet.Masked())
	case taken[wanted]:
		return wanted, errdefs.Conflict("Address already in use")
	}
	return wanted, nil
}

// subnet is a network's; that of the engine's own is not known before its bridge
// is there.
func (n *bridged) subnet() netip.Prefix {
	if n.bridge != nil {
		return n.bridge.address
	}
	return n.Address
}

func lastAddress(subnet netip.Prefix) netip.Addr {
	b := subnet.Masked().Addr().As4()
	for i := subnet.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// hardwareAddr is made of the address, as docker's were: a container that
// takes over an address takes over what its neighbours have learnt of it.
func hardwareAddr(addr netip.Addr) network.HardwareAddr {
	b := addr.As4()
	return network.HardwareAddr{0x02, 0x42, b[0], b[1], b[2], b[3]}
}

func toIPNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func toPrefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), bits), ok
}
