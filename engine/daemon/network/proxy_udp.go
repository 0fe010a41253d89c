package network

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// udpIdle is how long a client that says nothing keeps its way back.
	udpIdle = 90 * time.Second
	// udpClients is how many clients a port has at once. Their addresses are
	// easily forged, so there must be an end.
	udpClients = 4096
	maxPacket  = 64 << 10
)

// udpProxy sends each client's packets to the container from a socket of its
// own, and what comes back there to the client.
type udpProxy struct {
	conn      *net.UDPConn
	container netip.AddrPort

	mu      sync.Mutex
	clients map[udpClient]*net.UDPConn // nil when closed
	wg      sync.WaitGroup
}

// udpClient is who sent a packet, and to which address of this machine: the
// answer must come from there.
type udpClient struct {
	remote netip.AddrPort
	local  netip.Addr
}

func newUDPProxy(host, container netip.AddrPort) (*udpProxy, error) {
	network, level, option := "udp4", unix.IPPROTO_IP, unix.IP_PKTINFO
	if host.Addr().Is6() {
		network, level, option = "udp6", unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(host))
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		controlErr := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, 1) })
		if controlErr != nil {
			err = controlErr
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	p := &udpProxy{conn: conn, container: container, clients: map[udpClient]*net.UDPConn{}}
	p.wg.Go(p.serve)
	return p, nil
}

func (p *udpProxy) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (p *udpProxy) close() {
	p.mu.Lock()
	_ = p.conn.Close()
	for _, c := range p.clients {
		_ = c.Close()
	}
	p.clients = nil
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *udpProxy) serve() {
	packet, control := make([]byte, maxPacket), make([]byte, 128)
	for {
		n, nc, _, remote, err := p.conn.ReadMsgUDPAddrPort(packet, control)
		if err != nil {
			p.mu.Lock()
			closed := p.clients == nil
			p.mu.Unlock()
			if closed {
				return
			}
			continue // an answer of ours found nobody; that is not the end
		}
		server := p.connection(udpClient{remote: remote, local: packetTo(control[:nc])})
		if server != nil {
			_, _ = server.Write(packet[:n]) // UDP: lost is lost
		}
	}
}

// connection is the client's socket to the container; nil when there is none
// to be had.
func (p *udpProxy) connection(client udpClient) *net.UDPConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if conn := p.clients[client]; conn != nil {
		_ = conn.SetReadDeadline(time.Now().Add(udpIdle))
		return conn
	}
	if p.clients == nil || len(p.clients) >= udpClients {
		return nil
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.container))
	if err != nil {
		return nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(udpIdle))
	p.clients[client] = conn
	p.wg.Go(func() { p.answer(client, conn) })
	return conn
}

// answer sends the client what its socket receives.
func (p *udpProxy) answer(client udpClient, conn *net.UDPConn) {
	defer func() {
		_ = conn.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.clients[client] == conn {
			delete(p.clients, client)
		}
	}()
	packet := make([]byte, maxPacket)
	control := packetFrom(client.local)
	for {
		n, err := conn.Read(packet)
		if err != nil {
			return // idle, closed, or the container refuses
		}
		_ = conn.SetReadDeadline(time.Now().Add(udpIdle))
		if _, _, err := p.conn.WriteMsgUDPAddrPort(packet[:n], control, client.remote); err != nil {
			return
		}
	}
}

// packetTo is the address a packet was sent to, from its control message; the
// zero address if that does not say.
func packetTo(control []byte) netip.Addr {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return netip.Addr{}
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(m.Data[8:12])) // after the device and our own address
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= unix.SizeofInet6Pktinfo:
			return netip.AddrFrom16([16]byte(m.Data[:16]))
		}
	}
	return netip.Addr{}
}

// packetFrom is the control message that makes a packet come from an address.
func packetFrom(local netip.Addr) []byte {
	switch {
	case local.Is4():
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: local.As4()})
	case local.Is6():
		return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: local.As16()})
	}
	return nil
}
