package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/checkpoint"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// fake is a backend that writes down what it is asked and answers what the
// test has set.
type fake struct {
	mu    sync.Mutex
	calls []string

	err      error                       // what every call returns
	output   func(StreamKind, io.Writer) // of logs and stats; err comes after it
	kind     StreamKind
	exit     chan container.WaitResponse
	messages []any // of load, pull and import; err comes after them
	events   chan types.Event
	info     system.Info
	version  system.VersionResponse
	list     []container.Summary
	inspect  types.Container
	images   []image.Summary
	image    image.InspectResponse
	usage    system.DiskUsage
	panics   bool
}

func (f *fake) backend() Backend {
	return Backend{
		Containers: fakeContainers{f}, Execs: fakeExecs{f}, Archives: fakeArchives{f}, Checkpoints: fakeCheckpoints{f}, Images: fakeImages{f}, Volumes: fakeVolumes{f},
		Networks: fakeNetworks{f}, System: fakeSystem{f},
	}
}

// called notes a call as name and JSON arguments.
func (f *fake) called(name string, args ...any) error {
	if f.panics {
		panic("the backend is broken")
	}
	words := []string{name}
	for _, arg := range args {
		encoded, err := json.Marshal(arg)
		if err != nil {
			return err
		}
		words = append(words, string(encoded))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, strings.Join(words, " "))
	return f.err
}

// asked is every call so far.
func (f *fake) asked() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.calls, "\n")
}

// talk answers on a client's connection what it reads there, in capitals.
func (f *fake) talk(ctx context.Context, connect Connect) error {
	conn, err := connect(f.kind)
	if err != nil {
		return err
	}
	defer conn.Close()
	read, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	// The end of the input is not the end of the request.
	time.Sleep(10 * time.Millisecond)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err = fmt.Fprintf(conn, "heard %s", strings.ToUpper(string(read)))
	return err
}

func (f *fake) write(open OpenWriter) error {
	w := open(f.kind)
	if f.output != nil {
		f.output(f.kind, w)
	}
	return nil
}

func (f *fake) report(progress Progress) error {
	for _, m := range f.messages {
		if err := progress(m); err != nil {
			return err
		}
	}
	return f.err
}

func message(text string) any { return jsonstream.Message{Status: text} }

type fakeContainers struct{ *fake }

func (f fakeContainers) Create(_ context.Context, name string, req types.CreateRequest) (container.CreateResponse, error) {
	return container.CreateResponse{ID: "new"}, f.called("Create", name, req.Image, req.Cmd)
}

func (f fakeContainers) Start(_ context.Context, name string, opts types.StartOptions) error {
	return f.called("Start", name, opts)
}

func (f fakeContainers) Stop(_ context.Context, name string, opts types.StopOptions) error {
	return f.called("Stop", name, opts)
}

func (f fakeContainers) Restart(_ context.Context, name string, opts types.StopOptions) error {
	return f.called("Restart", name, opts)
}

func (f fakeContainers) Kill(_ context.Context, name, signal string) error {
	return f.called("Kill", name, signal)
}

func (f fakeContainers) Pause(_ context.Context, name string) error { return f.called("Pause", name) }

func (f fakeContainers) Unpause(_ context.Context, name string) error {
	return f.called("Unpause", name)
}

func (f fakeContainers) Remove(_ context.Context, name string, opts types.RemoveOptions) error {
	return f.called("Remove", name, opts)
}

func (f fakeContainers) Rename(_ context.Context, name, newName string) error {
	return f.called("Rename", name, newName)
}

func (f fakeContainers) Update(_ context.Context, name string, config types.UpdateConfig) (container.UpdateResponse, error) {
	return container.UpdateResponse{}, f.called("Update", name, config.Memory, config.CacheProperty)
}

func (f fakeContainers) List(_ context.Context, opts types.ListOptions) ([]container.Summary, error) {
	return f.list, f.called("List", opts)
}

func (f fakeContainers) Inspect(_ context.Context, name string, size bool) (types.Container, error) {
	return f.inspect, f.called("Inspect", name, size)
}

func (f fakeContainers) Top(_ context.Context, name, psArgs string) (container.TopResponse, error) {
	return container.TopResponse{Titles: []string{"PID"}}, f.called("Top", name, psArgs)
}

func (f fakeContainers) Prune(_ context.Context, filters types.Filters) (container.PruneReport, error) {
	return container.PruneReport{}, f.called("Prune", filters)
}

func (f fakeContainers) Wait(_ context.Context, name string, condition container.WaitCondition) (<-chan container.WaitResponse, error) {
	return f.exit, f.called("Wait", name, condition)
}

