package httproute

import (
	"net"
	"net/netip"
	"strings"
)

// address is host:port of an address that a program writes, the port filled in
// from the scheme; empty when a part of it is not known or it names no port.
func address(scheme, authority string) string {
	if _, after, ok := strings.Cut(authority, "@"); ok {
		authority = after
	}
	if authority == "" || strings.ContainsAny(authority, "*/{}%") {
		return ""
	}
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		host, port = strings.Trim(authority, "[]"), ""
	}
	switch {
	case port != "":
	case scheme == "http":
		port = "80"
	case scheme == "https":
		port = "443"
	default:
		return ""
	}
	switch port {
	case "http":
		port = "80"
	case "https":
		port = "443"
	}
	return net.JoinHostPort(host, port)
}

// sameAddress reports whether a request to one address can arrive at the
// other: false only if both are known and differ. A listener without a host
// hears all of them, and a name can stand for any address.
func sameAddress(asked, listening string) bool {
	if asked == "" || listening == "" {
		return true
	}
	h1, p1 := splitAddress(asked)
	h2, p2 := splitAddress(listening)
	if p1 != "" && p2 != "" && p1 != p2 {
		return false
	}
	if h1 == "" || h2 == "" || strings.EqualFold(h1, h2) {
		return true
	}
	a, isIP1 := ip(h1)
	b, isIP2 := ip(h2)
	switch {
	case isIP1 && isIP2:
		return a == b || a.IsUnspecified() || b.IsUnspecified() || a.IsLoopback() && b.IsLoopback()
	case !isIP1 && !isIP2:
		return false
	}
	return true
}

// names reports whether the address that is asked has this host.
func names(asked, host string) bool {
	h, _ := splitAddress(asked)
	return strings.EqualFold(h, host)
}

func splitAddress(a string) (host, port string) {
	host, port, err := net.SplitHostPort(a)
	if err != nil {
		return a, ""
	}
	return host, port
}

// ip is the IP address that host is.
func ip(host string) (netip.Addr, bool) {
	if host == "localhost" {
		return netip.IPv6Loopback(), true
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}
