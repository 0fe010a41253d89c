package daemon

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

func (b *bench) names(o types.ListOptions) string {
	b.t.Helper()
	list, err := b.List(b.t.Context(), o)
	b.do(err)
	var names []string
	for _, c := range list {
		names = append(names, strings.TrimPrefix(c.Names[0], "/"))
	}
	return strings.Join(names, " ")
}

func TestList(t *testing.T) {
	b := newBench(t)
	b.create("one", func(r *types.CreateRequest) { r.Labels = map[string]string{"tier": "a", "blue": ""} })
	port := network.MustParsePort("80/tcp")
	two := b.run("two", func(r *types.CreateRequest) {
		r.Labels = map[string]string{"tier": "b"}
		r.HostConfig.Binds = []string{"data:/data"}
		r.HostConfig.NetworkMode = "bridge"
		r.ExposedPorts = network.PortSet{port: {}}
		r.HostConfig.PortBindings = network.PortMap{port: {{HostIP: netip.IPv4Unspecified(), HostPort: "8080"}}}
	})
	three := b.run("three")
	b.run("four")
	b.containerd.exit(three, 5)
	b.awaitState("three", container.StateExited)
	b.do(b.Pause(t.Context(), "four"))

	for _, test := range []struct {
		options types.ListOptions
		want    string
	}{
		{types.ListOptions{}, "four two"},
		{types.ListOptions{All: true}, "four three two one"},
		{types.ListOptions{Limit: 2}, "four three"},
	} {
		if got := b.names(test.options); got != test.want {
			t.Errorf("%+v: %q, want %q", test.options, got, test.want)
		}
	}
	for _, test := range []struct{ filter, want string }{
		{"name=o", "four two one"}, // a pattern; the third is "three"
		{"name=^/two$", "two"},
		{"id=" + two[:5], "two"},
		{"label=tier", "two one"},
		{"label=tier=a", "one"},
		{"label=blue", "one"},
		{"label!=tier", "four three"},
		{"status=created", "one"},
		{"status=paused", "four"},
		{"exited=5", "three"},
		{"exited=0", ""},
		{"ancestor=busybox", "four three two one"},
		{"ancestor=busybox:latest", "four three two one"},
		{"ancestor=alpine", ""},
		{"ancestor=sha256:bbbb", "four three two one"},
		{"before=two", "one"},
		{"since=two", "four three"},
		{"volume=data", "two"},
		{"volume=/data", "two"},
		{"network=bridge", "two"},
		{"publish=8080", "two"},
		{"publish=8000-9000/tcp", "two"},
		{"publish=8080/udp", ""},
		{"publish=80", ""},
		{"expose=80", "two"},
		{"expose=81-90", ""},
		{"health=none", "four three two one"},
		{"health=healthy", ""},
	} {
		name, value, _ := strings.Cut(test.filter, "=")
		if rest, ok := strings.CutPrefix(test.filter, "label!="); ok {
			name, value = "label!", rest
		}
		if got := b.names(types.ListOptions{All: true, Filters: types.Filters{name: {value}}}); got != test.want {
			t.Errorf("%s: %q, want %q", test.filter, got, test.want)
		}
	}
	for _, wrong := range []struct{ name, value string }{
		{"nosuch", "1"}, {"status", "nosuch"}, {"exited", "x"}, {"publish", "x"}, {"expose", "99999"},
	} {
		_, err := b.List(t.Context(), types.ListOptions{Filters: types.Filters{wrong.name: {wrong.value}}})
		expectError(t, err, bad, "invalid filter '"+wrong.name)
	}
	_, err := b.List(t.Context(), types.ListOptions{Filters: types.Filters{"before": {"nosuch"}}})
	expectError(t, err, missing, "No such container: nosuch")
}

