package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// container is what inspect tells of one, as far as the tests read it.
type container struct {
	ID    string `json:"Id"`
	State struct {
		Status                                 string
		Pid, ExitCode                          int
		Running, Paused, OOMKilled, Restarting bool
	}
	RestartCount int
	LogPath      string
	HostConfig   struct {
		Memory        int64
		CacheProperty string
	}
}

func (d *daemon) inspect(name string) container {
	d.t.Helper()
	status, body := d.ask("GET", "/containers/"+name+"/json", "")
	if status != 200 {
		d.t.Fatalf("inspect %s: %d %s", name, status, body)
	}
	var c container
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// cgroupFile is the path of a file of a container's cgroup, as the host sees
// it. A file of cgroup v1 is named by its controller: "memory.limit_in_bytes".
func (d *daemon) cgroupFile(name, file string) string {
	d.t.Helper()
	controller, _, _ := strings.Cut(file, ".")
	groups, err := os.ReadFile("/proc/" + strconv.Itoa(d.inspect(name).State.Pid) + "/cgroup")
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for one := range strings.SplitSeq(parts[1], ",") {
			if one == controller {
				return filepath.Join("/sys/fs/cgroup", controller, parts[2], file)
			}
		}
	}
	d.t.Fatalf("no %s cgroup in\n%s", controller, groups)
	return ""
}

