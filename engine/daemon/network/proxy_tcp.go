package network

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// dialTimeout is how long a container may take to accept a connection.
const dialTimeout = 30 * time.Second

// tcpProxy accepts connections for a container and copies both ways, each
// until its end: a side that has said all can still listen.
type tcpProxy struct {
	listener  *net.TCPListener
	container netip.AddrPort
	ctx       context.Context // ends with close
	cancel    context.CancelFunc

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil when closed
	wg    sync.WaitGroup
}

func newTCPProxy(host, container netip.AddrPort) (*tcpProxy, error) {
	// tcp4 and tcp6, not tcp: [::] would take the IPv4 port too.
	network := "tcp4"
	if host.Addr().Is6() {
		network = "tcp6"
	}
	l, err := net.ListenTCP(network, net.TCPAddrFromAddrPort(host))
	if err != nil {
		return nil, err
	}
	p := &tcpProxy{listener: l, container: container, conns: map[net.Conn]struct{}{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.wg.Go(p.serve)
	return p, nil
}

func (p *tcpProxy) addr() netip.AddrPort { return p.listener.Addr().(*net.TCPAddr).AddrPort() }

func (p *tcpProxy) close() {
	p.cancel()
	_ = p.listener.Close()
	p.mu.Lock()
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *tcpProxy) serve() {
	for {
		conn, err := p.listener.AcceptTCP()
		if err != nil {
			if p.ctx.Err() != nil {
				return
			}
			// Out of descriptors, most likely: some will be free again.
			select {
			case <-p.ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		p.wg.Go(func() { p.connect(conn) })
	}
}

func (p *tcpProxy) connect(client *net.TCPConn) {
	defer client.Close()
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(p.ctx, "tcp", p.container.String())
	if err != nil {
		_ = client.SetLinger(0) // a reset, as from a port where nobody listens
		return
	}
	defer conn.Close()
	server := conn.(*net.TCPConn)
	if !p.hold(client, server) {
		return
	}
	defer p.drop(client, server)
	var both sync.WaitGroup
	both.Go(func() { copyHalf(server, client) })
	both.Go(func() { copyHalf(client, server) })
	both.Wait()
}

func copyHalf(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		// One direction broke, so the connection did.
		_ = from.Close()
		_ = to.Close()
		return
	}
	_ = to.CloseWrite()
}

func (p *tcpProxy) hold(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		return false
	}
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *tcpProxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}
