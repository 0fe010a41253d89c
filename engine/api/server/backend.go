package server

import (
	"context"
	"io"

	"github.com/moby/moby/api/types/checkpoint"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// Backend is what the server asks of the daemon, one field for each kind of
// thing that a request can be about.
type Backend struct {
	Containers  Containers
	Execs       Execs
	Archives    Archives
	Checkpoints Checkpoints
	Images      Images
	Volumes     Volumes
	Networks    Networks
	System      System
}

// Containers are the verbs of /containers. A name is a container's
// name, its ID, or a prefix of its ID that no other container has.
type Containers interface {
	Create(ctx context.Context, name string, req types.CreateRequest) (container.CreateResponse, error)
	Start(ctx context.Context, name string, opts types.StartOptions) error
	Stop(ctx context.Context, name string, opts types.StopOptions) error
	Restart(ctx context.Context, name string, opts types.StopOptions) error
	Kill(ctx context.Context, name, signal string) error
	Pause(ctx context.Context, name string) error
	Unpause(ctx context.Context, name string) error
	Remove(ctx context.Context, name string, opts types.RemoveOptions) error
	Rename(ctx context.Context, name, newName string) error
	Update(ctx context.Context, name string, config types.UpdateConfig) (container.UpdateResponse, error)
	List(ctx context.Context, opts types.ListOptions) ([]container.Summary, error)
	Inspect(ctx context.Context, name string, size bool) (types.Container, error)
	Top(ctx context.Context, name string, psArgs string) (container.TopResponse, error)
	Prune(ctx context.Context, filters types.Filters) (container.PruneReport, error)

	// Wait returns once the container is known and watched; the channel gives
	// one answer when the condition is met, and none when ctx ends first.
	Wait(ctx context.Context, name string, condition container.WaitCondition) (<-chan container.WaitResponse, error)

	// Attach resolves the container and checks that it can be attached to,
	// then calls connect for the client's connection, which it uses until the
	// container or the client ends it. connect is not called on an error.
	Attach(ctx context.Context, name string, opts types.AttachOptions, connect Connect) error
	Resize(ctx context.Context, name string, opts types.ResizeOptions) error
	// Logs checks the request, then calls open for the writer, once.
	Logs(ctx context.Context, name string, opts types.LogsOptions, open OpenWriter) error
	// Stats calls open, then writes one JSON container.StatsResponse a second,
	// or one in all.
	Stats(ctx context.Context, name string, mode StatsMode, open OpenWriter) error
}

// Execs are the verbs of /exec, on processes that are added to a container that
// runs.
type Execs interface {
	Create(ctx context.Context, name string, req container.ExecCreateRequest) (container.ExecCreateResponse, error)
	Start(ctx context.Context, execID string, opts types.ExecStartOptions, connect Connect) error
	Inspect(ctx context.Context, execID string) (container.ExecInspectResponse, error)
	Resize(ctx context.Context, execID string, opts types.ResizeOptions) error
}

// Archives copy files out of a container and into it, and tell of them.
type Archives interface {
	Diff(ctx context.Context, name string) ([]container.FilesystemChange, error)
	// Export calls open once it is known that there is something to write.
	Export(ctx context.Context, name string, open OpenWriter) error
	Commit(ctx context.Context, name string, opts types.CommitOptions) (id string, err error)
	Stat(ctx context.Context, name, path string) (container.PathStat, error)
	CopyFrom(ctx context.Context, name, path string) (container.PathStat, io.ReadCloser, error)
	CopyTo(ctx context.Context, name string, opts types.CopyToOptions, tar io.Reader) error
}

// Checkpoints are the verbs of a container's checkpoints.
type Checkpoints interface {
	Create(ctx context.Context, name string, req checkpoint.CreateRequest) error
	List(ctx context.Context, name string, opts types.CheckpointOptions) ([]checkpoint.Summary, error)
	Remove(ctx context.Context, name, checkpointID string, opts types.CheckpointOptions) error
}

// Images are the verbs of /images. A name is a reference as a person types
// it, or an ID or its prefix.
type Images interface {
	List(ctx context.Context, opts types.ImageListOptions) ([]image.Summary, error)
	Inspect(ctx context.Context, name string) (image.InspectResponse, error)
	History(ctx context.Context, name string) ([]image.HistoryResponseItem, error)
	Tag(ctx context.Context, name, repository, tag string) error
	Remove(ctx context.Context, name string, opts types.ImageRemoveOptions) ([]image.DeleteResponse, error)
	Prune(ctx context.Context, filters types.Filters) (image.PruneReport, error)
	// Load, Pull and Import report as they go: each progress message is one
	// jsonstream.Message. An error before the first message is a status; one
	// after it is the stream's last message.
	Load(ctx context.Context, tar io.Reader, progress Progress) error
	Pull(ctx context.Context, ref string, opts types.ImagePullOptions, progress Progress) error
	Push(ctx context.Context, ref string, opts types.ImagePushOptions, progress Progress) error
	// Login asks a registry whether it knows who wants to log in.
	Login(ctx context.Context, auth registry.AuthConfig) (registry.AuthResponse, error)
	Import(ctx context.Context, tar io.Reader, opts types.ImageImportOptions, progress Progress) error
	// Save checks that every name exists before it calls open.
	Save(ctx context.Context, names []string, open OpenWriter) error
}

// Volumes are the verbs of /volumes.
type Volumes interface {
	Create(ctx context.Context, req volume.CreateRequest) (volume.Volume, error)
	List(ctx context.Context, filters types.Filters) (volume.ListResponse, error)
	Inspect(ctx context.Context, name string) (volume.Volume, error)
	Remove(ctx context.Context, name string, force bool) error
	Prune(ctx context.Context, filters types.Filters) (volume.PruneReport, error)
}

// Networks are the verbs of /networks.
type Networks interface {
	Create(ctx context.Context, req network.CreateRequest) (network.CreateResponse, error)
	List(ctx context.Context, filters types.Filters) ([]network.Summary, error)
	Inspect(ctx context.Context, name string) (network.Inspect, error)
	Connect(ctx context.Context, name string, req network.ConnectRequest) error
	Disconnect(ctx context.Context, name string, req network.DisconnectRequest) error
	Remove(ctx context.Context, name string) error
	Prune(ctx context.Context, filters types.Filters) (network.PruneReport, error)
}

// System are the verbs about the engine itself.
type System interface {
	Info(ctx context.Context) (system.Info, error)
	Version(ctx context.Context) (system.VersionResponse, error)
	// Events sends what happened since, then what happens, until ctx ends or
	// the time of opts.Until is reached; then it closes the channel.
	Events(ctx context.Context, opts types.EventsOptions) (<-chan types.Event, error)
	DiskUsage(ctx context.Context, opts types.DiskUsageOptions) (system.DiskUsage, error)
}

type (
	// Connect takes the client's connection over.
	Connect = types.Connect
	// OpenWriter begins an answer of output.
	OpenWriter = types.OpenWriter
	// StreamKind is how output is sent.
	StreamKind = types.StreamKind
	// StatsMode is how often statistics are sent.
	StatsMode = types.StatsMode
	// Progress sends one message of a long operation.
	Progress = types.Progress
)

// The kinds of streams and of statistics.
const (
	Multiplexed  = types.Multiplexed
	Raw          = types.Raw
	StatsStream  = types.StatsStream
	StatsOnce    = types.StatsOnce
	StatsOneShot = types.StatsOneShot
)
