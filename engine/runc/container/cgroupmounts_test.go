package container

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestOwnCgroups(t *testing.T) {
	spec := func(change func(*specs.Spec)) *specs.Spec {
		s := &specs.Spec{
			Mounts: []specs.Mount{{Destination: "/proc", Type: "proc"}, {Destination: "/sys/fs/cgroup", Type: "cgroup", Options: []string{"ro"}}, {Destination: "/x", Type: "tmpfs"}},
			Linux:  &specs.Linux{CgroupsPath: "/engine/abc"},
		}
		change(s)
		return s
	}
	for name, change := range map[string]func(*specs.Spec){
		"a namespace":     func(s *specs.Spec) { s.Linux.Namespaces = []specs.LinuxNamespace{{Type: specs.CgroupNamespace}} },
		"no mount":        func(s *specs.Spec) { s.Mounts = s.Mounts[:1] },
		"systemd's":       func(s *specs.Spec) { s.Linux.CgroupsPath = "system.slice:engine:abc" },
		"nothing for us":  func(s *specs.Spec) { s.Linux = nil },
		"of no container": func(s *specs.Spec) { s.Linux.CgroupsPath = "" },
	} {
		s := spec(change)
		if got, err := ownCgroups(s); err != nil || got != s {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	before := spec(func(*specs.Spec) {})
	after, err := ownCgroups(before)
	if err != nil {
		t.Fatal(err)
	}
	if cgroups.IsCgroup2UnifiedMode() {
		if after != before {
			t.Errorf("changed where there is one hierarchy: %+v", after)
		}
		return
	}
	var places []string
	for _, m := range after.Mounts {
		places = append(places, m.Type+" "+m.Destination)
		if m.Destination == "/sys/fs/cgroup/memory" && (m.Source != "/sys/fs/cgroup/memory/engine/abc" || !slices.Contains(m.Options, "ro")) {
			t.Errorf("%+v", m)
		}
	}
	if places[0] != "proc /proc" || places[1] != "tmpfs /sys/fs/cgroup" || places[len(places)-1] != "tmpfs /x" || !slices.Contains(places, "bind /sys/fs/cgroup/memory") {
		t.Errorf("%q", places)
	}
	if len(before.Mounts) != 3 {
		t.Errorf("the spec was changed: %+v", before.Mounts)
	}
}

func TestAbsent(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "sys"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, want := absent(root, "/sys/fs/cgroup"), []string{root + "/sys/fs/cgroup", root + "/sys/fs"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
