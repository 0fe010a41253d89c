package daemon

import (
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/sys/signal"
	"github.com/opencontainers/cgroups"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/health"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/spec"
	"github.com/callroute/callroute/engine/errdefs"
)

// check says what is wrong with a container before anything of it is made. asked
// is what the person asked for, before the image's part came to it.
func (d *creator) check(r *ours.Record, asked *container.Config) (warnings []string, err error) {
	h := r.HostConfig
	warnings = []string{}
	if w := r.Config.WorkingDir; w != "" && !strings.HasPrefix(w, "/") {
		return nil, errdefs.Invalid("the working directory '%s' is invalid, it needs to be an absolute path", w)
	}
	for _, env := range r.Config.Env {
		if env == "" || strings.HasPrefix(env, "=") {
			return nil, errdefs.Invalid("invalid environment variable: %s", env)
		}
	}
	const longestHostname = 64 // the kernel's
	if len(r.Config.Hostname) > longestHostname {
		return nil, errdefs.Invalid("hostname %q is too long (maximum %d bytes)", r.Config.Hostname, longestHostname)
	}
	if s := r.Config.StopSignal; s != "" {
		if _, err := signal.ParseSignal(s); err != nil {
			return nil, errdefs.Invalid("invalid signal: %s", s)
		}
	}
	if err := health.Check(r.Config.Healthcheck); err != nil {
		return nil, err
	}
	if err := d.checkHost(h, asked); err != nil {
		return nil, err
	}
	if err := d.refuse(r); err != nil {
		return nil, err
	}
	warnings = append(warnings, discard(&h.Resources)...)
	if err := checkResources(h.Resources); err != nil {
		return nil, err
	}
	warnings = append(warnings, resourceWarnings(h.Resources)...)
	if err := checkRestart(h.RestartPolicy, h.AutoRemove); err != nil {
		return nil, err
	}
	if err := logs.Check(h.LogConfig.Type, h.LogConfig.Config); err != nil {
		return nil, err
	}
	if _, err := spec.ParseSecurity(h.SecurityOpt); err != nil {
		return nil, err
	}
	if _, err := spec.Capabilities(h.CapAdd, h.CapDrop, h.Privileged); err != nil {
		return nil, err
	}
	if err := spec.CheckSysctls(h); err != nil {
		return nil, err
	}
	if h.CacheProperty != "" {
		if err := checkCache(h.CacheProperty); err != nil {
			return nil, err
		}
		warnings = append(warnings, cacheWarnings()...)
	}
	if err := d.nameDonors(h); err != nil {
		return nil, err
	}
	for _, m := range h.Mounts {
		if m.Type == mount.TypeImage {
			warnings = append(warnings, "Image mount is an experimental feature")
			break
		}
	}
	own := *r
	own.Config = asked
	request, err := d.joinRequest(own)
	if err != nil {
		return nil, err
	}
	more, err := d.Network.Check(request)
	if err != nil {
		return nil, err
	}
	return append(warnings, more...), nil
}

// nameDonors puts the IDs of the containers whose namespaces are to be joined in
// place of their names, which may change.
func (d *creator) nameDonors(h *types.HostConfig) error {
	id := func(mode string) (string, error) {
		name, ok := strings.CutPrefix(mode, "container:")
		if !ok {
			return mode, nil
		}
		if name == "" {
			return mode, nil // which is refused
		}
		other, err := d.containers.Get(name)
		if err != nil {
			return "", err
		}
		return "container:" + other.ID, nil
	}
	network, err := id(string(h.NetworkMode))
	if err != nil {
		return err
	}
	ipc, err := id(string(h.IpcMode))
	if err != nil {
		return err
	}
	pid, err := id(string(h.PidMode))
	if err != nil {
		return err
	}
	h.NetworkMode, h.IpcMode, h.PidMode = container.NetworkMode(network), container.IpcMode(ipc), container.PidMode(pid)
	return nil
}

