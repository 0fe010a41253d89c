package spec

import (
	"os"
	"time"

	"github.com/moby/moby/api/types/blkiodev"
	"github.com/moby/moby/api/types/container"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

// defaultPeriod is the scheduler's period that --cpus is counted in.
const defaultPeriod = 100 * time.Millisecond

// Resources are the limits of a container, or those that an update changes: a
// zero field is none.
func Resources(r container.Resources) (*specs.LinuxResources, error) {
	out := &specs.LinuxResources{Memory: memory(r), CPU: cpu(r), BlockIO: &specs.LinuxBlockIO{}}
	if r.BlkioWeight != 0 {
		out.BlockIO.Weight = &r.BlkioWeight
	}
	for _, w := range r.BlkioWeightDevice {
		major, minor, err := deviceNumber(w.Path)
		if err != nil {
			return nil, err
		}
		d := specs.LinuxWeightDevice{Weight: &w.Weight}
		d.Major, d.Minor = major, minor
		out.BlockIO.WeightDevice = append(out.BlockIO.WeightDevice, d)
	}
	for _, list := range []struct {
		from *[]*blkiodev.ThrottleDevice
		to   *[]specs.LinuxThrottleDevice
	}{
		{&r.BlkioDeviceReadBps, &out.BlockIO.ThrottleReadBpsDevice},
		{&r.BlkioDeviceWriteBps, &out.BlockIO.ThrottleWriteBpsDevice},
		{&r.BlkioDeviceReadIOps, &out.BlockIO.ThrottleReadIOPSDevice},
		{&r.BlkioDeviceWriteIOps, &out.BlockIO.ThrottleWriteIOPSDevice},
	} {
		for _, t := range *list.from {
			major, minor, err := deviceNumber(t.Path)
			if err != nil {
				return nil, err
			}
			d := specs.LinuxThrottleDevice{Rate: t.Rate}
			d.Major, d.Minor = major, minor
			*list.to = append(*list.to, d)
		}
	}
	if l := r.PidsLimit; l != nil {
		limit := *l
		if limit == 0 {
			limit = -1
		}
		out.Pids = &specs.LinuxPids{Limit: &limit}
	}
	return out, nil
}

func memory(r container.Resources) *specs.LinuxMemory {
	m := &specs.LinuxMemory{}
	if r.Memory > 0 {
		m.Limit = &r.Memory
	}
	if r.MemoryReservation > 0 {
		m.Reservation = &r.MemoryReservation
	}
	if r.MemorySwap != 0 {
		m.Swap = &r.MemorySwap
	}
	if r.MemorySwappiness != nil && *r.MemorySwappiness >= 0 {
		s := uint64(*r.MemorySwappiness)
		m.Swappiness = &s
	}
	m.DisableOOMKiller = r.OomKillDisable
	return m
}

func cpu(r container.Resources) *specs.LinuxCPU {
	c := &specs.LinuxCPU{Cpus: r.CpusetCpus, Mems: r.CpusetMems}
	if r.CPUShares != 0 {
		shares := uint64(r.CPUShares)
		c.Shares = &shares
	}
	if r.NanoCPUs > 0 {
		period := uint64(defaultPeriod / time.Microsecond)
		quota := r.NanoCPUs * int64(period) / 1e9
		c.Period, c.Quota = &period, &quota
	}
	if r.CPUPeriod != 0 {
		period := uint64(r.CPUPeriod)
		c.Period = &period
	}
	if r.CPUQuota != 0 {
		c.Quota = &r.CPUQuota
	}
	if r.CPURealtimePeriod != 0 {
		period := uint64(r.CPURealtimePeriod)
		c.RealtimePeriod = &period
	}
	if r.CPURealtimeRuntime != 0 {
		c.RealtimeRuntime = &r.CPURealtimeRuntime
	}
	return c
}

// deviceNumber is the numbers of a device file of the host.
func deviceNumber(path string) (major, minor int64, err error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, 0, errdefs.Invalid("error gathering device information for %q: %v", path, &os.PathError{Op: "stat", Path: path, Err: err})
	}
	return int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev)), nil
}
