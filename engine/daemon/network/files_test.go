package network

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
)

func addrs(texts ...string) []netip.Addr {
	list := make([]netip.Addr, len(texts))
	for i, s := range texts {
		list[i] = netip.MustParseAddr(s)
	}
	return list
}

func TestResolvConf(t *testing.T) {
	tests := []struct {
		name   string
		host   string
		config Config
		req    JoinRequest
		mode   mode
		want   string
	}{
		{
			"the host's", "# c\nnameserver 10.0.0.1\nnameserver  fd00::1 \nsearch a b\noptions ndots:2 rotate\nsortlist x\n",
			Config{},
			JoinRequest{},
			modeBridge, "search a b\nnameserver 10.0.0.1\nnameserver fd00::1\noptions ndots:2 rotate\n",
		},
		{"loopback is left out", "nameserver 127.0.0.1\nnameserver ::1\nnameserver 10.0.0.1\n", Config{}, JoinRequest{}, modeBridge, "nameserver 10.0.0.1\n"},
		{"nothing but loopback", "nameserver 127.0.1.1\nsearch a\n", Config{}, JoinRequest{}, modeBridge, "search a\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n"},
		{"no file", "", Config{}, JoinRequest{}, modeBridge, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"},
		{"none", "nameserver 127.0.1.1\n", Config{}, JoinRequest{}, modeNone, "\n"},
		{"host", "nameserver 127.0.1.1\n", Config{}, JoinRequest{}, modeHost, "nameserver 127.0.1.1\n"},
		{"the engine's", "nameserver 10.0.0.1\nsearch a\n", Config{DNS: addrs("9.9.9.9"), DNSSearch: []string{"e"}}, JoinRequest{}, modeBridge, "search e\nnameserver 9.9.9.9\n"},
		{
			"the container's", "nameserver 10.0.0.1\nsearch a\noptions x\n",
			Config{DNS: addrs("9.9.9.9")},
			JoinRequest{DNS: addrs("127.0.0.1"), DNSSearch: []string{"."}, DNSOptions: []string{"ndots:1"}},
			modeBridge, "nameserver 127.0.0.1\noptions ndots:1\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.ResolvConf = filepath.Join(t.TempDir(), "resolv.conf")
			if test.host != "" {
				os.WriteFile(test.config.ResolvConf, []byte(test.host), 0o600)
			}
			c := &Controller{state: &state{config: test.config}}
			got, err := files{c.state}.resolvConf(test.req, test.mode)
			if err != nil || string(got.format()) != test.want {
				t.Errorf("%q %v, want %q", got.format(), err, test.want)
			}
		})
	}
}