// checkHost is what a container may ask of its host besides limits.
func (d *creator) checkHost(h *types.HostConfig, asked *container.Config) error {
	switch {
	case !h.IpcMode.Valid():
		return errdefs.Invalid("invalid IPC mode: %v", h.IpcMode)
	case !h.PidMode.Valid():
		return errdefs.Invalid("invalid PID mode: %v", h.PidMode)
	case !h.UTSMode.Valid():
		return errdefs.Invalid("invalid UTS mode: %v", h.UTSMode)
	case h.UTSMode.IsHost() && asked.Hostname != "":
		return errdefs.Invalid("conflicting options: hostname and the UTS mode")
	case !h.UsernsMode.Valid():
		return errdefs.Invalid("invalid USER mode: %v", h.UsernsMode)
	case !h.CgroupnsMode.Valid():
		return errdefs.Invalid("invalid cgroup namespace mode: %v", h.CgroupnsMode)
	case h.ShmSize < 0:
		return errdefs.Invalid("SHM size can not be less than 0")
	case h.OomScoreAdj < -1000 || h.OomScoreAdj > 1000:
		return errdefs.Invalid("Invalid value %d, range for oom score adj is [-1000, 1000]", h.OomScoreAdj)
	}
	if _, err := d.runtimes.program(h.Runtime); err != nil {
		return err
	}
	for dest := range h.Tmpfs {
		if !path.IsAbs(dest) {
			return errdefs.Invalid("invalid mount path: '%s' mount path must be absolute", dest)
		}
		if path.Clean(dest) == "/" {
			return errdefs.Invalid("invalid specification: destination can't be '/'")
		}
	}
	for _, u := range h.Ulimits {
		if u == nil || u.Name == "" || u.Hard >= 0 && u.Soft > u.Hard {
			return errdefs.Invalid("invalid ulimit: %v", u)
		}
	}
	return nil
}

// resourceWarnings says which limits are not what the person may think.
func resourceWarnings(r container.Resources) (warnings []string) {
	if r.OomKillDisable != nil && *r.OomKillDisable && r.Memory == 0 {
		warnings = append(warnings, "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.")
	}
	if r.Memory > 0 && r.MemorySwap != -1 && !hasSwapLimit() {
		warnings = append(warnings, "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.")
	}
	return warnings
}

// discard takes away the limits that this kernel does not have, as docker does,
// and says so.
func discard(r *container.Resources) (warnings []string) {
	if r.BlkioWeight > 0 && !hasBlkio("weight") {
		r.BlkioWeight = 0
		warnings = append(warnings, "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.")
	}
	if len(r.BlkioWeightDevice) > 0 && !hasBlkio("weight_device") {
		r.BlkioWeightDevice = nil
		warnings = append(warnings, "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.")
	}
	return warnings
}

// hasBlkio reports whether a kernel's scheduler, cfq or bfq, takes weights. The
// root of the controller has no such file: one below it is looked for, and as
// long as nothing is below it nobody can say.
func hasBlkio(file string) bool {
	if cgroups.IsCgroup2UnifiedMode() && (hasCgroup("", "io.weight") || hasCgroup("", "io.bfq.weight")) {
		return true
	}
	for _, name := range []string{"blkio.", "blkio.bfq."} {
		if found, err := filepath.Glob("/sys/fs/cgroup/blkio/*/" + name + file); err == nil && len(found) > 0 {
			return true
		}
	}
	below, err := filepath.Glob("/sys/fs/cgroup/blkio/*/cgroup.procs")
	return err == nil && len(below) == 0 && !cgroups.IsCgroup2UnifiedMode()
}

