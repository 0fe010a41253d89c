package daemon

import (
	"errors"
	"net/http"
	"os"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

func limits(r container.Resources) types.UpdateConfig {
	return types.UpdateConfig{UpdateConfig: container.UpdateConfig{Resources: r}}
}

// TestUpdate looks at what an update keeps, what it changes, and what of it
// containerd is told.
func TestUpdate(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.run("box", func(r *types.CreateRequest) {
		r.HostConfig.Memory, r.HostConfig.MemorySwap, r.HostConfig.CPUShares = 64<<20, 128<<20, 512
	})
	_, err := b.Update(ctx, "box", limits(container.Resources{Memory: 96 << 20}))
	b.do(err)
	sent := b.containerd.updates[0]
	if *sent.Memory.Limit != 96<<20 || *sent.Memory.Swap != 128<<20 || sent.CPU.Shares != nil || sent.IntelRdt != nil {
		t.Errorf("sent %+v %+v", sent.Memory, sent.CPU)
	}
	host := func() *types.HostConfig {
		c, err := b.Inspect(ctx, "box", false)
		b.do(err)
		return c.HostConfig
	}
	if h := host(); h.Memory != 96<<20 || h.MemorySwap != 128<<20 || h.CPUShares != 512 {
		t.Errorf("kept %+v", h.Resources)
	}

	// What containerd refuses has not happened.
	b.containerd.fail = failing("update", errors.New("device or resource busy"))
	_, err = b.Update(ctx, "box", limits(container.Resources{CPUShares: 100}))
	expectError(t, err, http.StatusInternalServerError, "Cannot update container")
	if got := host().CPUShares; got != 512 {
		t.Errorf("shares %d", got)
	}
	b.containerd.fail = nil

	// Nobody is told of one that does not run; the next start has it.
	b.do(b.Kill(ctx, "box", ""))
	calls := b.containerd.count("update")
	_, err = b.Update(ctx, "box", limits(container.Resources{CPUShares: 100}))
	b.do(err)
	if b.containerd.count("update") != calls {
		t.Error("containerd was asked to update what does not run")
	}
	b.do(b.Start(ctx, "box", types.StartOptions{}))
	spec := b.containerd.created[1].Spec
	if got := *spec.Linux.Resources.CPU.Shares; got != 100 {
		t.Errorf("started with %d shares", got)
	}
	b.do(b.Remove(ctx, "box", types.RemoveOptions{Force: true}))
	_, err = b.Update(ctx, "box", limits(container.Resources{CPUShares: 100}))
	expectError(t, err, missing, "No such container: box")
}

func TestUpdateRefuses(t *testing.T) {
	old := &types.HostConfig{}
	old.Memory, old.MemorySwap = 64<<20, 128<<20
	nano := &types.HostConfig{}
	nano.NanoCPUs = 1e9
	quota := &types.HostConfig{}
	quota.CPUQuota = 50000
	rm := &types.HostConfig{}
	rm.AutoRemove = true
	for _, test := range []struct {
		name    string
		host    *types.HostConfig
		config  types.UpdateConfig
		message string
	}{
		{"memory over swap", old, limits(container.Resources{Memory: 1 << 30}), "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"},
		{"too little", old, limits(container.Resources{Memory: 1}), "Minimum memory limit allowed is 6MB"},
		{"swap below memory", old, limits(container.Resources{MemorySwap: 1 << 20}), "Minimum memoryswap limit should be larger than memory limit"},
		{"quota where cpus are", nano, limits(container.Resources{CPUQuota: 5000}), "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set"},
		{"period where cpus are", nano, limits(container.Resources{CPUPeriod: 5000}), "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set"},
		{"cpus where a quota is", quota, limits(container.Resources{NanoCPUs: 1e9}), "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set"},
		{"policy", old, types.UpdateConfig{UpdateConfig: container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: "nosuch"}}}, "invalid restart policy"},
		{"policy of --rm", rm, types.UpdateConfig{UpdateConfig: container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: "always"}}}, "Restart policy cannot be updated because AutoRemove is enabled for the container"},
		{"cache property", old, types.UpdateConfig{CacheProperty: "L3:0=xyz"}, "invalid cache property"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := *test.host
			_, err := updated(test.host, test.config)
			if err == nil {
				t.Fatal("no error")
			}
			b := newBench(t)
			b.create("box", func(r *types.CreateRequest) { *r.HostConfig = before })
			_, err = b.Update(t.Context(), "box", test.config)
			status := bad
			if cerrdefs.IsConflict(err) {
				status = http.StatusConflict
			}
			expectError(t, err, status, test.message)
		})
	}
}

// TestCacheProperty follows the engine's own limit: to containerd, into the
// record, over a restart of the daemon, and into the spec of the next run.
func TestCacheProperty(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	const schema = "L3:0=7f0;1=1f"
	id := b.run("box", func(r *types.CreateRequest) { r.HostConfig.CacheProperty = "L3:0=f" })
	response, err := b.Update(ctx, "box", types.UpdateConfig{CacheProperty: schema})
	b.do(err)
	_, err = os.Stat("/sys/fs/resctrl/info")
	if warned := len(response.Warnings) == 1; warned == (err == nil) {
		t.Errorf("resctrl: %v, warnings %q", err, response.Warnings)
	}
	sent := b.containerd.updates[0]
	if sent.IntelRdt == nil || sent.IntelRdt.L3CacheSchema != schema || sent.IntelRdt.ClosID != id {
		t.Errorf("sent %+v", sent.IntelRdt)
	}
	for _, when := range []string{"at once", "after a crash"} {
		c, err := b.Inspect(ctx, "box", false)
		b.do(err)
		if c.HostConfig.CacheProperty != schema {
			t.Errorf("%s: %q", when, c.HostConfig.CacheProperty)
		}
		if when == "at once" {
			b.crash()
			b.start()
		}
	}
	_, err = b.Update(ctx, "box", limits(container.Resources{CPUShares: 100}))
	b.do(err)
	if last := b.containerd.updates[1]; last.IntelRdt != nil {
		t.Errorf("an update of something else sent %+v", last.IntelRdt)
	}
}

func TestCacheSchemas(t *testing.T) {
	for schema, ok := range map[string]bool{
		"L3:0=f": true, "L3:0=7f0;1=1f": true, "L3CODE:0=ff": true, "L3DATA:0=FF": true,
		"": false, "L3": false, "L3:": false, "L3:0=": false, "L3:0=xyz": false, "L2:0=f": false, "L3:0=f;": false, "L3:0=f\nL3:1=f": false, "L3:0=f\n": false, "MB:0=10": false,
	} {
		if err := checkCache(schema); (err == nil) != ok {
			t.Errorf("%q: %v", schema, err)
		}
	}
}
