package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/shim/process"
)

const (
	runtimeName = "io.containerd.engine.v2"
	// featuresURL is the type URL under which containerd knows the features
	// of an OCI runtime, which are JSON.
	featuresURL = "types.containerd.io/opencontainers/runtime-spec/1/features/Features"
)

// printInfo prints a RuntimeInfo message for the options on stdin.
func printInfo(stdin *os.File, stdout io.Writer) error {
	input, err := readParams(stdin)
	if err != nil {
		return err
	}
	version, revision, _ := build()
	info := &types.RuntimeInfo{
		Name:    runtimeName,
		Version: &types.RuntimeVersion{Version: version, Revision: revision},
	}
	opts := &options.Options{}
	if len(input) > 0 {
		info.Options = &anypb.Any{}
		if err := proto.Unmarshal(input, info.Options); err != nil {
			return fmt.Errorf("runtime options: %w", err)
		}
		if err := typeurl.UnmarshalTo(info.Options, opts); err != nil {
			return fmt.Errorf("runtime options: %w", err)
		}
	}
	runtime, err := process.NewRunc(process.RuncConfig{Options: opts})
	if err != nil {
		return err
	}
	features, err := runtime.Features(context.Background())
	if err == nil {
		// A runtime without the command is none the worse.
		body, err := json.Marshal(features)
		if err != nil {
			return err
		}
		info.Features = &anypb.Any{TypeUrl: featuresURL, Value: body}
	}
	data, err := proto.Marshal(info)
	if err != nil {
		return err
	}
	_, err = stdout.Write(data)
	return err
}
