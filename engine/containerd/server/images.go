package server

import (
	"context"

	api "github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/epoch"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/errdefs"
)

// imageRecords serves the names of images and what they stand for.
type imageRecords struct {
	api.UnimplementedImagesServer
	store   images.Store
	collect Collect
}

// Get reads one image.
func (s *imageRecords) Get(ctx context.Context, r *api.GetImageRequest) (*api.GetImageResponse, error) {
	i, err := s.store.Get(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	return &api.GetImageResponse{Image: imageToProto(i)}, nil
}

// List reads those that match any of the filters, or all.
func (s *imageRecords) List(ctx context.Context, r *api.ListImagesRequest) (*api.ListImagesResponse, error) {
	found, err := s.store.List(ctx, r.Filters...)
	if err != nil {
		return nil, err
	}
	resp := &api.ListImagesResponse{}
	for _, i := range found {
		resp.Images = append(resp.Images, imageToProto(i))
	}
	return resp, nil
}

// Create gives content a name, which keeps it.
func (s *imageRecords) Create(ctx context.Context, r *api.CreateImageRequest) (*api.CreateImageResponse, error) {
	if r.Image.GetName() == "" {
		return nil, errdefs.Invalid("no image's name")
	}
	i, err := s.store.Create(withEpoch(ctx, r.SourceDateEpoch), imageFromProto(r.Image))
	if err != nil {
		return nil, err
	}
	return &api.CreateImageResponse{Image: imageToProto(i)}, nil
}

// Update changes the fields of an image that the mask names.
func (s *imageRecords) Update(ctx context.Context, r *api.UpdateImageRequest) (*api.UpdateImageResponse, error) {
	if r.Image.GetName() == "" {
		return nil, errdefs.Invalid("no image's name")
	}
	i, err := s.store.Update(withEpoch(ctx, r.SourceDateEpoch), imageFromProto(r.Image), r.UpdateMask.GetPaths()...)
	if err != nil {
		return nil, err
	}
	return &api.UpdateImageResponse{Image: imageToProto(i)}, nil
}

// Delete takes a name away. What only it kept is collected later, or before
// Delete returns if the request says so.
func (s *imageRecords) Delete(ctx context.Context, r *api.DeleteImageRequest) (*emptypb.Empty, error) {
	var opts []images.DeleteOpt
	if r.Target != nil {
		target := oci.DescriptorFromProto(r.Target)
		opts = append(opts, images.DeleteTarget(&target))
	}
	if err := s.store.Delete(ctx, r.Name, opts...); err != nil {
		return nil, err
	}
	if !r.Sync {
		return &emptypb.Empty{}, nil
	}
	return &emptypb.Empty{}, s.collect(ctx)
}

// withEpoch has the store use a client's time instead of now.
func withEpoch(ctx context.Context, at *timestamppb.Timestamp) context.Context {
	if at == nil {
		return ctx
	}
	t := at.AsTime()
	return epoch.WithSourceDateEpoch(ctx, &t)
}

func imageToProto(i images.Image) *api.Image {
	return &api.Image{
		Name: i.Name, Labels: i.Labels, Target: oci.DescriptorToProto(i.Target),
		CreatedAt: timestamppb.New(i.CreatedAt), UpdatedAt: timestamppb.New(i.UpdatedAt),
	}
}

func imageFromProto(i *api.Image) images.Image {
	return images.Image{
		Name: i.Name, Labels: i.Labels, Target: oci.DescriptorFromProto(i.Target),
		CreatedAt: protobuf.FromTimestamp(i.CreatedAt), UpdatedAt: protobuf.FromTimestamp(i.UpdatedAt),
	}
}
