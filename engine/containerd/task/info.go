package task

import (
	"context"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/api/services/introspection/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/google/uuid"
	"github.com/moby/sys/atomicwriter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Info asks a runtime what it is and can do: the shim answers, and asks the
// program that it would run.
func (t *Tasks) Info(ctx context.Context, r *introspection.PluginInfoRequest) (*introspection.PluginInfoResponse, error) {
	if r.Type != "io.containerd.runtime.v2" || r.ID != "task" {
		return nil, errdefs.NotImplemented("no information about %s.%s", r.Type, r.ID)
	}
	var request types.RuntimeRequest
	if r.Options != nil {
		if err := proto.Unmarshal(r.Options.Value, &request); err != nil {
			return nil, errdefs.Invalid("options: %v", err)
		}
	}
	name := request.RuntimePath
	if name == "" {
		name = DefaultRuntime
	}
	binary, err := shimBinary(name)
	if err != nil {
		return nil, err
	}
	info, err := t.Shims.Info(ctx, binary, request.Options)
	if err != nil {
		return nil, err
	}
	extra, err := anypb.New(info)
	if err != nil {
		return nil, err
	}
	return &introspection.PluginInfoResponse{Plugin: &introspection.Plugin{Type: r.Type, ID: r.ID}, Extra: extra}, nil
}

// DefaultRuntime is the runtime of a container that names none.
const DefaultRuntime = "io.containerd.engine.v2"

// Identity reads the name of this engine from a folder, and makes it at first.
func Identity(root string) (string, error) {
	path := filepath.Join(root, "uuid")
	if data, err := os.ReadFile(path); err == nil {
		if id, err := uuid.Parse(string(data)); err == nil {
			return id.String(), nil
		}
	}
	id := uuid.New().String()
	return id, atomicwriter.WriteFile(path, []byte(id), 0o600)
}
