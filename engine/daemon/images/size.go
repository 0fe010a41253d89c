package images

import (
	"context"
	"strconv"

	"github.com/containerd/containerd/v2/core/snapshots"
	cerrdefs "github.com/containerd/errdefs"

	"github.com/callroute/callroute/engine/daemon/diskusage"
)

const (
	// upperDir is the label of a snapshot that says where its files are. Not every
	// containerd sets it.
	upperDir = "containerd.io/snapshot/overlay.upperdir"
	// sizeLabel keeps how many bytes a layer's files have, which never changes.
	sizeLabel = "engine/bytes"
)

// sized is the image with its size.
func (s *stores) sized(ctx context.Context, i Image) (Image, error) {
	sizes, err := s.layerSizes(ctx, i.manifest)
	for _, size := range sizes {
		i.Size += size
	}
	return i, err
}

// layerSizes are the sizes of an image's layers, unpacked, or as they are kept
// while they are not unpacked.
func (s *stores) layerSizes(ctx context.Context, m *manifest) ([]int64, error) {
	sizes := make([]int64, len(m.chains))
	for i, chain := range m.chains {
		if size, ok := s.sizes.Load(chain); ok {
			sizes[i] = size.(int64)
			continue
		}
		size, err := s.layerSize(ctx, chain.String())
		switch {
		case cerrdefs.IsNotFound(err):
			sizes[i] = m.layers[i].Size
		case err != nil:
			return nil, err
		default:
			sizes[i] = size
			s.sizes.Store(chain, size)
		}
	}
	return sizes, nil
}

// layerSize is the size of a chain's upmost layer. It is counted once and kept.
func (s *stores) layerSize(ctx context.Context, chain string) (int64, error) {
	info, err := s.Snapshots.Stat(ctx, chain)
	if err != nil {
		return 0, err
	}
	if size, err := strconv.ParseInt(info.Labels[sizeLabel], 10, 64); err == nil {
		return size, nil
	}
	size, err := s.snapshotSize(ctx, info)
	if err != nil {
		return 0, err
	}
	kept := snapshots.Info{Name: chain, Labels: map[string]string{sizeLabel: strconv.FormatInt(size, 10)}}
	if _, err := s.Snapshots.Update(ctx, kept, "labels."+sizeLabel); err != nil && !cerrdefs.IsNotFound(err) {
		return 0, err
	}
	return size, nil
}

// snapshotSize is how many bytes the files of a snapshot have, or take up if
// nobody says where they are.
func (s *stores) snapshotSize(ctx context.Context, info snapshots.Info) (int64, error) {
	if dir := info.Labels[upperDir]; dir != "" {
		return diskusage.Bytes(ctx, dir)
	}
	usage, err := s.Snapshots.Usage(ctx, info.Name)
	return usage.Size, err
}
