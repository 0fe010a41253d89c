package daemon

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"

	"github.com/callroute/callroute/engine/api/types"
)

func TestCreateNames(t *testing.T) {
	b := newBench(t)
	id := b.create("box")
	for _, name := range []string{"box", "/box"} {
		_, err := b.Create(t.Context(), name, request())
		expectError(t, err, conflict, `Conflict. The container name "/box" is already in use by container "`+id+`". You have to remove (or rename) that container to be able to reuse that name.`)
	}
	for _, name := range []string{"a", "a/b", "/a/b", "..x", "-x", "/", "a b", "ä1", "../../etc"} {
		_, err := b.Create(t.Context(), name, request())
		expectError(t, err, bad, "Invalid container name ("+name+"), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
	}
	expectError(t, b.Rename(t.Context(), "box", ""), bad, "Neither old nor new names may be empty")
	expectError(t, b.Rename(t.Context(), "box", "/box"), bad, "Renaming a container with the same name as its current name")
	expectError(t, b.Rename(t.Context(), "box", "a/b"), bad, "Invalid container name")
	b.create("other")
	expectError(t, b.Rename(t.Context(), "box", "other"), conflict, "Conflict. The container name")
	b.do(b.Rename(t.Context(), "box", "crate"))
	b.create("box") // the old name is free
	b.expectCounts("names that failed", "3 0 0 3")

	made := regexp.MustCompile(`^[a-z]+_[a-z]+$`)
	for range 20 {
		r, err := b.Create(t.Context(), "", request())
		b.do(err)
		c, err := b.Inspect(t.Context(), r.ID, false)
		b.do(err)
		if name := strings.TrimPrefix(c.Name, "/"); !made.MatchString(name) && name != r.ID[:12] {
			t.Errorf("made-up name %q", name)
		}
	}
}

// TestCreateAtOnce: of many who want a name one has it.
func TestCreateAtOnce(t *testing.T) {
	b := newBench(t)
	results := make(chan error)
	const many = 20
	for range many {
		go func() {
			_, err := b.Create(t.Context(), "box", request())
			results <- err
		}()
	}
	created := 0
	for range many {
		if err := <-results; err == nil {
			created++
		} else {
			expectError(t, err, conflict, "is already in use")
		}
	}
	if created != 1 || len(b.images.prepared) != 1 {
		t.Errorf("%d created, %d file systems", created, len(b.images.prepared))
	}
}

func TestCreateMergesImage(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		name   string
		change func(*types.CreateRequest)
		argv   []string
		env    []string
	}{
		{"all from the image", func(r *types.CreateRequest) { r.Cmd = nil }, []string{"sh"}, []string{"PATH=/bin", "FROM=image"}},
		{"a command", func(r *types.CreateRequest) { r.Cmd = []string{"ls", "-l"} }, []string{"ls", "-l"}, []string{"PATH=/bin", "FROM=image"}},
		{"an entry point takes the image's command away", func(r *types.CreateRequest) { r.Cmd, r.Entrypoint = nil, []string{"ls"} }, []string{"ls"}, []string{"PATH=/bin", "FROM=image"}},
		{"both", func(r *types.CreateRequest) { r.Cmd, r.Entrypoint = []string{"-l"}, []string{"ls"} }, []string{"ls", "-l"}, []string{"PATH=/bin", "FROM=image"}},
		{"an empty entry point", func(r *types.CreateRequest) { r.Cmd, r.Entrypoint = []string{"ls"}, []string{""} }, []string{"ls"}, []string{"PATH=/bin", "FROM=image"}},
		{"a variable over the image's", func(r *types.CreateRequest) { r.Env = []string{"FROM=me", "NEW=1"} }, []string{"sleep", "1000"}, []string{"FROM=me", "NEW=1", "PATH=/bin"}},
		{"one taken away", func(r *types.CreateRequest) { r.Env = []string{"FROM"} }, []string{"sleep", "1000"}, []string{"FROM", "PATH=/bin"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := b.Create(t.Context(), "", request(test.change))
			b.do(err)
			c, err := b.Inspect(t.Context(), r.ID, false)
			b.do(err)
			if argv := append([]string{c.Path}, c.Args...); !slices.Equal(argv, test.argv) {
				t.Errorf("runs %q, want %q", argv, test.argv)
			}
			if !slices.Equal(c.Config.Env, test.env) {
				t.Errorf("environment %q, want %q", c.Config.Env, test.env)
			}
			if c.Config.WorkingDir != "/work" || c.Config.Labels["from"] != "image" || c.Config.Hostname != r.ID[:12] {
				t.Errorf("%+v", c.Config)
			}
		})
	}
	if got := b.images.image.Config.Labels; len(got) != 1 {
		t.Errorf("the image itself was changed: %v", got)
	}
}

