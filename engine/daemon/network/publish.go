package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

// wish is one port to be published: on all these addresses at the same port
// of the host, the first of a range that is free.
type wish struct {
	port     network.Port
	hosts    []netip.Addr
	from, to uint16 // 0 is any
	anyHost  bool   // both wildcards; the machine need not have IPv6
}

// wishes are what is to be published, in a fixed order.
func wishes(bindings network.PortMap, all bool, exposed []network.Port) ([]wish, error) {
	var list []wish
	for _, port := range sortedPorts(bindings) {
		if proto := port.Proto(); proto != network.TCP && proto != network.UDP {
			return nil, errdefs.Invalid("invalid proto: %s", proto)
		}
		at := bindings[port]
		if len(at) == 0 {
			at = []network.PortBinding{{}} // as docker: some port
		}
		for _, b := range at {
			w := wish{port: port, hosts: []netip.Addr{b.HostIP.Unmap()}}
			if !b.HostIP.IsValid() {
				w.hosts, w.anyHost = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}, true
			}
			var err error
			if w.from, w.to, err = parseRange(b.HostPort); err != nil {
				return nil, err
			}
			list = append(list, w)
		}
	}
	if !all {
		return list, nil
	}
	for _, port := range exposed {
		if _, chosen := bindings[port]; !chosen && (port.Proto() == network.TCP || port.Proto() == network.UDP) {
			list = append(list, wish{
				port: port, anyHost: true,
				hosts: []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()},
			})
		}
	}
	return list, nil
}

func sortedPorts[V any](ports map[network.Port]V) []network.Port {
	list := make([]network.Port, 0, len(ports))
	for p := range ports {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b network.Port) int {
		if a.Num() != b.Num() {
			return int(a.Num()) - int(b.Num())
		}
		return strings.Compare(string(a.Proto()), string(b.Proto()))
	})
	return list
}

func parseRange(value string) (from, to uint16, err error) {
	if value == "" {
		return 0, 0, nil
	}
	first, last, isRange := strings.Cut(value, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || b < a || (isRange && a == 0) {
		return 0, 0, errdefs.Invalid("invalid port specification: %q", value)
	}
	return uint16(a), uint16(b), nil
}

// publisher takes the ports of the host that lead to containers.
type publisher struct{ *state }

// publish listens on the ports that a container wants, and so takes them, for
// the place that leads to the rest of the world; without one there are none. The
// lock is held. On an error nothing is taken.
func (s publisher) publish(e *endpoint) error {
	by := e.gateway()
	if by == nil {
		return nil
	}
	list, err := wishes(e.Bindings, e.PublishAll, e.Exposed)
	if err != nil {
		return err
	}
	var ports []publishedPort
	var proxies []proxy
	for _, w := range list {
		taken, opened, err := s.grant(w, by.Address.Addr())
		if err != nil {
			closeProxies(proxies)
			return errdefs.Conflict("driver failed programming external connectivity on endpoint %s (%s): %w", e.Name, by.EndpointID, err)
		}
		ports, proxies = append(ports, taken...), append(proxies, opened...)
	}
	e.Ports, e.proxies, e.Target = ports, proxies, by.Address.Addr()
	return nil
}

// grant takes the first port of the wish's range that is free on all its
// addresses.
func (s publisher) grant(w wish, container netip.Addr) (ports []publishedPort, proxies []proxy, err error) {
	tries := int(w.to) - int(w.from) + 1
	if w.from == 0 {
		// The kernel chooses for the first address, and may choose one that
		// another address does not have free.
		tries = 16
	}
	for i := range tries {
		host := w.from
		if w.from != 0 {
			host += uint16(i)
		}
		if ports, proxies, err = s.listen(w, host, container); err == nil {
			return ports, proxies, nil
		}
	}
	return nil, nil, err
}

func (s publisher) listen(w wish, port uint16, container netip.Addr) (ports []publishedPort, proxies []proxy, err error) {
	for _, addr := range w.hosts {
		host := netip.AddrPortFrom(addr, port)
		if s.published(w.port.Proto(), host) {
			err = fmt.Errorf("Bind for %s failed: port is already allocated", host) //nolint:staticcheck // docker's words
			break
		}
		var p proxy
		p, err = newProxy(w.port.Proto(), host, netip.AddrPortFrom(container, w.port.Num()))
		if err != nil && w.anyHost && addr.Is6() && len(ports) > 0 && noIPv6(err) {
			err = nil
			continue
		}
		if err != nil {
			break
		}
		port = p.addr().Port() // the next address takes the same
		ports = append(ports, publishedPort{Port: w.port, Host: netip.AddrPortFrom(addr, port)})
		proxies = append(proxies, p)
	}
	if err != nil {
		closeProxies(proxies)
		return nil, nil, err
	}
	return ports, proxies, nil
}

// noIPv6 is how a machine without IPv6 refuses to listen on [::].
func noIPv6(err error) bool {
	for _, e := range []error{unix.EAFNOSUPPORT, unix.EADDRNOTAVAIL, unix.EPROTONOSUPPORT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// published reports whether one of this engine's containers has the port.
func (s publisher) published(proto network.IPProtocol, host netip.AddrPort) bool {
	for _, e := range s.endpoints {
		for _, p := range e.Ports {
			same := p.Host.Addr() == host.Addr() ||
				(p.Host.Addr().Is4() == host.Addr().Is4() && (p.Host.Addr().IsUnspecified() || host.Addr().IsUnspecified()))
			if same && p.Port.Proto() == proto && p.Host.Port() == host.Port() {
				return true
			}
		}
	}
	return false
}

// proxy serves one address and port of the host.
type proxy interface {
	addr() netip.AddrPort
	// close ends the listener and every connection.
	close()
}

func closeProxies(proxies []proxy) {
	for _, p := range proxies {
		p.close()
	}
}

func newProxy(proto network.IPProtocol, host, container netip.AddrPort) (p proxy, err error) {
	if proto == network.UDP {
		p, err = newUDPProxy(host, container)
	} else {
		p, err = newTCPProxy(host, container)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		// "listen tcp4 0.0.0.0:80: bind: …" says the address twice.
		err = op.Err
		var sys interface{ Unwrap() error }
		if errors.As(err, &sys) && sys.Unwrap() != nil {
			err = sys.Unwrap()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("failed to bind host port %s/%s: %w", host, proto, err)
	}
	return p, nil
}
