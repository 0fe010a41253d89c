package server

import (
	"context"

	api "github.com/containerd/containerd/api/services/diff/v1"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/typeurl/v2"

	"github.com/callroute/callroute/engine/errdefs"
)

// diffService serves what makes snapshots of layers and layers of snapshots.
type diffService struct {
	api.UnimplementedDiffServer
	applier  diff.Applier
	comparer diff.Comparer
}

// Apply unpacks a layer into mounts.
func (s *diffService) Apply(ctx context.Context, r *api.ApplyRequest) (*api.ApplyResponse, error) {
	if r.Diff == nil {
		return nil, errdefs.Invalid("no layer")
	}
	opts := []diff.ApplyOpt{diff.WithSyncFs(r.SyncFs)}
	if r.Payloads != nil {
		payloads := map[string]typeurl.Any{}
		for id, payload := range r.Payloads {
			payloads[id] = payload
		}
		opts = append(opts, diff.WithPayloads(payloads))
	}
	applied, err := s.applier.Apply(ctx, oci.DescriptorFromProto(r.Diff), mount.FromProto(r.Mounts), opts...)
	if err != nil {
		return nil, err
	}
	return &api.ApplyResponse{Applied: oci.DescriptorToProto(applied)}, nil
}

// Diff packs what the right mounts have over the left into a layer.
func (s *diffService) Diff(ctx context.Context, r *api.DiffRequest) (*api.DiffResponse, error) {
	var opts []diff.Opt
	if r.MediaType != "" {
		opts = append(opts, diff.WithMediaType(r.MediaType))
	}
	if r.Ref != "" {
		opts = append(opts, diff.WithReference(r.Ref))
	}
	if r.Labels != nil {
		opts = append(opts, diff.WithLabels(r.Labels))
	}
	if r.SourceDateEpoch != nil {
		at := r.SourceDateEpoch.AsTime()
		opts = append(opts, diff.WithSourceDateEpoch(&at))
	}
	layer, err := s.comparer.Compare(ctx, mount.FromProto(r.Left), mount.FromProto(r.Right), opts...)
	if err != nil {
		return nil, err
	}
	return &api.DiffResponse{Diff: oci.DescriptorToProto(layer)}, nil
}
