package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/ttrpc"

	"example.com/relay/api/rounds"
)

const courierProgram = "courier"

// courier is a process that was started for one letter, and the way to talk to
// it: the embedded service is its ttrpc client.
type courier struct {
	rounds.TTRPCCourierService
	cmd *exec.Cmd
}

func startCourier(ctx context.Context, folder string) (*courier, error) {
	dir, err := os.MkdirTemp("", "courier")
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "s")
	cmd := courierCommand(ctx, "serve", "--socket", socket, "--folder", folder)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	conn, err := dial(socket)
	if err != nil {
		return nil, err
	}
	return &courier{rounds.NewTTRPCCourierClient(ttrpc.NewClient(conn)), cmd}, nil
}

func courierCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, courierProgram, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

func (c *courier) dismiss() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// dial waits until the courier listens.
func dial(socket string) (conn net.Conn, err error) {
	for range 50 {
		conn, err = net.Dial("unix", socket)
		if err == nil || !strings.Contains(err.Error(), "no such file") {
			return conn, err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, err
}
