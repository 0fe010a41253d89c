package network

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/network"
)

var anyPort = netip.MustParseAddrPort("127.0.0.1:0")

// needLoopback switches lo on in the namespace that root's tests have.
func needLoopback(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		needRoot(t)
	}
}

func startProxy(t *testing.T, proto network.IPProtocol, container netip.AddrPort) proxy {
	t.Helper()
	p, err := newProxy(proto, anyPort, container)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func TestTCPProxyKeepsHalvesApart(t *testing.T) {
	needLoopback(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const size = 20 << 20
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		n, _ := io.Copy(io.Discard, conn) // all, then the answer
		conn.Write(make([]byte, n))
	}()
	p := startProxy(t, network.TCP, l.Addr().(*net.TCPAddr).AddrPort())
	conn, err := net.Dial("tcp", p.addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	go func() {
		conn.Write(make([]byte, size))
		conn.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || len(got) != size {
		t.Errorf("%d bytes: %v", len(got), err)
	}
}

func TestTCPProxyEnds(t *testing.T) {
	needLoopback(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	container := l.Addr().(*net.TCPAddr).AddrPort()
	p := startProxy(t, network.TCP, container)
	if _, err := newProxy(network.TCP, p.addr(), container); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port twice: %v", err)
	}
	conn, err := net.Dial("tcp", p.addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := l.Accept(); err != nil {
		t.Fatal(err)
	}
	p.close() // returns, though the connection is idle
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection of a closed proxy: %v", err)
	}
	l.Close()
	// Nobody listens: the client learns it at once.
	p = startProxy(t, network.TCP, container)
	if conn, err = net.Dial("tcp", p.addr().String()); err == nil {
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestUDPProxyTellsClientsApart(t *testing.T) {
	needLoopback(t)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		buf := make([]byte, maxPacket)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			server.WriteTo(bytes.ToUpper(buf[:n]), from)
		}
	}()
	p := startProxy(t, network.UDP, server.LocalAddr().(*net.UDPAddr).AddrPort())
	var clients []net.Conn
	for range 3 {
		conn, err := net.Dial("udp", p.addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		clients = append(clients, conn)
	}
	for round := range 2 {
		for i, conn := range clients {
			if _, err := conn.Write([]byte{'a' + byte(i), 'x'}); err != nil {
				t.Fatal(err)
			}
		}
		for i, conn := range clients {
			buf := make([]byte, 10)
			n, err := conn.Read(buf)
			if err != nil || string(buf[:n]) != string([]byte{'A' + byte(i), 'X'}) {
				t.Errorf("round %d, client %d: %q %v", round, i, buf[:n], err)
			}
		}
	}
	// A container that refuses, and then listens, is reached again.
	address := server.LocalAddr().String()
	server.Close()
	clients[0].Write([]byte("lost"))
	time.Sleep(50 * time.Millisecond)
	again, err := net.ListenPacket("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	clients[0].Write([]byte("found"))
	again.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 10)
	if n, _, err := again.ReadFrom(buf); err != nil || string(buf[:n]) != "found" {
		t.Errorf("%q %v", buf[:n], err)
	}
}
