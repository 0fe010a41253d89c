package network

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/callroute/callroute/engine/errdefs"
)

// files are those that a container gets of its network.
type files struct{ *state }

// writeFiles writes hosts, hostname and resolv.conf. Everyone in the
// container may read them.
func (c files) writeFiles(req JoinRequest, r record) error {
	hostname := req.Hostname
	if hostname == "" && r.Mode == modeHost {
		var err error
		if hostname, err = os.Hostname(); err != nil {
			return fmt.Errorf("network: %w", err)
		}
	}
	hosts, err := c.hosts(req, r)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path    string
		content []byte
	}{
		{r.Files.Hostname, []byte(hostname + "\n")},
		{r.Files.Hosts, hosts},
		{r.Files.ResolvConf, r.Resolv.format()},
	} {
		// In place: they are written anew at each start, so a torn one is no
		// matter, and a sync would cost more than all the rest of Join.
		if err := os.WriteFile(f.path, f.content, 0o644); err != nil {
			return fmt.Errorf("network: %w", err)
		}
	}
	return nil
}

// loopbackHosts is what docker puts at the head of every /etc/hosts.
const loopbackHosts = "127.0.0.1\tlocalhost\n" +
	"::1\tlocalhost ip6-localhost ip6-loopback\n" +
	"fe00::\tip6-localnet\n" +
	"ff00::\tip6-mcastprefix\n" +
	"ff02::1\tip6-allnodes\n" +
	"ff02::2\tip6-allrouters\n"

func (c files) hosts(req JoinRequest, r record) ([]byte, error) {
	b := []byte(loopbackHosts)
	if r.Mode == modeHost {
		var err error
		if b, err = os.ReadFile(c.config.HostsFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("network: %w", err)
		}
		if len(b) > 0 && b[len(b)-1] != '\n' {
			b = append(b, '\n')
		}
	}
	extra, err := parseExtraHosts(req.ExtraHosts, c.hostGateway(r))
	if err != nil {
		return nil, err
	}
	for _, h := range extra {
		b = fmt.Appendf(b, "%s\t%s\n", h.addr, h.name)
	}
	own := c.builtinID(modeBridge)
	for _, l := range req.Links {
		if r.in(own) == nil {
			break // docker takes them, and there is nobody to be reached
		}
		there := c.placeOf(l.ContainerID, own)
		if there == nil {
			return nil, errdefs.Conflict("cannot link to a container that is not running on the bridge: %s", l.ContainerID)
		}
		b = fmt.Appendf(b, "%s\t%s\n", there.Address.Addr(), strings.Join(l.Names, " "))
	}
	if req.Hostname == "" {
		return b, nil
	}
	names := req.Hostname
	if req.Domainname != "" {
		names += "." + req.Domainname
	}
	if short, _, full := strings.Cut(names, "."); full {
		names += " " + short
	}
	for _, a := range r.Attached {
		b = fmt.Appendf(b, "%s\t%s\n", a.Address.Addr(), names)
	}
	return b, nil
}

// addHost adds a line to a hosts file, which may be mounted: it is changed in
// place.
func addHost(path string, addr netip.Addr, name string) error {
	b, err := os.ReadFile(path)
	if err != nil || name == "" {
		return err
	}
	return os.WriteFile(path, fmt.Appendf(b, "%s\t%s\n", addr, name), 0o644)
}

// removeHost removes the lines of an address from a hosts file.
func removeHost(path string, addr netip.Addr) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var kept []byte
	for line := range bytes.Lines(b) {
		if !bytes.HasPrefix(line, []byte(addr.String()+"\t")) {
			kept = append(kept, line...)
		}
	}
	return os.WriteFile(path, kept, 0o644)
}

// placeOf is where a container is in a network, nil if it is not there.
func (c files) placeOf(containerID, networkID string) *attachment {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[containerID]
	if e == nil {
		return nil
	}
	return e.in(networkID)
}

