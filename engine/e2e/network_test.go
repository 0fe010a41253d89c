package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

// get asks a web server from the daemon's network.
func (d *daemon) get(url string) (string, error) {
	d.t.Helper()
	var body string
	var err error
	d.within(func() {
		// The client's own dialer would use another thread, in another network.
		var conn net.Conn
		host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
		if conn, err = net.DialTimeout("tcp", host, 3*time.Second); err != nil {
			return
		}
		client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
			DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
			DisableKeepAlives: true,
		}}
		var resp *http.Response
		if resp, err = client.Get(url); err != nil {
			return
		}
		defer resp.Body.Close()
		var content []byte
		content, err = io.ReadAll(resp.Body)
		body = strings.TrimSpace(string(content))
	})
	return body, err
}

func (d *daemon) web(name, content string, args ...string) {
	d.t.Helper()
	d.engine(append(append([]string{"run", "-d", "--name", name}, args...), "busybox",
		"sh", "-c", "mkdir /www && echo "+content+" > /www/index.html && httpd -f -p 80 -h /www")...)
}

// TestPublishedPorts asks two engines on the same port, each in its own
// network, and looks that the host's is as it was.
func TestPublishedPorts(t *testing.T) {
	needRoot(t, "published ports")
	host := hostNetwork(t)
	a, b := startDaemon(t), startDaemon(t)
	for name, d := range map[string]*daemon{"a": a, "b": b} {
		d.load()
		d.web("web", name, "-p", "18080:80")
		d.web("local", name, "-p", "127.0.0.1:18081:80")
	}
	for name, d := range map[string]*daemon{"a": a, "b": b} {
		for _, port := range []string{"18080", "18081"} {
			eventually(t, port+" answers", func() bool {
				body, err := d.get("http://127.0.0.1:" + port + "/")
				return err == nil && body == name
			})
		}
		gateway := d.engine("inspect", "-f", "{{.NetworkSettings.Gateway}}", "web")
		if body, err := d.get("http://" + gateway + ":18080/"); err != nil || body != name {
			t.Errorf("%s by the bridge's address: %q %v", name, body, err)
		}
		if body, err := d.get("http://" + gateway + ":18081/"); err == nil {
			t.Errorf("%s: what is published on loopback is served on the bridge: %q", name, body)
		}
		if got := d.engine("run", "--rm", "busybox", "wget", "-qO-", "http://"+gateway+":18080/"); got != name {
			t.Errorf("%s from another container: %q", name, got)
		}
	}
	// A port is free when its container is gone, also after a restart of both.
	a.kill()
	a.start()
	if body, err := a.get("http://127.0.0.1:18080/"); err != nil || body != "a" {
		t.Errorf("after a restart: %q %v", body, err)
	}
	a.engine("rm", "-f", "web")
	if body, err := a.get("http://127.0.0.1:18080/"); err == nil {
		t.Errorf("the port still answers: %q", body)
	}
	a.web("again", "again", "-p", "18080:80")
	eventually(t, "the port answers again", func() bool {
		body, err := a.get("http://127.0.0.1:18080/")
		return err == nil && body == "again"
	})
	a.expectDatagram()
	if now := hostNetwork(t); now != host {
		t.Errorf("the host's network changed:\n%s\nwas\n%s", now, host)
	}
}

// expectDatagram sends one to a published port. busybox has nothing that
// listens for it, so that the test itself does, in the container's network.
func (d *daemon) expectDatagram() {
	d.t.Helper()
	d.engine("run", "-d", "--name", "udp", "-p", "18082:53/udp", "busybox", "sleep", "1000")
	var server net.PacketConn
	err := onThread(func() error {
		inside, err := netns.GetFromPid(d.inspect("udp").State.Pid)
		if err != nil {
			return err
		}
		defer inside.Close()
		if err := netns.Set(inside); err != nil {
			return err
		}
		server, err = net.ListenPacket("udp", ":53")
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	defer server.Close()
	d.within(func() {
		var conn net.Conn
		if conn, err = net.Dial("udp", "127.0.0.1:18082"); err == nil {
			defer conn.Close()
			_, err = io.WriteString(conn, "datagram")
		}
	})
	if err != nil {
		d.t.Fatal(err)
	}
	got := make([]byte, 100)
	_ = server.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, _, err := server.ReadFrom(got)
	if err != nil || string(got[:n]) != "datagram" {
		d.t.Errorf("by UDP: %q %v", got[:n], err)
	}
}

// hostNetwork is what the engine must not touch.
func hostNetwork(t *testing.T) string {
	t.Helper()
	var all bytes.Buffer
	forward, err := os.ReadFile("/proc/sys/net/ipv4/ip_forward")
	if err != nil {
		t.Fatal(err)
	}
	all.Write(forward)
	out, err := exec.Command("ip", "-o", "-4", "addr").CombinedOutput()
	if err != nil {
		t.Fatalf("ip: %v %s", err, out)
	}
	all.Write(out)
	return all.String()
}
