package main

import (
	"strconv"
	"testing"

	task "github.com/containerd/containerd/api/runtime/task/v3"

	"github.com/callroute/callroute/engine/shim/client"
)

// BenchmarkShim takes a container through its life, as run --rm does, and
// tells where the time goes.
func BenchmarkShim(b *testing.B) {
	h := newHost(b, "")
	steps := []struct {
		name string
		do   func(*box, *client.Shim) error
	}{
		{"create", func(x *box, s *client.Shim) error {
			_, err := s.Create(h.context(), x.createRequest())
			return err
		}},
		{"start", func(x *box, s *client.Shim) error {
			_, err := s.Start(h.context(), &task.StartRequest{ID: x.id})
			return err
		}},
		{"wait", func(x *box, s *client.Shim) error {
			_, err := s.Wait(h.context(), &task.WaitRequest{ID: x.id})
			return err
		}},
		{"delete", func(x *box, s *client.Shim) error {
			_, err := s.Delete(h.context(), &task.DeleteRequest{ID: x.id})
			return err
		}},
		{"shutdown", func(x *box, s *client.Shim) error {
			return s.Shutdown(h.context(), &task.ShutdownRequest{ID: x.id})
		}},
	}
	spent := make(map[string]float64)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		name := strconv.Itoa(i)
		x := h.newBox(name, "true")
		x.stdio = h.newStreams(name, which{out: true, err: true})
		x.write()
		b.StartTimer()

		began := b.Elapsed()
		shim, err := client.Start(h.context(), x.config())
		if err != nil {
			b.Fatal(err)
		}
		spent["launch"] += float64((b.Elapsed() - began).Microseconds())
		for _, step := range steps {
			began = b.Elapsed()
			if err := step.do(x, shim); err != nil {
				b.Fatal(step.name, ": ", err)
			}
			spent[step.name] += float64((b.Elapsed() - began).Microseconds())
		}
		b.StopTimer()
		shim.Close()
		b.StartTimer()
	}
	for name, us := range spent {
		b.ReportMetric(us/1000/float64(b.N), name+"-ms/op")
	}
}
