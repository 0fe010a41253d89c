package images

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"

	"github.com/callroute/callroute/engine/api/types"
)

// Nothing is lost while images come in, go, and the collector runs.
func TestCollectWhileLoading(t *testing.T) {
	e, r := start(t), serve(t)
	pulled := spec{layers: [][]byte{tarOf(file{name: "pulled", content: random()})}}
	r.push("pulled:1", pulled.oci(true)...)
	stop := make(chan struct{})
	var collector, work sync.WaitGroup
	collector.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := e.db.GarbageCollect(e.ctx); err != nil {
					t.Error(err)
				}
			}
		}
	})
	shared := tarOf(file{name: "shared", content: random()})
	for n := range 4 {
		work.Go(func() {
			s := spec{tags: []string{fmt.Sprintf("box:%d", n)}, layers: [][]byte{shared, tarOf(file{name: "own", content: fmt.Sprint(n)})}}
			for round := range 5 {
				if _, err := e.load(dockerArchive(s)); err != nil {
					t.Errorf("load: %v", err)
					return
				}
				if _, err := e.pull(r.host()+"/pulled:1", types.ImagePullOptions{}); err != nil {
					t.Errorf("pull: %v", err)
					return
				}
				i, err := e.Get(e.ctx, s.tags[0])
				if err != nil {
					t.Error(err)
					return
				}
				key := fmt.Sprintf("c%d-%d", n, round)
				if _, err := e.Prepare(e.ctx, i, key); err != nil {
					t.Errorf("prepare: %v", err)
					return
				}
				if err := e.Save(e.ctx, s.tags, func(types.StreamKind) io.Writer { return io.Discard }); err != nil {
					t.Errorf("save: %v", err)
				}
				if _, err := e.rmi(s.tags[0], forced); err != nil {
					t.Errorf("rmi: %v", err)
				}
				if _, err := e.Mounts(e.ctx, key); err != nil {
					t.Errorf("mounts: %v", err)
				}
				if err := e.Release(e.ctx, key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	close(stop)
	collector.Wait()
	if i := e.mustGet(r.host() + "/pulled:1"); i.ID != pulled.id() {
		t.Error("the image that was pulled is another")
	}
	_, err := e.rmi(r.host()+"/pulled:1", unforced)
	check(t, err)
	e.wantNothingLeft()
}

// Two images of which each has a "layer.tar" come in at once.
func TestLoadSameNamesAtOnce(t *testing.T) {
	e := start(t)
	var work sync.WaitGroup
	for n := range 8 {
		work.Go(func() {
			layer := tarOf(file{name: "f", content: strings.Repeat(fmt.Sprint(n), 200_000)})
			s := spec{tags: []string{fmt.Sprintf("box:%d", n)}, layers: [][]byte{layer}}
			archive := tarOf(file{name: "config.json", content: string(s.config())}, file{name: "layer.tar", content: string(layer)},
				file{name: "manifest.json", content: string(asJSON([]any{dockerEntry{"config.json", s.tags, []string{"layer.tar"}}}))})
			out, err := e.load(archive)
			if want := "Loaded image: " + s.tags[0] + "\n"; err != nil || out != want {
				t.Errorf("%q, %v", out, err)
			}
			if i, err := e.Get(e.ctx, s.tags[0]); err != nil || i.ID != s.id() {
				t.Errorf("%s: %v", s.tags[0], err)
			}
		})
	}
	work.Wait()
	if l := e.left(); l.images != 8 || l.snapshots != 8 || l.ingests != 0 || l.leases != 0 {
		t.Errorf("%+v", l)
	}
}

// What is released is collected a moment later, once, and at the latest when the
// engine stops.
func TestReleaseCollects(t *testing.T) {
	e := start(t)
	e.mustLoad(dockerArchive(busybox("busybox")))
	i := e.mustGet("busybox")
	for n := range 3 {
		_, err := e.Prepare(e.ctx, i, fmt.Sprint(n))
		check(t, err)
		check(t, e.Release(e.ctx, fmt.Sprint(n)))
	}
	e.Close(e.ctx)
	if n := e.snapshotDirs(); n != 2 {
		t.Errorf("%d folders of snapshots are left, want those of the image's 2 layers", n)
	}
}

// remote answers as a service in another process does: whoever asks may go away,
// and it is made all the same.
type remote struct {
	snapshots.Snapshotter
	asked chan struct{}
	make  chan struct{}
	made  sync.WaitGroup
}

func (r *remote) Prepare(ctx context.Context, key, parent string, opts ...snapshots.Opt) ([]mount.Mount, error) {
	type answer struct {
		mounts []mount.Mount
		err    error
	}
	answers := make(chan answer, 1)
	r.made.Go(func() {
		<-r.make
		mounts, err := r.Snapshotter.Prepare(context.WithoutCancel(ctx), key, parent, opts...)
		answers <- answer{mounts, err}
	})
	close(r.asked)
	select {
	case a := <-answers:
		return a.mounts, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// What is made for a request that is gone can be released like any other.
func TestReleaseOfGoneRequest(t *testing.T) {
	e := start(t)
	e.mustLoad(dockerArchive(busybox("busybox")))
	i := e.mustGet("busybox")
	r := &remote{Snapshotter: e.Snapshots, asked: make(chan struct{}), make: make(chan struct{})}
	e.Snapshots = r
	ctx, gone := context.WithCancel(e.ctx)
	prepared := make(chan struct{})
	go func() {
		defer close(prepared)
		_, _ = e.Prepare(ctx, i, "c1") // made or not, it is released
	}()
	<-r.asked
	gone()
	time.AfterFunc(20*time.Millisecond, func() { close(r.make) })
	<-prepared
	check(t, e.Release(e.ctx, "c1"))
	r.made.Wait()
	if l := e.left(); l.snapshots != 2 {
		t.Errorf("%d snapshots are left, want those of the image's 2 layers", l.snapshots)
	}
}

// An image that another client brought is not unpacked yet.
func TestPrepareUnpacks(t *testing.T) {
	e := start(t)
	e.mustLoad(dockerArchive(busybox("busybox")))
	i := e.mustGet("busybox")
	for n := len(i.manifest.chains) - 1; n >= 0; n-- {
		check(t, e.Snapshots.Remove(e.ctx, i.manifest.chains[n].String()))
	}
	_, err := e.Prepare(e.ctx, i, "c1")
	check(t, err)
	if l := e.left(); l.snapshots != 3 || l.leases != 0 {
		t.Errorf("left %+v", l)
	}
	_, err = e.Prepare(e.ctx, i, "c1")
	if err == nil {
		t.Error("made twice")
	}
	_, err = e.Prepare(e.ctx, Image{}, "c2")
	wantError(t, err, "no image")
	_, err = e.Mounts(e.ctx, "c2")
	wantError(t, err, "not exist")
}
