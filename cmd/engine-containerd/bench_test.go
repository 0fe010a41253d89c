package main

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/containerd/types"
)

// BenchmarkContainer takes a container from its creation to its removal, over
// gRPC, with each runtime; the medians of the steps are in milliseconds. The
// snapshot is made before and removed after.
func BenchmarkContainer(b *testing.B) {
	for _, runtime := range []string{ours, debians} {
		b.Run(runtime, func(b *testing.B) {
			h := newHost(b, runtime)
			h.load()
			ctx := b.Context()
			took := map[string][]time.Duration{}
			step := func(name string, do func() error) {
				began := time.Now()
				if err := do(); err != nil {
					b.Fatalf("%s: %v", name, err)
				}
				took[name] = append(took[name], time.Since(began))
			}
			for b.Loop() {
				id := h.id("c")
				o := h.options(id, types.IO{}, "sleep", "1000")
				began := time.Now()
				step("create", func() error { _, err := h.Create(ctx, id, o); return err })
				step("start", func() error { _, err := h.Start(ctx, id, ""); return err })
				took["create+start"] = append(took["create+start"], time.Since(began))
				step("kill", func() error { return h.Kill(ctx, id, "", int(unix.SIGKILL), types.KillProcess) })
				step("wait", func() error { _, err := h.Wait(ctx, id, ""); return err })
				step("rm", func() error { _, err := h.Remove(ctx, id, ""); return err })
				if err := h.Stores().Snapshots.Remove(ctx, id); err != nil {
					b.Fatal(err)
				}
			}
			for name, all := range took {
				slices.Sort(all)
				b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-ms")
			}
		})
	}
}