// checkResources is docker's rules for limits.
func checkResources(r container.Resources) error {
	const leastMemory = 6 << 20
	switch {
	case r.Memory != 0 && r.Memory < leastMemory:
		return errdefs.Invalid("Minimum memory limit allowed is 6MB")
	case r.Memory > 0 && r.MemorySwap > 0 && r.MemorySwap < r.Memory:
		return errdefs.Invalid("Minimum memoryswap limit should be larger than memory limit, see usage")
	case r.Memory == 0 && r.MemorySwap > 0:
		return errdefs.Invalid("You should always set the Memory limit when using Memoryswap limit, see usage")
	case r.MemoryReservation != 0 && r.MemoryReservation < leastMemory:
		return errdefs.Invalid("Minimum memory reservation allowed is 6MB")
	case r.Memory > 0 && r.MemoryReservation > 0 && r.Memory < r.MemoryReservation:
		return errdefs.Invalid("Minimum memory limit can not be less than memory reservation limit, see usage")
	case r.MemorySwappiness != nil && (*r.MemorySwappiness < -1 || *r.MemorySwappiness > 100):
		return errdefs.Invalid("Invalid value: %d, valid memory swappiness range is 0-100", *r.MemorySwappiness)
	case r.NanoCPUs < 0 || r.NanoCPUs > int64(runtime.NumCPU())*1e9:
		return errdefs.Invalid("Range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available", runtime.NumCPU(), runtime.NumCPU())
	case r.NanoCPUs > 0 && (r.CPUPeriod > 0 || r.CPUQuota > 0):
		what := "CPU Period"
		if r.CPUPeriod == 0 {
			what = "CPU Quota"
		}
		return errdefs.Invalid("Conflicting options: Nano CPUs and %s cannot both be set", what)
	case r.CPUPeriod != 0 && (r.CPUPeriod < 1000 || r.CPUPeriod > 1000000):
		return errdefs.Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
	case r.CPUQuota > 0 && r.CPUQuota < 1000:
		return errdefs.Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)")
	case r.CPUShares < 0:
		return errdefs.Invalid("invalid CPU shares (%d): value must be a positive integer", r.CPUShares)
	case r.BlkioWeight > 0 && (r.BlkioWeight < 10 || r.BlkioWeight > 1000):
		return errdefs.Invalid("Range of blkio weight is from 10 to 1000")
	}
	for _, set := range []struct{ name, value string }{{"cpus", r.CpusetCpus}, {"mems", r.CpusetMems}} {
		if set.value == "" {
			continue
		}
		available, err := os.ReadFile("/sys/fs/cgroup/cpuset/cpuset." + set.name)
		if err != nil {
			if available, err = os.ReadFile("/sys/fs/cgroup/cpuset." + set.name + ".effective"); err != nil {
				continue
			}
		}
		have, _ := parseList(strings.TrimSpace(string(available)))
		want, err := parseList(set.value)
		if err != nil {
			return errdefs.Invalid("Invalid value %s for cpuset %s: invalid format: %s", set.value, set.name, set.value)
		}
		for n := range want {
			if !have[n] {
				return errdefs.Invalid("Requested %s are not available - requested %s, available: %s", map[string]string{"cpus": "CPUs", "mems": "memory nodes"}[set.name], set.value, strings.TrimSpace(string(available)))
			}
		}
	}
	return nil
}

func checkRestart(p container.RestartPolicy, autoRemove bool) error {
	switch p.Name {
	case "", container.RestartPolicyDisabled, container.RestartPolicyAlways, container.RestartPolicyUnlessStopped:
		if p.MaximumRetryCount != 0 {
			return errdefs.Invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'")
		}
	case container.RestartPolicyOnFailure:
		if p.MaximumRetryCount < 0 {
			return errdefs.Invalid("invalid restart policy: maximum retry count cannot be negative")
		}
	default:
		return errdefs.Invalid("invalid restart policy: unknown policy '%s'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'", p.Name)
	}
	if autoRemove && p.Name != "" && p.Name != container.RestartPolicyDisabled {
		return errdefs.Invalid("can't create 'AutoRemove' container with restart policy")
	}
	return nil
}
