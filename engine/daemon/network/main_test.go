package network

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/moby/moby/api/types/network"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inside is set in the process that has namespaces of its own.
const inside = "ENGINE_NETWORK_TEST_INSIDE"

// TestMain runs the tests again in new network and mount namespaces: nothing
// of the machine's network is touched, and what a failing test leaves behind
// ends with the process.
func TestMain(m *testing.M) {
	if os.Geteuid() != 0 || os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	self := exec.Command("/proc/self/exe", os.Args[1:]...)
	self.Stdin, self.Stdout, self.Stderr = os.Stdin, os.Stdout, os.Stderr
	self.Env = append(os.Environ(), inside+"=1")
	self.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := self.Run()
	if self.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(self.ProcessState.ExitCode())
}

// needRoot leaves out a test that makes network namespaces.
func needRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("network namespaces, bridges and rules are not tried without root")
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		tb.Fatal(err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		tb.Fatal(err)
	}
}

// newController is a test's first one. The namespace must be as before at
// the test's end.
func newController(tb testing.TB, config Config) *Controller {
	tb.Helper()
	needRoot(tb)
	before := snapshot(tb)
	tb.Cleanup(func() {
		if after := snapshot(tb); after != before {
			tb.Errorf("left behind: before\n%safter\n%s", before, after)
		}
	})
	return anotherController(tb, config)
}

func anotherController(tb testing.TB, config Config) *Controller {
	tb.Helper()
	if config.ExecRoot == "" {
		config.ExecRoot = tb.TempDir()
	}
	c := restarted(tb, config, nil)
	tb.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			tb.Error(err)
		}
		c.removals.Wait()
		for _, dir := range []string{c.sandboxDir(), c.records.dir} {
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				tb.Errorf("left behind in %s: %v", dir, left)
			}
		}
	})
	return c
}

func restarted(tb testing.TB, config Config, live []string) *Controller {
	tb.Helper()
	c, err := New(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Restore(tb.Context(), live); err != nil {
		tb.Fatal(err)
	}
	return c
}

// snapshot is every device, every table, and every mount of a sandbox of this
// test.
func snapshot(tb testing.TB) string {
	tb.Helper()
	var b strings.Builder
	links, err := netlink.LinkList()
	if err != nil {
		tb.Fatal(err)
	}
	for _, l := range links {
		fmt.Fprintln(&b, "device", l.Attrs().Name)
	}
	conn, err := nftables.New()
	if err != nil {
		tb.Fatal(err)
	}
	tables, err := conn.ListTables()
	if err != nil {
		tb.Fatal(err)
	}
	for _, table := range tables {
		fmt.Fprintln(&b, "table", table.Name)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		// Those of other processes come and go here too.
		if strings.Contains(line, "nsfs") && strings.Contains(line, filepath.Dir(tb.TempDir())) {
			b.WriteString(line)
		}
	}
	return b.String()
}

func join(tb testing.TB, c *Controller, req JoinRequest) *Endpoint {
	tb.Helper()
	if req.Dir == "" {
		req.Dir = tb.TempDir()
	}
	if req.Name == "" {
		req.Name = "name-" + req.ContainerID
	}
	e, err := c.Join(tb.Context(), req)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Leave(context.Background(), req.ContainerID); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// in runs f on a thread inside a network namespace.
func in(tb testing.TB, path string, f func() error) {
	tb.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- func() error {
			home, err := os.Open("/proc/thread-self/ns/net")
			if err != nil {
				return err
			}
			defer home.Close()
			ns, err := os.Open(path)
			if err != nil {
				return err
			}
			defer ns.Close()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			err = f()
			if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
				runtime.UnlockOSThread()
			}
			return err
		}()
	}()
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
}