func (d *daemon) cgroup(name, file string) string {
	d.t.Helper()
	content, err := os.ReadFile(d.cgroupFile(name, file))
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(string(content))
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 15 seconds: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestUpdateReachesTheCgroup changes each limit of a running container with
// each command line and reads it in the container's own cgroup.
func TestUpdateReachesTheCgroup(t *testing.T) {
	needRoot(t, "that update reaches the cgroup")
	d := startDaemon(t)
	d.load()
	cases := []struct {
		flags string
		files map[string]string
	}{
		{"--memory 128m --memory-swap 256m", map[string]string{
			"memory.limit_in_bytes": "134217728", "memory.memsw.limit_in_bytes": "268435456",
		}},
		{"--memory 96m", map[string]string{
			"memory.limit_in_bytes": "100663296", "memory.memsw.limit_in_bytes": "268435456",
		}},
		{"--memory-swap 192m", map[string]string{"memory.memsw.limit_in_bytes": "201326592"}},
		{"--memory-reservation 32m", map[string]string{"memory.soft_limit_in_bytes": "33554432"}},
		{"--cpu-shares 300", map[string]string{"cpu.shares": "300"}},
		{"--cpu-period 50000", map[string]string{"cpu.cfs_period_us": "50000"}},
		{"--cpu-quota 20000", map[string]string{"cpu.cfs_quota_us": "20000", "cpu.cfs_period_us": "50000"}},
		{"--cpuset-cpus 0", map[string]string{"cpuset.cpus": "0"}},
		{"--cpuset-mems 0", map[string]string{"cpuset.mems": "0"}},
		{"--pids-limit 50", map[string]string{"pids.max": "50"}},
		{"--pids-limit -1", map[string]string{"pids.max": "max"}},
		{"--blkio-weight 300", map[string]string{"blkio.bfq.weight": "300"}},
	}
	for _, name := range commandLines(t) {
		t.Run(name, func(t *testing.T) {
			box := "update-" + name
			d.engine("run", "-d", "--name", box, "--network", "none", "busybox", "sleep", "1000")
			for _, c := range cases {
				r := d.command(name, nil, append(append([]string{"update"}, strings.Fields(c.flags)...), box)...)
				if r.exit != 0 || strings.TrimSpace(r.stdout) != box {
					t.Errorf("update %s: exit %d %s%s", c.flags, r.exit, r.stdout, r.stderr)
				}
				for file, want := range c.files {
					if got := d.cgroup(box, file); got != want {
						t.Errorf("update %s: %s is %s, want %s", c.flags, file, got, want)
					}
				}
			}
			// Without a process the limit waits for the next start.
			d.engine("kill", box)
			d.engine("wait", box)
			if r := d.command(name, nil, "update", "--cpu-shares", "400", box); r.exit != 0 {
				t.Errorf("update of a stopped one: %s", r.stderr)
			}
			d.engine("start", box)
			for file, want := range map[string]string{"cpu.shares": "400", "memory.limit_in_bytes": "100663296"} {
				if got := d.cgroup(box, file); got != want {
					t.Errorf("after a start: %s is %s, want %s", file, got, want)
				}
			}
			d.engine("rm", "-f", box)
		})
	}
	t.Run("cpus", func(t *testing.T) { // which excludes period and quota
		d.engine("run", "-d", "--name", "cpus", "--network", "none", "busybox", "sleep", "1000")
		d.engine("update", "--cpus", "1.5", "cpus")
		if got := d.cgroup("cpus", "cpu.cfs_quota_us"); got != "150000" {
			t.Errorf("quota %s", got)
		}
	})
}

// TestCacheProperty follows the engine's own limit, which kernels without
// resctrl cannot keep: it is stored, and said so.
func TestCacheProperty(t *testing.T) {
	needRoot(t, "that --cache-property survives")
	d := startDaemon(t)
	d.load()
	d.engine("run", "-d", "--name", "box", "--network", "none", "--stop-signal", "KILL", "busybox", "sleep", "1000")
	r := d.command("engine", nil, "update", "--cache-property", "L3:0=f", "box")
	if r.exit != 0 || !strings.HasPrefix(r.stdout, "box\n") {
		t.Fatalf("exit %d %s%s", r.exit, r.stdout, r.stderr)
	}
	if _, err := os.Stat("/sys/fs/resctrl/schemata"); err != nil && !strings.Contains(r.stdout+r.stderr, "resctrl") {
		t.Errorf("no warning that the kernel has no resctrl: %q %q", r.stdout, r.stderr)
	}
	for _, when := range []string{"at once", "after a restart", "after a kill"} {
		if got := d.inspect("box").HostConfig.CacheProperty; got != "L3:0=f" {
			t.Errorf("%s: %q", when, got)
		}
		if got := d.engine("inspect", "-f", "{{.HostConfig.CacheProperty}}", "box"); got != "L3:0=f" {
			t.Errorf("%s, by inspect: %q", when, got)
		}
		if when == "at once" {
			d.stop()
		} else {
			d.kill()
		}
		d.start()
	}
	for _, bad := range []string{"nonsense", "L3:0=xyz", "L2:0=f", "L3:0=f\nL3:1=f"} {
		if r := d.command("engine", nil, "update", "--cache-property", bad, "box"); r.exit == 0 {
			t.Errorf("accepted %q", bad)
		}
	}
}

// TestPauseFreezes looks at what a paused container does: nothing.
func TestPauseFreezes(t *testing.T) {
	needRoot(t, "that pause freezes")
	d := startDaemon(t)
	d.load()
	counter := d.dir("counter")
	if err := os.Mkdir(counter, 0o777); err != nil {
		t.Fatal(err)
	}
	d.engine("run", "-d", "--name", "box", "--network", "none", "-v", counter+":/c", "busybox",
		"sh", "-c", "while :; do echo x >> /c/n; sleep 0.01; done")
	size := func() int64 {
		info, err := os.Stat(filepath.Join(counter, "n"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	advances := func() bool {
		before := size()
		time.Sleep(200 * time.Millisecond)
		return size() > before
	}
	eventually(t, "the counter runs", advances)
	for _, name := range commandLines(t) {
		if r := d.command(name, nil, "pause", "box"); r.exit != 0 {
			t.Fatalf("%s pause: %s", name, r.stderr)
		}
		if got := d.cgroup("box", "freezer.state"); got != "FROZEN" {
			t.Errorf("%s pause: freezer.state is %s", name, got)
		}
		if advances() {
			t.Errorf("%s pause: the counter goes on", name)
		}
		if r := d.command(name, nil, "unpause", "box"); r.exit != 0 {
			t.Fatalf("%s unpause: %s", name, r.stderr)
		}
		if got := d.cgroup("box", "freezer.state"); got != "THAWED" {
			t.Errorf("%s unpause: freezer.state is %s", name, got)
		}
		if !advances() {
			t.Errorf("%s unpause: the counter stands", name)
		}
	}
	// A paused container can be removed.
	d.engine("pause", "box")
	d.engine("rm", "-f", "box")
}
