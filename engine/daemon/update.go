package daemon

import (
	"context"
	"fmt"
	"regexp"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/spec"
	"github.com/callroute/callroute/engine/errdefs"
)

// Update changes the limits of a container, and those of its processes if it
// runs. What the update does not name stays as it is.
func (d *Daemon) Update(ctx context.Context, name string, config types.UpdateConfig) (container.UpdateResponse, error) {
	response := container.UpdateResponse{Warnings: []string{}}
	c, err := d.containers.Get(name)
	if err != nil {
		return response, err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return response, err
	}
	defer done()
	r := c.Snapshot()
	if r.State.Status == container.StateRemoving || r.State.Status == container.StateDead {
		return response, errdefs.Conflict("Cannot update container %s: container is marked for removal and cannot be \"update\"", c.ID)
	}
	response.Warnings = append(response.Warnings, discard(&config.Resources)...)
	host, err := updated(r.HostConfig, config)
	if cerrdefs.IsConflict(err) { // with what it was, and not wrong in itself
		return response, fmt.Errorf("Cannot update container %s: %w", c.ID, err) //nolint:staticcheck // docker's words
	}
	if err != nil {
		return response, err
	}
	response.Warnings = append(response.Warnings, resourceWarnings(config.Resources)...)
	if config.CacheProperty != "" {
		response.Warnings = append(response.Warnings, cacheWarnings()...)
	}
	if r.State.Running() {
		if err := d.updateRunning(ctx, c.ID, config, host); err != nil {
			return response, errdefs.Internal("Cannot update container %s: %w", c.ID, err)
		}
	}
	d.change(c, func(r *ours.Record) { r.HostConfig = host })
	d.tell(events.ActionUpdate, c.Snapshot(), nil)
	return response, nil
}

// updateRunning changes the limits of a container's processes.
func (d *Daemon) updateRunning(ctx context.Context, id string, config types.UpdateConfig, host *types.HostConfig) error {
	changed := config.Resources
	if changed.Memory > 0 && changed.MemorySwap == 0 {
		changed.MemorySwap = host.MemorySwap
	}
	resources, err := spec.Resources(changed)
	if err != nil {
		return err
	}
	request := &ctypes.Resources{LinuxResources: *resources}
	if config.CacheProperty != "" {
		request.IntelRdt = &specs.LinuxIntelRdt{ClosID: id, L3CacheSchema: config.CacheProperty}
	}
	return d.Containerd.Update(ctx, id, request)
}

// updated is a host config with the changes of an update.
func updated(old *types.HostConfig, config types.UpdateConfig) (*types.HostConfig, error) {
	h := *old
	u := config.Resources
	if u.BlkioWeight != 0 {
		h.BlkioWeight = u.BlkioWeight
	}
	if u.CPUShares != 0 {
		h.CPUShares = u.CPUShares
	}
	if (h.NanoCPUs > 0 && u.NanoCPUs == 0) && (u.CPUPeriod > 0 || u.CPUQuota > 0) {
		what := "CPU Period"
		if u.CPUPeriod == 0 {
			what = "CPU Quota"
		}
		return nil, errdefs.Conflict("Conflicting options: %s cannot be updated as NanoCPUs has already been set", what)
	}
	if u.NanoCPUs != 0 {
		if h.CPUPeriod > 0 || h.CPUQuota > 0 {
			what := "CPU Period"
			if h.CPUPeriod == 0 {
				what = "CPU Quota"
			}
			return nil, errdefs.Conflict("Conflicting options: Nano CPUs cannot be updated as %s has already been set", what)
		}
		h.NanoCPUs = u.NanoCPUs
	}
	if u.CPUPeriod != 0 {
		h.CPUPeriod = u.CPUPeriod
	}
	if u.CPUQuota != 0 {
		h.CPUQuota = u.CPUQuota
	}
	if u.CPURealtimePeriod != 0 {
		h.CPURealtimePeriod = u.CPURealtimePeriod
	}
	if u.CPURealtimeRuntime != 0 {
		h.CPURealtimeRuntime = u.CPURealtimeRuntime
	}
	if u.CpusetCpus != "" {
		h.CpusetCpus = u.CpusetCpus
	}
	if u.CpusetMems != "" {
		h.CpusetMems = u.CpusetMems
	}
	if u.Memory != 0 {
		if h.MemorySwap > 0 && u.Memory > h.MemorySwap && u.MemorySwap == 0 {
			return nil, errdefs.Conflict("Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time")
		}
		h.Memory = u.Memory
	}
	if u.MemorySwap != 0 {
		h.MemorySwap = u.MemorySwap
	}
	if u.MemoryReservation != 0 {
		h.MemoryReservation = u.MemoryReservation
	}
	if u.PidsLimit != nil {
		h.PidsLimit = u.PidsLimit
		if *u.PidsLimit < 0 { // none, which docker keeps as 0
			h.PidsLimit = new(int64)
		}
	}
	if p := config.RestartPolicy; p.Name != "" {
		if err := checkRestart(p, old.AutoRemove); err != nil {
			if old.AutoRemove {
				return nil, errdefs.Conflict("Restart policy cannot be updated because AutoRemove is enabled for the container")
			}
			return nil, err
		}
		h.RestartPolicy = p
	}
	if config.CacheProperty != "" {
		if err := checkCache(config.CacheProperty); err != nil {
			return nil, err
		}
		h.CacheProperty = config.CacheProperty
	}
	return &h, checkResources(h.Resources)
}

// cacheSchema is the form of a schema of the kernel's resctrl.
var cacheSchema = regexp.MustCompile(`^L3(CODE|DATA)?:[0-9]+=[0-9a-fA-F]+(;[0-9]+=[0-9a-fA-F]+)*$`)

func checkCache(schema string) error {
	if !cacheSchema.MatchString(schema) {
		return errdefs.Invalid("invalid cache property %q: a schema is like L3:0=ff or L3:0=7f0;1=1f", schema)
	}
	return nil
}

// cacheWarnings says that a share of the cache cannot be given where the kernel
// cannot.
func cacheWarnings() []string {
	if spec.Resctrl() {
		return nil
	}
	return []string{"Your kernel does not support resctrl: the cache property is kept and has no effect."}
}
