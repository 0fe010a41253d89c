package process

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/shim/bundle"
)

// TestRemoveCgroup takes down what a runtime has made that was killed before it
// could write that down.
func TestRemoveCgroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("without root it is not tested that cgroups are removed")
	}
	parent := "/" + filepath.Base(t.TempDir()) + "-engine-test"
	path := filepath.Join(parent, "c")
	process := exec.Command("sleep", "1000")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = process.Wait(); close(ended) }()
	var there func(path string) bool
	if cgroups.Mode() == cgroups.Unified {
		group, err := cgroup2.NewManager("/sys/fs/cgroup", path, &cgroup2.Resources{})
		if err != nil {
			t.Fatal(err)
		}
		if err := group.AddProc(uint64(process.Process.Pid)); err != nil {
			t.Fatal(err)
		}
		there = func(path string) bool { _, err := os.Stat("/sys/fs/cgroup" + path); return err == nil }
		defer os.Remove("/sys/fs/cgroup" + parent)
	} else {
		group, err := cgroup1.New(cgroup1.StaticPath(path), &specs.LinuxResources{})
		if err != nil {
			t.Fatal(err)
		}
		if err := group.Add(cgroup1.Process{Pid: process.Process.Pid}); err != nil {
			t.Fatal(err)
		}
		there = func(path string) bool { _, err := cgroup1.Load(cgroup1.StaticPath(path)); return err == nil }
		defer func() {
			if group, err := cgroup1.Load(cgroup1.StaticPath(parent)); err == nil {
				_ = group.Delete()
			}
		}()
	}
	if !there(path) {
		t.Fatal("it could not be made")
	}

	dir := t.TempDir()
	if err := removeCgroup(dir); err != nil {
		t.Errorf("without a spec: %v", err)
	}
	for _, other := range []string{"", "/", "system.slice:engine:c", "relative"} {
		writeSpec(t, dir, other)
		if err := removeCgroup(dir); err != nil {
			t.Errorf("cgroup %q: %v", other, err)
		}
	}
	writeSpec(t, dir, path)
	if err := removeCgroup(dir); err != nil {
		t.Error(err)
	}
	if there(path) {
		t.Error("it is still there")
	}
	if !there(parent) {
		t.Error("its parent is gone, which is not its own")
	}
	<-ended
	if err := removeCgroup(dir); err != nil {
		t.Errorf("again: %v", err)
	}
	if cgroups.Mode() != cgroups.Hybrid {
		return
	}
	// What is left in the hierarchy of v2 alone.
	left := hybridMountpoint + path
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(hybridMountpoint + parent)
	if err := removeCgroup(dir); err != nil {
		t.Errorf("beside v1: %v", err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("the one beside v1 is still there")
	}
}

func writeSpec(t *testing.T, dir, cgroup string) {
	t.Helper()
	spec, err := json.Marshal(specs.Spec{Linux: &specs.Linux{CgroupsPath: cgroup}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, bundle.Config), spec, 0o600); err != nil {
		t.Fatal(err)
	}
}
