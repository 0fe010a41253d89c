package server

import (
	"context"
	"strings"

	eventtypes "github.com/containerd/containerd/api/events"
	api "github.com/containerd/containerd/api/services/namespaces/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// namespaceService serves the namespaces and their labels.
type namespaceService struct {
	api.UnimplementedNamespacesServer
	store  Namespaces
	events Events
}

// Get reads one namespace.
func (s *namespaceService) Get(ctx context.Context, r *api.GetNamespaceRequest) (*api.GetNamespaceResponse, error) {
	resp := &api.GetNamespaceResponse{Namespace: &api.Namespace{Name: r.Name}}
	return resp, s.store.View(ctx, func(ctx context.Context, all namespaces.Store) (err error) {
		resp.Namespace.Labels, err = all.Labels(ctx, r.Name)
		return err
	})
}

// List reads all of them.
func (s *namespaceService) List(ctx context.Context, _ *api.ListNamespacesRequest) (*api.ListNamespacesResponse, error) {
	resp := &api.ListNamespacesResponse{}
	return resp, s.store.View(ctx, func(ctx context.Context, all namespaces.Store) error {
		names, err := all.List(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			labels, err := all.Labels(ctx, name)
			if err != nil {
				return err
			}
			resp.Namespaces = append(resp.Namespaces, &api.Namespace{Name: name, Labels: labels})
		}
		return nil
	})
}

// Create makes a namespace.
func (s *namespaceService) Create(ctx context.Context, r *api.CreateNamespaceRequest) (*api.CreateNamespaceResponse, error) {
	made := r.Namespace
	if made == nil {
		return nil, errdefs.Invalid("no namespace")
	}
	err := s.store.Update(ctx, func(ctx context.Context, all namespaces.Store) error {
		return all.Create(ctx, made.Name, made.Labels)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateNamespaceResponse{Namespace: made}, s.events.Publish(
		namespaces.WithNamespace(ctx, made.Name), "/namespaces/create",
		&eventtypes.NamespaceCreate{Name: made.Name, Labels: made.Labels})
}

// Update sets the labels that the mask names, or all of them.
func (s *namespaceService) Update(ctx context.Context, r *api.UpdateNamespaceRequest) (*api.UpdateNamespaceResponse, error) {
	changed := r.Namespace
	if changed == nil {
		return nil, errdefs.Invalid("no namespace")
	}
	err := s.store.Update(ctx, func(ctx context.Context, all namespaces.Store) error {
		labels, err := newLabels(ctx, all, r)
		if err != nil {
			return err
		}
		for name, value := range labels {
			if err := all.SetLabel(ctx, changed.Name, name, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateNamespaceResponse{Namespace: changed}, s.events.Publish(
		namespaces.WithNamespace(ctx, changed.Name), "/namespaces/update",
		&eventtypes.NamespaceUpdate{Name: changed.Name, Labels: changed.Labels})
}

// newLabels is the labels to set; those to remove are empty.
func newLabels(ctx context.Context, all namespaces.Store, r *api.UpdateNamespaceRequest) (map[string]string, error) {
	labels := map[string]string{}
	paths := r.UpdateMask.GetPaths()
	for _, path := range paths {
		name, ok := strings.CutPrefix(path, "labels.")
		if !ok {
			return nil, errdefs.Invalid("cannot update field %q of a namespace", path)
		}
		labels[name] = r.Namespace.Labels[name]
	}
	if len(paths) > 0 {
		return labels, nil
	}
	old, err := all.Labels(ctx, r.Namespace.Name)
	for name := range old {
		labels[name] = ""
	}
	for name, value := range r.Namespace.Labels {
		labels[name] = value
	}
	return labels, err
}

// Delete removes a namespace with nothing in it.
func (s *namespaceService) Delete(ctx context.Context, r *api.DeleteNamespaceRequest) (*emptypb.Empty, error) {
	err := s.store.Update(ctx, func(ctx context.Context, all namespaces.Store) error {
		return all.Delete(ctx, r.Name)
	})
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.events.Publish(
		namespaces.WithNamespace(ctx, r.Name), "/namespaces/delete", &eventtypes.NamespaceDelete{Name: r.Name})
}
