package daemon

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
)

// inNetworks makes a container one of several networks.
func inNetworks(mode string, more map[string]*network.EndpointSettings) func(*types.CreateRequest) {
	return func(r *types.CreateRequest) {
		r.HostConfig.NetworkMode = container.NetworkMode(mode)
		r.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: more}
	}
}

// asked is what the network heard at the last start.
func (b *bench) asked() (names []string) {
	for _, n := range b.network.asked.Networks {
		names = append(names, n.Network)
	}
	return names
}

func (b *bench) inspected(name string) []string {
	b.t.Helper()
	c, err := b.Inspect(b.t.Context(), name, false)
	b.do(err)
	return slices.Sorted(maps.Keys(c.NetworkSettings.Networks))
}

// TestConnections: a container is in the networks that it was made with and
// connected to, whether it runs or not, and after a crash.
func TestConnections(t *testing.T) {
	b := newBench(t)
	address := netip.MustParseAddr("10.0.0.9")
	b.run("box", inNetworks("mine", map[string]*network.EndpointSettings{
		"also": {Aliases: []string{"a"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: address}, GwPriority: 2},
	}))
	if got := b.asked(); !slices.Equal(got, []string{"mine", "also"}) {
		t.Errorf("joined %q: that of the mode is the first", got)
	}
	if a := b.network.asked.Networks[1]; a.Address != address || a.Priority != 2 || !slices.Equal(a.Aliases, []string{"a"}) {
		t.Errorf("asked for %+v", a)
	}
	b.do(b.Connections.Connect(t.Context(), "third", network.ConnectRequest{Container: "box"}))
	b.do(b.Connections.Disconnect(t.Context(), "mine", network.DisconnectRequest{Container: "box"}))
	if got := b.network.joined[b.id("box")].Settings.Networks; got["third"] == nil || len(got) != 2 {
		t.Errorf("it is in %v", got)
	}
	b.do(b.Kill(t.Context(), "box", ""))
	b.awaitState("box", container.StateExited)
	b.crash()
	b.start()
	if got := b.inspected("box"); !slices.Equal(got, []string{"also", "third"}) {
		t.Errorf("it will be in %q", got)
	}
	if c, err := b.Inspect(t.Context(), "box", false); err != nil || c.NetworkSettings.Networks["also"].NetworkID != "id-of-also" {
		t.Errorf("%+v %v", c.NetworkSettings, err)
	}
	b.do(b.Connections.Connect(t.Context(), "fourth", network.ConnectRequest{Container: "box", EndpointConfig: &network.EndpointSettings{Aliases: []string{"f"}}}))
	b.do(b.Connections.Disconnect(t.Context(), "third", network.DisconnectRequest{Container: "box"}))
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	if got := b.asked(); !slices.Equal(got, []string{"also", "fourth"}) {
		t.Errorf("joined %q", got)
	}
	// In none at all it stays so.
	b.do(b.Connections.Disconnect(t.Context(), "also", network.DisconnectRequest{Container: "box"}))
	b.do(b.Connections.Disconnect(t.Context(), "fourth", network.DisconnectRequest{Container: "box"}))
	b.do(b.Kill(t.Context(), "box", ""))
	b.awaitState("box", container.StateExited)
	b.crash()
	b.start()
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	if b.network.asked.Networks == nil || len(b.network.asked.Networks) != 0 {
		t.Errorf("joined %q", b.asked())
	}
}

func (b *bench) id(name string) string {
	b.t.Helper()
	c, err := b.Inspect(b.t.Context(), name, false)
	b.do(err)
	return c.ID
}

func TestConnectionsRefused(t *testing.T) {
	b := newBench(t)
	b.create("box", inNetworks("mine", nil))
	b.create("none")
	b.create("host", inNetworks("host", nil))
	b.create("shares", inNetworks("container:box", nil))
	for _, test := range []struct {
		network, container string
		settings           *network.EndpointSettings
		want               string
	}{
		{"mine", "nobody", nil, "No such container: nobody"},
		{"nosuch", "box", nil, "network nosuch not found"},
		{"mine", "box", nil, "already exists in network mine"},
		{"mine", "none", nil, "private (none) mode"},
		{"mine", "host", nil, "container sharing network namespace with another container or host"},
		{"mine", "shares", nil, "container sharing network namespace"},
		{"other", "box", &network.EndpointSettings{DriverOpts: map[string]string{"a": "b"}}, "has no options"},
		{"other", "box", &network.EndpointSettings{Links: []string{"nobody:x"}}, "could not get container for nobody"},
	} {
		err := b.Connections.Connect(t.Context(), test.network, network.ConnectRequest{Container: test.container, EndpointConfig: test.settings})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s to %s: %v, want %q", test.container, test.network, err, test.want)
		}
	}
	for _, test := range []struct{ network, container, want string }{
		{"other", "box", "is not connected to the network other"},
		{"nosuch", "box", "network nosuch not found"},
		{"host", "host", "cannot be disconnected from host network"},
		{"mine", "nobody", "No such container: nobody"},
	} {
		err := b.Connections.Disconnect(t.Context(), test.network, network.DisconnectRequest{Container: test.container})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s from %s: %v, want %q", test.container, test.network, err, test.want)
		}
	}
	err := b.Connections.Disconnect(t.Context(), "mine", network.DisconnectRequest{Container: "nobody", Force: true})
	if err == nil || err.Error() != "endpoint nobody not found" {
		t.Errorf("nobody by force: %v", err)
	}
}

// TestNetworkEvents: who is in a network is told at each start and end.
func TestNetworkEvents(t *testing.T) {
	b := newBench(t)
	var told []string
	b.run("box", inNetworks("mine", nil))
	b.do(b.Connections.Connect(t.Context(), "other", network.ConnectRequest{Container: "box"}))
	b.do(b.Kill(t.Context(), "box", ""))
	b.awaitState("box", container.StateExited)
	want := []string{"connect mine", "connect other", "disconnect mine", "disconnect other"}
	eventually(t, "the end is told", func() bool {
		told = b.toldOf(events.NetworkEventType)
		return len(told) >= len(want)
	})
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
