package process

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/api/types/runc/options"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
)

// newFakeRunc is a Runc whose runtime writes down its calls.
func newFakeRunc(t *testing.T) (r *Runc, call func() fakeCall) {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, fakeName)
	if err := os.Symlink(self, binary); err != nil {
		t.Fatal(err)
	}
	t.Setenv(fakeCallVar, filepath.Join(dir, "call"))
	r, err = NewRunc(RuncConfig{
		Namespace: "ns",
		Bundle:    dir,
		Options:   &options.Options{BinaryName: binary, Root: "/root"},
		Reaper:    reaper,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, func() fakeCall {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, "call"))
		if err != nil {
			t.Fatal(err)
		}
		var c fakeCall
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		global := []string{"--root", "/root/ns", "--log", filepath.Join(dir, "log.json"), "--log-format", "json"}
		if len(c.Args) < len(global) || !slices.Equal(c.Args[:len(global)], global) {
			t.Fatalf("arguments %q do not begin with %q", c.Args, global)
		}
		c.Args = c.Args[len(global):]
		return c
	}
}

func TestRuncArguments(t *testing.T) {
	r, call := newFakeRunc(t)
	ctx := context.Background()
	limit := int64(4096)
	update := func(schema string) *ctypes.Resources {
		res := &ctypes.Resources{LinuxResources: specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit}}}
		if schema != "" {
			res.IntelRdt = &specs.LinuxIntelRdt{L3CacheSchema: schema}
		}
		return res
	}
	for _, test := range []struct {
		call  func() error
		args  string
		stdin string
	}{
		{func() error { return r.Start(ctx, "c") }, "start c", ""},
		{func() error { return r.Kill(ctx, "c", 15, &runc.KillOpts{All: true}) }, "kill --all c 15", ""},
		{func() error { return r.Delete(ctx, "c", &runc.DeleteOpts{Force: true}) }, "delete --force c", ""},
		{func() error { return r.Pause(ctx, "c") }, "pause c", ""},
		{func() error { return r.Resume(ctx, "c") }, "resume c", ""},
		{func() error { return r.Update(ctx, "c", update("")) }, "update --resources - c", `{"memory":{"limit":4096}}`},
		{func() error { return r.Update(ctx, "c", update("L3:0=f")) }, "update --resources - --l3-cache-schema L3:0=f c", `{"memory":{"limit":4096}}`},
		{
			func() error {
				return r.Checkpoint(ctx, "c", &runc.CheckpointOpts{ImagePath: "/i", WorkDir: "/w"}, runc.LeaveRunning)
			},
			"checkpoint --image-path /i --work-path /w --leave-running c", "",
		},
		{
			func() error {
				return r.Restore(ctx, "c", "/b", &runc.RestoreOpts{CheckpointOpts: runc.CheckpointOpts{ImagePath: "/i"}, Detach: true})
			},
			"restore --image-path /i --detach --bundle /b c", "",
		},
		{func() error { return r.Create(ctx, "c", "/b", &runc.CreateOpts{NoPivot: true}) }, "create --bundle /b --no-pivot c", ""},
	} {
		if err := test.call(); err != nil {
			t.Errorf("%s: %v", test.args, err)
		}
		got := call()
		if args := strings.Join(got.Args, " "); args != test.args || got.Stdin != test.stdin {
			t.Errorf("called %q with %q on stdin; want %q, %q", args, got.Stdin, test.args, test.stdin)
		}
	}
}

func TestRuncErrors(t *testing.T) {
	r, _ := newFakeRunc(t)
	ctx := context.Background()
	for _, test := range []struct {
		said  string
		call  func() error
		want  string
		class func(error) bool
	}{
		{"first trouble", func() error { return r.Pause(ctx, "c") }, "OCI runtime pause failed: first trouble", nil},
		{"second trouble", func() error { return r.Start(ctx, "c") }, "OCI runtime start failed: second trouble", nil},
		{"container does not exist", func() error { return r.Delete(ctx, "c", nil) }, "container does not exist", cerrdefs.IsNotFound},
		{"container not running", func() error { return r.Kill(ctx, "c", 9, nil) }, "container not running", cerrdefs.IsNotFound},
		{"container does not exist", func() error { return r.Resume(ctx, "c") }, "OCI runtime resume failed: container does not exist", nil},
	} {
		t.Setenv(fakeErrorVar, test.said)
		err := test.call()
		if err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %q", err, test.want)
		}
		if test.class != nil && !test.class(err) {
			t.Errorf("%v is not of its class", err)
		}
	}
}

func TestNoRuntime(t *testing.T) {
	_, err := NewRunc(RuncConfig{Options: &options.Options{BinaryName: "no-such-runtime"}})
	if !cerrdefs.IsNotFound(err) || !strings.Contains(err.Error(), "no-such-runtime") {
		t.Errorf("%v, want not found", err)
	}
}

// Who asks what the runtime can do leaves no log in the folder that it happens
// to run in.
func TestRuncWithoutBundle(t *testing.T) {
	t.Chdir(t.TempDir())
	binary := filepath.Join(t.TempDir(), "runtime")
	// As runc does, it opens its log before anything else.
	script := "#!/bin/sh\nwhile [ \"$1\" != --log ]; do shift; done\n: >>\"$2\"\necho '{}'\n"
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := NewRunc(RuncConfig{Options: &options.Options{BinaryName: binary}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Features(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(".")
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}