func TestStatus(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for want, s := range map[string]ours.State{
		"Created":                      {Status: container.StateCreated},
		"Up 2 hours":                   {Status: container.StateRunning, StartedAt: ago(2 * time.Hour)},
		"Up Less than a second":        {Status: container.StateRunning, StartedAt: now},
		"Up 5 minutes (Paused)":        {Status: container.StatePaused, StartedAt: ago(5 * time.Minute)},
		"Exited (137) 3 days ago":      {Status: container.StateExited, ExitCode: 137, FinishedAt: ago(72 * time.Hour)},
		"Restarting (1) 4 seconds ago": {Status: container.StateRestarting, ExitCode: 1, FinishedAt: ago(4 * time.Second)},
		"Dead":                         {Status: container.StateDead},
		"Removal In Progress":          {Status: container.StateRemoving},
	} {
		if got := status(ours.Record{State: s}, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPrune(t *testing.T) {
	b := newBench(t)
	b.run("runs")
	b.create("keep", func(r *types.CreateRequest) { r.Labels = map[string]string{"keep": ""} })
	old := b.create("old")
	b.create("older", func(r *types.CreateRequest) { r.Volumes = map[string]struct{}{"/data": {}} })
	_, err := b.Prune(t.Context(), types.Filters{"nosuch": {"1"}})
	expectError(t, err, bad, "invalid filter 'nosuch'")
	report, err := b.Prune(t.Context(), types.Filters{"until": {"1h"}})
	b.do(err)
	if len(report.ContainersDeleted) != 0 {
		t.Errorf("none is an hour old: %v", report.ContainersDeleted)
	}
	report, err = b.Prune(t.Context(), types.Filters{"label!": {"keep"}})
	b.do(err)
	if len(report.ContainersDeleted) != 2 || !slices.Contains(report.ContainersDeleted, old) || report.SpaceReclaimed != 200 {
		t.Errorf("%+v", report)
	}
	if got := b.names(types.ListOptions{All: true}); got != "keep runs" {
		t.Errorf("left: %s", got)
	}
	if v, _ := b.Volumes.List(t.Context(), nil); len(v.Volumes) != 1 {
		t.Errorf("volumes %v: a pruned container's stays", v.Volumes)
	}
}

func TestInfoAndVersion(t *testing.T) {
	b := newBench(t)
	i, err := b.Info(t.Context())
	b.do(err)
	if i.ServerVersion != "1.2.3" || i.ID != "engine-id" || i.Name != "machine" || i.Driver != "overlayfs" || i.CgroupDriver != "cgroupfs" ||
		i.NCPU < 1 || i.MemTotal < 1<<20 || i.KernelVersion == "" || i.OperatingSystem == "" || i.Images != 1 || i.DefaultRuntime != "engine" {
		t.Errorf("%+v", i)
	}
	if want := []string{"name=seccomp,profile=builtin"}; !slices.Equal(i.SecurityOptions, want) {
		t.Errorf("security %q", i.SecurityOptions)
	}
	v, err := b.Version(t.Context())
	b.do(err)
	if v.APIVersion != "1.50" || v.MinAPIVersion != "1.24" || len(v.Components) != 3 || v.Components[1].Version != "fake" {
		t.Errorf("%+v", v)
	}
}

// TestVolumesOfContainers: a volume that is in use stays, an anonymous one goes
// with its container if asked.
func TestVolumesOfContainers(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create("box", func(r *types.CreateRequest) {
		r.HostConfig.Binds = []string{"data:/data:ro"}
		r.Volumes = map[string]struct{}{"/scratch": {}}
	})
	c, err := b.Inspect(ctx, "box", false)
	b.do(err)
	if len(c.Mounts) != 2 || c.Mounts[0].Name != "data" || c.Mounts[0].RW || c.Mounts[1].Destination != "/scratch" || !c.Mounts[1].RW {
		t.Errorf("%+v", c.Mounts)
	}
	b.create("other", func(r *types.CreateRequest) { r.HostConfig.VolumesFrom = []string{"box:ro"} })
	if o, _ := b.Inspect(ctx, "other", false); len(o.Mounts) != 2 || o.Mounts[1].RW {
		t.Errorf("%+v", o.Mounts)
	}
	expectError(t, b.Volumes.Remove(ctx, "data", false), conflict, "volume is in use")
	b.crash()
	b.start()
	expectError(t, b.Volumes.Remove(ctx, "data", false), conflict, "volume is in use")
	b.do(b.Remove(ctx, "box", types.RemoveOptions{Volumes: true}))
	if v, _ := b.Volumes.List(ctx, nil); len(v.Volumes) != 2 {
		t.Errorf("%v: the other container uses both", v.Volumes)
	}
	b.do(b.Remove(ctx, "other", types.RemoveOptions{Volumes: true}))
	b.do(b.Volumes.Remove(ctx, "data", false))
}
