package container

import (
	"reflect"
	"testing"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestUpdateMemory(t *testing.T) {
	for _, test := range []struct {
		name   string
		before cgroups.Resources
		change *specs.LinuxMemory
		want   cgroups.Resources
	}{
		{"nothing", cgroups.Resources{Memory: 1}, nil, cgroups.Resources{Memory: 1}},
		{
			"zeros leave it",
			cgroups.Resources{Memory: 1, MemorySwap: 2, MemoryReservation: 3},
			&specs.LinuxMemory{Limit: new(int64(0)), Swap: new(int64(0)), Reservation: new(int64(0))},
			cgroups.Resources{Memory: 1, MemorySwap: 2, MemoryReservation: 3},
		},
		{
			"one of them",
			cgroups.Resources{Memory: 1, MemorySwap: 9},
			&specs.LinuxMemory{Limit: new(int64(5))},
			cgroups.Resources{Memory: 5, MemorySwap: 9},
		},
		{
			"without limit there is none with swap",
			cgroups.Resources{Memory: 1, MemorySwap: 9},
			&specs.LinuxMemory{Limit: new(int64(-1))},
			cgroups.Resources{Memory: -1},
		},
		{
			"unless swap has its own",
			cgroups.Resources{Memory: 1, MemorySwap: 9},
			&specs.LinuxMemory{Limit: new(int64(-1)), Swap: new(int64(-1))},
			cgroups.Resources{Memory: -1, MemorySwap: -1},
		},
	} {
		got := test.before
		updateMemory(&got, test.change)
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestUpdateCPU(t *testing.T) {
	before := cgroups.Resources{CpuShares: 100, CpuQuota: 5, CpuPeriod: 10, CpusetCpus: "0-3"}

	got := before
	updateCPU(&got, &specs.LinuxCPU{Quota: new(int64(7)), Shares: new(uint64(0)), Cpus: ""})
	want := before
	want.CpuQuota = 7
	if !reflect.DeepEqual(got, want) {
		t.Errorf("quota: %+v, want %+v", got, want)
	}

	got = before
	updateCPU(&got, &specs.LinuxCPU{Shares: new(uint64(1024))})
	if got.CpuShares != 1024 || got.CpuWeight == 0 {
		t.Errorf("shares without the weight of cgroup v2: %+v", got)
	}

	got = before
	updateCPU(&got, &specs.LinuxCPU{Idle: new(int64(1))})
	if got.CpuShares != 0 || *got.CPUIdle != 1 {
		t.Errorf("an idle group with shares: %+v", got)
	}
}

func TestUpdateDevices(t *testing.T) {
	weights := []*cgroups.WeightDevice{cgroups.NewWeightDevice(8, 0, 100, 200), cgroups.NewWeightDevice(8, 16, 300, 0)}
	rates := []*cgroups.ThrottleDevice{cgroups.NewThrottleDevice(8, 0, 1000)}
	r := cgroups.Resources{BlkioWeightDevice: weights, BlkioThrottleReadBpsDevice: rates}

	device := func(major, minor int64) specs.LinuxThrottleDevice {
		d := specs.LinuxThrottleDevice{Rate: 5}
		d.Major, d.Minor = major, minor
		return d
	}
	weight := specs.LinuxWeightDevice{Weight: new(uint16(150))}
	weight.Major, weight.Minor = 8, 0
	updateBlockIO(&r, &specs.LinuxBlockIO{
		WeightDevice:           []specs.LinuxWeightDevice{weight},
		ThrottleReadBpsDevice:  []specs.LinuxThrottleDevice{device(8, 0), device(8, 32)},
		ThrottleWriteBpsDevice: []specs.LinuxThrottleDevice{device(8, 0)},
	})

	if want := []*cgroups.WeightDevice{cgroups.NewWeightDevice(8, 16, 300, 0), cgroups.NewWeightDevice(8, 0, 150, 200)}; !reflect.DeepEqual(r.BlkioWeightDevice, want) {
		t.Errorf("weights: %v, want %v", r.BlkioWeightDevice, want)
	}
	if want := []*cgroups.ThrottleDevice{cgroups.NewThrottleDevice(8, 0, 5), cgroups.NewThrottleDevice(8, 32, 5)}; !reflect.DeepEqual(r.BlkioThrottleReadBpsDevice, want) {
		t.Errorf("read rates: %v, want %v", r.BlkioThrottleReadBpsDevice, want)
	}
	if len(r.BlkioThrottleWriteBpsDevice) != 1 || len(r.BlkioThrottleReadIOPSDevice) != 0 {
		t.Errorf("other rates: %v, %v", r.BlkioThrottleWriteBpsDevice, r.BlkioThrottleReadIOPSDevice)
	}
	// What libcontainer goes back to is as it was.
	if weights[0].Weight != 100 || rates[0].Rate != 1000 || len(rates) != 1 {
		t.Errorf("the config before was changed: %v, %v", weights[0], rates[0])
	}
}

func TestIntelRdt(t *testing.T) {
	rdt := configs.IntelRdt{ClosID: "c", L3CacheSchema: "L3:0=f"}
	mergeIntelRdt(&rdt, &specs.LinuxIntelRdt{MemBwSchema: "MB:0=20"})
	if want := (configs.IntelRdt{ClosID: "c", L3CacheSchema: "L3:0=f", MemBwSchema: "MB:0=20"}); !reflect.DeepEqual(rdt, want) {
		t.Errorf("merged: %+v, want %+v", rdt, want)
	}
	if got := specIntelRdt(&rdt); got.L3CacheSchema != "L3:0=f" || got.ClosID != "c" {
		t.Errorf("as it is told: %+v", got)
	}
	if specIntelRdt(nil) != nil {
		t.Error("a container without Intel RDT tells of it")
	}

	spec := &specs.Spec{Linux: &specs.Linux{IntelRdt: &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=f"}, CgroupsPath: "x"}}
	if without := withoutIntelRdt(spec); without != spec && (without.Linux.IntelRdt != nil || without.Linux.CgroupsPath != "x") {
		t.Errorf("without: %+v", without.Linux)
	}
	if spec.Linux.IntelRdt == nil {
		t.Error("the bundle's spec was changed")
	}
}
