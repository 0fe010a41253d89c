package client

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/containerd/containerd/api/services/introspection/v1"
	apitypes "github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// RuntimeFeatures asks a runtime, through containerd and the shim, what it was
// built with. program is its path; "" is the shim's own choice.
func (c *Client) RuntimeFeatures(ctx context.Context, program string) (types.RuntimeFeatures, error) {
	inner, err := typeurl.MarshalAny(&options.Options{BinaryName: program})
	if err != nil {
		return types.RuntimeFeatures{}, err
	}
	request, err := anypb.New(&apitypes.RuntimeRequest{
		RuntimePath: c.config.Runtime, Options: &anypb.Any{TypeUrl: inner.GetTypeUrl(), Value: inner.GetValue()},
	})
	if err != nil {
		return types.RuntimeFeatures{}, err
	}
	resp, err := c.introspection.PluginInfo(ctx, &introspection.PluginInfoRequest{Type: "io.containerd.runtime.v2", ID: "task", Options: request})
	if err != nil {
		return types.RuntimeFeatures{}, failed(err)
	}
	info := new(apitypes.RuntimeInfo)
	if err := proto.Unmarshal(resp.GetExtra().GetValue(), info); err != nil {
		return types.RuntimeFeatures{}, err
	}
	f := types.RuntimeFeatures{Version: info.GetVersion().GetVersion()}
	var has features.Features
	if err := json.Unmarshal(info.GetFeatures().GetValue(), &has); err != nil {
		return types.RuntimeFeatures{}, errdefs.NotImplemented("the runtime does not tell its features: %w", err)
	}
	f.SpecVersion, f.RecursiveReadOnly = has.OCIVersionMax, slices.Contains(has.MountOptions, "rro")
	if has.Linux != nil && has.Linux.Seccomp != nil && has.Linux.Seccomp.Enabled != nil {
		f.Seccomp = *has.Linux.Seccomp.Enabled
	}
	return f, nil
}
