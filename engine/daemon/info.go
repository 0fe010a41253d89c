package daemon

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/api/types/system"
	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/logs"
)

// Info is what the engine and its machine are, and how many containers there
// are in which state.
func (d *about) Info(ctx context.Context) (system.Info, error) {
	running, paused, stopped := d.states.get()
	version, _, err := d.Containerd.Version(ctx)
	if err != nil {
		log.G(ctx).WithError(err).Warn("containerd does not tell its version")
	}
	i := system.Info{
		ID: d.ID, Name: d.Name, ServerVersion: d.Release,
		Containers: running + paused + stopped, ContainersRunning: running, ContainersPaused: paused, ContainersStopped: stopped,
		Images: d.countImages(ctx),
		Driver: "overlayfs", DriverStatus: [][2]string{{"driver-type", "io.containerd.snapshotter.v1"}}, DockerRootDir: d.Root,
		LoggingDriver: "json-file", CgroupDriver: "cgroupfs", CgroupVersion: cgroupVersion(),
		KernelVersion: kernel(), OperatingSystem: osName(), OSVersion: osField("VERSION_ID"), OSType: runtime.GOOS, Architecture: architecture(),
		NCPU: runtime.NumCPU(), MemTotal: memTotal(), IndexServerAddress: "https://index.docker.io/v1/",
		MemoryLimit: hasCgroup("memory/memory.limit_in_bytes", "memory.max"), SwapLimit: hasSwapLimit(),
		CPUCfsPeriod: hasCgroup("cpu/cpu.cfs_quota_us", "cpu.max"), CPUCfsQuota: hasCgroup("cpu/cpu.cfs_quota_us", "cpu.max"),
		CPUShares: hasCgroup("cpu/cpu.shares", "cpu.weight"), CPUSet: hasCgroup("cpuset/cpuset.cpus", "cpuset.cpus"), PidsLimit: hasCgroup("pids", "pids.max"),
		OomKillDisable: hasCgroup("memory/memory.oom_control", ""), IPv4Forwarding: forwarding(),
		NFd: files(), NGoroutines: runtime.NumGoroutine(), NEventsListener: d.EventLog.Listeners(), SystemTime: time.Now().Format(time.RFC3339Nano),
		Plugins:        system.PluginsInfo{Volume: []string{"local"}, Network: []string{"bridge", "host", "null"}, Log: logs.Drivers()},
		DefaultRuntime: d.Runtime, Runtimes: d.runtimes.all(),
		ContainerdCommit: system.Commit{ID: version}, RuncCommit: system.Commit{ID: d.Release}, InitBinary: d.initName(),
		LiveRestoreEnabled: d.LiveRestore, ExperimentalBuild: true, Swarm: swarm.Info{LocalNodeState: swarm.LocalNodeStateInactive},
		Labels: []string{}, SecurityOptions: []string{}, RegistryConfig: registries(),
	}
	if d.runtimes.features(ctx, d.Runtime).Seccomp {
		profile := "builtin"
		if d.SeccompProfile != "" {
			profile = "custom"
		}
		i.SecurityOptions = append(i.SecurityOptions, "name=seccomp,profile="+profile)
	} else {
		i.Warnings = append(i.Warnings, "WARNING: the runtime was built without seccomp: system calls are not filtered")
	}
	if !i.SwapLimit {
		i.Warnings = append(i.Warnings, "WARNING: No swap limit support")
	}
	i.Warnings = append(i.Warnings, d.Network.Warnings()...)
	return i, nil
}

// initName is what the first process of a container with --init is called, "" if
// there is none.
func (d *about) initName() string {
	if d.InitProgram == "" {
		return ""
	}
	return filepath.Base(d.InitProgram)
}

// registries says which registries are asked how: those on this machine may be
// without encryption.
func registries() *registry.ServiceConfig {
	return &registry.ServiceConfig{
		InsecureRegistryCIDRs: []netip.Prefix{netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("127.0.0.0/8")},
		IndexConfigs:          map[string]*registry.IndexInfo{"docker.io": {Name: "docker.io", Mirrors: []string{}, Secure: true, Official: true}},
		Mirrors:               []string{},
	}
}

func (d *about) countImages(ctx context.Context) int {
	all, err := d.Images.List(ctx, types.ImageListOptions{})
	if err != nil {
		log.G(ctx).WithError(err).Warn("images cannot be counted")
	}
	return len(all)
}

func cgroupVersion() string {
	if cgroups.IsCgroup2UnifiedMode() {
		return "2"
	}
	return "1"
}

// hasCgroup reports whether the kernel can limit something: the file says so,
// of version 1 in its controller's folder, of version 2 in any cgroup.
func hasCgroup(v1, v2 string) bool {
	if cgroups.IsCgroup2UnifiedMode() {
		if v2 == "" {
			return false
		}
		found, err := filepath.Glob("/sys/fs/cgroup/*/" + v2)
		return err == nil && len(found) > 0
	}
	_, err := os.Stat(filepath.Join("/sys/fs/cgroup", v1))
	return err == nil
}

func hasSwapLimit() bool { return hasCgroup("memory/memory.memsw.limit_in_bytes", "memory.swap.max") }

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

func architecture() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return runtime.GOARCH
	}
	return unix.ByteSliceToString(u.Machine[:])
}

func osName() string {
	if name := osField("PRETTY_NAME"); name != "" {
		return name
	}
	return "Linux"
}

// osField is a field of os-release.
func osField(name string) string {
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			return strings.Trim(value, `"'`)
		}
	}
	return ""
}

func memTotal() int64 {
	var s unix.Sysinfo_t
	if err := unix.Sysinfo(&s); err != nil {
		return 0
	}
	return int64(s.Totalram) * int64(s.Unit)
}

func forwarding() bool {
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_forward")
	if err != nil {
		return false
	}
	on, err := strconv.ParseBool(strings.TrimSpace(string(data)))
	return err == nil && on
}

func files() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(open)
}