func (f fakeContainers) Attach(ctx context.Context, name string, opts types.AttachOptions, connect Connect) error {
	if err := f.called("Attach", name, opts); err != nil {
		return err
	}
	return f.talk(ctx, connect)
}

func (f fakeContainers) Resize(_ context.Context, name string, opts types.ResizeOptions) error {
	return f.called("Resize", name, opts)
}

func (f fakeContainers) Logs(_ context.Context, name string, opts types.LogsOptions, open OpenWriter) error {
	if f.output == nil {
		return f.called("Logs", name, opts)
	}
	if err := f.write(open); err != nil {
		return err
	}
	return f.called("Logs", name, opts)
}

func (f fakeContainers) Stats(ctx context.Context, name string, mode StatsMode, open OpenWriter) error {
	if err := f.called("Stats", name, mode); err != nil {
		return err
	}
	if mode == StatsStream && f.output == nil {
		open(Raw)
		<-ctx.Done()
		return f.called("Stats ended")
	}
	return f.write(open)
}

type fakeExecs struct{ *fake }

func (f fakeExecs) Create(_ context.Context, name string, req container.ExecCreateRequest) (container.ExecCreateResponse, error) {
	return container.ExecCreateResponse{ID: "e1"}, f.called("ExecCreate", name, req.Cmd)
}

func (f fakeExecs) Start(ctx context.Context, id string, opts types.ExecStartOptions, connect Connect) error {
	if err := f.called("ExecStart", id, opts); err != nil || opts.Detach {
		return err
	}
	return f.talk(ctx, connect)
}

func (f fakeExecs) Inspect(_ context.Context, id string) (container.ExecInspectResponse, error) {
	return container.ExecInspectResponse{ID: id}, f.called("ExecInspect", id)
}

func (f fakeExecs) Resize(_ context.Context, id string, opts types.ResizeOptions) error {
	return f.called("ExecResize", id, opts)
}

type fakeArchives struct{ *fake }

func (f fakeArchives) Stat(_ context.Context, name, path string) (container.PathStat, error) {
	return container.PathStat{Name: "hosts"}, f.called("CopyStat", name, path)
}

func (f fakeArchives) CopyFrom(_ context.Context, name, path string) (container.PathStat, io.ReadCloser, error) {
	return container.PathStat{Name: "hosts"}, io.NopCloser(strings.NewReader("a tar")), f.called("CopyFrom", name, path)
}

func (f fakeArchives) CopyTo(_ context.Context, name string, opts types.CopyToOptions, tar io.Reader) error {
	read, err := io.ReadAll(tar)
	if err != nil {
		return err
	}
	return f.called("CopyTo", name, opts, string(read))
}

func (f fakeArchives) Diff(_ context.Context, name string) ([]container.FilesystemChange, error) {
	return nil, f.called("Diff", name)
}

func (f fakeArchives) Export(_ context.Context, name string, open OpenWriter) error {
	if err := f.called("Export", name); err != nil {
		return err
	}
	return f.write(open)
}

type fakeCheckpoints struct{ *fake }

func (f fakeCheckpoints) Create(_ context.Context, name string, req checkpoint.CreateRequest) error {
	return f.called("CheckpointCreate", name, req)
}

func (f fakeCheckpoints) List(_ context.Context, name string, opts types.CheckpointOptions) ([]checkpoint.Summary, error) {
	return nil, f.called("CheckpointList", name, opts)
}

func (f fakeCheckpoints) Remove(_ context.Context, name, id string, opts types.CheckpointOptions) error {
	return f.called("CheckpointRemove", name, id, opts)
}

type fakeImages struct{ *fake }

func (f fakeImages) List(_ context.Context, opts types.ImageListOptions) ([]image.Summary, error) {
	return f.images, f.called("Images.List", opts)
}

func (f fakeImages) Inspect(_ context.Context, name string) (image.InspectResponse, error) {
	return f.image, f.called("Images.Inspect", name)
}

func (f fakeImages) History(_ context.Context, name string) ([]image.HistoryResponseItem, error) {
	return nil, f.called("Images.History", name)
}

func (f fakeImages) Tag(_ context.Context, name, repository, tag string) error {
	return f.called("Images.Tag", name, repository, tag)
}

func (f fakeImages) Remove(_ context.Context, name string, opts types.ImageRemoveOptions) ([]image.DeleteResponse, error) {
	return nil, f.called("Images.Remove", name, opts)
}

