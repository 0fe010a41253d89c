package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/vishvananda/netlink"

	"github.com/callroute/callroute/engine/api/types"
)

func TestNone(t *testing.T) {
	c := newController(t, Config{})
	e := join(t, c, JoinRequest{ContainerID: "c1", Mode: "none", Hostname: "h"})
	in(t, e.NetnsPath, func() error {
		links, err := netlink.LinkList()
		if err != nil || len(links) != 1 || links[0].Attrs().Flags&net.FlagUp == 0 {
			t.Errorf("devices: %v %v", links, err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		return l.Close()
	})
	if e.Settings.Networks["none"] == nil || len(e.Settings.Ports) != 0 {
		t.Errorf("settings: %+v", e.Settings)
	}
	hosts, _ := os.ReadFile(e.Files.Hosts)
	if string(hosts) != loopbackHosts {
		t.Errorf("hosts: %s", hosts)
	}
	if links, _ := netlink.LinkList(); len(links) != 1 {
		t.Errorf("a container without network made %v", links)
	}
}

func TestHost(t *testing.T) {
	dir := t.TempDir()
	hostsFile := filepath.Join(dir, "hosts.host")
	os.WriteFile(hostsFile, []byte("10.0.0.1 machine"), 0o600)
	c := newController(t, Config{HostsFile: hostsFile})
	e := join(t, c, JoinRequest{ContainerID: "c1", Mode: "host", ExtraHosts: []string{"db:10.0.0.2"}})
	if e.NetnsPath != "" || e.Settings.Networks["host"] == nil {
		t.Errorf("%+v", e)
	}
	hosts, _ := os.ReadFile(e.Files.Hosts)
	if string(hosts) != "10.0.0.1 machine\n10.0.0.2\tdb\n" {
		t.Errorf("hosts: %q", hosts)
	}
	name, _ := os.Hostname()
	if got, _ := os.ReadFile(e.Files.Hostname); string(got) != name+"\n" {
		t.Errorf("hostname: %q", got)
	}
}

func TestBridge(t *testing.T) {
	c := newController(t, Config{})
	one := join(t, c, JoinRequest{ContainerID: "c1", Hostname: "one"})
	two := join(t, c, JoinRequest{
		ContainerID: "c2", Mode: "default", Hostname: "two", Domainname: "example.org",
		Links: []Link{{ContainerID: "c1", Names: []string{"db", "c1"}}},
	})
	place := two.Settings.Networks["bridge"]
	if place == nil || place.IPAddress.String() != "172.30.0.3" || place.Gateway.String() != "172.30.0.1" ||
		place.IPPrefixLen != 16 || place.MacAddress.String() != "02:42:ac:1e:00:03" || len(place.EndpointID) != 64 {
		t.Errorf("settings: %+v", place)
	}
	hosts, _ := os.ReadFile(two.Files.Hosts)
	if want := loopbackHosts + "172.30.0.2\tdb c1\n172.30.0.3\ttwo.example.org two\n"; string(hosts) != want {
		t.Errorf("hosts:\n%s", hosts)
	}
	echoTCP(t, one.NetnsPath, "0.0.0.0:80")
	answer, err := say(t, two.NetnsPath, "172.30.0.2:80", "hello")
	if err != nil || answer != "hello for 172.30.0.3" {
		t.Errorf("between containers: %q %v", answer, err)
	}
	answer, err = say(t, "", "172.30.0.2:80", "hello")
	if err != nil || answer != "hello for 172.30.0.1" {
		t.Errorf("from the machine: %q %v", answer, err)
	}
	in(t, two.NetnsPath, func() error {
		eth0, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		addrs, err := eth0.Addrs()
		if len(addrs) != 1 || eth0.MTU != 1500 || eth0.HardwareAddr.String() != "02:42:ac:1e:00:03" {
			t.Errorf("eth0: %+v %v", eth0, addrs)
		}
		return err
	})
	if got := c.Endpoint("c2"); got == nil || got.NetnsPath != two.NetnsPath {
		t.Errorf("endpoint: %+v", got)
	}
	if got := c.Endpoint("c3"); got != nil {
		t.Errorf("an endpoint of nobody: %+v", got)
	}
}

// TestWantedAddress: a container can have one again that it has just left, and
// nobody else's.
func TestWantedAddress(t *testing.T) {
	c := newController(t, Config{})
	join(t, c, JoinRequest{ContainerID: "c1"})
	two := join(t, c, JoinRequest{ContainerID: "c2"})
	had := two.Settings.Networks["bridge"].IPAddress
	if err := c.Leave(t.Context(), "c2"); err != nil {
		t.Fatal(err)
	}
	join(t, c, JoinRequest{ContainerID: "c3"})
	again := join(t, c, JoinRequest{ContainerID: "c2", Networks: []Attachment{{Network: "bridge", Address: had}}})
	if got := again.Settings.Networks["bridge"]; got.IPAddress != had || got.MacAddress.String() != two.Settings.Networks["bridge"].MacAddress.String() {
		t.Errorf("%+v, want the address %s", got, had)
	}
	for address, want := range map[string]string{had.String(): "Address already in use", "172.30.0.1": "Address already in use", "10.1.2.3": "not in the bridge's subnet"} {
		_, err := c.Join(t.Context(), JoinRequest{ContainerID: "c4", Dir: t.TempDir(), Networks: []Attachment{{Network: "bridge", Address: netip.MustParseAddr(address)}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

func TestContainerMode(t *testing.T) {
	c := newController(t, Config{})
	one := join(t, c, JoinRequest{ContainerID: "c1", Hostname: "one"})
	two := join(t, c, JoinRequest{ContainerID: "c2", Mode: "container:c1"})
	if two.NetnsPath != one.NetnsPath || two.Files != one.Files || len(two.Settings.Networks) != 0 {
		t.Errorf("%+v, of %+v", two, one)
	}
	_, err := c.Join(t.Context(), JoinRequest{ContainerID: "c3", Mode: "container:gone", Dir: t.TempDir()})
	if err == nil || err.Error() != "cannot join network of a non running container: gone" || !errors.Is(err, cerrdefs.ErrConflict) {
		t.Error(err)
	}
	_, err = c.Join(t.Context(), JoinRequest{ContainerID: "c3", Mode: "mine", Dir: t.TempDir()})
	if err == nil || err.Error() != "network mine not found" || !errors.Is(err, cerrdefs.ErrNotFound) {
		t.Error(err)
	}
	// The second one's end leaves the first one's network alone.
	if err := c.Leave(t.Context(), "c2"); err != nil {
		t.Error(err)
	}
	in(t, one.NetnsPath, func() error { _, err := net.InterfaceByName("eth0"); return err })
}

func TestMasquerade(t *testing.T) {
	c := newController(t, Config{IPForward: true})
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("warnings: %v", w)
	}
	n := newNeighbour(t)
	echoTCP(t, n.netns, "0.0.0.0:7")
	e := join(t, c, JoinRequest{ContainerID: "c1"})
	answer, err := say(t, e.NetnsPath, n.address.String()+":7", "out")
	if err != nil || answer != "out for "+n.here.String() {
		t.Errorf("%q %v", answer, err)
	}
	// A neighbour that takes this machine for a router reaches no container.
	echoTCP(t, e.NetnsPath, "0.0.0.0:80")
	in(t, n.netns, func() error {
		return netlink.RouteAdd(&netlink.Route{Dst: toIPNet(netip.MustParsePrefix("172.30.0.0/16")), Gw: n.here.AsSlice()})
	})
	if answer, err := say(t, n.netns, "172.30.0.2:80", "in"); err == nil {
		t.Errorf("a port that is not published answers %q", answer)
	}
}

func TestSubnets(t *testing.T) {
	needRoot(t)
	n := newNeighbour(t)
	lan, err := netlink.LinkByName("lan")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(lan, &netlink.Addr{IPNet: toIPNet(netip.MustParsePrefix("172.30.7.1/24"))}); err != nil {
		t.Fatal(err)
	}
	if err := netlink.RouteAdd(&netlink.Route{Dst: toIPNet(netip.MustParsePrefix("172.28.0.0/14")), Gw: n.address.AsSlice()}); err != nil {
		t.Fatal(err)
	}
	first := newController(t, Config{})
	second := anotherController(t, Config{})
	third := anotherController(t, Config{Bridge: "br-own", BIP: netip.MustParsePrefix("10.77.0.9/28"), MTU: 1400})
	for _, test := range []struct {
		c               *Controller
		address, bridge string
	}{
		{first, "172.27.0.2", "engine0"},
		{second, "172.26.0.2", "engine1"},
		{third, "10.77.0.1", "br-own"},
	} {
		e := join(t, test.c, JoinRequest{ContainerID: "c1"})
		if got := e.Settings.Networks["bridge"].IPAddress.String(); got != test.address {
			t.Errorf("address %s, want %s", got, test.address)
		}
		info, err := test.c.Networks.Inspect(t.Context(), "bridge")
		if err != nil || info.Options["com.docker.network.bridge.name"] != test.bridge {
			t.Errorf("bridge %v %v, want %s", info.Options, err, test.bridge)
		}
	}
	// The whole /28: 14 addresses, one is the bridge's, one is taken.
	for i := range 12 {
		join(t, third, JoinRequest{ContainerID: fmt.Sprint("more", i)})
	}
	if _, err := third.Join(t.Context(), JoinRequest{ContainerID: "full", Dir: t.TempDir()}); !errors.Is(err, cerrdefs.ErrUnavailable) {
		t.Errorf("a full subnet: %v", err)
	}
	taken := anotherController(t, Config{Bridge: "engine0"})
	if _, err := taken.Join(t.Context(), JoinRequest{ContainerID: "c1", Dir: t.TempDir()}); !errors.Is(err, cerrdefs.ErrConflict) {
		t.Errorf("another engine's bridge: %v", err)
	}
	noBridge := anotherController(t, Config{Bridge: "lan"})
	if _, err := noBridge.Join(t.Context(), JoinRequest{ContainerID: "c1", Dir: t.TempDir()}); !errors.Is(err, cerrdefs.ErrConflict) {
		t.Errorf("a device that is no bridge: %v", err)
	}
}

func TestBridgeOfAnAdministrator(t *testing.T) {
	needRoot(t)
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "br-admin"
	own := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(own); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { netlink.LinkDel(own) })
	if err := netlink.AddrAdd(own, &netlink.Addr{IPNet: toIPNet(netip.MustParsePrefix("10.66.0.1/24"))}); err != nil {
		t.Fatal(err)
	}
	c := newController(t, Config{Bridge: "br-admin"}) // checks that it stays
	e := join(t, c, JoinRequest{ContainerID: "c1", Networks: []Attachment{{Network: "bridge", MacAddress: network.HardwareAddr{2, 0, 0, 0, 0, 7}}}})
	place := e.Settings.Networks["bridge"]
	if place.IPAddress.String() != "10.66.0.2" || place.MacAddress.String() != "02:00:00:00:00:07" {
		t.Errorf("%+v", place)
	}
}

func TestManyAtOnce(t *testing.T) {
	c := newController(t, Config{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[netip.Addr]bool{}
	for i := range 30 {
		wg.Go(func() {
			id := fmt.Sprint("c", i)
			e, err := c.Join(t.Context(), JoinRequest{ContainerID: id, Dir: t.TempDir(), PortBindings: bind("80/tcp", "")})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			seen[e.Settings.Networks["bridge"].IPAddress] = true
			mu.Unlock()
			if i%2 == 0 {
				if err := c.Leave(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(seen) != 30 {
		t.Errorf("%d addresses", len(seen))
	}
	for i := range 30 {
		if err := c.Leave(t.Context(), fmt.Sprint("c", i)); err != nil {
			t.Error(err)
		}
	}
}

func TestJoinThatFailsLeavesNothing(t *testing.T) {
	c := newController(t, Config{})
	for name, req := range map[string]JoinRequest{
		"no folder":     {ContainerID: "c1", Dir: "/does/not/exist", PortBindings: bind("80/tcp", "8080")},
		"bad host":      {ContainerID: "c1", Dir: t.TempDir(), ExtraHosts: []string{"x"}},
		"link to none":  {ContainerID: "c1", Dir: t.TempDir(), Links: []Link{{ContainerID: "c9"}}},
		"bad ID":        {ContainerID: "../c1", Dir: t.TempDir()},
		"bad protocol":  {ContainerID: "c1", Dir: t.TempDir(), PortBindings: bind("80/sctp", "80")},
		"bad host port": {ContainerID: "c1", Dir: t.TempDir(), PortBindings: bind("80/tcp", "90-80")},
	} {
		if _, err := c.Join(t.Context(), req); err == nil {
			t.Errorf("%s: joined", name)
		}
		if c.Endpoint("c1") != nil {
			t.Errorf("%s: is there", name)
		}
	}
	e := join(t, c, JoinRequest{ContainerID: "c1", PortBindings: bind("80/tcp", "8080")})
	if _, err := c.Join(t.Context(), JoinRequest{ContainerID: "c1", Dir: t.TempDir()}); !errors.Is(err, cerrdefs.ErrConflict) {
		t.Errorf("joined twice: %v", err)
	}
	if _, err := os.Stat(e.NetnsPath); err != nil {
		t.Error(err)
	}
}

func TestNetworks(t *testing.T) {
	c := newController(t, Config{EngineID: "e1"})
	join(t, c, JoinRequest{ContainerID: "c1", Name: "web"})
	if err := c.Rename("c1", "web2"); err != nil {
		t.Error(err)
	}
	names := func(filters types.Filters) string {
		list, err := c.Networks.List(t.Context(), filters)
		if err != nil {
			return err.Error()
		}
		var names []string
		for _, n := range list {
			names = append(names, n.Name+"/"+n.Driver)
		}
		return strings.Join(names, " ")
	}
	for _, test := range []struct {
		filters types.Filters
		want    string
	}{
		{nil, "bridge/bridge host/host none/null"},
		{types.Filters{"name": {"o"}}, "host/host none/null"},
		{types.Filters{"driver": {"null", "bridge"}}, "bridge/bridge none/null"},
		{types.Filters{"type": {"custom"}}, ""},
		{types.Filters{"id": {c.builtinID(modeHost)[:12]}}, "host/host"},
		{types.Filters{"colour": {"red"}}, "invalid filter 'colour'"},
	} {
		if got := names(test.filters); got != test.want {
			t.Errorf("%v: %q, want %q", test.filters, got, test.want)
		}
	}
	for _, name := range []string{"bridge", c.builtinID(modeBridge), c.builtinID(modeBridge)[:10]} {
		info, err := c.Networks.Inspect(t.Context(), name)
		if err != nil || info.Containers["c1"].Name != "web2" || info.Containers["c1"].IPv4Address.String() != "172.30.0.2/16" ||
			info.IPAM.Config[0].Subnet.String() != "172.30.0.0/16" {
			t.Errorf("%s: %+v %v", name, info, err)
		}
	}
	for _, name := range []string{"", "nope"} {
		if _, err := c.Networks.Inspect(t.Context(), name); !errors.Is(err, cerrdefs.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func BenchmarkRules(b *testing.B) {
	c := newController(b, Config{IPForward: true})
	for i := range 20 {
		join(b, c, JoinRequest{ContainerID: fmt.Sprint("c", i), PortBindings: bind("80/tcp", "", "53/udp", "")})
	}
	for b.Loop() {
		c.applyRules()
	}
	if c.firewall.err != nil {
		b.Fatal(c.firewall.err)
	}
}

func BenchmarkJoinLeave(b *testing.B) {
	for _, mode := range []container.NetworkMode{"none", "bridge"} {
		b.Run(string(mode), func(b *testing.B) {
			c := newController(b, Config{})
			if mode == "bridge" {
				join(b, c, JoinRequest{ContainerID: "keeps-the-bridge"})
			}
			dir := b.TempDir()
			for b.Loop() {
				if _, err := c.Join(b.Context(), JoinRequest{ContainerID: "c1", Dir: dir, Mode: mode}); err != nil {
					b.Fatal(err)
				}
				if err := c.Leave(b.Context(), "c1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
