package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// nameServerAddress is the name server's in every sandbox, docker's.
const nameServerAddress = "127.0.0.11"

const (
	nameServerPort = 53
	nameTTL        = 600 // seconds, docker's
	// beyondTimeout is how long a server beyond may take. A client asks again
	// after five seconds.
	beyondTimeout = 4 * time.Second
)

// nameServer answers inside a sandbox, at nameServerAddress.
//
// It listens on ports of its own, and rules inside the sandbox lead to them what
// is sent to port 53: on that port the container may have a server of its own,
// at every address. Where the kernel takes no rules it listens on 53.
type nameServer struct{ servers []*dns.Server }

// serveNames serves a container's names in its sandbox.
func (s names) serveNames(in *sandbox, containerID string) (*nameServer, error) {
	names, err := listenNames(in, 0)
	if err != nil {
		return nil, err
	}
	if redirectNames(in, names.port(unix.IPPROTO_UDP), names.port(unix.IPPROTO_TCP)) != nil {
		names.closeListeners()
		if names, err = listenNames(in, nameServerPort); err != nil {
			return nil, err
		}
	}
	for _, server := range names.servers {
		server.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
			answer := s.answerName(containerID, asked)
			if answer == nil {
				answer = ask(s.beyond(containerID), asked, w.LocalAddr().Network())
			}
			_ = w.WriteMsg(answer) // who asked may be gone
		})
		go func() { _ = server.ActivateAndServe() }() // it ends when it is closed
	}
	return names, nil
}

// listenNames opens the sockets.
func listenNames(in *sandbox, port int) (names *nameServer, err error) {
	names = &nameServer{}
	err = in.within(func() error {
		address := fmt.Sprintf("%s:%d", nameServerAddress, port)
		udp, err := net.ListenPacket("udp4", address)
		if err != nil {
			return err
		}
		tcp, err := net.Listen("tcp4", address)
		if err != nil {
			return errors.Join(err, udp.Close())
		}
		names.servers = []*dns.Server{{PacketConn: udp}, {Listener: tcp}}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("network: name server: %w", err)
	}
	return names, nil
}

func (n *nameServer) port(protocol int) uint16 {
	address := n.servers[0].PacketConn.LocalAddr()
	if protocol == unix.IPPROTO_TCP {
		address = n.servers[1].Listener.Addr()
	}
	return netip.MustParseAddrPort(address.String()).Port()
}

// close ends the name server; nil is none.
func (n *nameServer) close() {
	if n == nil {
		return
	}
	for _, server := range n.servers {
		_ = server.Shutdown() // an error says that it had not begun
	}
	n.closeListeners()
}

func (n *nameServer) closeListeners() {
	_ = n.servers[0].PacketConn.Close()
	_ = n.servers[1].Listener.Close()
}

// redirectNames leads what is sent to the name server to its ports.
func redirectNames(in *sandbox, udp, tcp uint16) error {
	conn, err := nftables.New(nftables.WithNetNSFd(int(in.file.Fd())))
	if err != nil {
		return err
	}
	f := firewall{table: "engine-names"}
	output := conn.AddChain(&nftables.Chain{
		Name: "output", Table: f.clear(conn), Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityNATDest,
	})
	server := netip.MustParseAddr(nameServerAddress)
	for _, to := range []struct {
		protocol byte
		port     uint16
	}{{unix.IPPROTO_UDP, udp}, {unix.IPPROTO_TCP, tcp}} {
		addRule(conn, output,
			[]expr.Any{ipHeader(destination), equal(server.AsSlice())},
			toPort(to.protocol, nameServerPort),
			[]expr.Any{
				&expr.Immediate{Register: 1, Data: server.AsSlice()},
				&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(to.port)},
				&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2},
			})
	}
	return conn.Flush()
}

// answerName answers what is about containers; nil is for what is not.
func (s names) answerName(containerID string, asked *dns.Msg) *dns.Msg {
	if len(asked.Question) != 1 || asked.Question[0].Qclass != dns.ClassINET {
		return nil
	}
	q := asked.Question[0]
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: nameTTL}
	answer := new(dns.Msg).SetReply(asked)
	answer.RecursionAvailable = true
	if q.Qtype == dns.TypePTR {
		addr, ok := reversed(q.Name)
		name := s.nameOf(containerID, addr)
		if !ok || name == "" {
			return nil
		}
		answer.Answer = append(answer.Answer, &dns.PTR{Hdr: header, Ptr: dns.Fqdn(name)})
		return answer
	}
	found := s.lookUp(containerID, strings.TrimSuffix(q.Name, "."))
	if len(found) == 0 {
		return nil
	}
	if q.Qtype == dns.TypeA { // of anything else there is nothing
		for _, addr := range found {
			answer.Answer = append(answer.Answer, &dns.A{Hdr: header, A: addr.AsSlice()})
		}
	}
	return answer
}

// reversed is the address that a name of in-addr.arpa stands for.
func reversed(name string) (netip.Addr, bool) {
	digits, ok := strings.CutSuffix(strings.ToLower(name), ".in-addr.arpa.")
	parts := strings.Split(digits, ".")
	if !ok || len(parts) != 4 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(strings.Join([]string{parts[3], parts[2], parts[1], parts[0]}, "."))
	return addr, err == nil
}

// ask asks servers beyond, one after the other.
func ask(servers []string, asked *dns.Msg, protocol string) *dns.Msg {
	client := dns.Client{Net: protocol, Timeout: beyondTimeout}
	for _, server := range servers {
		answer, _, err := client.Exchange(asked, net.JoinHostPort(server, fmt.Sprint(nameServerPort)))
		if err == nil && answer.Rcode != dns.RcodeServerFailure && answer.Rcode != dns.RcodeRefused {
			return answer
		}
	}
	failed := new(dns.Msg).SetRcode(asked, dns.RcodeServerFailure)
	failed.RecursionAvailable = true
	return failed
}
