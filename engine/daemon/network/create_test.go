package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/miekg/dns"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/network"
	"github.com/vishvananda/netlink"

	"github.com/callroute/callroute/engine/api/types"
)

// create makes a network, which goes at the test's end.
func create(tb testing.TB, c *Controller, req network.CreateRequest) string {
	tb.Helper()
	made, err := c.Networks.Create(tb.Context(), req)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		c.removals.Wait()
		if err := c.Networks.Remove(context.Background(), made.ID); err != nil && !cerrdefs.IsNotFound(err) {
			tb.Error(err)
		}
	})
	return made.ID
}

// subnet is the request for one of a person's choice.
func subnet(name, prefix string) network.CreateRequest {
	return network.CreateRequest{Name: name, IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: netip.MustParsePrefix(prefix)}}}}
}

// resolve asks the name server of a container.
func resolve(tb testing.TB, netns, protocol, name string, kind uint16) (answers []string, rcode int) {
	tb.Helper()
	in(tb, netns, func() error {
		conn, err := net.Dial(protocol, nameServerAddress+":53")
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		answer, _, err := new(dns.Client).ExchangeWithConn(new(dns.Msg).SetQuestion(dns.Fqdn(name), kind), &dns.Conn{Conn: conn})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rcode = answer.Rcode
		for _, rr := range answer.Answer {
			switch rr := rr.(type) {
			case *dns.A:
				answers = append(answers, rr.A.String())
			case *dns.PTR:
				answers = append(answers, rr.Ptr)
			}
		}
		return nil
	})
	slices.Sort(answers)
	return answers, rcode
}

func TestNames(t *testing.T) {
	resolv := t.TempDir() + "/resolv.conf"
	os.WriteFile(resolv, []byte("nameserver 10.9.8.2\nsearch example.org\noptions ndots:3 timeout:1\n"), 0o600)
	config := Config{ResolvConf: resolv, ExecRoot: t.TempDir()}
	c := newController(t, config)
	n := newNeighbour(t)
	serveOutside(t, n)
	create(t, c, subnet("front", "10.60.1.0/24"))
	create(t, c, subnet("back", "10.60.2.0/24"))
	create(t, c, network.CreateRequest{Name: "dark", Internal: true, IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: netip.MustParsePrefix("10.60.3.0/24")}}}})
	id := strings.Repeat("a", 64)
	web := join(t, c, JoinRequest{ContainerID: id, Name: "web", Hostname: "host1", Networks: []Attachment{
		{Network: "front", Aliases: []string{"www"}}, {Network: "back", Links: []Link{{ContainerID: "db", Names: []string{"database"}}}},
	}})
	join(t, c, JoinRequest{ContainerID: "web2", Name: "web2", Networks: []Attachment{{Network: "front", Aliases: []string{"www"}}}})
	db := join(t, c, JoinRequest{ContainerID: "db", Name: "db", Networks: []Attachment{{Network: "back", Address: netip.MustParseAddr("10.60.2.77")}}})
	alone := join(t, c, JoinRequest{ContainerID: "alone", Name: "alone", Networks: []Attachment{{Network: "dark"}}})

	for _, test := range []struct {
		from        *Endpoint
		name, wants string
		kind        uint16
		rcode       int
	}{
		{web, "db", "10.60.2.77", dns.TypeA, 0},
		{web, "DB.back", "10.60.2.77", dns.TypeA, 0},
		{web, "db", "", dns.TypeAAAA, 0},
		{web, "database", "10.60.2.77", dns.TypeA, 0},
		{db, "database", "", dns.TypeA, dns.RcodeNameError},
		{web, "www", "10.60.1.2 10.60.1.3", dns.TypeA, 0},
		{db, "www", "", dns.TypeA, dns.RcodeNameError},
		{db, "web", "10.60.2.2", dns.TypeA, 0},
		{db, "host1", "10.60.2.2", dns.TypeA, 0},
		{db, id[:12], "10.60.2.2", dns.TypeA, 0},
		{web, "77.2.60.10.in-addr.arpa", "db.back.", dns.TypePTR, 0},
		{web, "outside.example.org", "192.0.2.7", dns.TypeA, 0},
		{alone, "outside.example.org", "", dns.TypeA, dns.RcodeServerFailure},
		{alone, "alone", "10.60.3.2", dns.TypeA, 0},
	} {
		for _, protocol := range []string{"udp", "tcp"} {
			got, rcode := resolve(t, test.from.NetnsPath, protocol, test.name, test.kind)
			if strings.Join(got, " ") != test.wants || rcode != test.rcode {
				t.Errorf("%s by %s: %v %s, want %q %s", test.name, protocol, got, dns.RcodeToString[rcode], test.wants, dns.RcodeToString[test.rcode])
			}
		}
	}
	if got, _ := os.ReadFile(web.Files.ResolvConf); string(got) != "search example.org\nnameserver 127.0.0.11\noptions timeout:1 ndots:0\n" {
		t.Errorf("resolv.conf: %s", got)
	}
	if got, _ := os.ReadFile(web.Files.Hosts); !strings.HasSuffix(string(got), "10.60.1.2\thost1\n10.60.2.2\thost1\n") {
		t.Errorf("hosts: %s", got)
	}
	// A server of the container's own has port 53.
	in(t, web.NetnsPath, func() error {
		own, err := net.ListenPacket("udp4", "0.0.0.0:53")
		if err == nil {
			own.Close()
		}
		return err
	})
	// The next daemon goes on.
	for _, e := range c.endpoints {
		e.serveNothing()
	}
	next := restarted(t, config, []string{id, "web2", "db", "alone"})
	if got, _ := resolve(t, web.NetnsPath, "udp", "db", dns.TypeA); !slices.Equal(got, []string{"10.60.2.77"}) {
		t.Errorf("after a restart: %v", got)
	}
	for _, e := range next.endpoints {
		e.serveNothing()
	}
}