// TestCreateRefuses goes through what docker does not take, with its status and
// words. Nothing may be left of any.
func TestCreateRefuses(t *testing.T) {
	b := newBench(t)
	cpus := runtime.NumCPU()
	swappiness := int64(101)
	for _, test := range []struct {
		name    string
		change  func(*types.CreateRequest)
		status  int
		message string
	}{
		{"no config", func(r *types.CreateRequest) { r.Config = nil }, bad, "config cannot be empty in order to create a container"},
		{"image", func(r *types.CreateRequest) { r.Image = "nosuch" }, missing, "No such image: nosuch:latest"},
		{"no command", func(r *types.CreateRequest) { r.Entrypoint, r.Cmd = []string{""}, nil }, bad, "no command specified"},
		{"working folder", func(r *types.CreateRequest) { r.WorkingDir = "a" }, bad, "the working directory 'a' is invalid, it needs to be an absolute path"},
		{"variable", func(r *types.CreateRequest) { r.Env = []string{"=x"} }, bad, "invalid environment variable: =x"},
		{"signal", func(r *types.CreateRequest) { r.StopSignal = "NOSUCH" }, bad, "invalid signal: NOSUCH"},
		{"hostname", func(r *types.CreateRequest) { r.Hostname = strings.Repeat("h", 65) }, bad, "is too long (maximum 64 bytes)"},

		{"memory", func(r *types.CreateRequest) { r.HostConfig.Memory = 6<<20 - 1 }, bad, "Minimum memory limit allowed is 6MB"},
		{"memory below zero", func(r *types.CreateRequest) { r.HostConfig.Memory = -1 }, bad, "Minimum memory limit allowed is 6MB"},
		{"swap below memory", func(r *types.CreateRequest) { r.HostConfig.Memory, r.HostConfig.MemorySwap = 8<<20, 7<<20 }, bad, "Minimum memoryswap limit should be larger than memory limit, see usage"},
		{"swap alone", func(r *types.CreateRequest) { r.HostConfig.MemorySwap = 8 << 20 }, bad, "You should always set the Memory limit when using Memoryswap limit, see usage"},
		{"reservation", func(r *types.CreateRequest) { r.HostConfig.MemoryReservation = 1 }, bad, "Minimum memory reservation allowed is 6MB"},
		{"reservation over memory", func(r *types.CreateRequest) { r.HostConfig.Memory, r.HostConfig.MemoryReservation = 8<<20, 9<<20 }, bad, "Minimum memory limit can not be less than memory reservation limit, see usage"},
		{"swappiness", func(r *types.CreateRequest) { r.HostConfig.MemorySwappiness = &swappiness }, bad, "Invalid value: 101, valid memory swappiness range is 0-100"},
		{"cpus", func(r *types.CreateRequest) { r.HostConfig.NanoCPUs = int64(cpus)*1e9 + 1 }, bad, "ange of CPUs is from 0.01 to"},
		{"cpus and quota", func(r *types.CreateRequest) { r.HostConfig.NanoCPUs, r.HostConfig.CPUQuota = 1e9, 5000 }, bad, "Conflicting options: Nano CPUs and CPU Quota cannot both be set"},
		{"cpus and period", func(r *types.CreateRequest) { r.HostConfig.NanoCPUs, r.HostConfig.CPUPeriod = 1e9, 5000 }, bad, "Conflicting options: Nano CPUs and CPU Period cannot both be set"},
		{"period", func(r *types.CreateRequest) { r.HostConfig.CPUPeriod = 999 }, bad, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"},
		{"quota", func(r *types.CreateRequest) { r.HostConfig.CPUQuota = 999 }, bad, "CPU cfs quota can not be less than 1ms (i.e. 1000)"},
		{"shares", func(r *types.CreateRequest) { r.HostConfig.CPUShares = -1 }, bad, "invalid CPU shares (-1): value must be a positive integer"},
		{"cpuset", func(r *types.CreateRequest) { r.HostConfig.CpusetCpus = "4000" }, bad, "Requested CPUs are not available - requested 4000, available: "},
		{"cpuset is no list", func(r *types.CreateRequest) { r.HostConfig.CpusetCpus = "a-b" }, bad, "Invalid value a-b for cpuset cpus"},
		{"memory nodes", func(r *types.CreateRequest) { r.HostConfig.CpusetMems = "4000" }, bad, "Requested memory nodes are not available"},

		{"policy", policy("nosuch", 0), bad, "invalid restart policy: unknown policy 'nosuch'"},
		{"policy with a number", policy("always", 1), bad, "maximum retry count can only be used with 'on-failure'"},
		{"policy with a negative number", policy("on-failure", -1), bad, "maximum retry count cannot be negative"},
		{"policy and --rm", func(r *types.CreateRequest) { policy("always", 0)(r); autoRemove(r) }, bad, "can't create 'AutoRemove' container with restart policy"},
		{"log driver", func(r *types.CreateRequest) { r.HostConfig.LogConfig.Type = "nosuch" }, bad, "nosuch"},
		{"security option", func(r *types.CreateRequest) { r.HostConfig.SecurityOpt = []string{"nosuch=1"} }, bad, `invalid --security-opt 2: "nosuch=1"`},
		{"capability", func(r *types.CreateRequest) { r.HostConfig.CapAdd = []string{"NOSUCH"} }, bad, `CAP_NOSUCH`},
		{"sysctl", func(r *types.CreateRequest) { r.HostConfig.Sysctls = map[string]string{"vm.swappiness": "1"} }, bad, "vm.swappiness"},
		{"sysctl of the host's network", func(r *types.CreateRequest) {
			r.HostConfig.NetworkMode, r.HostConfig.Sysctls = "host", map[string]string{"net.core.somaxconn": "1"}
		}, bad, "not allowed in host network namespace"},
		{"ipc mode", func(r *types.CreateRequest) { r.HostConfig.IpcMode = "nosuch" }, bad, "invalid IPC mode: nosuch"},
		{"pid mode", func(r *types.CreateRequest) { r.HostConfig.PidMode = "nosuch" }, bad, "invalid PID mode: nosuch"},
		{"uts mode", func(r *types.CreateRequest) { r.HostConfig.UTSMode = "nosuch" }, bad, "invalid UTS mode: nosuch"},
		{"cgroup mode", func(r *types.CreateRequest) { r.HostConfig.CgroupnsMode = "nosuch" }, bad, "invalid cgroup namespace mode: nosuch"},
		{"runtime", func(r *types.CreateRequest) { r.HostConfig.Runtime = "nosuch" }, bad, "unknown or invalid runtime name: nosuch"},
		{"shm", func(r *types.CreateRequest) { r.HostConfig.ShmSize = -1 }, bad, "SHM size can not be less than 0"},
		{"oom score", func(r *types.CreateRequest) { r.HostConfig.OomScoreAdj = 1001 }, bad, "Invalid value 1001, range for oom score adj is [-1000, 1000]"},
		{"tmpfs", func(r *types.CreateRequest) { r.HostConfig.Tmpfs = map[string]string{"a": ""} }, bad, "mount path must be absolute"},
		{"tmpfs on the root", func(r *types.CreateRequest) { r.HostConfig.Tmpfs = map[string]string{"/": ""} }, bad, "destination can't be '/'"},
		{"ulimit", func(r *types.CreateRequest) {
			r.HostConfig.Ulimits = []*units.Ulimit{{Name: "nofile", Soft: 2, Hard: 1}}
		}, bad, "invalid ulimit"},
		{"cache property", func(r *types.CreateRequest) { r.HostConfig.CacheProperty = "all of it" }, bad, "invalid cache property"},
		// Only a missing image may be "not found": a client pulls it then.
		{"network", func(r *types.CreateRequest) { r.HostConfig.NetworkMode = "nosuch" }, bad, "network nosuch not found"},
		{"network of nobody", func(r *types.CreateRequest) { r.HostConfig.NetworkMode = "container:nosuch" }, bad, "No such container: nosuch"},

		{"relative place", func(r *types.CreateRequest) { r.HostConfig.Binds = []string{"/tmp:a"} }, bad, "mount path must be absolute"},
		{"the root as place", func(r *types.CreateRequest) { r.HostConfig.Binds = []string{"/tmp:/"} }, bad, "destination can't be '/'"},
		{"mode", func(r *types.CreateRequest) { r.HostConfig.Binds = []string{"/tmp:/a:nosuch"} }, bad, "invalid mode: nosuch"},
		{"too many parts", func(r *types.CreateRequest) { r.HostConfig.Binds = []string{"/a:/b:ro:c"} }, bad, "invalid volume specification: '/a:/b:ro:c'"},
		{"two at one place", func(r *types.CreateRequest) { r.HostConfig.Binds = []string{"v1:/a", "v2:/a"} }, bad, "Duplicate mount point: /a"},
		{"volume name", func(r *types.CreateRequest) { r.HostConfig.Binds = []string{"../x:/a"} }, bad, "../x"},
		{"source that is not there", func(r *types.CreateRequest) {
			r.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: "/no/such", Target: "/a"}}
		}, bad, "bind source path does not exist: /no/such"},
		{"mount type", func(r *types.CreateRequest) {
			r.HostConfig.Mounts = []mount.Mount{{Type: "nosuch", Target: "/a"}}
		}, bad, "mount type unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := b.Create(t.Context(), "box", request(test.change))
			expectError(t, err, test.status, test.message)
			if len(b.images.prepared) > 0 {
				t.Error("a file system is left")
			}
			if left, _ := os.ReadDir(filepath.Join(b.config.Root, "containers")); len(left) > 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
	b.expectCounts("after", "0 0 0 0")
	b.create("box") // nobody has the name
}

// TestCreateFails: what is made before a failure is unmade, the volumes that
// nobody named with it.
func TestCreateFails(t *testing.T) {
	b := newBench(t)
	b.images.fail = failing("prepare", errors.New("no space left on device"))
	_, err := b.Create(t.Context(), "box", request())
	expectError(t, err, http.StatusInternalServerError, "no space left on device")
	b.images.fail = failing("mounts", errors.New("no root")) // to fill the volume
	_, err = b.Create(t.Context(), "box", request(func(r *types.CreateRequest) { r.Volumes = map[string]struct{}{"/data": {}} }))
	expectError(t, err, http.StatusInternalServerError, "no root")
	if len(b.images.prepared) > 0 {
		t.Error("a file system is left")
	}
	if v, err := b.Volumes.List(t.Context(), nil); err != nil || len(v.Volumes) > 0 {
		t.Errorf("volumes are left: %v %v", v.Volumes, err)
	}
	b.images.fail = nil
	b.create("box")
}

// TestCreateUnmadeLater: what cannot be removed now is removed when containerd is
// there again.
func TestCreateUnmadeLater(t *testing.T) {
	b := newBench(t)
	var back atomic.Bool
	b.images.fail = func(string) error {
		if back.Load() {
			return nil
		}
		return errors.New("connection refused")
	}
	_, err := b.Create(t.Context(), "box", request())
	expectError(t, err, http.StatusInternalServerError, "connection refused")
	folders := func() []fs.DirEntry {
		found, err := os.ReadDir(filepath.Join(b.config.Root, "containers"))
		b.do(err)
		return found
	}
	if left := folders(); len(left) != 1 {
		t.Errorf("left %v, want the folder, for the next daemon to know", left)
	}
	back.Store(true)
	for deadline := time.Now().Add(10 * time.Second); len(folders()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the folder is still there")
		}
	}
}

