package images

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/archive/compression"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Import makes an image with one layer of a tar of a file system.
func (s *Service) Import(ctx context.Context, tar io.Reader, o types.ImageImportOptions, progress types.Progress) error {
	var named reference.Named
	if o.Repository != "" {
		var err error
		if named, err = tagged(o.Repository, o.Tag); err != nil {
			return err
		}
	}
	platform := platforms.DefaultSpec()
	if o.Platform != "" {
		p, err := platforms.Parse(o.Platform)
		if err != nil {
			return errdefs.Invalid("%v", err)
		}
		platform = p
	}
	now := time.Now().UTC()
	config := dockerspec.DockerOCIImage{Image: ocispec.Image{Created: &now, Platform: platform}}
	if err := change(&config.Config, o.Changes); err != nil {
		return err
	}
	return s.leased(ctx, func(ctx context.Context) error {
		layer, diffID, err := s.writeLayer(ctx, tar)
		if err != nil {
			return badTar(err)
		}
		config.RootFS = ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}}
		config.History = []ocispec.History{{Created: &now, Comment: o.Message}}
		manifest, err := s.writeImage(ctx, config, layer)
		if err != nil {
			return err
		}
		i, err := s.read(ctx, manifest)
		if err != nil {
			return err
		}
		if err := s.unpack(ctx, i); err != nil {
			return badTar(err)
		}
		if err := s.labelChildren(ctx, manifest); err != nil {
			return err
		}
		name := danglingPrefix + i.ID.String()
		shown := i.ID.String()
		if named != nil {
			name, shown = named.String(), reference.FamiliarString(named)
		}
		if err := s.name(ctx, images.Image{Name: name, Target: manifest}); err != nil {
			return err
		}
		s.Event(events.ActionImport, i.ID.String(), shown)
		return progress(jsonstream.Message{Status: i.ID.String()})
	})
}

// writeLayer stores a tar, unpacked from what compressed it.
func (s *Service) writeLayer(ctx context.Context, tar io.Reader) (ocispec.Descriptor, digest.Digest, error) {
	plain, err := compression.DecompressStream(tar)
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	defer plain.Close()
	w, err := content.OpenWriter(ctx, s.Content, content.WithRef("import-"+time.Now().Format(time.RFC3339Nano)))
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	defer w.Close()
	size, err := io.Copy(w, plain)
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	d := w.Digest()
	if err := w.Commit(ctx, size, d); err != nil && !cerrdefs.IsAlreadyExists(err) {
		return ocispec.Descriptor{}, "", err
	}
	return ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Layer, Digest: d, Size: size}, d, nil
}

func (s *Service) writeImage(ctx context.Context, config dockerspec.DockerOCIImage, layer ocispec.Descriptor) (ocispec.Descriptor, error) {
	c, err := s.writeJSON(ctx, images.MediaTypeDockerSchema2Config, config)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return s.writeJSON(ctx, images.MediaTypeDockerSchema2Manifest, ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: images.MediaTypeDockerSchema2Manifest, Config: c, Layers: []ocispec.Descriptor{layer},
	})
}

func (s *Service) writeJSON(ctx context.Context, mediaType string, v any) (ocispec.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	return d, content.WriteBlob(ctx, s.Content, "import-"+d.Digest.String(), bytes.NewReader(data), d)
}

// change applies instructions of a Dockerfile to a config.
func change(c *dockerspec.DockerOCIImageConfig, instructions []string) error {
	for _, line := range instructions {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return errdefs.Invalid("dockerfile parse error: %s requires an argument", verb)
		}
		switch strings.ToUpper(verb) {
		case "CMD":
			c.Cmd = command(rest)
		case "ENTRYPOINT":
			c.Entrypoint = command(rest)
		case "ENV":
			if key, value, ok := strings.Cut(rest, "="); ok {
				rest = key + "=" + strings.Trim(value, `"`)
			} else {
				key, value, _ := strings.Cut(rest, " ")
				rest = key + "=" + strings.TrimSpace(value)
			}
			c.Env = append(c.Env, rest)
		case "EXPOSE":
			if c.ExposedPorts == nil {
				c.ExposedPorts = map[string]struct{}{}
			}
			for _, port := range strings.Fields(rest) {
				if !strings.Contains(port, "/") {
					port += "/tcp"
				}
				c.ExposedPorts[port] = struct{}{}
			}
		case "LABEL":
			key, value, ok := strings.Cut(rest, "=")
			if !ok {
				return errdefs.Invalid("dockerfile parse error: LABEL must have two arguments")
			}
			if c.Labels == nil {
				c.Labels = map[string]string{}
			}
			c.Labels[key] = strings.Trim(value, `"`)
		case "USER":
			c.User = rest
		case "WORKDIR":
			c.WorkingDir = rest
		case "STOPSIGNAL":
			c.StopSignal = rest
		case "VOLUME":
			if c.Volumes == nil {
				c.Volumes = map[string]struct{}{}
			}
			for _, v := range volumesOf(rest) {
				c.Volumes[v] = struct{}{}
			}
		case "ONBUILD":
			c.OnBuild = append(c.OnBuild, rest)
		default:
			return errdefs.Invalid("%s is not a valid change command", strings.ToLower(verb))
		}
	}
	return nil
}

// command reads the exec form, ["a","b"], or the shell form.
func command(text string) []string {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	return []string{"/bin/sh", "-c", text}
}

func volumesOf(text string) []string {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	return strings.Fields(text)
}
