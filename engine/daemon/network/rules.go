package network

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/moby/moby/api/types/network"
)

// The rules, as nft would print them, for a bridge engine0 with 172.30.0.0/16
// and port 8080 published to port 80 of 172.30.0.2, and for a bridge br-db that
// leads nowhere:
//
//	table ip engine-KEY {
//	  chain postrouting { type nat hook postrouting priority srcnat
//	    ip saddr 172.30.0.0/16 oifname != "engine0" masquerade
//	  }
//	  chain forward { type filter hook forward priority filter
//	    oifname "engine0" iifname != "engine0" ct state established,related accept
//	    oifname "engine0" iifname != "engine0" ct status dnat accept
//	    oifname "engine0" iifname != "engine0" drop
//	    (the same for br-db)
//	    iifname "br-db" oifname != "br-db" drop
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

// firewall is the engine's table.
type firewall struct {
	table string
	err   error // why it does not hold our rules
}

// translation leads what comes from elsewhere for a published port to its
// container.
type translation struct {
	publishedPort
	container netip.Addr
	bridge    string // of the container
}

// applyRules makes nftables hold the rules of the endpoints there are, in one
// transaction. A failure is kept for Warnings: without the rules containers
// still reach each other, and published ports are served. The lock is held.
func (s *state) applyRules() {
	var plugged []*bridged
	for _, n := range s.networks {
		if n.bridge != nil {
			plugged = append(plugged, n)
		}
	}
	if len(plugged) == 0 {
		return // the table went with the last of them
	}
	var ports []translation
	for _, e := range s.endpoints {
		for _, p := range e.Ports {
			i := slices.IndexFunc(e.Attached, func(a attachment) bool { return a.Address.Addr() == e.Target })
			if host := p.Host.Addr(); i < 0 || !host.Is4() || host.IsLoopback() {
				continue
			}
			if n := s.networks[e.Attached[i].Network]; n != nil && n.bridge != nil {
				ports = append(ports, translation{p, e.Target, n.bridge.name})
			}
		}
	}
	s.firewall.err = s.firewall.replace(plugged, ports)
}

func (f *firewall) replace(plugged []*bridged, ports []translation) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	table := f.clear(conn)
	postrouting := conn.AddChain(&nftables.Chain{
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	forward := conn.AddChain(&nftables.Chain{
		Name: "forward", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	for _, n := range plugged {
		name := ifname(n.bridge.name)
		if !n.NoMasquerade && !n.Internal {
			addRule(conn, postrouting, append(from(n.bridge.address),
				&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, unequal(name),
				&expr.Masq{}))
		}
		in := []expr.Any{
			&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, equal(name),
			&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, unequal(name),
		}
		out := []expr.Any{
			&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, equal(name),
			&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, unequal(name),
		}
		if n.Internal {
			addRule(conn, forward, out, verdict(expr.VerdictDrop))
		}
		addRule(conn, forward, in, ctBits(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), verdict(expr.VerdictAccept))
		addRule(conn, forward, in, ctBits(expr.CtKeySTATUS, ctStatusDNAT), verdict(expr.VerdictAccept))
		addRule(conn, forward, in, verdict(expr.VerdictDrop))
	}
	if forwarding() {
		prerouting := conn.AddChain(&nftables.Chain{
			Name: "prerouting", Table: table, Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest,
		})
		for _, p := range ports {
			addRule(conn, prerouting, p.rule())
		}
	}
	return conn.Flush()
}

// remove removes the engine's table; one that is not there is no error.
func (f *firewall) remove() error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("network: nftables: %w", err)
	}
	conn.DelTable(f.clear(conn))
	if err := conn.Flush(); err != nil && f.err == nil {
		return fmt.Errorf("network: remove nftables table: %w", err)
	}
	f.err = nil
	return nil
}

// clear makes the table be there and empty: what is added is no error if it
// exists, what is deleted must exist.
func (f *firewall) clear(conn *nftables.Conn) *nftables.Table {
	table := &nftables.Table{Name: f.table, Family: nftables.TableFamilyIPv4}
	conn.AddTable(table)
	conn.DelTable(table)
	return conn.AddTable(table)
}

// ctStatusDNAT is IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h.
const ctStatusDNAT = 1 << 5

func (p translation) rule() []expr.Any {
	rule := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, unequal(ifname(p.bridge)),
		&expr.Fib{Register: 1, FlagDADDR: true, ResultADDRTYPE: true}, equal(binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)),
	}
	if host := p.Host.Addr(); !host.IsUnspecified() {
		rule = append(rule, ipHeader(destination), equal(host.AsSlice()))
	}
	protocol := byte(unix.IPPROTO_TCP)
	if p.Port.Proto() == network.UDP {
		protocol = unix.IPPROTO_UDP
	}
	return append(append(rule, toPort(protocol, p.Host.Port())...),
		&expr.Immediate{Register: 1, Data: p.container.AsSlice()},
		&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(p.Port.Num())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2},
	)
}

// toPort matches what is sent to a port.
func toPort(protocol byte, port uint16) []expr.Any {
	const portOffset, portLen = 2, 2 // of the destination, in a TCP or UDP header
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{protocol}),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: portOffset, Len: portLen},
		equal(binaryutil.BigEndian.PutUint16(port)),
	}
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
