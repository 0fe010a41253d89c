package network

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/moby/moby/api/types/network"
)

// The rules, as nft would print them, for a bridge engine0 with 172.30.0.0/16
// and port 8080 published to port 80 of 172.30.0.2:
//
//	table ip engine-KEY {
//	  chain postrouting { type nat hook postrouting priority srcnat
//	    ip saddr 172.30.0.0/16 oifname != "engine0" masquerade
//	  }
//	  chain forward { type filter hook forward priority filter
//	    oifname "engine0" iifname != "engine0" ct state established,related accept
//	    oifname "engine0" iifname != "engine0" ct status dnat accept
//	    oifname "engine0" iifname != "engine0" drop
//	  }
//	  chain prerouting { type nat hook prerouting priority dstnat
//	    iifname != "engine0" fib daddr type local tcp dport 8080 dnat to 172.30.0.2:80
//	  }
//	}
//
// The last chain spares what comes from elsewhere the way through the proxy,
// and shows the container who calls. It is empty without forwarding, since
// the kernel would drop what it sends on; the proxy serves all then, as it
// always does for this machine and for other containers. A port that is not
// published cannot be reached from elsewhere.

// applyRules makes nftables hold the rules of the endpoints there are, in one
// transaction. A failure is kept for Warnings: without the rules containers
// still reach each other, and published ports are served. The lock is held.
func (c *Controller) applyRules() {
	c.rulesErr = c.replaceRules()
}

func (c *Controller) replaceRules() error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	table := c.clearTable(conn)
	b := c.bridge
	outside := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, equal(ifname(b.name)),
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, unequal(ifname(b.name)),
	}
	if !c.config.DisableMasquerade {
		postrouting := conn.AddChain(&nftables.Chain{
			Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
		})
		addRule(conn, postrouting, append(from(b.address),
			&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, unequal(ifname(b.name)),
			&expr.Masq{}))
	}
	forward := conn.AddChain(&nftables.Chain{
		Name: "forward", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	addRule(conn, forward, outside, ctBits(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), verdict(expr.VerdictAccept))
	addRule(conn, forward, outside, ctBits(expr.CtKeySTATUS, ctStatusDNAT), verdict(expr.VerdictAccept))
	addRule(conn, forward, outside, verdict(expr.VerdictDrop))
	if forwarding() {
		prerouting := conn.AddChain(&nftables.Chain{
			Name: "prerouting", Table: table, Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest,
		})
		for _, e := range c.endpoints {
			for _, p := range e.Ports {
				if host := p.Host.Addr(); host.Is4() && !host.IsLoopback() {
					addRule(conn, prerouting, c.translate(p, e.Address.Addr()))
				}
			}
		}
	}
	return conn.Flush()
}

// removeRules removes the engine's table; one that is not there is no error.
func (c *Controller) removeRules() error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("network: nftables: %w", err)
	}
	conn.DelTable(c.clearTable(conn))
	if err := conn.Flush(); err != nil && c.rulesErr == nil {
		return fmt.Errorf("network: remove nftables table: %w", err)
	}
	c.rulesErr = nil
	return nil
}

// clearTable makes the table be there and empty: what is added is no error if
// it exists, what is deleted must exist.
func (c *Controller) clearTable(conn *nftables.Conn) *nftables.Table {
	table := &nftables.Table{Name: "engine-" + c.key, Family: nftables.TableFamilyIPv4}
	conn.AddTable(table)
	conn.DelTable(table)
	return conn.AddTable(table)
}

// ctStatusDNAT is IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h.
const ctStatusDNAT = 1 << 5

// translate leads what comes from elsewhere for a published port to its
// container.
func (c *Controller) translate(p publishedPort, container netip.Addr) []expr.Any {
	rule := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, unequal(ifname(c.bridge.name)),
		&expr.Fib{Register: 1, FlagDADDR: true, ResultADDRTYPE: true}, equal(binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)),
	}
	if host := p.Host.Addr(); !host.IsUnspecified() {
		rule = append(rule, ipHeader(destination), equal(host.AsSlice()))
	}
	protocol := byte(unix.IPPROTO_TCP)
	if p.Port.Proto() == network.UDP {
		protocol = unix.IPPROTO_UDP
	}
	const portOffset, portLen = 2, 2 // of the destination, in a TCP or UDP header
	return append(rule,
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{protocol}),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: portOffset, Len: portLen},
		equal(binaryutil.BigEndian.PutUint16(p.Host.Port())),
		&expr.Immediate{Register: 1, Data: container.AsSlice()},
		&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(p.Port.Num())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2},
	)
}

func addRule(conn *nftables.Conn, chain *nftables.Chain, parts ...[]expr.Any) {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	conn.AddRule(&nftables.Rule{Table: chain.Table, Chain: chain, Exprs: all})
}

// The comparisons are of register 1.

func equal(data []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data}
}

func unequal(data []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: data}
}

func verdict(kind expr.VerdictKind) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: kind}}
}

// ifname is a device's name as the kernel compares it: filled up with zeroes.
func ifname(name string) []byte {
	b := make([]byte, unix.IFNAMSIZ)
	copy(b, name)
	return b
}

// Offsets in an IPv4 header.
const (
	source      = 12
	destination = 16
)

func ipHeader(offset uint32) expr.Any {
	return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4}
}

// from matches packets of a subnet.
func from(subnet netip.Prefix) []expr.Any {
	mask := toIPNet(subnet).Mask
	return []expr.Any{
		ipHeader(source),
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: make([]byte, 4)},
		equal(subnet.Masked().Addr().AsSlice()),
	}
}

// ctBits matches packets whose connection has one of the bits.
func ctBits(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: 1},
		&expr.Bitwise{
			SourceRegister: 1, DestRegister: 1, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4),
		},
		unequal(make([]byte, 4)),
	}
}