// echoTCP serves text on a port inside a namespace, after the client has said
// all it has to say, and repeats that.
func echoTCP(tb testing.TB, netns, address string) {
	tb.Helper()
	var l net.Listener
	in(tb, netns, func() (err error) {
		l, err = net.Listen("tcp4", address)
		return err
	})
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				said, _ := io.ReadAll(conn)
				fmt.Fprintf(conn, "%s for %s", said, conn.RemoteAddr().(*net.TCPAddr).IP)
			}()
		}
	}()
}

// say is what an echo answers to a client in a namespace; "" is this one.
func say(tb testing.TB, netns, address, text string) (answer string, err error) {
	tb.Helper()
	if netns == "" {
		netns = "/proc/thread-self/ns/net"
	}
	in(tb, netns, func() error {
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", address, 2*time.Second); err != nil {
			return nil
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err = io.WriteString(conn, text); err != nil {
			return nil
		}
		if err = conn.(*net.TCPConn).CloseWrite(); err != nil {
			return nil
		}
		var all []byte
		all, err = io.ReadAll(conn)
		answer = string(all)
		return nil
	})
	return answer, err
}

func echoUDP(tb testing.TB, netns, address string) {
	tb.Helper()
	var conn net.PacketConn
	in(tb, netns, func() (err error) {
		conn, err = net.ListenPacket("udp4", address)
		return err
	})
	tb.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, maxPacket)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(append([]byte("udp "), buf[:n]...), from)
		}
	}()
}

func sayUDP(tb testing.TB, netns, address, text string) (answer string, err error) {
	tb.Helper()
	if netns == "" {
		netns = "/proc/thread-self/ns/net"
	}
	in(tb, netns, func() error {
		var conn net.Conn
		if conn, err = net.Dial("udp", address); err != nil {
			return nil
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err = io.WriteString(conn, text); err != nil {
			return nil
		}
		buf := make([]byte, maxPacket)
		var n int
		n, err = conn.Read(buf)
		answer = string(buf[:n])
		return nil
	})
	return answer, err
}

// neighbour is another machine: a namespace with an address in a network of
// its own with this one, and this one as its router if it wants.
type neighbour struct {
	netns   string
	address netip.Addr
	here    netip.Addr // this machine, for the neighbour
}

func newNeighbour(tb testing.TB) neighbour {
	tb.Helper()
	n := neighbour{
		netns:   filepath.Join(tb.TempDir(), "neighbour"),
		address: netip.MustParseAddr("10.9.8.2"), here: netip.MustParseAddr("10.9.8.1"),
	}
	s, err := newSandbox(n.netns)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.close()
	tb.Cleanup(func() {
		if err := removeLink("lan"); err != nil {
			tb.Error(err)
		}
		if err := removeSandbox(n.netns); err != nil {
			tb.Error(err)
		}
	})
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.Flags = "lan", net.FlagUp
	err = netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "lan", PeerNamespace: netlink.NsFd(int(s.file.Fd()))})
	if err != nil {
		tb.Fatal(err)
	}
	here, err := netlink.LinkByName("lan")
	if err != nil {
		tb.Fatal(err)
	}
	there, err := s.handle.LinkByName("lan")
	if err != nil {
		tb.Fatal(err)
	}
	for _, err := range []error{
		netlink.AddrAdd(here, &netlink.Addr{IPNet: toIPNet(netip.PrefixFrom(n.here, 24))}),
		s.handle.AddrAdd(there, &netlink.Addr{IPNet: toIPNet(netip.PrefixFrom(n.address, 24))}),
		s.handle.LinkSetUp(there),
	} {
		if err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

func port(text string) network.Port { return network.MustParsePort(text) }

func bind(pairs ...string) network.PortMap {
	m := network.PortMap{}
	for i := 0; i < len(pairs); i += 2 {
		b := network.PortBinding{HostPort: pairs[i+1]}
		if host, p, ok := strings.Cut(pairs[i+1], "@"); ok {
			b = network.PortBinding{HostIP: netip.MustParseAddr(host), HostPort: p}
		}
		m[port(pairs[i])] = append(m[port(pairs[i])], b)
	}
	return m
}
