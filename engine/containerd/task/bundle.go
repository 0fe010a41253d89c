package task

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/identifiers"
	"github.com/moby/sys/atomicwriter"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// newBundle makes the folder of a task with the spec in config.json and an
// empty rootfs. Its name is the id, so that must be safe as one.
func (t *Tasks) newBundle(k key, spec []byte) (string, error) {
	if err := identifiers.Validate(k.id); err != nil {
		return "", errdefs.Invalid("invalid task id %q: %v", k.id, err)
	}
	if !json.Valid(spec) {
		return "", errdefs.Invalid("the spec of %s is no JSON", k.id)
	}
	parent := filepath.Join(t.Bundles, k.namespace)
	if err := os.MkdirAll(parent, 0o711); err != nil {
		return "", err
	}
	bundle := filepath.Join(parent, k.id)
	if err := os.Mkdir(bundle, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return "", errdefs.Conflict("task %s already exists", k.id)
		}
		return "", err
	}
	err := errors.Join(
		os.Mkdir(filepath.Join(bundle, "rootfs"), 0o711),
		atomicwriter.WriteFile(filepath.Join(bundle, "config.json"), spec, 0o600),
	)
	if err != nil {
		return "", errors.Join(err, removeBundle(bundle))
	}
	return bundle, nil
}

// removeBundle removes the folder of a task. The shim unmounts the root file
// system; should it still be mounted, it must not be emptied.
func removeBundle(bundle string) error {
	if err := mount.UnmountRecursive(filepath.Join(bundle, "rootfs"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(bundle)
}

// specOf is the JSON of a container's spec.
func specOf(spec interface{ GetValue() []byte }) []byte {
	if spec == nil {
		return nil
	}
	return spec.GetValue()
}

// anyOf is options as they go over the wire, nil for none.
func anyOf(options interface {
	GetTypeUrl() string
	GetValue() []byte
},
) *anypb.Any {
	if options == nil || options.GetTypeUrl() == "" {
		return nil
	}
	return &anypb.Any{TypeUrl: options.GetTypeUrl(), Value: options.GetValue()}
}
