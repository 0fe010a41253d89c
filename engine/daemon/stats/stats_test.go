package stats

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	cgroup2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/moby/moby/api/types/container"
)

func metrics1() *cgroup1.Metrics {
	return &cgroup1.Metrics{
		Pids: &cgroup1.PidsStat{Current: 3, Limit: 50},
		CPU: &cgroup1.CPUStat{
			Usage:      &cgroup1.CPUUsage{Total: 900, Kernel: 300, User: 600, PerCPU: []uint64{400, 500}},
			Throttling: &cgroup1.Throttle{Periods: 7, ThrottledPeriods: 2, ThrottledTime: 11},
		},
		Memory: &cgroup1.MemoryStat{
			Cache: 10, TotalInactiveFile: 4096, PgPgIn: 77, HierarchicalSwapLimit: 5,
			Usage: &cgroup1.MemoryEntry{Usage: 1 << 20, Max: 2 << 20, Limit: 3 << 20, Failcnt: 4},
		},
		Blkio: &cgroup1.BlkIOStat{
			IoServiceBytesRecursive: []*cgroup1.BlkIOEntry{{Major: 8, Minor: 1, Op: "Read", Value: 512}},
		},
	}
}

// answer translates as the clients see it: through JSON.
func answer(t *testing.T, metrics any, machineMemory uint64) map[string]any {
	t.Helper()
	c := NewCollector()
	c.machine.memory = machineMemory
	a, err := c.read(t.Context(), Target{
		ID: "c1", Name: func() string { return "/web" },
		Read: func(context.Context) (Sample, error) { return Sample{At: time.Unix(5, 0).UTC(), Metrics: metrics}, nil },
	}, container.StatsResponse{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func at(m any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		next, ok := m.(map[string]any)
		if !ok {
			return nil
		}
		m = next[key]
	}
	return m
}

func TestTranslate(t *testing.T) {
	tests := []struct {
		name    string
		metrics any
		want    map[string]any
	}{
		{"cgroup v1", metrics1(), map[string]any{
			"id": "c1", "name": "/web", "os_type": "linux", "read": "1970-01-01T00:00:05Z", "preread": "0001-01-01T00:00:00Z",
			"cpu_stats.cpu_usage.total_usage":         900.0,
			"cpu_stats.cpu_usage.usage_in_kernelmode": 300.0,
			"cpu_stats.cpu_usage.usage_in_usermode":   600.0,
			"cpu_stats.throttling_data.periods":       7.0,
			"pids_stats.current":                      3.0,
			"pids_stats.limit":                        50.0,
			"memory_stats.usage":                      float64(1 << 20),
			"memory_stats.max_usage":                  float64(2 << 20),
			"memory_stats.limit":                      float64(3 << 20),
			"memory_stats.failcnt":                    4.0,
			"memory_stats.stats.total_inactive_file":  4096.0,
			"memory_stats.stats.pgpgin":               77.0,
			"networks":                                nil,
		}},
		{"cgroup v1 without limit", &cgroup1.Metrics{Memory: &cgroup1.MemoryStat{
			Usage: &cgroup1.MemoryEntry{Usage: 1, Limit: 9223372036854771712},
		}}, map[string]any{"memory_stats.limit": float64(8 << 30)}},
		{"cgroup v2", &cgroup2.Metrics{
			Pids:         &cgroup2.PidsStat{Current: 2},
			CPU:          &cgroup2.CPUStat{UsageUsec: 9, UserUsec: 6, SystemUsec: 3, NrPeriods: 7, ThrottledUsec: 1},
			Memory:       &cgroup2.MemoryStat{Usage: 100, UsageLimit: 1<<64 - 1, InactiveFile: 40, Anon: 5},
			MemoryEvents: &cgroup2.MemoryEvents{Oom: 1},
			Io:           &cgroup2.IOStat{Usage: []*cgroup2.IOEntry{{Major: 8, Rbytes: 10, Wbytes: 20}}},
		}, map[string]any{
			"cpu_stats.cpu_usage.total_usage":          9000.0,
			"cpu_stats.cpu_usage.usage_in_usermode":    6000.0,
			"cpu_stats.throttling_data.throttled_time": 1000.0,
			"memory_stats.usage":                       100.0,
			"memory_stats.limit":                       float64(8 << 30),
			"memory_stats.failcnt":                     1.0,
			"memory_stats.stats.inactive_file":         40.0,
			"memory_stats.stats.anon":                  5.0,
			"memory_stats.stats.total_inactive_file":   nil, // by which clients tell v1
		}},
		{"nothing but the type", &cgroup1.Metrics{}, map[string]any{"memory_stats.usage": nil, "cpu_stats.cpu_usage.total_usage": 0.0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := answer(t, test.metrics, 8<<30)
			for path, want := range test.want {
				if at(got, path) != want {
					t.Errorf("%s is %v, want %v", path, at(got, path), want)
				}
			}
			if system, _ := at(got, "cpu_stats.system_cpu_usage").(float64); system <= 0 {
				t.Errorf("system_cpu_usage is %v", system)
			}
			if n, _ := at(got, "cpu_stats.online_cpus").(float64); n < 1 {
				t.Errorf("online_cpus is %v", n)
			}
		})
	}
	entries, _ := at(answer(t, metrics1(), 0), "blkio_stats.io_service_bytes_recursive").([]any)
	if len(entries) != 1 || at(entries[0], "op") != "Read" || at(entries[0], "value") != 512.0 {
		t.Errorf("blkio: %v", entries)
	}
	if err := translate("what", &container.StatsResponse{}); err == nil {
		t.Error("translated nonsense")
	}
}

func TestProcessorTime(t *testing.T) {
	for text, want := range map[string]uint64{
		"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1\ncpu1 1 1\nintr 5\n": 28 * 1e7,
		"cpu  1 2 3\n":                0,
		"cpu  1 2 3 4 5 6 x\ncpu0\n":  0,
		"intr 1\ncpu 1 2 3 4 5 6 7\n": 0,
		"":                            0,
	} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "stat"), []byte(text), 0o600)
		got, online, err := machine{proc: dir}.processorTime()
		if got != want || (err == nil) != (want > 0) || (err == nil && online != 2) {
			t.Errorf("%q: %d %d %v", text, got, online, err)
		}
	}
}

