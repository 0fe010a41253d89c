package supervise

import (
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestMain lets the test program be a containerd that does nothing but take
// connections: --address FILE. With STUBBORN it does not end when it is asked.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "--address" {
		serve(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

func serve(address string) {
	if os.Getenv("STUBBORN") != "" {
		signal.Ignore(syscall.SIGTERM)
	}
	_ = os.Remove(address)
	l, err := net.Listen("unix", address)
	if err != nil {
		panic(err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.Close()
	}
}
