package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/process"
)

// cleanUp removes the container of a serving process that died, and prints
// how it ended.
func cleanUp(inv invocation, stdout io.Writer) error {
	runtime, err := process.RuncOf(process.RuncConfig{Namespace: inv.namespace, Bundle: inv.bundle})
	if err != nil {
		return err
	}
	exit, err := process.CleanUp(context.Background(), inv.id, inv.bundle, runtime)
	if err != nil {
		return err
	}
	removeSocket(inv)
	data, err := proto.Marshal(&task.DeleteResponse{
		Pid:        uint32(exit.Pid),
		ExitStatus: uint32(exit.Status),
		ExitedAt:   timestamppb.New(exit.At),
	})
	if err != nil {
		return err
	}
	_, err = stdout.Write(data)
	return err
}

// removeSocket removes what the serving process would have removed.
func removeSocket(inv invocation) {
	address, err := os.ReadFile(filepath.Join(inv.bundle, bundle.Address))
	if err != nil {
		return
	}
	if path, ok := strings.CutPrefix(string(address), "unix://"); ok {
		_ = os.Remove(path)
	}
}
