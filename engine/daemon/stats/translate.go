package stats

import (
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	cgroup2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// translate puts containerd's figures where docker has them. Clients tell the
// two versions of cgroups by the names in memory_stats.stats.
func translate(metrics any, to *container.StatsResponse) error {
	switch m := metrics.(type) {
	case *cgroup1.Metrics:
		translate1(m, to)
	case *cgroup2.Metrics:
		translate2(m, to)
	default:
		return errdefs.Internal("stats: metrics of an unknown type %T", metrics)
	}
	return nil
}

func translate1(m *cgroup1.Metrics, to *container.StatsResponse) {
	cpu, throttle := m.GetCPU().GetUsage(), m.GetCPU().GetThrottling()
	to.CPUStats = container.CPUStats{
		CPUUsage: container.CPUUsage{
			TotalUsage:        cpu.GetTotal(),
			PercpuUsage:       cpu.GetPerCPU(),
			UsageInKernelmode: cpu.GetKernel(),
			UsageInUsermode:   cpu.GetUser(),
		},
		ThrottlingData: container.ThrottlingData{
			Periods:          throttle.GetPeriods(),
			ThrottledPeriods: throttle.GetThrottledPeriods(),
			ThrottledTime:    throttle.GetThrottledTime(),
		},
	}
	to.PidsStats = container.PidsStats{Current: m.GetPids().GetCurrent(), Limit: m.GetPids().GetLimit()}
	if m.Memory != nil {
		usage := m.Memory.GetUsage()
		to.MemoryStats = container.MemoryStats{
			Usage:    usage.GetUsage(),
			MaxUsage: usage.GetMax(),
			Failcnt:  usage.GetFailcnt(),
			Limit:    usage.GetLimit(),
			Stats:    memory1(m.Memory),
		}
	}
	if io := m.Blkio; io != nil {
		to.BlkioStats = container.BlkioStats{
			IoServiceBytesRecursive: blkio1(io.IoServiceBytesRecursive),
			IoServicedRecursive:     blkio1(io.IoServicedRecursive),
			IoQueuedRecursive:       blkio1(io.IoQueuedRecursive),
			IoServiceTimeRecursive:  blkio1(io.IoServiceTimeRecursive),
			IoWaitTimeRecursive:     blkio1(io.IoWaitTimeRecursive),
			IoMergedRecursive:       blkio1(io.IoMergedRecursive),
			IoTimeRecursive:         blkio1(io.IoTimeRecursive),
			SectorsRecursive:        blkio1(io.SectorsRecursive),
		}
	}
}

// memory1 has the names of the kernel's memory.stat.
func memory1(m *cgroup1.MemoryStat) map[string]uint64 {
	return map[string]uint64{
		"cache":                     m.Cache,
		"rss":                       m.RSS,
		"rss_huge":                  m.RSSHuge,
		"mapped_file":               m.MappedFile,
		"dirty":                     m.Dirty,
		"writeback":                 m.Writeback,
		"pgpgin":                    m.PgPgIn,
		"pgpgout":                   m.PgPgOut,
		"pgfault":                   m.PgFault,
		"pgmajfault":                m.PgMajFault,
		"inactive_anon":             m.InactiveAnon,
		"active_anon":               m.ActiveAnon,
		"inactive_file":             m.InactiveFile,
		"active_file":               m.ActiveFile,
		"unevictable":               m.Unevictable,
		"hierarchical_memory_limit": m.HierarchicalMemoryLimit,
		"hierarchical_memsw_limit":  m.HierarchicalSwapLimit,
		"total_cache":               m.TotalCache,
		"total_rss":                 m.TotalRSS,
		"total_rss_huge":            m.TotalRSSHuge,
		"total_mapped_file":         m.TotalMappedFile,
		"total_dirty":               m.TotalDirty,
		"total_writeback":           m.TotalWriteback,
		"total_pgpgin":              m.TotalPgPgIn,
		"total_pgpgout":             m.TotalPgPgOut,
		"total_pgfault":             m.TotalPgFault,
		"total_pgmajfault":          m.TotalPgMajFault,
		"total_inactive_anon":       m.TotalInactiveAnon,
		"total_active_anon":         m.TotalActiveAnon,
		"total_inactive_file":       m.TotalInactiveFile,
		"total_active_file":         m.TotalActiveFile,
		"total_unevictable":         m.TotalUnevictable,
	}
}

func blkio1(entries []*cgroup1.BlkIOEntry) []container.BlkioStatEntry {
	list := make([]container.BlkioStatEntry, len(entries))
	for i, e := range entries {
		list[i] = container.BlkioStatEntry{Major: e.Major, Minor: e.Minor, Op: e.Op, Value: e.Value}
	}
	return list
}

func translate2(m *cgroup2.Metrics, to *container.StatsResponse) {
	cpu := m.GetCPU()
	usec := func(n uint64) uint64 { return n * uint64(time.Microsecond) }
	to.CPUStats = container.CPUStats{
		CPUUsage: container.CPUUsage{
			TotalUsage:        usec(cpu.GetUsageUsec()),
			UsageInKernelmode: usec(cpu.GetSystemUsec()),
			UsageInUsermode:   usec(cpu.GetUserUsec()),
		},
		ThrottlingData: container.ThrottlingData{
			Periods:          cpu.GetNrPeriods(),
			ThrottledPeriods: cpu.GetNrThrottled(),
			ThrottledTime:    usec(cpu.GetThrottledUsec()),
		},
	}
	to.PidsStats = container.PidsStats{Current: m.GetPids().GetCurrent(), Limit: m.GetPids().GetLimit()}
	if m.Memory != nil {
		to.MemoryStats = container.MemoryStats{
			Usage:    m.Memory.GetUsage(),
			MaxUsage: m.Memory.GetMaxUsage(),
			Limit:    m.Memory.GetUsageLimit(),
			Failcnt:  m.GetMemoryEvents().GetOom(),
			Stats:    memory2(m.Memory),
		}
	}
	for _, e := range m.GetIo().GetUsage() {
		to.BlkioStats.IoServiceBytesRecursive = append(
			to.BlkioStats.IoServiceBytesRecursive,
			container.BlkioStatEntry{Major: e.Major, Minor: e.Minor, Op: "read", Value: e.Rbytes},
			container.BlkioStatEntry{Major: e.Major, Minor: e.Minor, Op: "write", Value: e.Wbytes},
		)
	}
}

func memory2(m *cgroup2.MemoryStat) map[string]uint64 {
	return map[string]uint64{
		"anon":                   m.Anon,
		"file":                   m.File,
		"kernel_stack":           m.KernelStack,
		"slab":                   m.Slab,
		"sock":                   m.Sock,
		"shmem":                  m.Shmem,
		"file_mapped":            m.FileMapped,
		"file_dirty":             m.FileDirty,
		"file_writeback":         m.FileWriteback,
		"anon_thp":               m.AnonThp,
		"inactive_anon":          m.InactiveAnon,
		"active_anon":            m.ActiveAnon,
		"inactive_file":          m.InactiveFile,
		"active_file":            m.ActiveFile,
		"unevictable":            m.Unevictable,
		"slab_reclaimable":       m.SlabReclaimable,
		"slab_unreclaimable":     m.SlabUnreclaimable,
		"pgfault":                m.Pgfault,
		"pgmajfault":             m.Pgmajfault,
		"workingset_refault":     m.WorkingsetRefault,
		"workingset_activate":    m.WorkingsetActivate,
		"workingset_nodereclaim": m.WorkingsetNodereclaim,
		"pgrefill":               m.Pgrefill,
		"pgscan":                 m.Pgscan,
		"pgsteal":                m.Pgsteal,
		"pgactivate":             m.Pgactivate,
		"pgdeactivate":           m.Pgdeactivate,
		"pglazyfree":             m.Pglazyfree,
		"pglazyfreed":            m.Pglazyfreed,
		"thp_fault_alloc":        m.ThpFaultAlloc,
		"thp_collapse_alloc":     m.ThpCollapseAlloc,
	}
}
