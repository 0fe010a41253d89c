package server

import (
	"context"

	api "github.com/containerd/containerd/api/services/leases/v1"
	"github.com/containerd/containerd/v2/core/leases"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/errdefs"
)

// leaseService serves leases, which keep from being collected what nothing else
// keeps yet.
type leaseService struct {
	api.UnimplementedLeasesServer
	leases  leases.Manager
	collect Collect
}

// Create makes a lease; one without an id gets one.
func (s *leaseService) Create(ctx context.Context, r *api.CreateRequest) (*api.CreateResponse, error) {
	id := leases.WithID(r.ID)
	if r.ID == "" {
		id = leases.WithRandomID()
	}
	lease, err := s.leases.Create(ctx, id, leases.WithLabels(r.Labels))
	if err != nil {
		return nil, err
	}
	return &api.CreateResponse{Lease: leaseToProto(lease)}, nil
}

// Delete ends a lease. What only it kept is collected later, or before Delete
// returns if the request says so.
func (s *leaseService) Delete(ctx context.Context, r *api.DeleteRequest) (*emptypb.Empty, error) {
	if err := s.leases.Delete(ctx, leases.Lease{ID: r.ID}); err != nil {
		return nil, err
	}
	if !r.Sync {
		return &emptypb.Empty{}, nil
	}
	return &emptypb.Empty{}, s.collect(ctx)
}

// List reads those that match any of the filters, or all.
func (s *leaseService) List(ctx context.Context, r *api.ListRequest) (*api.ListResponse, error) {
	found, err := s.leases.List(ctx, r.Filters...)
	if err != nil {
		return nil, err
	}
	resp := &api.ListResponse{}
	for _, lease := range found {
		resp.Leases = append(resp.Leases, leaseToProto(lease))
	}
	return resp, nil
}

// AddResource has a lease keep something more.
func (s *leaseService) AddResource(ctx context.Context, r *api.AddResourceRequest) (*emptypb.Empty, error) {
	kept, err := resourceOf(r.Resource)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.leases.AddResource(ctx, leases.Lease{ID: r.ID}, kept)
}

// DeleteResource has a lease keep something no more.
func (s *leaseService) DeleteResource(ctx context.Context, r *api.DeleteResourceRequest) (*emptypb.Empty, error) {
	kept, err := resourceOf(r.Resource)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.leases.DeleteResource(ctx, leases.Lease{ID: r.ID}, kept)
}

// ListResources is what a lease keeps.
func (s *leaseService) ListResources(ctx context.Context, r *api.ListResourcesRequest) (*api.ListResourcesResponse, error) {
	kept, err := s.leases.ListResources(ctx, leases.Lease{ID: r.ID})
	if err != nil {
		return nil, err
	}
	resp := &api.ListResourcesResponse{}
	for _, k := range kept {
		resp.Resources = append(resp.Resources, &api.Resource{ID: k.ID, Type: k.Type})
	}
	return resp, nil
}

func resourceOf(r *api.Resource) (leases.Resource, error) {
	if r == nil {
		return leases.Resource{}, errdefs.Invalid("no resource")
	}
	return leases.Resource{ID: r.ID, Type: r.Type}, nil
}

func leaseToProto(l leases.Lease) *api.Lease {
	return &api.Lease{ID: l.ID, Labels: l.Labels, CreatedAt: timestamppb.New(l.CreatedAt)}
}
