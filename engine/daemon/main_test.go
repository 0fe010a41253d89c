package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/event"
	"github.com/callroute/callroute/engine/daemon/images"
	fakenet "github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/daemon/volumes"
	"github.com/callroute/callroute/engine/errdefs"
)

// bench is a daemon on fakes that outlive it.
type bench struct {
	*Daemon
	t          *testing.T
	config     Config
	containerd *fakeContainerd
	images     *fakeImages
	network    *fakeNetwork
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		t: t, containerd: newFakeContainerd(),
		images:  &fakeImages{prepared: map[string]bool{}, image: busybox()},
		network: &fakeNetwork{joined: map[string]*fakenet.Endpoint{}, names: map[string]string{}},
	}
	b.config = Config{
		ID: "engine-id", Name: "machine", Release: "1.2.3", Root: t.TempDir(), ExecRoot: t.TempDir(), CgroupRoot: "test", Runtime: "engine",
		Containerd: b.containerd, Images: b.images, Network: b.network,
	}
	b.start()
	t.Cleanup(func() {
		b.LiveRestore = true
		b.Shutdown(context.Background())
	})
	return b
}

func busybox() images.Image {
	return images.Image{
		ID: "sha256:" + strings.Repeat("b", 64), RepoTags: []string{"busybox:latest"}, Size: 1000,
		Config: &dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{
			Cmd: []string{"sh"}, Env: []string{"PATH=/bin", "FROM=image"}, WorkingDir: "/work", Labels: map[string]string{"from": "image"},
		}},
	}
}

// start makes the daemon, on whatever is there.
func (b *bench) start() {
	b.t.Helper()
	config := b.config
	config.EventLog = event.NewLog()
	var err error
	if config.Volumes, err = volumes.New(volumes.Config{Root: filepath.Join(config.Root, "volumes")}); err != nil {
		b.t.Fatal(err)
	}
	if b.Daemon, err = New(config); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Restore(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// crash ends the daemon without a word to anybody.
func (b *bench) crash() {
	b.t.Helper()
	b.LiveRestore = true
	b.Shutdown(context.Background())
}

// request is a container of busybox that sleeps.
func request(change ...func(*types.CreateRequest)) types.CreateRequest {
	r := types.CreateRequest{Config: &container.Config{Image: "busybox", Cmd: []string{"sleep", "1000"}}, HostConfig: &types.HostConfig{}}
	r.HostConfig.NetworkMode = "none"
	for _, c := range change {
		c(&r)
	}
	return r
}

func (b *bench) create(name string, change ...func(*types.CreateRequest)) string {
	b.t.Helper()
	response, err := b.Create(b.t.Context(), name, request(change...))
	if err != nil {
		b.t.Fatal(err)
	}
	return response.ID
}

func (b *bench) run(name string, change ...func(*types.CreateRequest)) string {
	b.t.Helper()
	id := b.create(name, change...)
	b.do(b.Start(b.t.Context(), name, types.StartOptions{}))
	return id
}

func (b *bench) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) state(name string) container.State {
	b.t.Helper()
	c, err := b.Inspect(b.t.Context(), name, false)
	b.do(err)
	return *c.State
}

// expectState compares a state and its exit code, "exited 137".
func (b *bench) expectState(name, want string) {
	b.t.Helper()
	s := b.state(name)
	if got := fmt.Sprint(s.Status, " ", s.ExitCode); got != want {
		b.t.Errorf("%s is %s, want %s", name, got, want)
	}
}

func (b *bench) awaitState(name string, want container.ContainerState) {
	b.t.Helper()
	eventually(b.t, name+" is "+string(want), func() bool { return b.state(name).Status == want })
}

func (b *bench) awaitGone(name string) {
	b.t.Helper()
	eventually(b.t, name+" is gone", func() bool {
		_, err := b.Inspect(b.t.Context(), name, false)
		return err != nil
	})
}

// expectCounts compares info's numbers: all, running, paused, stopped.
func (b *bench) expectCounts(when, want string) {
	b.t.Helper()
	i, err := b.Info(b.t.Context())
	b.do(err)
	if got := fmt.Sprint(i.Containers, i.ContainersRunning, i.ContainersPaused, i.ContainersStopped); got != want {
		b.t.Errorf("%s: all, running, paused, stopped are %s, want %s", when, got, want)
	}
}

// expectNothingLeft looks for what a container has beside its record.
func (b *bench) expectNothingLeft(id string) {
	b.t.Helper()
	if slices.Contains(b.containerd.running(), id) {
		b.t.Error("the task is left")
	}
	if b.network.Endpoint(id) != nil {
		b.t.Error("the network is left")
	}
	if _, err := os.Stat(filepath.Join(b.fifoDir(), id)); !errors.Is(err, fs.ErrNotExist) {
		b.t.Errorf("fifos are left: %v", err)
	}
}

// told is what happened to containers, as "action key=value".
func (b *bench) told(attributes ...string) []string {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	var all []string
	for e := range b.EventLog.Subscribe(ctx, time.Unix(1, 0), time.Now(), nil) {
		if e.Type == events.NetworkEventType {
			continue // of each start and end
		}
		line := string(e.Action)
		for _, a := range attributes {
			if v := e.Actor.Attributes[a]; v != "" {
				line += " " + a + "=" + v
			}
		}
		all = append(all, line)
	}
	return all
}

// toldOf are the events of one type, with the names of what they are about.
func (b *bench) toldOf(kind events.Type) (all []string) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	for e := range b.EventLog.Subscribe(ctx, time.Unix(1, 0), time.Now(), nil) {
		if e.Type == kind {
			all = append(all, string(e.Action)+" "+e.Actor.Attributes["name"])
		}
	}
	return all
}

func (b *bench) expectTold(want []string, attributes ...string) {
	b.t.Helper()
	if got := b.told(attributes...); !slices.Equal(got, want) {
		b.t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// expectError compares an error's status and a part of its message.
func expectError(t *testing.T, err error, status int, message string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error, want %d %s", status, message)
	case errdefs.ToHTTP(err) != status || !strings.Contains(err.Error(), message):
		t.Errorf("%d %v, want %d %s", errdefs.ToHTTP(err), err, status, message)
	}
}

const (
	bad      = http.StatusBadRequest
	missing  = http.StatusNotFound
	conflict = http.StatusConflict
	same     = http.StatusNotModified
)
