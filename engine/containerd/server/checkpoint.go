package server

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/archive"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/errdefs"
)

// Content is where checkpoints are kept that nobody named a folder for.
type Content = content.Store

// Checkpoint dumps a container. Where the options name a folder the images go
// there and that is all; else they become an archive in the content store.
func (s *service) Checkpoint(ctx context.Context, r *tasks.CheckpointTaskRequest) (*tasks.CheckpointTaskResponse, error) {
	var o options.CheckpointOptions
	if r.Options != nil {
		if err := typeurl.UnmarshalTo(r.Options, &o); err != nil {
			return nil, failed(errdefs.Invalid("checkpoint options: %v", err))
		}
	}
	if o.ImagePath != "" {
		if !filepath.IsAbs(o.ImagePath) {
			return nil, failed(errdefs.Invalid("checkpoint folder %q is not absolute", o.ImagePath))
		}
		return &tasks.CheckpointTaskResponse{}, failed(s.core.Checkpoint(ctx, r.ContainerID, o.ImagePath, r.Options))
	}
	dir, err := os.MkdirTemp("", "checkpoint-")
	if err != nil {
		return nil, failed(err)
	}
	defer os.RemoveAll(dir)
	if err := s.core.Checkpoint(ctx, r.ContainerID, dir, r.Options); err != nil {
		return nil, failed(err)
	}
	archived, err := s.packCheckpoint(ctx, r.ContainerID, dir)
	if err != nil {
		return nil, failed(err)
	}
	return &tasks.CheckpointTaskResponse{Descriptors: []*types.Descriptor{archived}}, nil
}

func (s *service) packCheckpoint(ctx context.Context, id, dir string) (*types.Descriptor, error) {
	pack := archive.Diff(ctx, "", dir)
	defer pack.Close()
	var data bytes.Buffer
	if _, err := data.ReadFrom(pack); err != nil {
		return nil, err
	}
	images, err := s.write(ctx, images.MediaTypeContainerd1Checkpoint, "checkpoint-"+id, data.Bytes())
	if err != nil {
		return nil, err
	}
	index, err := json.Marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{*images},
	})
	if err != nil {
		return nil, err
	}
	_, err = s.write(ctx, ocispec.MediaTypeImageIndex, "checkpoint-index-"+id, index)
	if err != nil {
		return nil, err
	}
	return &types.Descriptor{MediaType: images.MediaType, Digest: images.Digest.String(), Size: images.Size}, nil
}

func (s *service) write(ctx context.Context, mediaType, ref string, data []byte) (*ocispec.Descriptor, error) {
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	// Kept until the client has made an image of it.
	kept := content.WithLabels(map[string]string{"containerd.io/gc.root": time.Now().UTC().Format(time.RFC3339)})
	return &d, content.WriteBlob(ctx, s.content, ref, bytes.NewReader(data), d, kept)
}

// unpackCheckpoint makes a folder of an archived checkpoint.
func (s *service) unpackCheckpoint(ctx context.Context, d *types.Descriptor) (dir string, remove func(), err error) {
	nothing := func() {}
	if d.MediaType != images.MediaTypeContainerd1Checkpoint {
		return "", nothing, errdefs.Invalid("unsupported checkpoint type %q", d.MediaType)
	}
	reader, err := s.content.ReaderAt(ctx, ocispec.Descriptor{MediaType: d.MediaType, Digest: digest.Digest(d.Digest), Size: d.Size})
	if err != nil {
		return "", nothing, err
	}
	defer reader.Close()
	if dir, err = os.MkdirTemp("", "checkpoint-"); err != nil {
		return "", nothing, err
	}
	remove = func() { os.RemoveAll(dir) }
	if _, err := archive.Apply(ctx, dir, content.NewReader(reader)); err != nil {
		remove()
		return "", nothing, err
	}
	return dir, remove, nil
}