// hostGateway is the address of this machine that the container can reach.
func (c files) hostGateway(r record) netip.Addr {
	if r.Mode == modeHost {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if by := r.gateway(); by != nil {
		return by.Gateway
	}
	return netip.Addr{}
}

type extraHost struct {
	name string
	addr netip.Addr
}

// parseExtraHosts reads docker's --add-host: name:address, or name=address,
// where an IPv6 address may stand in brackets.
func parseExtraHosts(list []string, gateway netip.Addr) ([]extraHost, error) {
	var hosts []extraHost
	for _, value := range list {
		i := strings.IndexAny(value, ":=")
		if i <= 0 || i == len(value)-1 {
			return nil, errdefs.Invalid("bad format for add-host: %q", value)
		}
		name, text := value[:i], value[i+1:]
		if strings.ContainsAny(name, " \t\r\n#") {
			return nil, errdefs.Invalid("bad format for add-host: %q", value)
		}
		if text == "host-gateway" {
			if gateway.IsValid() {
				hosts = append(hosts, extraHost{name, gateway})
			}
			continue
		}
		if inner, ok := strings.CutPrefix(text, "["); ok {
			text = strings.TrimSuffix(inner, "]")
		}
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, errdefs.Invalid("invalid IP address in add-host: %q", text)
		}
		hosts = append(hosts, extraHost{name, addr})
	}
	return hosts, nil
}

// systemdResolvConf has the real servers of a machine whose own file names
// only systemd-resolved.
const systemdResolvConf = "/run/systemd/resolve/resolv.conf"

// resolvConf is what of a resolv.conf matters.
type resolvConf struct {
	Servers         []string
	Search, Options []string
}

// through asks a server that asks the others.
func (r resolvConf) through(server string) resolvConf {
	r.Servers = []string{server}
	// Names without a dot are those of containers.
	r.Options = append(slices.DeleteFunc(slices.Clone(r.Options), func(o string) bool { return strings.HasPrefix(o, "ndots:") }), "ndots:0")
	return r
}

func (c files) resolvConf(req JoinRequest, m mode) (resolvConf, error) {
	host, err := readResolver(c.config.ResolvConf)
	if err != nil {
		return host, err
	}
	if m != modeHost {
		if slices.Equal(host.Servers, []string{"127.0.0.53"}) {
			if beyond, err := readResolver(systemdResolvConf); err == nil && len(beyond.Servers) > 0 {
				host = beyond
			}
		}
		// A server on this machine's lo is not on the container's.
		host.Servers = slices.DeleteFunc(host.Servers, isLoopback)
	}
	chosen := resolvConf{
		Servers: texts(pick(req.DNS, c.config.DNS)),
		Search:  pick(req.DNSSearch, c.config.DNSSearch, host.Search),
		Options: pick(req.DNSOptions, c.config.DNSOptions, host.Options),
	}
	if len(chosen.Servers) == 0 {
		chosen.Servers = host.Servers
	}
	if len(chosen.Servers) == 0 && m == modeBridge {
		chosen.Servers = []string{"8.8.8.8", "8.8.4.4"} // docker's last resort
	}
	if slices.Equal(chosen.Search, []string{"."}) {
		chosen.Search = nil // docker's way to ask for none
	}
	return chosen, nil
}

// pick is the first list with something in it.
func pick[T any](lists ...[]T) []T {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

func texts(addrs []netip.Addr) []string {
	list := make([]string, len(addrs))
	for i, a := range addrs {
		list[i] = a.String()
	}
	return list
}

func isLoopback(server string) bool {
	addr, err := netip.ParseAddr(server)
	return err == nil && addr.IsLoopback()
}

// readResolver reads a resolv.conf; one that is not there is empty.
func readResolver(path string) (resolvConf, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return resolvConf{}, fmt.Errorf("network: %w", err)
	}
	var r resolvConf
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			r.Servers = append(r.Servers, fields[1])
		case "search", "domain":
			r.Search = fields[1:] // the last one counts
		case "options":
			r.Options = append(r.Options, fields[1:]...)
		}
	}
	if err := lines.Err(); err != nil {
		return resolvConf{}, fmt.Errorf("network: %s: %w", path, err)
	}
	return r, nil
}

func (r resolvConf) format() []byte {
	var b []byte
	if len(r.Search) > 0 {
		b = fmt.Appendf(b, "search %s\n", strings.Join(r.Search, " "))
	}
	for _, s := range r.Servers {
		b = fmt.Appendf(b, "nameserver %s\n", s)
	}
	if len(r.Options) > 0 {
		b = fmt.Appendf(b, "options %s\n", strings.Join(r.Options, " "))
	}
	return []byte(cmp.Or(string(b), "\n"))
}
