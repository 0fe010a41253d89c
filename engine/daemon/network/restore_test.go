package network

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
)

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
	if err := os.WriteFile(c.records.path(c.endpoints["torn"].record, recordSuffix), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	half := record{ContainerID: "half", EndpointID: "e-half", Mode: modeBridge, Sandbox: c.sandboxPath("half"), Attached: []attachment{{Network: c.builtinID(modeBridge), NetworkName: "bridge", Link: c.newLinkName(), Address: netip.MustParsePrefix("172.30.0.9/16"), Gateway: netip.MustParseAddr("172.30.0.1")}}}
	if err := c.records.write(half); err != nil {
		t.Fatal(err)
	}
	// And one that was leaving while it had joined again.
	again := record{ContainerID: "live", EndpointID: "e-again", Mode: modeBridge, Attached: []attachment{{Link: c.newLinkName()}}}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = again.Attached[0].Link
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
		t.Fatal(err)
	}
	if err := c.records.write(again); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(c.records.path(again, recordSuffix), c.records.path(again, leavingSuffix)); err != nil {
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
	records, _ := os.ReadDir(next.records.dir)
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
