package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
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

func TestPublish(t *testing.T) {
	for _, forward := range []bool{false, true} {
		t.Run(fmt.Sprint("forwarding ", forward), func(t *testing.T) {
			needRoot(t)
			os.WriteFile(forwardFile, []byte("0"), 0)
			c := newController(t, Config{IPForward: forward})
			if got := len(c.Warnings()) > 0; got == forward {
				t.Errorf("warnings: %v", c.Warnings())
			}
			n := newNeighbour(t)
			e := join(t, c, JoinRequest{
				ContainerID: "c1", ExposedPorts: network.PortSet{port("443/tcp"): {}, port("80/tcp"): {}},
				PortBindings: bind("80/tcp", "8080", "53/udp", "5353", "81/tcp", "127.0.0.1@8081"),
			})
			other := join(t, c, JoinRequest{ContainerID: "c2"})
			for _, p := range []string{"80", "81"} {
				echoTCP(t, e.NetnsPath, "0.0.0.0:"+p)
			}
			echoUDP(t, e.NetnsPath, "0.0.0.0:53")

			fromLAN := n.address.String() // with forwarding the container sees who calls
			if !forward {
				fromLAN = "172.30.0.1"
			}
			for _, test := range []struct{ from, address, seenAs string }{
				{"", "127.0.0.1:8080", "172.30.0.1"},
				{"", "[::1]:8080", "172.30.0.1"},
				{"", n.here.String() + ":8080", "172.30.0.1"},
				{"", "127.0.0.1:8081", "172.30.0.1"},
				{n.netns, n.here.String() + ":8080", fromLAN},
				{other.NetnsPath, "172.30.0.1:8080", "172.30.0.1"},
				{other.NetnsPath, n.here.String() + ":8080", "172.30.0.1"},
				{e.NetnsPath, n.here.String() + ":8080", "172.30.0.1"},
			} {
				if answer, err := say(t, test.from, test.address, "hi"); err != nil || answer != "hi for "+test.seenAs {
					t.Errorf("from %q to %s: %q %v, want as %s", filepath.Base(test.from), test.address, answer, err, test.seenAs)
				}
			}
			if answer, err := say(t, n.netns, n.here.String()+":8081", "hi"); err == nil {
				t.Errorf("a port of 127.0.0.1 answers a neighbour: %q", answer)
			}
			for from, address := range map[string]string{
				"":              "127.0.0.1:5353",
				n.netns:         n.here.String() + ":5353",
				other.NetnsPath: n.here.String() + ":5353", // must be answered from there
			} {
				if answer, err := sayUDP(t, from, address, "hi"); err != nil || answer != "udp hi" {
					t.Errorf("udp from %q to %s: %q %v", filepath.Base(from), address, answer, err)
				}
			}
			if answer, err := sayUDP(t, "", "[::1]:5353", "hi"); err != nil || answer != "udp hi" {
				t.Errorf("udp over IPv6: %q %v", answer, err)
			}

			got := fmt.Sprint(e.Settings.Ports)
			for _, want := range []string{
				"443/tcp:[]", "80/tcp:[{0.0.0.0 8080} {:: 8080}]", "53/udp:[{0.0.0.0 5353} {:: 5353}]", "81/tcp:[{127.0.0.1 8081}]",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("ports: %s, want %s", got, want)
				}
			}
			if err := c.Leave(t.Context(), "c1"); err != nil {
				t.Fatal(err)
			}
			for _, address := range []string{"127.0.0.1:8080", "[::1]:8080"} {
				if _, err := say(t, "", address, "hi"); err == nil {
					t.Errorf("%s still answers", address)
				}
			}
		})
	}
}