func (f fakeImages) Prune(_ context.Context, filters types.Filters) (image.PruneReport, error) {
	return image.PruneReport{}, f.called("Images.Prune", filters)
}

func (f fakeImages) Load(_ context.Context, tar io.Reader, progress Progress) error {
	read, err := io.ReadAll(tar)
	if err != nil {
		return err
	}
	_ = f.called("Images.Load", string(read))
	return f.report(progress)
}

func (f fakeImages) Pull(_ context.Context, ref string, opts types.ImagePullOptions, progress Progress) error {
	_ = f.called("Images.Pull", ref, opts)
	return f.report(progress)
}

func (f fakeImages) Import(_ context.Context, tar io.Reader, opts types.ImageImportOptions, progress Progress) error {
	read, err := io.ReadAll(tar)
	if err != nil {
		return err
	}
	_ = f.called("Images.Import", string(read), opts)
	return f.report(progress)
}

func (f fakeImages) Save(_ context.Context, names []string, open OpenWriter) error {
	if f.output == nil {
		return f.called("Images.Save", names)
	}
	if err := f.write(open); err != nil {
		return err
	}
	return f.called("Images.Save", names)
}

type fakeVolumes struct{ *fake }

func (f fakeVolumes) Create(_ context.Context, req volume.CreateRequest) (volume.Volume, error) {
	return volume.Volume{Name: req.Name}, f.called("Volumes.Create", req)
}

func (f fakeVolumes) List(_ context.Context, filters types.Filters) (volume.ListResponse, error) {
	return volume.ListResponse{}, f.called("Volumes.List", filters)
}

func (f fakeVolumes) Inspect(_ context.Context, name string) (volume.Volume, error) {
	return volume.Volume{Name: name}, f.called("Volumes.Inspect", name)
}

func (f fakeVolumes) Remove(_ context.Context, name string, force bool) error {
	return f.called("Volumes.Remove", name, force)
}

func (f fakeVolumes) Prune(_ context.Context, filters types.Filters) (volume.PruneReport, error) {
	return volume.PruneReport{}, f.called("Volumes.Prune", filters)
}

type fakeNetworks struct{ *fake }

func (f fakeNetworks) List(_ context.Context, filters types.Filters) ([]network.Summary, error) {
	return nil, f.called("Networks.List", filters)
}

func (f fakeNetworks) Inspect(_ context.Context, name string) (network.Inspect, error) {
	return network.Inspect{Network: network.Network{Name: name}}, f.called("Networks.Inspect", name)
}

type fakeSystem struct{ *fake }

func (f fakeSystem) Info(context.Context) (system.Info, error) { return f.info, f.called("Info") }

func (f fakeSystem) Version(context.Context) (system.VersionResponse, error) {
	return f.version, f.called("Version")
}

func (f fakeSystem) Events(_ context.Context, opts types.EventsOptions) (<-chan types.Event, error) {
	return f.events, f.called("Events", opts)
}

func (f fakeSystem) DiskUsage(_ context.Context, opts types.DiskUsageOptions) (system.DiskUsage, error) {
	return f.usage, f.called("DiskUsage", opts)
}

func (f fakeNetworks) Create(_ context.Context, req network.CreateRequest) (network.CreateResponse, error) {
	return network.CreateResponse{ID: "id"}, f.called("Networks.Create", req.Name)
}

func (f fakeNetworks) Connect(_ context.Context, name string, req network.ConnectRequest) error {
	return f.called("Networks.Connect", name, req.Container)
}

func (f fakeNetworks) Disconnect(_ context.Context, name string, req network.DisconnectRequest) error {
	return f.called("Networks.Disconnect", name, req.Container, req.Force)
}

func (f fakeNetworks) Remove(_ context.Context, name string) error {
	return f.called("Networks.Remove", name)
}

func (f fakeNetworks) Prune(_ context.Context, filters types.Filters) (network.PruneReport, error) {
	return network.PruneReport{NetworksDeleted: []string{"n"}}, f.called("Networks.Prune", filters)
}

func (f fakeArchives) Commit(_ context.Context, name string, opts types.CommitOptions) (string, error) {
	return "sha256:1", f.called("Commit", name, opts)
}

func (f fakeImages) Push(_ context.Context, ref string, opts types.ImagePushOptions, _ Progress) error {
	return f.called("Images.Push", ref, opts)
}

func (f fakeImages) Login(_ context.Context, auth registry.AuthConfig) (registry.AuthResponse, error) {
	return registry.AuthResponse{Status: "Login Succeeded"}, f.called("Images.Login", auth.Username, auth.ServerAddress)
}
