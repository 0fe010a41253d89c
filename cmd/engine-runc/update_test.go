package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestUpdateFlags(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	// A group has no realtime to give away unless it was given some.
	rt := filepath.Join(cgroupRoot, "cpu", cgroupParent(), "cpu.rt_runtime_us")
	if err := os.WriteFile(rt, []byte("20000"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		flag, value      string
		controller, file string
		want             string
	}{
		{"memory", "64m", "memory", "memory.limit_in_bytes", "67108864"},
		{"memory-swap", "200m", "memory", "memory.memsw.limit_in_bytes", "209715200"},
		{"memory-reservation", "32m", "memory", "memory.soft_limit_in_bytes", "33554432"},
		{"cpu-share", "333", "cpu", "cpu.shares", "333"},
		{"cpu-period", "50000", "cpu", "cpu.cfs_period_us", "50000"},
		{"cpu-quota", "25000", "cpu", "cpu.cfs_quota_us", "25000"},
		{"cpu-burst", "5000", "cpu", "cpu.cfs_burst_us", "5000"},
		{"cpu-rt-period", "900000", "cpu", "cpu.rt_period_us", "900000"},
		{"cpu-rt-runtime", "10000", "cpu", "cpu.rt_runtime_us", "10000"},
		{"cpuset-cpus", "0", "cpuset", "cpuset.cpus", "0"},
		{"cpuset-mems", "0", "cpuset", "cpuset.mems", "0"},
		{"pids-limit", "77", "pids", "pids.max", "77"},
		{"pids-limit", "-1", "pids", "pids.max", "max"},
		{"blkio-weight", "300", "blkio", "blkio.bfq.weight", "300"},
		{"cpu-idle", "1", "cpu", "cpu.idle", "1"},
		{"cpu-idle", "0", "cpu", "cpu.idle", "0"},
	} {
		t.Run(test.flag+" "+test.value, func(t *testing.T) {
			if test.file == "blkio.bfq.weight" && !hasBFQ() {
				t.Skip("left out: this kernel has no weights for block I/O")
			}
			w := w.in(t)
			w.ok("update", "--"+test.flag, test.value, "c")
			if got := w.cgroup("c", test.controller, test.file); got != test.want {
				t.Errorf("%s: %s, want %s", test.file, got, test.want)
			}
		})
	}
	// Each update left the others alone.
	for file, want := range map[string]string{
		"memory/memory.limit_in_bytes": "67108864",
		"cpu/cpu.cfs_period_us":        "50000",
		"cpu/cpu.cfs_quota_us":         "25000",
	} {
		if got := w.cgroup("c", filepath.Dir(file), filepath.Base(file)); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
	w.ok("update", "--memory", "-1", "c")
	if got := w.cgroup("c", "memory", "memory.memsw.limit_in_bytes"); len(got) < 15 {
		t.Errorf("memsw after --memory -1: %s", got)
	}
}

// hasBFQ says whether a group below the root has a weight for block I/O.
func hasBFQ() bool {
	_, err := os.Stat(filepath.Join(cgroupRoot, "blkio", cgroupParent(), "blkio.bfq.weight"))
	return err == nil
}

func TestUpdateResources(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	const resources = `{
		"memory": {"limit": 67108864, "reservation": 33554432, "swap": 134217728},
		"cpu": {"shares": 300, "quota": 20000, "period": 40000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 50},
		"intelRdt": {"l3CacheSchema": "L3:0=f"}}`
	file := filepath.Join(t.TempDir(), "resources.json")
	if err := os.WriteFile(file, []byte(resources), 0o600); err != nil {
		t.Fatal(err)
	}
	w.ok("update", "--resources", file, "c")
	check := func(want map[string]string) {
		t.Helper()
		for file, value := range want {
			if got := w.cgroup("c", filepath.Dir(file), filepath.Base(file)); got != value {
				t.Errorf("%s: %s, want %s", file, got, value)
			}
		}
	}
	check(map[string]string{
		"memory/memory.limit_in_bytes":       "67108864",
		"memory/memory.soft_limit_in_bytes":  "33554432",
		"memory/memory.memsw.limit_in_bytes": "134217728",
		"cpu/cpu.shares":                     "300",
		"cpu/cpu.cfs_quota_us":               "20000",
		"cpu/cpu.cfs_period_us":              "40000",
		"cpuset/cpuset.cpus":                 "0",
		"pids/pids.max":                      "50",
	})
	if got := w.state("c").IntelRdt.L3CacheSchema; got != "L3:0=f" {
		t.Errorf("schema: %q", got)
	}

	// From standard input, and as docker sends what it leaves alone: as zeros.
	cmd := w.command("update", "--resources=-", "c")
	cmd.Stdin = strings.NewReader(`{"memory": {"limit": 0, "reservation": 0}, "cpu": {"shares": 400, "cpus": ""}, "blockIO": {"weight": 0}}`)
	if r := w.finish(cmd); r.status != 0 {
		t.Fatalf("got %+v", r)
	}
	check(map[string]string{"memory/memory.limit_in_bytes": "67108864", "cpu/cpu.shares": "400", "pids/pids.max": "50"})
	saved := w.saved("c").Config.Cgroups
	if saved.Memory != 67108864 || saved.CPUShares != 400 || saved.CPUsetCpus != "0" {
		t.Errorf("state.json: %+v", saved)
	}
}

// savedState is what the tests look at in state.json.
type savedState struct {
	Config struct {
		Cgroups struct {
			Memory     int64  `json:"memory"`
			CPUShares  uint64 `json:"cpu_shares"`
			CPUsetCpus string `json:"cpuset_cpus"`
		} `json:"cgroups"`
	} `json:"config"`
}

func (w *world) saved(id string) savedState {
	w.t.Helper()
	var s savedState
	if err := json.Unmarshal([]byte(read(w.t, filepath.Join(w.root, id, "state.json"))), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestUpdateRefused(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	w.ok("update", "--memory", "64m", "--cpu-share", "300", "c")
	for _, test := range []struct {
		want string
		args []string
	}{
		{"invalid value for memory", []string{"--memory", "much"}},
		{"invalid value for cpu-share", []string{"--cpu-share", "-3"}},
		{"invalid value for cpu-quota", []string{"--cpu-quota", "1.5"}},
		{"invalid value for pids-limit", []string{"--pids-limit", "many"}},
		{"invalid value for blkio-weight", []string{"--blkio-weight", "70000"}},
		{"the minimum allowed cpu-shares is 2", []string{"--cpu-share", "1"}},
		{"cpuset.cpus", []string{"--cpuset-cpus", "4000"}},
		{"memory.memsw.limit_in_bytes", []string{"--memory-swap", "1m"}},
		{"no such file or directory", []string{"--resources", "/none"}},
		{"unknown flag: --nothing", []string{"--nothing"}},
	} {
		w.fails(test.want, append(append([]string{"update"}, test.args...), "c")...)
	}
	cmd := w.command("update", "-r", "-", "c")
	cmd.Stdin = strings.NewReader(`{"memory": {"limit": "64m"}}`)
	if r := w.finish(cmd); r.status != 1 || !strings.Contains(r.err, "resources: json: cannot unmarshal string") {
		t.Errorf("malformed resources: %+v", r)
	}
	// What the kernel refused is not in the state either.
	if saved := w.saved("c").Config.Cgroups; saved.Memory != 64<<20 || saved.CPUShares != 300 || saved.CPUsetCpus != "" {
		t.Errorf("state.json: %+v", saved)
	}
	if got := w.cgroup("c", "cpu", "cpu.shares"); got != "300" {
		t.Errorf("cpu.shares: %s", got)
	}
}

func TestIntelRdt(t *testing.T) {
	w := newWorld(t)
	if _, err := os.Stat("/sys/fs/resctrl/schemata"); err == nil {
		t.Skip("left out: this kernel has resctrl, and these are not its schemata")
	}
	w.log = filepath.Join(t.TempDir(), "log")
	w.create("c", func(s *specs.Spec) { s.Linux.IntelRdt = &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=ff"} })
	if got := w.state("c").IntelRdt.L3CacheSchema; got != "L3:0=ff" {
		t.Errorf("schema of the bundle: %q", got)
	}
	if level, msg := lastLog(t, w.log); level != "warning" || !strings.Contains(msg, "no resctrl") {
		t.Errorf("log: %s: %s", level, msg)
	}
	w.ok("start", "c")
	w.ok("update", "--l3-cache-schema", "L3:0=f", "c")
	w.ok("update", "--mem-bw-schema", "MB:0=20", "--memory", "64m", "c")
	w.ok("update", "--cpu-share", "300", "c")
	w.ok("exec", "c", "/bin/busybox", "true")
	if got := w.state("c").IntelRdt; got.L3CacheSchema != "L3:0=f" || got.MemBwSchema != "MB:0=20" {
		t.Errorf("after the updates: %+v", got)
	}
	if got := w.cgroup("c", "memory", "memory.limit_in_bytes"); got != strconv.Itoa(64<<20) {
		t.Errorf("memory.limit_in_bytes: %s", got)
	}
	w.ok("kill", "c", "KILL")
	eventually(t, "c stops", func() bool { return w.state("c").Status == "stopped" })
	if got := w.state("c").IntelRdt.L3CacheSchema; got != "L3:0=f" {
		t.Errorf("schema of a stopped container: %q", got)
	}
	w.fails("container not running", "update", "--l3-cache-schema", "L3:0=1", "c")
	w.ok("run", "--bundle", w.bundle("r", func(s *specs.Spec) {
		shell("true")(s)
		s.Linux.IntelRdt = &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=ff"}
	}), "r")
}