func TestPortConflicts(t *testing.T) {
	c := newController(t, Config{})
	join(t, c, JoinRequest{ContainerID: "c1", PortBindings: bind("80/tcp", "8080", "82/udp", "127.0.0.1@82")})
	foreign, err := net.Listen("tcp4", "127.0.0.1:9090")
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	tests := []struct {
		bindings network.PortMap
		want     string
	}{
		{bind("81/tcp", "8080"), "Bind for 0.0.0.0:8080 failed: port is already allocated"},
		{bind("80/tcp", "127.0.0.1@8080"), "Bind for 127.0.0.1:8080 failed: port is already allocated"},
		{bind("80/tcp", "::@8080"), "Bind for [::]:8080 failed: port is already allocated"},
		{bind("80/udp", "82"), "Bind for 0.0.0.0:82 failed: port is already allocated"},
		{bind("80/tcp", "8000", "90/tcp", "9090"), "failed to bind host port 0.0.0.0:9090/tcp: address already in use"},
		{bind("80/tcp", "10.1.2.3@8000"), "failed to bind host port 10.1.2.3:8000/tcp: cannot assign requested address"},
	}
	for _, test := range tests {
		_, err := c.Join(t.Context(), JoinRequest{ContainerID: "c2", Name: "web", Dir: t.TempDir(), PortBindings: test.bindings})
		if err == nil {
			t.Errorf("%v: joined", test.bindings)
			continue
		}
		prefix, rest, _ := strings.Cut(err.Error(), "): ")
		if !strings.HasPrefix(prefix, "driver failed programming external connectivity on endpoint web (") || rest != test.want {
			t.Errorf("%v, want … %s", err, test.want)
		}
	}
	// What a refused request had taken already is free again.
	e := join(t, c, JoinRequest{ContainerID: "c2", PortBindings: bind("80/tcp", "8000", "80/udp", "8080", "81/tcp", "9090-9091", "83/udp", "127.0.0.2@82")})
	if got := e.Settings.Ports[port("81/tcp")]; len(got) != 2 || got[0].HostPort != "9091" {
		t.Errorf("of a range: %v", got)
	}
}

