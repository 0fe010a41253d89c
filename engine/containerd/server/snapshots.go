package server

import (
	"context"

	api "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/core/snapshots/proxy"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// snapshotService serves the snapshotters.
type snapshotService struct {
	api.UnimplementedSnapshotsServer
	named map[string]snapshots.Snapshotter
}

func (s *snapshotService) snapshotter(name string) (snapshots.Snapshotter, error) {
	if found := s.named[name]; found != nil {
		return found, nil
	}
	return nil, errdefs.Invalid("snapshotter not loaded: %q", name)
}

// Prepare makes a snapshot to write to, on top of a committed one.
func (s *snapshotService) Prepare(ctx context.Context, r *api.PrepareSnapshotRequest) (*api.PrepareSnapshotResponse, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	mounts, err := sn.Prepare(ctx, r.Key, r.Parent, snapshots.WithLabels(r.Labels))
	if err != nil {
		return nil, err
	}
	return &api.PrepareSnapshotResponse{Mounts: mount.ToProto(mounts)}, nil
}

// View makes a snapshot to read a committed one through.
func (s *snapshotService) View(ctx context.Context, r *api.ViewSnapshotRequest) (*api.ViewSnapshotResponse, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	mounts, err := sn.View(ctx, r.Key, r.Parent, snapshots.WithLabels(r.Labels))
	if err != nil {
		return nil, err
	}
	return &api.ViewSnapshotResponse{Mounts: mount.ToProto(mounts)}, nil
}

// Mounts says how to mount a snapshot.
func (s *snapshotService) Mounts(ctx context.Context, r *api.MountsRequest) (*api.MountsResponse, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	mounts, err := sn.Mounts(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	return &api.MountsResponse{Mounts: mount.ToProto(mounts)}, nil
}

// Commit makes a written snapshot one that others can be made on top of.
func (s *snapshotService) Commit(ctx context.Context, r *api.CommitSnapshotRequest) (*emptypb.Empty, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	opts := []snapshots.Opt{snapshots.WithLabels(r.Labels)}
	if r.Parent != "" {
		opts = append(opts, snapshots.WithParent(r.Parent))
	}
	return &emptypb.Empty{}, sn.Commit(ctx, r.Name, r.Key, opts...)
}

// Remove removes a snapshot that no other is on top of.
func (s *snapshotService) Remove(ctx context.Context, r *api.RemoveSnapshotRequest) (*emptypb.Empty, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, sn.Remove(ctx, r.Key)
}

// Stat describes one snapshot.
func (s *snapshotService) Stat(ctx context.Context, r *api.StatSnapshotRequest) (*api.StatSnapshotResponse, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	info, err := sn.Stat(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	return &api.StatSnapshotResponse{Info: proxy.InfoToProto(info)}, nil
}

// Update changes the labels of a snapshot that the mask names.
func (s *snapshotService) Update(ctx context.Context, r *api.UpdateSnapshotRequest) (*api.UpdateSnapshotResponse, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	if r.Info == nil {
		return nil, errdefs.Invalid("no snapshot")
	}
	info, err := sn.Update(ctx, proxy.InfoFromProto(r.Info), r.UpdateMask.GetPaths()...)
	if err != nil {
		return nil, err
	}
	return &api.UpdateSnapshotResponse{Info: proxy.InfoToProto(info)}, nil
}

// List describes those that match any of the filters, or all, a hundred in a
// message.
func (s *snapshotService) List(r *api.ListSnapshotsRequest, stream api.Snapshots_ListServer) error {
	const atOnce = 100
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return err
	}
	var full []*api.Info
	err = sn.Walk(stream.Context(), func(_ context.Context, info snapshots.Info) error {
		if full = append(full, proxy.InfoToProto(info)); len(full) < atOnce {
			return nil
		}
		next := &api.ListSnapshotsResponse{Info: full}
		full = nil
		return stream.Send(next)
	}, r.Filters...)
	if err != nil || len(full) == 0 {
		return err
	}
	return stream.Send(&api.ListSnapshotsResponse{Info: full})
}

// Usage is what a snapshot takes on disk, its parents aside.
func (s *snapshotService) Usage(ctx context.Context, r *api.UsageRequest) (*api.UsageResponse, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	usage, err := sn.Usage(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	return proxy.UsageToProto(usage), nil
}

// Cleanup removes the files of removed snapshots.
func (s *snapshotService) Cleanup(ctx context.Context, r *api.CleanupRequest) (*emptypb.Empty, error) {
	sn, err := s.snapshotter(r.Snapshotter)
	if err != nil {
		return nil, err
	}
	cleaner, ok := sn.(snapshots.Cleaner)
	if !ok {
		return nil, errdefs.NotImplemented("snapshotter %s has nothing to clean up", r.Snapshotter)
	}
	return &emptypb.Empty{}, cleaner.Cleanup(ctx)
}
