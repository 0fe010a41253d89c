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

// writeFiles writes hosts, hostname and resolv.conf. Everyone in the
// container may read them.
func (c *Controller) writeFiles(req JoinRequest, r record) error {
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
	resolv, err := c.resolvConf(req, r)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path    string
		content []byte
	}{
		{r.Files.Hostname, []byte(hostname + "\n")},
		{r.Files.Hosts, hosts},
		{r.Files.ResolvConf, resolv},
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

func (c *Controller) hosts(req JoinRequest, r record) ([]byte, error) {
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
	for _, l := range req.Links {
		if r.Mode != modeBridge {
			break // docker takes them, and there is nobody to be reached
		}
		other := c.recordOf(l.ContainerID)
		if !other.Address.IsValid() {
			return nil, errdefs.Conflict("cannot link to a container that is not running on the bridge: %s", l.ContainerID)
		}
		b = fmt.Appendf(b, "%s\t%s\n", other.Address.Addr(), strings.Join(l.Names, " "))
	}
	if r.Address.IsValid() && req.Hostname != "" {
		names := req.Hostname
		if req.Domainname != "" {
			names = req.Hostname + "." + req.Domainname + " " + req.Hostname
		}
		b = fmt.Appendf(b, "%s\t%s\n", r.Address.Addr(), names)
	}
	return b, nil
}

func (c *Controller) recordOf(containerID string) record {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.endpoints[containerID]; e != nil {
		return e.record
	}
	return record{}
}

// hostGateway is the address of this machine that the container can reach.
func (c *Controller) hostGateway(r record) netip.Addr {
	if r.Mode == modeHost {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return r.Gateway
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

// resolver is what of a resolv.conf matters.
type resolver struct {
	servers         []string
	search, options []string
}

func (c *Controller) resolvConf(req JoinRequest, r record) ([]byte, error) {
	host, err := readResolver(c.config.ResolvConf)
	if err != nil {
		return nil, err
	}
	if r.Mode != modeHost {
		if slices.Equal(host.servers, []string{"127.0.0.53"}) {
			if beyond, err := readResolver(systemdResolvConf); err == nil && len(beyond.servers) > 0 {
				host = beyond
			}
		}
		// A server on this machine's lo is not on the container's.
		host.servers = slices.DeleteFunc(host.servers, isLoopback)
	}
	chosen := resolver{
		servers: texts(pick(req.DNS, c.config.DNS)),
		search:  pick(req.DNSSearch, c.config.DNSSearch, host.search),
		options: pick(req.DNSOptions, c.config.DNSOptions, host.options),
	}
	if len(chosen.servers) == 0 {
		chosen.servers = host.servers
	}
	if len(chosen.servers) == 0 && r.Mode == modeBridge {
		chosen.servers = []string{"8.8.8.8", "8.8.4.4"} // docker's last resort
	}
	if slices.Equal(chosen.search, []string{"."}) {
		chosen.search = nil // docker's way to ask for none
	}
	return chosen.format(), nil
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
func readResolver(path string) (resolver, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return resolver{}, fmt.Errorf("network: %w", err)
	}
	var r resolver
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			r.servers = append(r.servers, fields[1])
		case "search", "domain":
			r.search = fields[1:] // the last one counts
		case "options":
			r.options = append(r.options, fields[1:]...)
		}
	}
	if err := lines.Err(); err != nil {
		return resolver{}, fmt.Errorf("network: %s: %w", path, err)
	}
	return r, nil
}

func (r resolver) format() []byte {
	var b []byte
	for _, s := range r.servers {
		b = fmt.Appendf(b, "nameserver %s\n", s)
	}
	for _, line := range []struct {
		key    string
		values []string
	}{{"search", r.search}, {"options", r.options}} {
		if len(line.values) > 0 {
			b = fmt.Appendf(b, "%s %s\n", line.key, strings.Join(line.values, " "))
		}
	}
	return []byte(cmp.Or(string(b), "\n"))
}
