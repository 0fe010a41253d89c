package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	bootstrap "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"google.golang.org/protobuf/proto"

	"github.com/callroute/callroute/engine/shim/bundle"
)

const (
	// defaultSocketDir is where shims have their sockets. It is short, as a
	// socket's path may have 107 bytes only.
	defaultSocketDir = "/run/containerd/s"
	// paramsBound is the most that is read from stdin.
	paramsBound = 10 << 20
)

// start leaves a serving process behind and prints how to reach it. It says
// nothing else: containerd takes all output for the answer.
//
// The socket is made here and inherited by the serving process. So whoever
// reads the answer can connect at once, however long the process takes to
// come up.
func start(inv invocation, stdin *os.File, stdout io.Writer) error {
	caller, err := askedBy(inv, stdin)
	if err != nil {
		return err
	}
	listener, err := listen(socketPath(inv, caller.socketDir))
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := startServer(inv, caller, listener); err != nil {
		_ = os.Remove(listener.Addr().String())
		return err
	}
	return caller.answer(stdout, "unix://"+listener.Addr().String())
}

// caller is the containerd that executes us, as far as the two sides must
// agree.
type caller struct {
	ttrpcAddress string // where it takes events
	socketDir    string
	version      int // of the task API; 0 takes a bare address for an answer
}

// askedBy tells containerds apart by what they hand over:
//
//	2.3 and later  bootstrap parameters on stdin
//	1.7 to 2.2     MAX_SHIM_VERSION in the environment; JSON is understood,
//	               but 1.7 not version 3 of the API
//	1.6            neither
//
// What is on stdin may instead be the runtime's options, of no use here.
func askedBy(inv invocation, stdin *os.File) (caller, error) {
	c := caller{ttrpcAddress: os.Getenv("TTRPC_ADDRESS"), socketDir: defaultSocketDir}
	if _, ok := os.LookupEnv("MAX_SHIM_VERSION"); ok {
		c.version = 2
	}
	input, err := readParams(stdin)
	if err != nil {
		return c, fmt.Errorf("parameters on stdin: %w", err)
	}
	params, ok := parseParams(input)
	if !ok || params.InstanceID != inv.id || params.Namespace != inv.namespace {
		return c, nil
	}
	c.version = 3
	if address := params.GetContainerdTtrpcAddress(); address != "" {
		c.ttrpcAddress = address
	}
	if dir := params.GetSocketDir(); dir != "" {
		c.socketDir = dir
	}
	return c, nil
}

// readParams reads all of stdin, unless that is /dev/null or a terminal.
func readParams(stdin *os.File) ([]byte, error) {
	info, err := stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return nil, nil //nolint:nilerr // a closed stdin holds no parameters
	}
	input, err := io.ReadAll(io.LimitReader(stdin, paramsBound+1))
	if err != nil {
		return nil, err
	}
	if len(input) > paramsBound {
		return nil, fmt.Errorf("more than %d bytes", paramsBound)
	}
	return input, nil
}

// parseParams reads the parameters in either of their encodings.
func parseParams(input []byte) (*bootstrap.BootstrapParams, bool) {
	params := &bootstrap.BootstrapParams{}
	if len(input) > 0 && input[0] == '{' {
		return params, json.Unmarshal(input, params) == nil
	}
	return params, len(input) > 0 && proto.Unmarshal(input, params) == nil
}

// answer prints the address in the form that the caller reads.
func (c caller) answer(stdout io.Writer, address string) error {
	if c.version == 0 {
		_, err := io.WriteString(stdout, address)
		return err
	}
	return json.NewEncoder(stdout).Encode(struct {
		Version  int    `json:"version"`
		Address  string `json:"address"`
		Protocol string `json:"protocol"`
	}{c.version, address, "ttrpc"})
}

// socketPath is the socket of one container of one containerd.
func socketPath(inv invocation, dir string) string {
	if inv.socket != "" {
		return inv.socket
	}
	sum := sha256.Sum256([]byte(filepath.Join(inv.address, inv.namespace, inv.id)))
	return filepath.Join(dir, fmt.Sprintf("%x", sum))
}

// listen makes the socket. One that a dead shim left behind is replaced; a
// living shim is an error.
func listen(path string) (*net.UnixListener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	listener, err := listenPrivate(path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return listener, err
	}
	if conn, dialErr := net.DialTimeout("unix", path, time.Second); dialErr == nil {
		conn.Close()
		return nil, fmt.Errorf("a shim serves at %s already", path)
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return listenPrivate(path)
}

func listenPrivate(path string) (*net.UnixListener, error) {
	// The umask is the process's own, and nothing else goes on in it yet.
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // the serving process goes on with it
	return listener, nil
}

// startServer executes this program again, to serve. In a session of its own
// it outlives containerd and whatever is sent to containerd's group.
func startServer(inv invocation, caller caller, listener *net.UnixListener) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	socket, err := listener.File()
	if err != nil {
		return err
	}
	defer socket.Close()

	args := []string{"-namespace", inv.namespace, "-id", inv.id, "-address", inv.address}
	if inv.debug {
		args = append(args, "-debug")
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = inv.bundle
	cmd.Env = append(os.Environ(), "TTRPC_ADDRESS="+caller.ttrpcAddress, "GOMAXPROCS=2")
	cmd.ExtraFiles = []*os.File{socket} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// The address comes before the process: should both of us who know of it be
	// killed, containerd finds it there.
	if err := bundle.Write(inv.bundle, bundle.Address, []byte("unix://"+listener.Addr().String())); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := adjustOOMScore(cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		return err
	}
	return nil
}

// adjustOOMScore makes the serving process a little likelier than containerd
// to be killed when memory runs out: containerd has all containers, it has
// one.
func adjustOOMScore(pid int) error {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", os.Getppid()))
	if err != nil {
		return err
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("OOM score of containerd: %w", err)
	}
	const highest = 1000
	score = min(score+1, highest)
	return os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(strconv.Itoa(score)), 0)
}
