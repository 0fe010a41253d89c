package server

import (
	"context"

	eventtypes "github.com/containerd/containerd/api/events"
	api "github.com/containerd/containerd/api/services/containers/v1"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/errdefs"
)

// containerRecords serves the records of containers. Nothing runs because of
// one: that is a task.
type containerRecords struct {
	api.UnimplementedContainersServer
	store  containers.Store
	events Events
}

// Get reads one record.
func (s *containerRecords) Get(ctx context.Context, r *api.GetContainerRequest) (*api.GetContainerResponse, error) {
	c, err := s.store.Get(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return &api.GetContainerResponse{Container: containerToProto(c)}, nil
}

// List reads those that match any of the filters, or all.
func (s *containerRecords) List(ctx context.Context, r *api.ListContainersRequest) (*api.ListContainersResponse, error) {
	found, err := s.store.List(ctx, r.Filters...)
	if err != nil {
		return nil, err
	}
	resp := &api.ListContainersResponse{}
	for _, c := range found {
		resp.Containers = append(resp.Containers, containerToProto(c))
	}
	return resp, nil
}

// ListStream is List for more than one message holds.
func (s *containerRecords) ListStream(r *api.ListContainersRequest, stream api.Containers_ListStreamServer) error {
	found, err := s.store.List(stream.Context(), r.Filters...)
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := stream.Send(&api.ListContainerMessage{Container: containerToProto(c)}); err != nil {
			return err
		}
	}
	return nil
}

// Create adds a record.
func (s *containerRecords) Create(ctx context.Context, r *api.CreateContainerRequest) (*api.CreateContainerResponse, error) {
	if r.Container == nil {
		return nil, errdefs.Invalid("no container")
	}
	c, err := s.store.Create(ctx, containerFromProto(r.Container))
	if err != nil {
		return nil, err
	}
	created := containerToProto(c)
	return &api.CreateContainerResponse{Container: created}, s.events.Publish(ctx, "/containers/create", &eventtypes.ContainerCreate{
		ID: c.ID, Image: c.Image,
		Runtime: &eventtypes.ContainerCreate_Runtime{Name: created.Runtime.Name, Options: created.Runtime.Options},
	})
}

// Update changes the fields of a record that the mask names.
func (s *containerRecords) Update(ctx context.Context, r *api.UpdateContainerRequest) (*api.UpdateContainerResponse, error) {
	if r.Container.GetID() == "" {
		return nil, errdefs.Invalid("no container's id")
	}
	c, err := s.store.Update(ctx, containerFromProto(r.Container), r.UpdateMask.GetPaths()...)
	if err != nil {
		return nil, err
	}
	return &api.UpdateContainerResponse{Container: containerToProto(c)}, s.events.Publish(ctx, "/containers/update", &eventtypes.ContainerUpdate{
		ID: c.ID, Image: c.Image, Labels: c.Labels, SnapshotKey: c.SnapshotKey,
	})
}

// Delete removes a record.
func (s *containerRecords) Delete(ctx context.Context, r *api.DeleteContainerRequest) (*emptypb.Empty, error) {
	if err := s.store.Delete(ctx, r.ID); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.events.Publish(ctx, "/containers/delete", &eventtypes.ContainerDelete{ID: r.ID})
}

func containerToProto(c containers.Container) *api.Container {
	extensions := map[string]*anypb.Any{}
	for name, value := range c.Extensions {
		extensions[name] = typeurl.MarshalProto(value)
	}
	return &api.Container{
		ID: c.ID, Labels: c.Labels, Image: c.Image,
		Runtime:     &api.Container_Runtime{Name: c.Runtime.Name, Options: typeurl.MarshalProto(c.Runtime.Options)},
		Spec:        typeurl.MarshalProto(c.Spec),
		Snapshotter: c.Snapshotter, SnapshotKey: c.SnapshotKey,
		CreatedAt: timestamppb.New(c.CreatedAt), UpdatedAt: timestamppb.New(c.UpdatedAt),
		Extensions: extensions, Sandbox: c.SandboxID,
	}
}

func containerFromProto(c *api.Container) containers.Container {
	result := containers.Container{
		ID: c.ID, Labels: c.Labels, Image: c.Image,
		Runtime:     containers.RuntimeInfo{Name: c.Runtime.GetName()},
		Snapshotter: c.Snapshotter, SnapshotKey: c.SnapshotKey, SandboxID: c.Sandbox,
		Extensions: map[string]typeurl.Any{},
	}
	// A nil pointer in the interface would not be nil to the store.
	if options := c.Runtime.GetOptions(); options != nil {
		result.Runtime.Options = options
	}
	if c.Spec != nil {
		result.Spec = c.Spec
	}
	for name, value := range c.Extensions {
		result.Extensions[name] = value
	}
	return result
}