func TestExtraHosts(t *testing.T) {
	gateway := netip.MustParseAddr("172.30.0.1")
	got, err := parseExtraHosts([]string{"a:10.0.0.1", "b=10.0.0.2", "c:::1", "d:[fd00::1]", "e:host-gateway"}, gateway)
	want := []extraHost{
		{"a", netip.MustParseAddr("10.0.0.1")},
		{"b", netip.MustParseAddr("10.0.0.2")},
		{"c", netip.MustParseAddr("::1")},
		{"d", netip.MustParseAddr("fd00::1")},
		{"e", gateway},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	if got, err := parseExtraHosts([]string{"e:host-gateway"}, netip.Addr{}); err != nil || len(got) != 0 {
		t.Errorf("a gateway where there is none: %v %v", got, err)
	}
	for value, want := range map[string]string{
		"a": "bad format for add-host", ":1.1.1.1": "bad format for add-host", "a:": "bad format for add-host",
		"a b:1.1.1.1": "bad format for add-host", "a\n127.0.0.1 b:1.1.1.1": "bad format for add-host",
		"a:nine": "invalid IP address in add-host", "a:1.1.1.1\nx": "invalid IP address in add-host",
	} {
		if _, err := parseExtraHosts([]string{value}, gateway); err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, cerrdefs.ErrInvalidArgument) {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestCheck(t *testing.T) {
	c := &Controller{state: &state{networks: map[string]*bridged{}}}
	own := c.ownBridge()
	c.networks[own.ID] = own
	tests := []struct {
		name string
		req  JoinRequest
		want string // the error; "warns" is a warning; empty is neither
	}{
		{"default", JoinRequest{Hostname: "h", PortBindings: bind("80/tcp", "8000-8010")}, ""},
		{"unknown", JoinRequest{Mode: "mine"}, "network mine not found"},
		{"no container", JoinRequest{Mode: "container:"}, "Invalid network mode: invalid container format container:<name|id>"},
		{"shared", JoinRequest{Mode: "container:x"}, ""},
		{"shared, ports", JoinRequest{Mode: "container:x", PortBindings: bind("80/tcp", "")}, "conflicting options: port publishing and the container type network mode"},
		{"shared, -P", JoinRequest{Mode: "container:x", PublishAll: true}, "conflicting options: port publishing and the container type network mode"},
		{"shared, expose", JoinRequest{Mode: "container:x", ExposedPorts: network.PortSet{port("80/tcp"): {}}}, "conflicting options: port exposing and the container type network mode"},
		{"shared, hostname", JoinRequest{Mode: "container:x", Hostname: "h"}, "conflicting options: hostname and the network mode"},
		{"shared, dns", JoinRequest{Mode: "container:x", DNS: addrs("1.1.1.1")}, "conflicting options: dns and the network mode"},
		{"shared, hosts", JoinRequest{Mode: "container:x", ExtraHosts: []string{"a:1.1.1.1"}}, "conflicting options: custom host-to-IP mapping and the network mode"},
		{"host, ports", JoinRequest{Mode: "host", PortBindings: bind("80/tcp", "80")}, "warns"},
		{"host, mac", JoinRequest{Mode: "host", Networks: []Attachment{{MacAddress: network.HardwareAddr{1, 2, 3, 4, 5, 6}}}}, "conflicting options: mac-address and the network mode"},
		{"short mac", JoinRequest{Networks: []Attachment{{Network: "bridge", MacAddress: network.HardwareAddr{1, 2}}}}, "invalid MAC address: 01:02"},
		{"bad port", JoinRequest{PortBindings: bind("80/tcp", "http")}, `invalid port specification: "http"`},
		{"big port", JoinRequest{PortBindings: bind("80/tcp", "65536")}, `invalid port specification: "65536"`},
		{"range down", JoinRequest{PortBindings: bind("80/tcp", "90-80")}, `invalid port specification: "90-80"`},
		{"range from 0", JoinRequest{PortBindings: bind("80/tcp", "0-80")}, `invalid port specification: "0-80"`},
		{"sctp", JoinRequest{PortBindings: bind("80/sctp", "80")}, "invalid proto: sctp"},
		{"bad host", JoinRequest{ExtraHosts: []string{"a"}}, `bad format for add-host: "a"`},
	}
	for _, test := range tests {
		warnings, err := c.Check(test.req)
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case len(warnings) > 0:
			got = "warns"
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestNextAddress(t *testing.T) {
	subnet := netip.MustParsePrefix("10.0.0.1/29")
	taken := map[netip.Addr]bool{subnet.Addr(): true, subnet.Masked().Addr(): true, lastAddress(subnet): true}
	var last netip.Addr
	for _, want := range []string{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"} {
		addr, ok := nextAddress(subnet, last, taken)
		if !ok || addr.String() != want {
			t.Fatalf("%v %v, want %s", addr, ok, want)
		}
		taken[addr], last = true, addr
	}
	if addr, ok := nextAddress(subnet, last, taken); ok {
		t.Errorf("full: %v", addr)
	}
	delete(taken, netip.MustParseAddr("10.0.0.3"))
	for _, last := range addrs("10.0.0.2", "10.0.0.6", "10.0.0.7", "192.168.0.9") {
		if addr, ok := nextAddress(subnet, last, taken); !ok || addr.String() != "10.0.0.3" {
			t.Errorf("after %s: %v %v", last, addr, ok)
		}
	}
}

func TestFirstFree(t *testing.T) {
	list := subnets()
	for i, a := range list {
		if a.Addr() != a.Masked().Addr().Next() || !a.Addr().IsPrivate() {
			t.Errorf("%s is no private gateway", a)
		}
		for _, b := range list[i+1:] {
			if a.Overlaps(b) {
				t.Errorf("%s and %s overlap", a, b)
			}
		}
	}
	taken := []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.1.0/24")}
	if got, err := firstFree(list, taken); err != nil || got.String() != "192.168.16.1/20" {
		t.Errorf("%v %v", got, err)
	}
	if _, err := firstFree(list, []netip.Prefix{netip.MustParsePrefix("128.0.0.0/1")}); !errors.Is(err, cerrdefs.ErrUnavailable) {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, config := range []Config{
		{BIP: netip.MustParsePrefix("10.0.0.0/24")},
		{BIP: netip.MustParsePrefix("10.0.0.1/30")},
		{BIP: netip.MustParsePrefix("fd00::1/64")},
		{Bridge: "a-name-of-16-let"},
	} {
		config.ExecRoot = t.TempDir()
		if _, err := New(t.Context(), config); !errors.Is(err, cerrdefs.ErrInvalidArgument) {
			t.Errorf("%+v: %v", config, err)
		}
	}
}
