package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/intelrdt"
	"github.com/opencontainers/runc/types"
	"github.com/sirupsen/logrus"
)

// EventsOptions are the options of Events.
type EventsOptions struct {
	// Interval is the time from one statistics to the next.
	Interval time.Duration
}

// Stats is one event with what the container uses now.
func (r *Runtime) Stats(id string) (*types.Event, error) {
	c, err := loadAlive(r, id)
	if err != nil {
		return nil, err
	}
	return statsEvent(c)
}

// Events calls emit with the container's statistics at each interval and when
// it ran out of memory, until its cgroup is gone, ctx is done or emit fails.
func (r *Runtime) Events(ctx context.Context, id string, o EventsOptions, emit func(*types.Event) error) error {
	if o.Interval <= 0 {
		return errors.New("duration interval must be greater than 0")
	}
	c, err := loadAlive(r, id)
	if err != nil {
		return err
	}
	oom, err := c.NotifyOOM()
	if err != nil {
		return err
	}
	tick := time.NewTicker(o.Interval)
	defer tick.Stop()
	for {
		var event *types.Event
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, more := <-oom:
			if !more {
				return nil
			}
			event = &types.Event{Type: "oom", ID: id}
		case <-tick.C:
			if event, err = statsEvent(c); err != nil {
				logrus.Error(err)
				continue
			}
		}
		if err := emit(event); err != nil {
			return err
		}
	}
}

// loadAlive loads a container that was not stopped.
func loadAlive(r *Runtime, id string) (*libcontainer.Container, error) {
	c, err := r.load(id)
	if err != nil {
		return nil, err
	}
	status, err := c.Status()
	if err != nil {
		return nil, err
	}
	if status == libcontainer.Stopped {
		return nil, fmt.Errorf("container with id %s is not running", id)
	}
	return c, nil
}

func statsEvent(c *libcontainer.Container) (*types.Event, error) {
	s, err := c.Stats()
	if err != nil {
		return nil, err
	}
	return &types.Event{Type: "stats", ID: c.ID(), Data: newStats(s)}, nil
}

// newStats is libcontainer's statistics as they are written.
func newStats(s *libcontainer.Stats) *types.Stats {
	stats := &types.Stats{
		Hugetlb:           make(map[string]types.Hugetlb),
		NetworkInterfaces: s.Interfaces,
		IntelRdt:          intelRdtStats(s.IntelRdtStats),
	}
	g := s.CgroupStats
	if g == nil {
		return stats
	}
	stats.CPU = cpuStats(g.CpuStats)
	stats.CPUSet = types.CPUSet(g.CPUSetStats)
	stats.Memory = memoryStats(g.MemoryStats)
	stats.Pids = types.Pids{Current: g.PidsStats.Current, Limit: g.PidsStats.Limit}
	stats.Blkio = blkioStats(g.BlkioStats)
	for size, h := range g.HugetlbStats {
		stats.Hugetlb[size] = types.Hugetlb{Usage: h.Usage, Max: h.MaxUsage, Failcnt: h.Failcnt}
	}
	return stats
}

func cpuStats(c cgroups.CpuStats) types.Cpu {
	return types.Cpu{
		Usage: types.CpuUsage{
			Total:        c.CpuUsage.TotalUsage,
			Percpu:       c.CpuUsage.PercpuUsage,
			PercpuKernel: c.CpuUsage.PercpuUsageInKernelmode,
			PercpuUser:   c.CpuUsage.PercpuUsageInUsermode,
			Kernel:       c.CpuUsage.UsageInKernelmode,
			User:         c.CpuUsage.UsageInUsermode,
		},
		Throttling: types.Throttling{
			Periods:          c.ThrottlingData.Periods,
			ThrottledPeriods: c.ThrottlingData.ThrottledPeriods,
			ThrottledTime:    c.ThrottlingData.ThrottledTime,
		},
		PSI: c.PSI,
	}
}

func memoryStats(m cgroups.MemoryStats) types.Memory {
	entry := func(d cgroups.MemoryData) types.MemoryEntry {
		return types.MemoryEntry{Limit: d.Limit, Usage: d.Usage, Max: d.MaxUsage, Failcnt: d.Failcnt}
	}
	return types.Memory{
		Cache:     m.Cache,
		Usage:     entry(m.Usage),
		Swap:      entry(m.SwapUsage),
		Kernel:    entry(m.KernelUsage),
		KernelTCP: entry(m.KernelTCPUsage),
		Raw:       m.Stats,
		PSI:       m.PSI,
	}
}

func blkioStats(b cgroups.BlkioStats) types.Blkio {
	entries := func(from []cgroups.BlkioStatEntry) []types.BlkioEntry {
		to := make([]types.BlkioEntry, len(from))
		for i, e := range from {
			to[i] = types.BlkioEntry(e)
		}
		return to
	}
	return types.Blkio{
		IoServiceBytesRecursive: entries(b.IoServiceBytesRecursive),
		IoServicedRecursive:     entries(b.IoServicedRecursive),
		IoQueuedRecursive:       entries(b.IoQueuedRecursive),
		IoServiceTimeRecursive:  entries(b.IoServiceTimeRecursive),
		IoWaitTimeRecursive:     entries(b.IoWaitTimeRecursive),
		IoMergedRecursive:       entries(b.IoMergedRecursive),
		IoTimeRecursive:         entries(b.IoTimeRecursive),
		SectorsRecursive:        entries(b.SectorsRecursive),
		PSI:                     b.PSI,
	}
}

// intelRdtStats leaves out what the processor does not have.
func intelRdtStats(s *intelrdt.Stats) types.IntelRdt {
	if s == nil {
		return types.IntelRdt{}
	}
	rdt := types.IntelRdt{Schemata: s.Schemata}
	if intelrdt.IsCATEnabled() && s.L3CacheInfo != nil {
		info := types.L3CacheInfo(*s.L3CacheInfo)
		rdt.L3CacheInfo = &info
		rdt.L3CacheSchemaRoot, rdt.L3CacheSchema = s.L3CacheSchemaRoot, s.L3CacheSchema
	}
	if intelrdt.IsMBAEnabled() && s.MemBwInfo != nil {
		info := types.MemBwInfo(*s.MemBwInfo)
		rdt.MemBwInfo = &info
		rdt.MemBwSchemaRoot, rdt.MemBwSchema = s.MemBwSchemaRoot, s.MemBwSchema
	}
	if intelrdt.IsMBMEnabled() {
		rdt.MBMStats = s.MBMStats
	}
	if intelrdt.IsCMTEnabled() {
		rdt.CMTStats = s.CMTStats
	}
	return rdt
}
