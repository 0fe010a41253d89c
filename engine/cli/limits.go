package cli

import (
	"github.com/moby/moby/api/types/container"
	"github.com/spf13/pflag"
)

// limitFlags are the flags of run, create and update that bound what a
// container uses.
type limitFlags struct {
	memory            memory
	memoryReservation memory
	memorySwap        memorySwap
	cpus              cpus
	cpuShares         int64
	cpuPeriod         int64
	cpuQuota          int64
	cpusetCPUs        string
	cpusetMems        string
	pids              int64
	blkioWeight       uint16
	cacheProperty     string
	restart           string
}

// addTo adds the flags to a command's.
func (l *limitFlags) addTo(flags *pflag.FlagSet) {
	flags.VarP(&l.memory, "memory", "m", "Memory limit")
	flags.Var(&l.memoryReservation, "memory-reservation", "Memory soft limit")
	flags.Var(&l.memorySwap, "memory-swap", "Swap limit equal to memory plus swap: -1 to enable unlimited swap")
	flags.Var(&l.cpus, "cpus", "Number of CPUs")
	flags.Int64VarP(&l.cpuShares, "cpu-shares", "c", 0, "CPU shares (relative weight)")
	flags.Int64Var(&l.cpuPeriod, "cpu-period", 0, "Limit CPU CFS (Completely Fair Scheduler) period")
	flags.Int64Var(&l.cpuQuota, "cpu-quota", 0, "Limit CPU CFS (Completely Fair Scheduler) quota")
	flags.StringVar(&l.cpusetCPUs, "cpuset-cpus", "", "CPUs in which to allow execution (0-3, 0,1)")
	flags.StringVar(&l.cpusetMems, "cpuset-mems", "", "MEMs in which to allow execution (0-3, 0,1)")
	flags.Int64Var(&l.pids, "pids-limit", 0, "Tune container pids limit (set -1 for unlimited)")
	flags.Uint16Var(&l.blkioWeight, "blkio-weight", 0, "Block IO (relative weight), between 10 and 1000, or 0 to disable")
	flags.StringVar(&l.cacheProperty, "cache-property", "", "Share of the processor's last-level cache, as a resctrl schema (\"L3:0=7f0;1=1f\")")
}

// resources is what the flags ask for.
func (l *limitFlags) resources(flags *pflag.FlagSet) container.Resources {
	r := container.Resources{
		Memory:            int64(l.memory),
		MemoryReservation: int64(l.memoryReservation),
		MemorySwap:        int64(l.memorySwap),
		NanoCPUs:          int64(l.cpus),
		CPUShares:         l.cpuShares,
		CPUPeriod:         l.cpuPeriod,
		CPUQuota:          l.cpuQuota,
		CpusetCpus:        l.cpusetCPUs,
		CpusetMems:        l.cpusetMems,
		BlkioWeight:       l.blkioWeight,
	}
	if flags.Changed("pids-limit") {
		r.PidsLimit = &l.pids
	}
	return r
}
