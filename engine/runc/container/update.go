package container

import (
	"slices"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
)

// Resources are the limits that Update changes: those of the spec, and the
// cache and bandwidth that the spec keeps beside them.
type Resources struct {
	specs.LinuxResources
	IntelRdt *specs.LinuxIntelRdt `json:"intelRdt,omitempty"`
}

// Update changes the limits of a container that was not stopped. What is nil
// stays as it is, and so do zeros where the kernel knows none.
//
// Written last: the files of the container's cgroups, memory.limit_in_bytes,
// cpu.shares and so on, and then the state.json, so that a later update
// starts from what holds now.
func (r *Runtime) Update(id string, change Resources) error {
	c, err := r.load(id)
	if err != nil {
		return err
	}
	config := c.Config()
	// A copy: libcontainer goes back to its own if the kernel refuses.
	group := *config.Cgroups
	resources := *config.Cgroups.Resources
	group.Resources = &resources
	config.Cgroups = &group

	updateMemory(&resources, change.Memory)
	updateCPU(&resources, change.CPU)
	updateBlockIO(&resources, change.BlockIO)
	if change.Pids != nil && change.Pids.Limit != nil {
		resources.PidsLimit = change.Pids.Limit
	}
	if len(change.Unified) > 0 {
		resources.Unified = change.Unified
	}
	if err := checkUpdatable(c); err != nil {
		return err
	}
	if err := updateIntelRdt(c, &config, change.IntelRdt); err != nil {
		return err
	}
	return set(c, config)
}

// checkUpdatable keeps what Set checks too late for Intel RDT's group.
func checkUpdatable(c *libcontainer.Container) error {
	status, err := c.Status()
	if err != nil {
		return err
	}
	if status == libcontainer.Stopped {
		return libcontainer.ErrNotRunning
	}
	return nil
}

// set applies a config to the container's cgroups and stores it.
func set(c *libcontainer.Container, config configs.Config) error {
	group := *config.Cgroups
	resources := *group.Resources
	// The device rules stay as they are: others, such as those of a graphics
	// card, may have been added to them from outside. This is not stored.
	resources.SkipDevices = true
	group.Resources = &resources
	config.Cgroups = &group
	return c.Set(config)
}

func updateMemory(r *cgroups.Resources, m *specs.LinuxMemory) {
	if m == nil {
		return
	}
	change(&r.Memory, m.Limit)
	change(&r.MemoryReservation, m.Reservation)
	change(&r.MemorySwap, m.Swap)
	if r.Memory == -1 && (m.Swap == nil || *m.Swap == 0) {
		// Swap counts memory as well, so the old limit would still hold. Zero
		// has libcontainer lift it too.
		r.MemorySwap = 0
	}
	if m.CheckBeforeUpdate != nil {
		r.MemoryCheckBeforeUpdate = *m.CheckBeforeUpdate
	}
	//nolint:staticcheck // deprecated, and still sent by old clients
	if isSet(m.Kernel) || isSet(m.KernelTCP) {
		logrus.Warn("Kernel memory settings are ignored and will be removed")
	}
}

func updateCPU(r *cgroups.Resources, cpu *specs.LinuxCPU) {
	if cpu == nil {
		return
	}
	if isSet(cpu.Shares) {
		r.CpuShares = *cpu.Shares
		r.CpuWeight = cgroups.ConvertCPUSharesToCgroupV2Value(*cpu.Shares)
	}
	change(&r.CpuPeriod, cpu.Period)
	change(&r.CpuQuota, cpu.Quota)
	change(&r.CpuRtPeriod, cpu.RealtimePeriod)
	change(&r.CpuRtRuntime, cpu.RealtimeRuntime)
	if cpu.Burst != nil {
		r.CpuBurst = cpu.Burst
	}
	if cpu.Idle != nil {
		r.CPUIdle = cpu.Idle
		if !isSet(cpu.Shares) {
			// The kernel refuses a weight for an idle group.
			r.CpuShares, r.CpuWeight = 0, 0
		}
	}
	if cpu.Cpus != "" {
		r.CpusetCpus = cpu.Cpus
	}
	if cpu.Mems != "" {
		r.CpusetMems = cpu.Mems
	}
}

func updateBlockIO(r *cgroups.Resources, io *specs.LinuxBlockIO) {
	if io == nil {
		return
	}
	change(&r.BlkioWeight, io.Weight)
	change(&r.BlkioLeafWeight, io.LeafWeight)
	for _, d := range io.WeightDevice {
		r.BlkioWeightDevice = weighDevice(r.BlkioWeightDevice, d)
	}
	for _, limit := range []struct {
		devices *[]*cgroups.ThrottleDevice
		changes []specs.LinuxThrottleDevice
	}{
		{&r.BlkioThrottleReadBpsDevice, io.ThrottleReadBpsDevice},
		{&r.BlkioThrottleWriteBpsDevice, io.ThrottleWriteBpsDevice},
		{&r.BlkioThrottleReadIOPSDevice, io.ThrottleReadIOPSDevice},
		{&r.BlkioThrottleWriteIOPSDevice, io.ThrottleWriteIOPSDevice},
	} {
		for _, d := range limit.changes {
			*limit.devices = throttleDevice(*limit.devices, d)
		}
	}
}

// weighDevice replaces the weights of a device, or adds the device. The slice
// is a new one, as the old belongs to the config that Set may go back to.
func weighDevice(devices []*cgroups.WeightDevice, d specs.LinuxWeightDevice) []*cgroups.WeightDevice {
	changed := cgroups.NewWeightDevice(d.Major, d.Minor, 0, 0)
	kept := make([]*cgroups.WeightDevice, 0, len(devices)+1)
	for _, old := range devices {
		if old.Major == d.Major && old.Minor == d.Minor {
			*changed = *old
			continue
		}
		kept = append(kept, old)
	}
	change(&changed.Weight, d.Weight)
	change(&changed.LeafWeight, d.LeafWeight)
	return append(kept, changed)
}

// throttleDevice replaces the rate of a device, or adds the device.
func throttleDevice(devices []*cgroups.ThrottleDevice, d specs.LinuxThrottleDevice) []*cgroups.ThrottleDevice {
	kept := slices.DeleteFunc(slices.Clone(devices), func(old *cgroups.ThrottleDevice) bool {
		return old.Major == d.Major && old.Minor == d.Minor
	})
	return append(kept, cgroups.NewThrottleDevice(d.Major, d.Minor, d.Rate))
}

// number is what limits are made of.
type number interface {
	~int64 | ~uint64 | ~uint16
}

// isSet says whether a limit is to be changed. A zero does not count: clients
// send it for what they leave alone, and the kernel has no such limit.
func isSet[N number](n *N) bool { return n != nil && *n != 0 }

func change[N number](limit *N, to *N) {
	if isSet(to) {
		*limit = *to
	}
}
