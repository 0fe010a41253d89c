package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	containersapi "github.com/containerd/containerd/api/services/containers/v1"
	contentapi "github.com/containerd/containerd/api/services/content/v1"
	diffapi "github.com/containerd/containerd/api/services/diff/v1"
	eventsapi "github.com/containerd/containerd/api/services/events/v1"
	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/api/services/introspection/v1"
	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	namespacesapi "github.com/containerd/containerd/api/services/namespaces/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/containerd/client"
	"github.com/callroute/callroute/engine/containerd/types"
)

// TestBadInput asks for what cannot be: each a clear error of its class, and
// nothing is left.
func TestBadInput(t *testing.T) {
	h := newHost(t, ours)
	ctx := h.context()
	id, pid := h.run("c", "sleep", "1000")
	o := types.CreateOptions{Spec: specOf(id, []string{"true"}, false)}
	create := func(c *client.Client, id string, o types.CreateOptions) func() error {
		return func() error { _, err := c.Create(ctx, id, o); return err }
	}
	other := func(runtime string) *client.Client {
		c, err := client.New(client.Config{Address: h.address(), Namespace: "test", Runtime: runtime})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	noProgram := o
	noProgram.Spec = specOf(h.id("x"), []string{"no-such-program"}, false)
	for _, c := range []struct {
		name  string
		do    func() error
		class func(error) bool
		says  string
	}{
		{"an id with a slash", create(h.Client, "../x", o), errdefs.IsInvalidArgument, "../x"},
		{"no id", create(h.Client, "", o), errdefs.IsInvalidArgument, ""},
		{"the same container twice", create(h.Client, id, o), errdefs.IsAlreadyExists, id},
		{"an unknown runtime", create(other("io.containerd.nope.v2"), h.id("x"), o), errdefs.IsInvalidArgument, "containerd-shim-nope-v2"},
		{"a runtime that is no name", create(other("nope"), h.id("x"), o), errdefs.IsInvalidArgument, "nope"},
		{"a runtime out of reach", create(other("io.containerd.../../bin/sh.v2"), h.id("x"), o), errdefs.IsInvalidArgument, ""},
		{"a runtime that is a folder", create(other("/tmp"), h.id("x"), o), errdefs.IsInvalidArgument, "/tmp"},
		{"a shim that is none", create(other("/bin/false"), h.id("x"), o), errdefs.IsInternal, ""},
		{"a program that is not there", create(h.Client, h.id("x"), noProgram), nil, ""},
		{"start of none", func() error { _, err := h.Start(ctx, "none", ""); return err }, errdefs.IsNotFound, "none"},
		{"start of one that runs", func() error { _, err := h.Start(ctx, id, ""); return err }, errdefs.IsFailedPrecondition, ""},
		{"kill of no exec", func() error { return h.Kill(ctx, id, "none", 9, types.KillProcess) }, errdefs.IsNotFound, ""},
		{"an exec id with a slash", func() error {
			return h.Exec(ctx, id, "../e", processOf([]string{"true"}, false), types.IO{})
		}, errdefs.IsInvalidArgument, "../e"},
		{"unpause of one that is not paused", func() error { return h.Unpause(ctx, id) }, nil, ""},
		{"removal of one that runs", func() error { _, err := h.Remove(ctx, id, ""); return err }, errdefs.IsFailedPrecondition, ""},
		{"state of none", func() error { _, err := h.State(ctx, "none", ""); return err }, errdefs.IsNotFound, "none"},
		{"metrics of none", func() error { _, _, err := h.Metrics(ctx, "none"); return err }, errdefs.IsNotFound, "none"},
		{"a checkpoint at no absolute path", func() error {
			return h.Checkpoint(ctx, id, types.CheckpointOptions{Dir: "here"})
		}, errdefs.IsInvalidArgument, "here"},
	} {
		err := c.do()
		switch {
		case err == nil:
			t.Errorf("%s is no error", c.name)
		case c.class != nil && !c.class(err):
			t.Errorf("%s is an error of another class: %v", c.name, err)
		case !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if state := h.wantStatus(id, types.StatusRunning); state.Pid != pid {
		t.Errorf("state %+v", state)
	}
	if all, err := h.List(ctx); err != nil || len(all) != 1 {
		t.Errorf("list: %+v, %v", all, err)
	}
	h.remove(id)
}

// TestEmptyRequests sends every method a request with nothing in it, within a
// namespace and without: an answer or an error, and containerd lives.
func TestEmptyRequests(t *testing.T) {
	h := newHost(t, ours)
	conn, err := grpc.NewClient("unix://"+h.address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	within := namespaces.WithNamespace(h.context(), "test")
	for _, service := range []grpc.ServiceDesc{
		containersapi.Containers_ServiceDesc, contentapi.Content_ServiceDesc, diffapi.Diff_ServiceDesc, eventsapi.Events_ServiceDesc,
		imagesapi.Images_ServiceDesc, introspection.Introspection_ServiceDesc, leasesapi.Leases_ServiceDesc,
		namespacesapi.Namespaces_ServiceDesc, snapshotsapi.Snapshots_ServiceDesc, tasks.Tasks_ServiceDesc,
		grpc_health_v1.Health_ServiceDesc,
	} {
		for _, method := range service.Methods {
			name := "/" + service.ServiceName + "/" + method.MethodName
			for _, ctx := range []context.Context{h.context(), within} {
				// An empty message of one type is one of every type.
				err := conn.Invoke(ctx, name, &emptypb.Empty{}, &emptypb.Empty{})
				switch code := status.Code(err); {
				case code == codes.Internal && name == "/containerd.services.content.v1.Content/Update":
					// The library panics, which is caught.
				case code == codes.Unavailable, code == codes.Internal, code == codes.Unimplemented && !strings.Contains(name, "PluginInfo"):
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if _, err := tasks.NewTasksClient(conn).List(h.context(), &tasks.ListTasksRequest{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("without a namespace: %v", err)
	}
}

// TestFolders looks at who may see what.
func TestFolders(t *testing.T) {
	h := newHost(t, ours)
	h.load()
	id, _ := h.run("c", "sleep", "1000")
	for path, want := range map[string]os.FileMode{
		"c.sock":       0o660,
		"c.sock.ttrpc": 0o660,
		"root":         0o711,
		"state":        0o711,
		"root/io.containerd.metadata.v1.bolt/meta.db":                     0o600,
		"root/io.containerd.snapshotter.v1.overlayfs":                     0o700,
		"state/io.containerd.runtime.v2.task/test/" + id:                  0o700,
		"state/io.containerd.runtime.v2.task/test/" + id + "/config.json": 0o600,
		"root/lock": 0o600,
		"root/uuid": 0o600,
	} {
		info, err := os.Stat(h.path(path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
	h.remove(id)
}

// TestRefusals starts containerd where it cannot be.
func TestRefusals(t *testing.T) {
	h := newHost(t, ours)
	file := h.path("file")
	if err := writeFile(file, "text"); err != nil {
		t.Fatal(err)
	}
	other := h.path("other.sock")
	l, err := net.Listen("unix", other)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := func(address, root, state string, more ...string) []string {
		return append([]string{"--address", address, "--root", root, "--state", state}, more...)
	}
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"a root in use", at(h.path("b.sock"), h.path("root"), h.path("b")), "in use"},
		{"a state in use", at(h.path("b.sock"), h.path("b"), h.path("state")), "in use"},
		{"a socket in use", at(other, h.path("b"), h.path("b")), other},
		{"a file for a socket", at(file, h.path("b"), h.path("b")), "not a socket"},
		{"a root that is a file", at(h.path("b.sock"), file, h.path("b")), "file"},
		{"a socket of too long a path", at(filepath.Join(h.dir, strings.Repeat("x", 120)), h.path("b"), h.path("b")), "107"},
		{"no address", at("", h.path("b"), h.path("b")), "--address"},
		{"no such level", at(h.path("b.sock"), h.path("b"), h.path("b"), "--log-level", "loud"), "loud"},
		{"an argument", at(h.path("b.sock"), h.path("b"), h.path("b"), "more"), "more"},
		{"no such flag", at(h.path("b.sock"), h.path("b"), h.path("b"), "--nope"), "nope"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		out, err := exec.CommandContext(ctx, h.binary, c.args...).CombinedOutput()
		cancel()
		if exitCode(err) != 1 || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: exit code %d: %s", c.name, exitCode(err), out)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "text" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if _, _, err := h.Version(h.context()); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

func ioTo(out, err *fifo) types.IO { return types.IO{Stdout: out.path, Stderr: err.path} }