// serveOutside is a name server of the neighbour's, which knows one name.
func serveOutside(tb testing.TB, n neighbour) {
	tb.Helper()
	var servers []*dns.Server
	in(tb, n.netns, func() error {
		udp, err := net.ListenPacket("udp4", n.address.String()+":53")
		if err != nil {
			return err
		}
		tcp, err := net.Listen("tcp4", n.address.String()+":53")
		servers = []*dns.Server{{PacketConn: udp}, {Listener: tcp}}
		return err
	})
	for _, s := range servers {
		s.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
			answer := new(dns.Msg).SetReply(asked)
			if asked.Question[0].Name == "outside.example.org." {
				answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: asked.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(192, 0, 2, 7)}}
			} else {
				answer.Rcode = dns.RcodeNameError
			}
			w.WriteMsg(answer)
		})
		go s.ActivateAndServe()
		tb.Cleanup(func() { s.Shutdown() })
	}
}

// TestConnect: networks come and go while the container runs.
func TestConnect(t *testing.T) {
	c := newController(t, Config{IPForward: true})
	create(t, c, subnet("one", "10.61.1.0/24"))
	create(t, c, subnet("two", "10.61.2.0/24"))
	n := newNeighbour(t)
	a := join(t, c, JoinRequest{ContainerID: "a", Name: "a", Hostname: "ha", PortBindings: bind("80/tcp", "8080")})
	b := join(t, c, JoinRequest{ContainerID: "b", Name: "b", Networks: []Attachment{{Network: "two"}}})
	echoTCP(t, a.NetnsPath, "0.0.0.0:80")
	if _, err := say(t, b.NetnsPath, "172.30.0.2:80", "hi"); err == nil {
		t.Error("networks are not kept apart")
	}
	if got, err := c.Connect(t.Context(), "a", Attachment{Network: "two", Aliases: []string{"x"}}); err != nil || len(got.Settings.Networks) != 2 || got.Settings.Networks["two"].IPAddress.String() != "10.61.2.3" {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err := say(t, b.NetnsPath, "10.61.2.3:80", "hi"); err != nil || got != "hi for 10.61.2.2" {
		t.Errorf("%q %v", got, err)
	}
	if got, _ := resolve(t, b.NetnsPath, "udp", "x", dns.TypeA); !slices.Equal(got, []string{"10.61.2.3"}) {
		t.Errorf("its alias: %v", got)
	}
	if got, _ := resolve(t, a.NetnsPath, "udp", "b", dns.TypeA); !slices.Equal(got, []string{"10.61.2.2"}) {
		t.Errorf("the other: %v", got)
	}
	if _, err := c.Connect(t.Context(), "a", Attachment{Network: "two"}); err == nil || !strings.Contains(err.Error(), "already exists in network two") {
		t.Errorf("twice: %v", err)
	}
	if got := defaultRoute(t, a.NetnsPath); got != "172.30.0.1" {
		t.Errorf("the way out is %s", got)
	}
	// What was the way out goes: the next one is, with the ports.
	if got, err := c.Disconnect(t.Context(), "a", "bridge"); err != nil || len(got.Settings.Networks) != 1 || len(got.Settings.Ports) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if got := defaultRoute(t, a.NetnsPath); got != "10.61.2.1" {
		t.Errorf("the way out is %s", got)
	}
	for from, seenAs := range map[string]string{"": "10.61.2.1", n.netns: n.address.String()} {
		if got, err := say(t, from, n.here.String()+":8080", "hi"); err != nil || got != "hi for "+seenAs {
			t.Errorf("its port from %q: %q %v", from, got, err)
		}
	}
	if hosts, _ := os.ReadFile(a.Files.Hosts); !strings.HasSuffix(string(hosts), "ip6-allrouters\n10.61.2.3\tha\n") {
		t.Errorf("hosts: %s", hosts)
	}
	if _, err := c.Disconnect(t.Context(), "a", "one"); err == nil || !strings.Contains(err.Error(), "is not connected to network one") {
		t.Errorf("where it is not: %v", err)
	}
	if got, err := c.Disconnect(t.Context(), "a", "two"); err != nil || len(got.Settings.Networks) != 0 {
		t.Errorf("the last one: %+v %v", got, err)
	}
	if got, err := c.Connect(t.Context(), "a", Attachment{Network: "one", Address: netip.MustParseAddr("10.61.1.9")}); err != nil || got.Settings.Networks["one"].IPAddress.String() != "10.61.1.9" || len(got.Settings.Ports[port("80/tcp")]) != 2 {
		t.Errorf("again: %+v %v", got, err)
	}
	if got, err := say(t, "", n.here.String()+":8080", "hi"); err != nil || got != "hi for 10.61.1.1" {
		t.Errorf("its port: %q %v", got, err)
	}
	if len(c.leaving) > 0 {
		c.removals.Wait()
	}
	links, _ := netlink.LinkList()
	pairs := slices.DeleteFunc(links, func(l netlink.Link) bool { return !strings.HasPrefix(l.Attrs().Name, c.linkPrefix()) })
	if len(pairs) != 2 {
		t.Errorf("%d devices", len(pairs))
	}
	for kind, want := range map[mode]string{modeHost: "it is in the host's network", modeNone: "private (none) mode"} {
		join(t, c, JoinRequest{ContainerID: string(kind), Mode: "none"})
		c.endpoints[string(kind)].Mode = kind
		if _, err := c.Connect(t.Context(), string(kind), Attachment{Network: "one"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// defaultRoute is the router of a container.
func defaultRoute(tb testing.TB, netns string) (gateway string) {
	tb.Helper()
	in(tb, netns, func() error {
		routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
		for _, r := range routes {
			if to, ok := toPrefix(r.Dst); !ok || to.Bits() == 0 {
				gateway += r.Gw.String()
			}
		}
		return err
	})
	return gateway
}

func TestInternal(t *testing.T) {
	c := newController(t, Config{IPForward: true})
	n := newNeighbour(t)
	echoTCP(t, n.netns, "0.0.0.0:7")
	create(t, c, network.CreateRequest{Name: "dark", Internal: true})
	e := join(t, c, JoinRequest{ContainerID: "c1", Mode: "dark", PortBindings: bind("80/tcp", "8080")})
	if got := defaultRoute(t, e.NetnsPath); got != "" {
		t.Errorf("a way out by %s", got)
	}
	in(t, e.NetnsPath, func() error {
		return netlink.RouteAdd(&netlink.Route{Dst: toIPNet(netip.MustParsePrefix("10.9.8.0/24")), Gw: c.networks[e.Settings.Networks["dark"].NetworkID].bridge.address.Addr().AsSlice()})
	})
	if answer, err := say(t, e.NetnsPath, n.address.String()+":7", "out"); err == nil {
		t.Errorf("%q answers", answer)
	}
	if len(e.Settings.Ports[port("80/tcp")]) != 0 {
		t.Errorf("published: %+v", e.Settings.Ports)
	}
}

func TestCreate(t *testing.T) {
	var told []string
	config := Config{EngineID: "e1", ExecRoot: t.TempDir(), Event: func(action events.Action, _ string, attributes map[string]string) {
		told = append(told, string(action)+" "+attributes["name"])
	}}
	c := newController(t, config)
	id := create(t, c, network.CreateRequest{
		Name: "mine", Labels: map[string]string{"tier": "db"}, Attachable: true,
		Options: map[string]string{optionName: "br-mine", optionMTU: "1400", optionMasquerade: "false"},
		IPAM: &network.IPAM{Config: []network.IPAMConfig{{
			Subnet: netip.MustParsePrefix("10.62.0.0/24"), IPRange: netip.MustParsePrefix("10.62.0.128/30"), Gateway: netip.MustParseAddr("10.62.0.254"),
			AuxAddress: map[string]netip.Addr{"router": netip.MustParseAddr("10.62.0.129")},
		}}},
	})
	e := join(t, c, JoinRequest{ContainerID: "c1", Mode: "mine"})
	place := e.Settings.Networks["mine"]
	if place == nil || place.IPAddress.String() != "10.62.0.128" || place.Gateway.String() != "10.62.0.254" || place.NetworkID != id {
		t.Errorf("%+v", place)
	}
	if link, err := netlink.LinkByName("br-mine"); err != nil || link.Attrs().MTU != 1400 {
		t.Errorf("bridge: %+v %v", link, err)
	}
	second := join(t, c, JoinRequest{ContainerID: "c2", Mode: "mine"})
	if got := second.Settings.Networks["mine"].IPAddress.String(); got != "10.62.0.130" {
		t.Errorf("the second: %s", got)
	}
	// It is there after a restart.
	next, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	info, err := next.Networks.Inspect(t.Context(), id[:8])
	if err != nil || info.Name != "mine" || info.Labels["tier"] != "db" || !info.Attachable || len(info.Containers) != 2 || info.IPAM.Config[0].IPRange.String() != "10.62.0.128/30" {
		t.Errorf("%+v %v", info, err)
	}
	for _, test := range []struct {
		what string
		req  network.CreateRequest
		want string
	}{
		{"a name twice", network.CreateRequest{Name: "mine"}, "network with name mine already exists"},
		{"a name that is taken", network.CreateRequest{Name: "host"}, "operation is not permitted on predefined host network"},
		{"no name", network.CreateRequest{}, "name is empty"},
		{"a blank name", network.CreateRequest{Name: " "}, "name is empty"},
		{"a path", network.CreateRequest{Name: "a/b"}, "invalid network name"},
		{"two lines", network.CreateRequest{Name: "a\nb"}, "invalid network name"},
		{"an option's value", network.CreateRequest{Name: "m", Options: map[string]string{optionBetweenThem: "maybe"}}, "invalid value for " + optionBetweenThem},
		{"an overlap", subnet("other", "10.62.0.0/16"), "Pool overlaps with other one"},
		{"IPv6", network.CreateRequest{Name: "six", EnableIPv6: new(true)}, "no IPv6"},
		{"another driver", network.CreateRequest{Name: "m", Driver: "macvlan"}, `no driver "macvlan"`},
		{"a driver of nobody", network.CreateRequest{Name: "m", Driver: "weave"}, `plugin "weave" not found`},
		{"a second host", network.CreateRequest{Name: "m", Driver: "host"}, `only one instance of "host"`},
		{"an option", network.CreateRequest{Name: "m", Options: map[string]string{"x": "y"}}, `no option "x"`},
		{"a subnet that is none", subnet("m", "10.63.0.1/24"), "it should be 10.63.0.0/24"},
		{"a gateway elsewhere", network.CreateRequest{Name: "m", IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: netip.MustParsePrefix("10.63.0.0/24"), Gateway: netip.MustParseAddr("10.1.1.1")}}}}, "doesn't contain this address"},
	} {
		if _, err := c.Networks.Create(t.Context(), test.req); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.what, err, test.want)
		}
	}
	auto := create(t, c, network.CreateRequest{Name: "auto"})
	for _, test := range []struct {
		a    Attachment
		want string
	}{
		{Attachment{Network: "auto", Address: netip.MustParseAddr("172.30.0.9")}, "only when connecting to networks with user configured subnets"},
		{Attachment{Network: "bridge", Address: netip.MustParseAddr("172.30.0.9")}, "on user defined networks only"},
		{Attachment{Network: "mine", Address: netip.MustParseAddr("172.30.0.9")}, "no configured subnet contains IP address"},
		{Attachment{Network: "bridge", Aliases: []string{"a"}}, "network-scoped aliases are only supported"},
		{Attachment{Network: "nope"}, "network nope not found"},
	} {
		if _, err := c.Check(JoinRequest{Networks: []Attachment{test.a}}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.a, err, test.want)
		}
	}
	list, err := c.Networks.List(t.Context(), types.Filters{"dangling": {"true"}})
	if err != nil || len(list) != 1 || list[0].ID != auto {
		t.Errorf("unused: %+v %v", list, err)
	}
	if list, err := c.Networks.List(t.Context(), types.Filters{"type": {"custom"}, "label": {"tier=db"}}); err != nil || len(list) != 1 {
		t.Errorf("filtered: %+v %v", list, err)
	}
	if err := c.Networks.Remove(t.Context(), "mine"); !errors.Is(err, cerrdefs.ErrPermissionDenied) || !strings.Contains(err.Error(), "has active endpoints") {
		t.Errorf("in use: %v", err)
	}
	if err := c.Networks.Remove(t.Context(), "bridge"); !errors.Is(err, cerrdefs.ErrPermissionDenied) {
		t.Errorf("of the engine's own: %v", err)
	}
	if report, err := c.Networks.Prune(t.Context(), types.Filters{"until": {"1h"}}); err != nil || len(report.NetworksDeleted) != 0 {
		t.Errorf("prune of the old: %+v %v", report, err)
	}
	if report, err := c.Networks.Prune(t.Context(), nil); err != nil || !slices.Equal(report.NetworksDeleted, []string{"auto"}) {
		t.Errorf("prune: %+v %v", report, err)
	}
	for _, id := range []string{"c1", "c2"} {
		if err := c.Leave(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if err := c.Networks.Remove(t.Context(), "mine"); err != nil {
		t.Error(err)
	}
	if _, err := netlink.LinkByName("br-mine"); err == nil {
		t.Error("the bridge is still there")
	}
	if want := []string{"create mine", "create auto", "destroy auto", "destroy mine"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}