func TestEphemeralPorts(t *testing.T) {
	c := newController(t, Config{})
	e := join(t, c, JoinRequest{
		ContainerID: "c1", PublishAll: true,
		ExposedPorts: network.PortSet{port("80/tcp"): {}, port("53/udp"): {}, port("90/tcp"): {}},
		PortBindings: bind("90/tcp", "0", "91/tcp", ""),
	})
	echoTCP(t, e.NetnsPath, "0.0.0.0:80")
	for _, p := range []string{"80/tcp", "53/udp", "90/tcp", "91/tcp"} {
		got := e.Settings.Ports[port(p)]
		if len(got) != 2 || got[0].HostPort != got[1].HostPort || got[0].HostPort == "0" {
			t.Errorf("%s: %v", p, got)
		}
	}
	address := "127.0.0.1:" + e.Settings.Ports[port("80/tcp")][0].HostPort
	if answer, err := say(t, "", address, "hi"); err != nil || answer != "hi for 172.30.0.1" {
		t.Errorf("%q %v", answer, err)
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
		info, err := test.c.Inspect(t.Context(), "bridge")
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
	e := join(t, c, JoinRequest{ContainerID: "c1", MacAddress: network.HardwareAddr{2, 0, 0, 0, 0, 7}})
	place := e.Settings.Networks["bridge"]
	if place.IPAddress.String() != "10.66.0.2" || place.MacAddress.String() != "02:00:00:00:00:07" {
		t.Errorf("%+v", place)
	}
}

func TestCrash(t *testing.T) {
	config := Config{ExecRoot: t.TempDir(), IPForward: true}
	c := newController(t, config)
	n := newNeighbour(t)
	live := join(t, c, JoinRequest{ContainerID: "live", PortBindings: bind("80/tcp", "8080")})
	join(t, c, JoinRequest{ContainerID: "live-none", Mode: "none"})
	join(t, c, JoinRequest{ContainerID: "dead", PortBindings: bind("80/tcp", "8081")})
	join(t, c, JoinRequest{ContainerID: "dead-none", Mode: "none"})
	torn := join(t, c, JoinRequest{ContainerID: "torn"})
	echoTCP(t, live.NetnsPath, "0.0.0.0:80")
	// kill -9: the listeners are gone and nothing else is. One record is
	// garbage, and a Join had only got as far as its record.
	for _, e := range c.endpoints {
		closeProxies(e.proxies)
		e.proxies = nil
	}
	if err := os.WriteFile(c.recordPath(c.endpoints["torn"].record, recordSuffix), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	half := record{ContainerID: "half", EndpointID: "e-half", Mode: modeBridge, Link: c.newLinkName(), Sandbox: c.sandboxPath("half"), Address: netip.MustParsePrefix("172.30.0.9/16"), Gateway: netip.MustParseAddr("172.30.0.1")}
	if err := c.writeRecord(half); err != nil {
		t.Fatal(err)
	}
	// And one that was leaving while it had joined again.
	again := record{ContainerID: "live", EndpointID: "e-again", Mode: modeBridge, Link: c.newLinkName()}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = again.Link
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
		t.Fatal(err)
	}
	if err := c.writeRecord(again); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(c.recordPath(again, recordSuffix), c.recordPath(again, leavingSuffix)); err != nil {
		t.Fatal(err)
	}

	next := restarted(t, config, []string{"live", "live-none"})
	t.Cleanup(func() {
		for _, id := range []string{"live", "live-none"} {
			if err := next.Leave(context.Background(), id); err != nil {
				t.Error(err)
			}
		}
		if err := next.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, from := range []string{"", n.netns} {
		if answer, err := say(t, from, n.here.String()+":8080", "hi"); err != nil || !strings.HasPrefix(answer, "hi for") {
			t.Errorf("from %q: %q %v", from, answer, err)
		}
	}
	got := next.Endpoint("live")
	if got == nil || got.NetnsPath != live.NetnsPath || got.Settings.Networks["bridge"].IPAddress.String() != "172.30.0.2" ||
		len(got.Settings.Ports) != 1 {
		t.Errorf("restored: %+v", got)
	}
	sandboxes, _ := os.ReadDir(next.sandboxDir())
	records, _ := os.ReadDir(next.recordDir())
	if len(sandboxes) != 2 || len(records) != 2 {
		t.Errorf("left of the dead: %v %v", sandboxes, records)
	}
	if _, err := os.Stat(torn.NetnsPath); err == nil {
		t.Error("the sandbox of the torn record is still there")
	}
	links, _ := netlink.LinkList()
	pairs := slices.DeleteFunc(links, func(l netlink.Link) bool { return !strings.HasPrefix(l.Attrs().Name, next.linkPrefix()) })
	if len(pairs) != 1 {
		t.Errorf("devices left: %d", len(pairs))
	}
	// Addresses of the living are taken, those of the dead are not.
	for _, want := range []string{"172.30.0.3", "172.30.0.4"} {
		e := join(t, next, JoinRequest{ContainerID: "new" + want})
		if got := e.Settings.Networks["bridge"].IPAddress.String(); got != want {
			t.Errorf("address %s, want %s", got, want)
		}
	}
}

func TestCrashWithoutSurvivors(t *testing.T) {
	config := Config{ExecRoot: t.TempDir()}
	c := newController(t, config) // checks at the end that nothing is left
	join(t, c, JoinRequest{ContainerID: "c1"})
	restarted(t, config, nil)
	if _, err := netlink.LinkByName("engine0"); err == nil {
		t.Error("the bridge is still there")
	}
}

func TestBridgeThatWasRemoved(t *testing.T) {
	config := Config{ExecRoot: t.TempDir()}
	c := newController(t, config)
	e := join(t, c, JoinRequest{ContainerID: "c1"})
	echoTCP(t, e.NetnsPath, "0.0.0.0:80")
	if err := removeLink("engine0"); err != nil {
		t.Fatal(err)
	}
	next := restarted(t, config, []string{"c1"})
	if answer, err := say(t, "", "172.30.0.2:80", "back"); err != nil || answer != "back for 172.30.0.1" {
		t.Errorf("%q %v", answer, err)
	}
	if err := next.Leave(t.Context(), "c1"); err != nil {
		t.Error(err)
	}
	if err := next.Close(t.Context()); err != nil {
		t.Error(err)
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
		list, err := c.List(t.Context(), filters)
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
		{types.Filters{"id": {c.networkID(modeHost)[:12]}}, "host/host"},
		{types.Filters{"colour": {"red"}}, "invalid filter 'colour'"},
	} {
		if got := names(test.filters); got != test.want {
			t.Errorf("%v: %q, want %q", test.filters, got, test.want)
		}
	}
	for _, name := range []string{"bridge", c.networkID(modeBridge), c.networkID(modeBridge)[:10]} {
		info, err := c.Inspect(t.Context(), name)
		if err != nil || info.Containers["c1"].Name != "web2" || info.Containers["c1"].IPv4Address.String() != "172.30.0.2/16" ||
			info.IPAM.Config[0].Subnet.String() != "172.30.0.0/16" {
			t.Errorf("%s: %+v %v", name, info, err)
		}
	}
	for _, name := range []string{"", "nope"} {
		if _, err := c.Inspect(t.Context(), name); !errors.Is(err, cerrdefs.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
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
