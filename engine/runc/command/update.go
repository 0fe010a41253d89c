package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/docker/go-units"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

func updateCommand(a *app) *cobra.Command {
	var (
		o    updateFlags
		file string
	)
	cmd := &cobra.Command{
		Use:   "update [flags] <container-id>",
		Short: "Change the limits of a container",
		Long: `Change the limits of a container. What is not named stays as it is.

--resources names a file, or - for standard input, with the limits as
config.json writes them under linux.resources, and beside them intelRdt as it
stands under linux. The other flags are ignored then, except for those of Intel
RDT.`,
		Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var (
				change container.Resources
				err    error
			)
			if file != "" {
				change, err = a.readResources(file)
			} else {
				change, err = o.resources()
			}
			if err != nil {
				return err
			}
			o.addIntelRdt(&change)
			return a.runtime.Update(args[0], change)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "resources", "r", "", "file with the limits, - for standard input")
	f.StringVar(&o.blkioWeight, "blkio-weight", "", "share of block I/O, 10 to 1000")
	f.StringVar(&o.cpuPeriod, "cpu-period", "", "period of the CPU limit in microseconds")
	f.StringVar(&o.cpuQuota, "cpu-quota", "", "CPU time in each period, in microseconds")
	f.StringVar(&o.cpuBurst, "cpu-burst", "", "unused CPU time that may be saved up, in microseconds")
	f.StringVar(&o.cpuShare, "cpu-share", "", "share of the CPU relative to other containers")
	f.StringVar(&o.cpuRtPeriod, "cpu-rt-period", "", "period of the realtime limit in microseconds")
	f.StringVar(&o.cpuRtRuntime, "cpu-rt-runtime", "", "realtime CPU time in each period, in microseconds")
	f.StringVar(&o.cpuIdle, "cpu-idle", "", "1: run only when the CPU is idle, 0: as others")
	f.StringVar(&o.cpusetCpus, "cpuset-cpus", "", "CPUs to use, such as 0-2,4")
	f.StringVar(&o.cpusetMems, "cpuset-mems", "", "memory nodes to use")
	f.StringVar(&o.memory, "memory", "", "limit of memory, such as 512m; -1 for none")
	f.StringVar(&o.memoryReservation, "memory-reservation", "", "memory to keep under memory pressure")
	f.StringVar(&o.memorySwap, "memory-swap", "", "limit of memory and swap together; -1 for none")
	f.StringVar(&o.kernelMemory, "kernel-memory", "", "ignored")
	f.StringVar(&o.kernelMemoryTCP, "kernel-memory-tcp", "", "ignored")
	f.StringVar(&o.pidsLimit, "pids-limit", "", "limit of processes; -1 for none")
	f.StringVar(&o.l3CacheSchema, "l3-cache-schema", "", "share of the L3 cache, such as L3:0=7f0;1=1f")
	f.StringVar(&o.memBwSchema, "mem-bw-schema", "", "share of the memory bandwidth, such as MB:0=20;1=70")
	for _, obsolete := range []string{"kernel-memory", "kernel-memory-tcp"} {
		f.Lookup(obsolete).Hidden = true
	}
	return cmd
}

// updateFlags are the limits as given; empty is not given.
type updateFlags struct {
	blkioWeight                             string
	cpuPeriod, cpuQuota, cpuBurst, cpuShare string
	cpuRtPeriod, cpuRtRuntime, cpuIdle      string
	cpusetCpus, cpusetMems                  string
	memory, memoryReservation, memorySwap   string
	kernelMemory, kernelMemoryTCP           string
	pidsLimit                               string
	l3CacheSchema, memBwSchema              string
}

// resources reads the flags.
func (o *updateFlags) resources() (container.Resources, error) {
	cpu := &specs.LinuxCPU{Cpus: o.cpusetCpus, Mems: o.cpusetMems}
	memory := &specs.LinuxMemory{}
	pids := &specs.LinuxPids{}
	blockIO := &specs.LinuxBlockIO{}

	for _, flag := range []struct {
		name, value string
		to          **uint64
	}{
		{"cpu-period", o.cpuPeriod, &cpu.Period},
		{"cpu-burst", o.cpuBurst, &cpu.Burst},
		{"cpu-share", o.cpuShare, &cpu.Shares},
		{"cpu-rt-period", o.cpuRtPeriod, &cpu.RealtimePeriod},
	} {
		if flag.value == "" {
			continue
		}
		n, err := strconv.ParseUint(flag.value, 10, 64)
		if err != nil {
			return container.Resources{}, fmt.Errorf("invalid value for %s: %w", flag.name, err)
		}
		*flag.to = &n
	}
	for _, flag := range []struct {
		name, value string
		to          **int64
	}{
		{"cpu-quota", o.cpuQuota, &cpu.Quota},
		{"cpu-rt-runtime", o.cpuRtRuntime, &cpu.RealtimeRuntime},
		{"cpu-idle", o.cpuIdle, &cpu.Idle},
		{"pids-limit", o.pidsLimit, &pids.Limit},
	} {
		if flag.value == "" {
			continue
		}
		n, err := strconv.ParseInt(flag.value, 10, 64)
		if err != nil {
			return container.Resources{}, fmt.Errorf("invalid value for %s: %w", flag.name, err)
		}
		*flag.to = &n
	}
	for _, flag := range []struct {
		name, value string
		to          **int64
	}{
		{"memory", o.memory, &memory.Limit},
		{"memory-reservation", o.memoryReservation, &memory.Reservation},
		{"memory-swap", o.memorySwap, &memory.Swap},
		{"kernel-memory", o.kernelMemory, &memory.Kernel}, //nolint:staticcheck // deprecated, and still sent by old clients
		{"kernel-memory-tcp", o.kernelMemoryTCP, &memory.KernelTCP},
	} {
		if flag.value == "" {
			continue
		}
		n, err := parseBytes(flag.value)
		if err != nil {
			return container.Resources{}, fmt.Errorf("invalid value for %s: %w", flag.name, err)
		}
		*flag.to = &n
	}
	if o.blkioWeight != "" {
		n, err := strconv.ParseUint(o.blkioWeight, 10, 16)
		if err != nil {
			return container.Resources{}, fmt.Errorf("invalid value for blkio-weight: %w", err)
		}
		blockIO.Weight = new(uint16(n))
	}
	return container.Resources{LinuxResources: specs.LinuxResources{
		CPU: cpu, Memory: memory, Pids: pids, BlockIO: blockIO,
	}}, nil
}

// parseBytes reads a size with or without a unit; -1 is none.
func parseBytes(s string) (int64, error) {
	if s == "-1" {
		return -1, nil
	}
	return units.RAMInBytes(s)
}

// addIntelRdt adds the flags of Intel RDT, which go before those in a file.
func (o *updateFlags) addIntelRdt(change *container.Resources) {
	if o.l3CacheSchema == "" && o.memBwSchema == "" {
		return
	}
	if change.IntelRdt == nil {
		change.IntelRdt = &specs.LinuxIntelRdt{}
	}
	if o.l3CacheSchema != "" {
		change.IntelRdt.L3CacheSchema = o.l3CacheSchema
	}
	if o.memBwSchema != "" {
		change.IntelRdt.MemBwSchema = o.memBwSchema
	}
}

// readResources reads limits as JSON.
func (a *app) readResources(file string) (container.Resources, error) {
	var (
		in     io.Reader = a.stdio.In
		change container.Resources
	)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return change, err
		}
		defer f.Close()
		in = f
	}
	if err := json.NewDecoder(in).Decode(&change); err != nil {
		return change, fmt.Errorf("resources: %w", err)
	}
	return change, nil
}