func TestInterfaces(t *testing.T) {
	got, err := interfaces(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got["lo"]; ok {
		t.Error("lo is counted")
	}
	devices, _ := net.Interfaces()
	for _, d := range devices {
		if _, ok := got[d.Name]; !ok && d.Name != "lo" {
			t.Errorf("%s is not counted", d.Name)
		}
	}
	if _, err := interfaces(1 << 30); err == nil {
		t.Error("counted for nobody")
	}
}

// fake is a container whose use grows by one with each sample.
type fake struct {
	samples atomic.Uint64
	stopped atomic.Bool
}

func (f *fake) target() Target {
	return Target{ID: "c1", Name: func() string { return "/web" }, Read: func(context.Context) (Sample, error) {
		if f.stopped.Load() {
			return Sample{}, errors.New("not running")
		}
		return Sample{At: time.Now(), Metrics: &cgroup1.Metrics{CPU: &cgroup1.CPUStat{Usage: &cgroup1.CPUUsage{Total: f.samples.Add(1)}}}}, nil
	}}
}

var errEnough = errors.New("enough")

func TestOneShotAndOnce(t *testing.T) {
	c, f := NewCollector(), &fake{}
	var got []container.StatsResponse
	keep := func(a container.StatsResponse) error { got = append(got, a); return nil }
	start := time.Now()
	if err := c.Watch(t.Context(), f.target(), OneShot, keep); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !got[0].PreRead.IsZero() || time.Since(start) > period/2 {
		t.Errorf("one shot: %d answers in %v", len(got), time.Since(start))
	}
	got = nil
	if err := c.Watch(t.Context(), f.target(), Once, keep); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].PreCPUStats.CPUUsage.TotalUsage+1 != got[0].CPUStats.CPUUsage.TotalUsage ||
		got[0].Read.Sub(got[0].PreRead) < period/2 || got[0].PreCPUStats.SystemUsage == 0 {
		t.Errorf("once: %+v", got)
	}
	f.stopped.Store(true)
	for _, mode := range []Mode{OneShot, Once} {
		got = nil
		if err := c.Watch(t.Context(), f.target(), mode, keep); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Name != "/web" || got[0].ID != "c1" || !got[0].Read.IsZero() || got[0].CPUStats.OnlineCPUs != 0 {
			t.Errorf("stopped: %+v", got)
		}
	}
	if len(c.watched) != 0 {
		t.Error("still watches")
	}
}

func TestStreamIsShared(t *testing.T) {
	c, f := NewCollector(), &fake{}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			var got []container.StatsResponse
			err := c.Watch(t.Context(), f.target(), Stream, func(a container.StatsResponse) error {
				if got = append(got, a); len(got) == 3 {
					return errEnough
				}
				return nil
			})
			if !errors.Is(err, errEnough) {
				t.Error(err)
			}
			last := got[len(got)-1]
			if last.PreRead.IsZero() || last.PreRead != got[len(got)-2].Read {
				t.Errorf("the sample before is not the one before: %v", got)
			}
		})
	}
	wg.Wait()
	if n := f.samples.Load(); n > 5 {
		t.Errorf("%d samples for 5 clients with 3 answers each", n)
	}
}

func TestStreamOfAContainerThatStopsAndGoes(t *testing.T) {
	c, f := NewCollector(), &fake{}
	answers := make(chan container.StatsResponse)
	done := make(chan error)
	go func() {
		done <- c.Watch(t.Context(), f.target(), Stream, func(a container.StatsResponse) error { answers <- a; return nil })
	}()
	if a := <-answers; a.Read.IsZero() {
		t.Errorf("running: %+v", a)
	}
	f.stopped.Store(true)
	for a := range answers {
		if a.Read.IsZero() {
			break
		}
	}
	f.stopped.Store(false)
	for a := range answers {
		if !a.Read.IsZero() {
			if !a.PreRead.IsZero() {
				t.Error("a sample of before the stop counts")
			}
			break
		}
	}
	c.Forget("c1")
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("did not end")
	}
	c.Forget("c1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Watch(ctx, f.target(), Stream, func(container.StatsResponse) error { return nil }); err != nil {
		t.Error(err)
	}
}