func TestCreateDefaults(t *testing.T) {
	b := newBench(t)
	b.create("box", func(r *types.CreateRequest) { r.HostConfig = nil })
	c, err := b.Inspect(t.Context(), "box", false)
	b.do(err)
	h := c.HostConfig
	if h.NetworkMode != "bridge" || h.IpcMode != "private" || h.CgroupnsMode != wantCgroupns() || h.ShmSize != 64<<20 ||
		h.LogConfig.Type != "json-file" || h.RestartPolicy.Name != container.RestartPolicyDisabled || h.Runtime != "engine" {
		t.Errorf("%+v", h)
	}
	b.create("limited", func(r *types.CreateRequest) { r.HostConfig.Memory = 10 << 20 })
	if c, _ := b.Inspect(t.Context(), "limited", false); c.HostConfig.MemorySwap != 20<<20 {
		t.Errorf("swap %d", c.HostConfig.MemorySwap)
	}
	r, err := b.Create(t.Context(), "", request(func(r *types.CreateRequest) {
		yes := true
		r.HostConfig.OomKillDisable = &yes
	}))
	b.do(err)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "OOM killer is disabled") {
		t.Errorf("warnings %q", r.Warnings)
	}
}

// wantCgroupns is docker's default, which depends on the machine.
func wantCgroupns() container.CgroupnsMode {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return "private"
	}
	return "host"
}
