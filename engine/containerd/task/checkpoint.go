package task

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/archive"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Checkpoint dumps the processes of a container. Where the options name a
// folder the files go there, and that is all; else they become content, which
// the answer describes: an archive of the files, and the container's spec.
func (t *Tasks) Checkpoint(ctx context.Context, id string, opts *anypb.Any) ([]*types.Descriptor, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	dir, err := checkpointPath(opts)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		return nil, found.shim.Checkpoint(ctx, &taskv3.CheckpointTaskRequest{ID: id, Path: dir, Options: opts})
	}
	container, err := t.Containers.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp((bundles{t}).workOf(found.key), "checkpoint-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := found.shim.Checkpoint(ctx, &taskv3.CheckpointTaskRequest{ID: id, Path: dir, Options: opts}); err != nil {
		return nil, err
	}
	pack := archive.Diff(ctx, "", dir)
	defer pack.Close()
	files, err := checkpoints{t}.store(ctx, images.MediaTypeContainerd1Checkpoint, filepath.Base(dir), pack)
	if err != nil {
		return nil, err
	}
	spec, err := proto.Marshal(typeurl.MarshalProto(container.Spec))
	if err != nil {
		return nil, err
	}
	config, err := checkpoints{t}.store(ctx, images.MediaTypeContainerd1CheckpointConfig, filepath.Base(dir)+"-spec", bytes.NewReader(spec))
	if err != nil {
		return nil, err
	}
	return []*types.Descriptor{files, config}, nil
}

// checkpointPath is the folder that the options name, empty for none. Options
// of another runtime's are that runtime's own business.
func checkpointPath(opts *anypb.Any) (string, error) {
	var o options.CheckpointOptions
	if opts == nil || !typeurl.Is(opts, &o) {
		return "", nil
	}
	if err := typeurl.UnmarshalTo(opts, &o); err != nil {
		return "", errdefs.Invalid("checkpoint options: %w", err)
	}
	if o.ImagePath != "" && !filepath.IsAbs(o.ImagePath) {
		return "", errdefs.Invalid("checkpoint folder %q is not an absolute path", o.ImagePath)
	}
	return o.ImagePath, nil
}

// checkpoints are kept in the content store on their way.
type checkpoints struct{ *Tasks }

// store makes content of what is read. It is the client's to keep it: by its
// lease first, then by an image.
func (t checkpoints) store(ctx context.Context, mediaType, ref string, from io.Reader) (_ *types.Descriptor, err error) {
	w, err := t.Content.Writer(ctx, content.WithRef(ref), content.WithDescriptor(ocispec.Descriptor{MediaType: mediaType}))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	size, err := io.Copy(w, from)
	if err != nil {
		return nil, errors.Join(err, t.Content.Abort(ctx, ref))
	}
	d := &types.Descriptor{MediaType: mediaType, Digest: w.Digest().String(), Size: size}
	if err := w.Commit(ctx, size, ""); err != nil && !cerrdefs.IsAlreadyExists(err) {
		return nil, err
	}
	return d, nil
}

// checkpointDir is the folder that a task is restored from, empty for none: one
// that the options name, or one made of an archive in the content. It is read
// at Start, so it stays as long as the task.
func (t checkpoints) checkpointDir(ctx context.Context, made *task, r *tasks.CreateTaskRequest) (string, error) {
	var o options.Options
	if r.Options != nil && typeurl.Is(r.Options, &o) {
		if err := typeurl.UnmarshalTo(r.Options, &o); err != nil {
			return "", errdefs.Invalid("runtime options: %w", err)
		}
	}
	if o.CriuImagePath != "" || r.Checkpoint == nil {
		return o.CriuImagePath, nil
	}
	if r.Checkpoint.MediaType != images.MediaTypeContainerd1Checkpoint {
		return "", errdefs.Invalid("unsupported checkpoint type %q", r.Checkpoint.MediaType)
	}
	reader, err := t.Content.ReaderAt(ctx, ocispec.Descriptor{
		MediaType: r.Checkpoint.MediaType, Digest: digest.Digest(r.Checkpoint.Digest), Size: r.Checkpoint.Size,
	})
	if err != nil {
		return "", err
	}
	defer reader.Close()
	dir := filepath.Join(bundles(t).workOf(made.key), "restore")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	_, err = archive.Apply(ctx, dir, content.NewReader(reader))
	return dir, err
}
