package spec

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// input is a container as most are.
func input(change ...func(*Input)) Input {
	in := Input{
		ID: "abc", Path: "sleep", Args: []string{"9"}, NetnsPath: "/run/netns/abc", CgroupRoot: "engine", Runtime: ctypes.RuntimeFeatures{Seccomp: true},
		Config:     &container.Config{Hostname: "box", Env: []string{"A=1"}},
		HostConfig: &types.HostConfig{},
	}
	in.HostConfig.CgroupnsMode, in.HostConfig.IpcMode = "private", "private"
	for _, c := range change {
		c(&in)
	}
	return in
}

func build(t *testing.T, change ...func(*Input)) *specs.Spec {
	t.Helper()
	s, err := New(input(change...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// namespace is the path of a namespace, or "none".
func namespace(s *specs.Spec, kind specs.LinuxNamespaceType) string {
	for _, n := range s.Linux.Namespaces {
		if n.Type == kind {
			return n.Path
		}
	}
	return "none"
}

func mountAt(s *specs.Spec, dest string) *specs.Mount {
	for i, m := range s.Mounts {
		if m.Destination == dest {
			return &s.Mounts[i]
		}
	}
	return nil
}

// TestDefaults: what nobody asked for is as closed as docker has it.
func TestDefaults(t *testing.T) {
	s := build(t)
	for _, kind := range []specs.LinuxNamespaceType{specs.MountNamespace, specs.UTSNamespace, specs.IPCNamespace, specs.PIDNamespace, specs.CgroupNamespace} {
		if got := namespace(s, kind); got != "" {
			t.Errorf("%s namespace: %q, want a new one", kind, got)
		}
	}
	if got := namespace(s, specs.NetworkNamespace); got != "/run/netns/abc" {
		t.Errorf("network namespace %q", got)
	}
	if got := s.Process.Capabilities; len(got.Bounding) != 14 || len(got.Inheritable) != 0 || len(got.Ambient) != 0 || slices.Contains(got.Bounding, "CAP_SYS_ADMIN") {
		t.Errorf("capabilities %+v", got)
	}
	if s.Linux.Seccomp == nil || s.Linux.Seccomp.DefaultAction != specs.ActErrno {
		t.Errorf("seccomp %+v", s.Linux.Seccomp)
	}
	if !slices.Contains(s.Linux.MaskedPaths, "/proc/kcore") || !slices.Contains(s.Linux.ReadonlyPaths, "/proc/sys") {
		t.Errorf("masked %q, read-only %q", s.Linux.MaskedPaths, s.Linux.ReadonlyPaths)
	}
	if rules := s.Linux.Resources.Devices; len(rules) != 1 || rules[0].Allow || len(s.Linux.Devices) != 0 {
		t.Errorf("devices %+v %+v", rules, s.Linux.Devices)
	}
	for _, dest := range []string{"/sys", "/sys/fs/cgroup"} {
		if m := mountAt(s, dest); m == nil || !slices.Contains(m.Options, "ro") {
			t.Errorf("%s: %+v", dest, m)
		}
	}
	if s.Linux.CgroupsPath != "/engine/abc" || s.Hostname != "box" || s.Root.Readonly || s.Process.Cwd != "/" || s.Linux.IntelRdt != nil {
		t.Errorf("%+v %+v", s, s.Linux)
	}
	want := []string{defaultPath, "HOSTNAME=box", "A=1"}
	if !slices.Equal(s.Process.Env, want) || !slices.Equal(s.Process.Args, []string{"sleep", "9"}) {
		t.Errorf("%q %q", s.Process.Env, s.Process.Args)
	}
}

func TestAskedFor(t *testing.T) {
	ten := int64(10)
	for _, test := range []struct {
		name   string
		change func(*Input)
		right  func(*specs.Spec) bool
	}{
		{"host's processes", func(in *Input) { in.HostConfig.PidMode = "host" }, func(s *specs.Spec) bool { return namespace(s, specs.PIDNamespace) == "none" }},
		{"host's names", func(in *Input) { in.HostConfig.UTSMode = "host" }, func(s *specs.Spec) bool { return namespace(s, specs.UTSNamespace) == "none" && s.Hostname == "" }},
		{"host's cgroups", func(in *Input) { in.HostConfig.CgroupnsMode = "host" }, func(s *specs.Spec) bool { return namespace(s, specs.CgroupNamespace) == "none" }},
		{"host's memory", func(in *Input) { in.HostConfig.IpcMode, in.Shm = "host", "/dev/shm" }, func(s *specs.Spec) bool {
			m := mountAt(s, "/dev/shm")
			return namespace(s, specs.IPCNamespace) == "none" && m.Type == "bind" && m.Source == "/dev/shm" && mountAt(s, "/dev/mqueue").Type == "mqueue"
		}},
		{"no shared memory", func(in *Input) { in.HostConfig.IpcMode = "none" }, func(s *specs.Spec) bool {
			return namespace(s, specs.IPCNamespace) == "" && mountAt(s, "/dev/shm") == nil
		}},
		{"a root that hears of mounts", func(in *Input) { in.RootPropagation = "rslave" }, func(s *specs.Spec) bool { return s.Linux.RootfsPropagation == "rslave" }},
		{"a runtime that does not say its version", func(*Input) {}, func(s *specs.Spec) bool { return s.Version == "1.0.2" }},
		{"an old runtime", func(in *Input) { in.Runtime.SpecVersion = "1.1.0" }, func(s *specs.Spec) bool { return s.Version == "1.1.0" }},
		{"a runtime newer than us", func(in *Input) { in.Runtime.SpecVersion = "9.0.0" }, func(s *specs.Spec) bool { return s.Version == specs.Version }},
		{"host's network", func(in *Input) { in.NetnsPath, in.HostConfig.NetworkMode = "", "host" }, func(s *specs.Spec) bool {
			return namespace(s, specs.NetworkNamespace) == "none" && len(s.Linux.Sysctl) == 0
		}},
		{"another's processes", func(in *Input) { in.Join = map[specs.LinuxNamespaceType]string{specs.PIDNamespace: "/proc/7/ns/pid"} }, func(s *specs.Spec) bool {
			return namespace(s, specs.PIDNamespace) == "/proc/7/ns/pid"
		}},
		{"read-only root", func(in *Input) { in.HostConfig.ReadonlyRootfs = true }, func(s *specs.Spec) bool { return s.Root.Readonly }},
		{"a terminal", func(in *Input) { in.Config.Tty = true; in.HostConfig.ConsoleSize = [2]uint{24, 80} }, func(s *specs.Spec) bool {
			return s.Process.Terminal && slices.Contains(s.Process.Env, "TERM=xterm") && *s.Process.ConsoleSize == specs.Box{Height: 24, Width: 80}
		}},
		{"cgroup parent", func(in *Input) { in.HostConfig.CgroupParent = "/mine/" }, func(s *specs.Spec) bool { return s.Linux.CgroupsPath == "/mine/abc" }},
		{"shm", func(in *Input) { in.HostConfig.ShmSize = 1 << 20 }, func(s *specs.Spec) bool { return slices.Contains(mountAt(s, "/dev/shm").Options, "size=1048576") }},
		{"oom score", func(in *Input) { in.HostConfig.OomScoreAdj = 7 }, func(s *specs.Spec) bool { return *s.Process.OOMScoreAdj == 7 }},
		{"ulimit", func(in *Input) { in.HostConfig.Ulimits = []*units.Ulimit{{Name: "nofile", Soft: 5, Hard: -1}} }, func(s *specs.Spec) bool {
			return s.Process.Rlimits[0] == specs.POSIXRlimit{Type: "RLIMIT_NOFILE", Soft: 5, Hard: 1<<64 - 1}
		}},
		{"sysctl", func(in *Input) { in.HostConfig.Sysctls = map[string]string{"net.core.somaxconn": "9"} }, func(s *specs.Spec) bool {
			return s.Linux.Sysctl["net.core.somaxconn"] == "9" && s.Linux.Sysctl["net.ipv4.ip_unprivileged_port_start"] == "0"
		}},
		{"no new privileges", func(in *Input) { in.HostConfig.SecurityOpt = []string{"no-new-privileges"} }, func(s *specs.Spec) bool { return s.Process.NoNewPrivileges }},
		{"no seccomp", func(in *Input) { in.HostConfig.SecurityOpt = []string{"seccomp=unconfined"} }, func(s *specs.Spec) bool { return s.Linux.Seccomp == nil }},
		{"seccomp of its own", func(in *Input) { in.HostConfig.SecurityOpt = []string{`seccomp={"defaultAction":"SCMP_ACT_ALLOW"}`} }, func(s *specs.Spec) bool { return s.Linux.Seccomp.DefaultAction == specs.ActAllow }},
		{"seccomp of the daemon", func(in *Input) { in.SeccompProfile = `{"defaultAction":"SCMP_ACT_LOG"}` }, func(s *specs.Spec) bool { return s.Linux.Seccomp.DefaultAction == specs.ActLog }},
		{"the daemon has none, it asks for the default", func(in *Input) {
			in.SeccompProfile = "unconfined"
			in.HostConfig.SecurityOpt = []string{"seccomp=builtin"}
		}, func(s *specs.Spec) bool { return s.Linux.Seccomp != nil }},
		{"a runtime without seccomp", func(in *Input) { in.Runtime.Seccomp = false }, func(s *specs.Spec) bool { return s.Linux.Seccomp == nil }},
		{"nothing masked", func(in *Input) { in.HostConfig.MaskedPaths, in.HostConfig.ReadonlyPaths = []string{}, []string{} }, func(s *specs.Spec) bool {
			return len(s.Linux.MaskedPaths) == 0 && len(s.Linux.ReadonlyPaths) == 0
		}},
		{"privileged", func(in *Input) { in.HostConfig.Privileged = true }, func(s *specs.Spec) bool {
			return s.Linux.Seccomp == nil && len(s.Linux.MaskedPaths) == 0 && s.Linux.Resources.Devices[0].Allow && !slices.Contains(mountAt(s, "/sys").Options, "ro") &&
				slices.ContainsFunc(s.Linux.Devices, func(d specs.LinuxDevice) bool { return d.Path == "/dev/null" })
		}},
		{"limits", func(in *Input) { in.HostConfig.PidsLimit, in.HostConfig.Memory = &ten, 1<<20 }, func(s *specs.Spec) bool {
			return *s.Linux.Resources.Pids.Limit == 10 && *s.Linux.Resources.Memory.Limit == 1<<20
		}},
		{"cache, and the kernel can", func(in *Input) { in.HostConfig.CacheProperty, in.Resctrl = "L3:0=f", true }, func(s *specs.Spec) bool {
			return s.Linux.IntelRdt.L3CacheSchema == "L3:0=f" && s.Linux.IntelRdt.ClosID == "abc"
		}},
		{"cache, and the kernel cannot", func(in *Input) { in.HostConfig.CacheProperty = "L3:0=f" }, func(s *specs.Spec) bool { return s.Linux.IntelRdt == nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if s := build(t, test.change); !test.right(s) {
				t.Errorf("%+v\n%+v\n%+v", s, s.Process, s.Linux)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"user":                      func(in *Input) { in.Config.User = "nosuch" },
		"capability":                func(in *Input) { in.HostConfig.CapAdd = []string{"NOSUCH"} },
		"profile":                   func(in *Input) { in.HostConfig.SecurityOpt = []string{"seccomp={"} },
		"profile without a runtime": func(in *Input) { in.Runtime.Seccomp = false; in.HostConfig.SecurityOpt = []string{`seccomp={}`} },
		"device that is not there":  func(in *Input) { in.HostConfig.Devices = []container.DeviceMapping{{PathOnHost: "/dev/nosuch"}} },
		"device that is none":       func(in *Input) { in.HostConfig.Devices = []container.DeviceMapping{{PathOnHost: "/etc"}} },
		"device rule":               func(in *Input) { in.HostConfig.DeviceCgroupRules = []string{"c 1:3 rwmx"} },
		"device rule with more":     func(in *Input) { in.HostConfig.DeviceCgroupRules = []string{"c 1:3 r\nc 1:4 r"} },
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(input(change)); errdefs.ToHTTP(err) != 400 || err == nil {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestDevices(t *testing.T) {
	s := build(t, func(in *Input) {
		in.HostConfig.Devices = []container.DeviceMapping{{PathOnHost: "/dev/null", PathInContainer: "/dev/nothing", CgroupPermissions: "r"}}
		in.HostConfig.DeviceCgroupRules = []string{"b 8:* rw"}
	})
	if d := s.Linux.Devices[0]; d.Path != "/dev/nothing" || d.Type != "c" || d.Major != 1 || d.Minor != 3 {
		t.Errorf("%+v", d)
	}
	rules := s.Linux.Resources.Devices
	if len(rules) != 3 || rules[0].Allow || !rules[1].Allow || rules[1].Access != "r" || *rules[1].Minor != 3 {
		t.Errorf("%+v", rules)
	}
	if r := rules[2]; r.Type != "b" || *r.Major != 8 || r.Minor != nil || r.Access != "rw" {
		t.Errorf("%+v", r)
	}
}

func TestMounts(t *testing.T) {
	s := build(t, func(in *Input) {
		in.Mounts = []specs.Mount{{Destination: "/a/b", Type: "bind"}, {Destination: "/a", Type: "bind"}, {Destination: "/dev/shm", Type: "bind"}}
		in.HostConfig.Tmpfs = map[string]string{"/run": "size=1m,exec", "/sys": ""}
	})
	var order []string
	for _, m := range s.Mounts {
		order = append(order, m.Destination)
	}
	// What is under a mount that was asked for would only be hidden by it.
	want := []string{"/proc", "/dev", "/dev/pts", "/dev/mqueue", "/a", "/a/b", "/dev/shm", "/run", "/sys"}
	if !slices.Equal(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	if m := mountAt(s, "/run"); m.Type != "tmpfs" || !slices.Contains(m.Options, "size=1m") || !slices.Contains(m.Options, "nosuid") {
		t.Errorf("%+v", m)
	}
	if m := mountAt(s, "/dev/shm"); m.Type != "bind" {
		t.Errorf("%+v", m)
	}
}

func TestCapabilities(t *testing.T) {
	all := len(available(allCapabilities()))
	for _, test := range []struct {
		name       string
		add, drop  []string
		privileged bool
		count      int
		has, lacks string
	}{
		{name: "defaults", count: 14, has: "CAP_CHOWN", lacks: "CAP_SYS_ADMIN"},
		{name: "one more", add: []string{"sys_admin"}, count: 15, has: "CAP_SYS_ADMIN"},
		{name: "by its long name", add: []string{"CAP_SYS_ADMIN"}, count: 15, has: "CAP_SYS_ADMIN"},
		{name: "one that it has", add: []string{"CHOWN"}, count: 14, has: "CAP_CHOWN"},
		{name: "one less", drop: []string{"chown"}, count: 13, lacks: "CAP_CHOWN"},
		{name: "none", drop: []string{"all"}, count: 0, lacks: "CAP_CHOWN"},
		{name: "one alone", drop: []string{"ALL"}, add: []string{"CHOWN"}, count: 1, has: "CAP_CHOWN"},
		{name: "all", add: []string{"ALL"}, count: all, has: "CAP_CHOWN"},
		{name: "all but one", add: []string{"ALL"}, drop: []string{"CHOWN"}, count: all - 1, lacks: "CAP_CHOWN"},
		{name: "privileged", drop: []string{"ALL"}, privileged: true, count: all, has: "CAP_CHOWN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Capabilities(test.add, test.drop, test.privileged)
			if err != nil || len(got) != test.count || test.has != "" && !slices.Contains(got, test.has) || slices.Contains(got, test.lacks) {
				t.Errorf("%d %q %v", len(got), got, err)
			}
		})
	}
	if len(capabilities) != 14 {
		t.Error("the defaults were changed")
	}
	for _, wrong := range [][]string{{"NOSUCH"}, {""}} {
		if _, err := Capabilities(wrong, nil, false); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
	sets := CapabilitySets([]string{"CAP_CHOWN"}, specs.User{UID: 5})
	if len(sets.Bounding) != 1 || len(sets.Effective) != 0 || len(sets.Permitted) != 0 {
		t.Errorf("of one that is not root: %+v", sets)
	}
}

func TestParseSecurity(t *testing.T) {
	for option, want := range map[string]Security{
		"no-new-privileges":       {NoNewPrivileges: true},
		"no-new-privileges:true":  {NoNewPrivileges: true},
		"no-new-privileges=false": {},
		"seccomp=unconfined":      {Seccomp: "unconfined"},
		"seccomp:unconfined":      {Seccomp: "unconfined"},
		"systempaths=unconfined":  {Unmasked: true},
		"label=disable":           {},
		"apparmor=unconfined":     {},
	} {
		if got, err := ParseSecurity([]string{option}); got != want || err != nil {
			t.Errorf("%s: %+v %v", option, got, err)
		}
	}
	for _, option := range []string{"", "nosuch", "nosuch=1", "no-new-privileges=maybe", "seccomp", "systempaths=all"} {
		if got, err := ParseSecurity([]string{option}); err == nil {
			t.Errorf("%s: %+v", option, got)
		}
	}
	// A profile that the kernel could enforce is not taken in silence.
	if _, err := ParseSecurity([]string{"apparmor=profile"}); (err != nil) != appArmor() {
		t.Errorf("a profile: %v, and AppArmor is %v", err, appArmor())
	}
}

func TestUser(t *testing.T) {
	root := t.TempDir()
	etc := filepath.Join(root, "etc")
	if err := os.Mkdir(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("passwd", "root:x:0:0::/root:/bin/sh\nann:x:100:200::/:/bin/sh\n")
	write("group", "root:x:0:\nstaff:x:200:\naudio:x:300:ann\nvideo:x:400:\n")
	for _, test := range []struct {
		name     string
		groups   []string
		uid, gid uint32
		more     []uint32
	}{
		{"", nil, 0, 0, []uint32{0}},
		{"root", nil, 0, 0, []uint32{0}},
		{"ann", nil, 100, 200, []uint32{200, 300}},
		{"ann:video", nil, 100, 400, []uint32{400}},
		{"100", nil, 100, 200, []uint32{200, 300}},
		{"7", nil, 7, 0, []uint32{0}},
		{"7:8", nil, 7, 8, []uint32{8}},
		{"ann", []string{"video", "9"}, 100, 200, []uint32{200, 300, 9, 400}},
	} {
		got, err := User(root, test.name, test.groups)
		slices.Sort(got.AdditionalGids)
		slices.Sort(test.more)
		if err != nil || got.UID != test.uid || got.GID != test.gid || !slices.Equal(got.AdditionalGids, test.more) {
			t.Errorf("%s %v: %+v %v", test.name, test.groups, got, err)
		}
	}
	for _, name := range []string{"nosuch", "ann:nosuch", "-1", "99999999999"} {
		if got, err := User(root, name, nil); err == nil || errdefs.ToHTTP(err) != 400 {
			t.Errorf("%q: %+v %v", name, got, err)
		}
	}
	if _, err := User(root, "ann", []string{"nosuch"}); err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("a group that is not there: %v", err)
	}
}

// TestUserStaysInside: an image's passwd that leads out of it is not followed.
func TestUserStaysInside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(outside, []byte("spy:x:4:4::/:/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"absolute": outside, "relative": "../../../../../../../../.." + outside} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(root, "etc", "passwd")); err != nil {
			t.Fatal(err)
		}
		if got, err := User(root, "spy", nil); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		if got, err := User(root, "5", nil); err != nil || got.UID != 5 {
			t.Errorf("%s, by number: %+v %v", name, got, err)
		}
	}
	if got, err := User(filepath.Join(t.TempDir(), "nosuch"), "5", nil); err == nil {
		t.Errorf("without a root: %+v", got)
	}
}

func TestMergeEnv(t *testing.T) {
	got := MergeEnv([]string{"A=1", "B=2", "C=3"}, []string{"B=x", "C", "D=4", "A=", "NONE"})
	if want := []string{"A=", "B=x", "D=4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestResources(t *testing.T) {
	r, err := Resources(container.Resources{})
	if err != nil || r.Memory.Limit != nil || r.CPU.Quota != nil || r.Pids != nil || r.BlockIO.Weight != nil {
		t.Errorf("none: %+v %v", r, err)
	}
	zero := int64(0)
	r, err = Resources(container.Resources{NanoCPUs: 1.5e9, MemorySwap: -1, PidsLimit: &zero, CpusetCpus: "0-1", BlkioWeight: 300})
	if err != nil || *r.CPU.Quota != 150000 || *r.CPU.Period != 100000 || *r.Memory.Swap != -1 || *r.Pids.Limit != -1 || r.CPU.Cpus != "0-1" || *r.BlockIO.Weight != 300 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestCheckSysctls(t *testing.T) {
	check := func(key string, network container.NetworkMode, ipc container.IpcMode) error {
		h := &types.HostConfig{}
		h.Sysctls, h.NetworkMode, h.IpcMode = map[string]string{key: "1"}, network, ipc
		return CheckSysctls(h)
	}
	for key, ok := range map[string]bool{
		"net.core.somaxconn": true, "kernel.shmmax": true, "kernel.msgmax": true, "fs.mqueue.msg_max": true,
		"vm.swappiness": false, "kernel.panic": false, "fs.file-max": false, "kernel.hostname": false,
	} {
		if err := check(key, "bridge", "private"); (err == nil) != ok {
			t.Errorf("%s: %v", key, err)
		}
	}
	if check("net.core.somaxconn", "host", "private") == nil || check("kernel.shmmax", "bridge", "host") == nil {
		t.Error("the host's own can be changed")
	}
}
