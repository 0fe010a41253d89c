package network

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/network"
)

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

func TestUDPClientFollowsThePort(t *testing.T) {
	c := newController(t, Config{IPForward: true})
	n := newNeighbour(t)
	var conn *net.UDPConn
	in(t, n.netns, func() (err error) {
		conn, err = net.DialUDP("udp", nil, &net.UDPAddr{IP: n.here.AsSlice(), Port: 5353})
		return err
	})
	defer conn.Close()
	// One client, always from the same port, sees two containers.
	for _, id := range []string{"c1", "c2"} {
		e := join(t, c, JoinRequest{ContainerID: id, PortBindings: bind("53/udp", "5353")})
		echoUDP(t, e.NetnsPath, "0.0.0.0:53")
		conn.SetDeadline(time.Now().Add(2 * time.Second))
		conn.Write([]byte("hi"))
		buf := make([]byte, 10)
		if m, err := conn.Read(buf); err != nil || string(buf[:m]) != "udp hi" {
			t.Errorf("%s: %q %v", id, buf[:m], err)
		}
		if err := c.Leave(t.Context(), id); err != nil {
			t.Error(err)
		}
		c.removals.Wait()
	}
}
