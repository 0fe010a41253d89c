package container

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/errdefs"
)

// add makes a container whose ID begins with a prefix.
func add(t *testing.T, s *Store, prefix, name string) *Container {
	t.Helper()
	id := prefix + strings.Repeat("0", 64-len(prefix))
	c := New(Record{
		ID: id, Name: name, Created: time.Now(), Config: &container.Config{}, HostConfig: &types.HostConfig{},
		State: State{Status: container.StateCreated},
	}, s.Dir(id))
	if err := s.Reserve(name, id); err != nil {
		t.Fatal(err)
	}
	if err := c.Set(func(*Record) {}); err != nil {
		t.Fatal(err)
	}
	s.Add(c)
	return c
}

func open(t *testing.T, dir string) (*Store, Found) {
	t.Helper()
	s, found, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, found
}

func TestGet(t *testing.T) {
	s, _ := open(t, filepath.Join(t.TempDir(), "containers"))
	a, b, c := add(t, s, "abc1", "one"), add(t, s, "abc2", "two"), add(t, s, "d", "abc1")
	for name, want := range map[string]*Container{
		a.ID: a, "one": a, "/one": a, "two": b, "abc2": b, "d": c,
		"abc1":  c, // a name comes before a prefix
		"abc10": a,
	} {
		if got, err := s.Get(name); got != want || err != nil {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"abc":         "Multiple IDs found with provided prefix: abc",
		"":            "No container name or ID supplied",
		"/":           "No container name or ID supplied",
		"e":           "No such container: e",
		a.ID + "0":    "No such container: " + a.ID + "0",
		"../abc1":     "No such container: ../abc1",
		"nosuch/thin": "No such container: nosuch/thin",
	} {
		if got, err := s.Get(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v %v, want %s", name, got, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	s, _ := open(t, t.TempDir())
	a, b := add(t, s, "a", "one"), add(t, s, "b", "two")
	if err := s.Rename(a, "two"); errdefs.ToHTTP(err) != 409 || !strings.Contains(err.Error(), b.ID) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := s.Rename(a, "a/b"); errdefs.ToHTTP(err) != 400 {
		t.Errorf("a name with a slash: %v", err)
	}
	if err := s.Rename(a, "three"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get("three"); got != a || err != nil {
		t.Errorf("the new name: %v", err)
	}
	if _, err := s.Get("one"); err == nil {
		t.Error("the old name is left")
	}
	s.Delete(a)
	if err := s.Reserve("three", "c"); err != nil {
		t.Errorf("the name of one that is gone: %v", err)
	}
	s.Release("three")
	if err := s.Reserve("three", "d"); err != nil {
		t.Errorf("a name that was given back: %v", err)
	}
	if got := s.All(); !slices.Equal(got, []*Container{b}) {
		t.Errorf("all: %v", got)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	a := add(t, s, "a", "one")
	stopped := 10
	if err := a.Set(func(r *Record) {
		r.State = State{Status: container.StateExited, ExitCode: 3, FinishedAt: time.Unix(5, 6).UTC()}
		r.Config.StopTimeout, r.HostConfig.CacheProperty, r.Delay = &stopped, "L3:0=f", time.Second
		r.Mounts = []mounts.Point{{Anonymous: true}}
	}); err != nil {
		t.Fatal(err)
	}
	half, broken, stolen := strings.Repeat("b", 64), strings.Repeat("c", 64), strings.Repeat("d", 64)
	record, err := os.ReadFile(filepath.Join(a.Dir, file))
	if err != nil {
		t.Fatal(err)
	}
	for id, content := range map[string]string{half: "", broken: `{"ID":"` + broken, stolen: string(record)} {
		if err := os.Mkdir(s.Dir(id), 0o700); err != nil {
			t.Fatal(err)
		}
		if content == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(s.Dir(id), file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	again, found := open(t, dir)
	if !slices.Equal(found.HalfMade, []string{half}) || len(found.Unreadable) != 2 {
		t.Errorf("found %+v", found)
	}
	got, err := again.Get("one")
	if err != nil {
		t.Fatal(err)
	}
	r := got.Snapshot()
	if r.State.ExitCode != 3 || !r.State.FinishedAt.Equal(time.Unix(5, 6)) || *r.Config.StopTimeout != 10 || r.HostConfig.CacheProperty != "L3:0=f" ||
		r.Delay != time.Second || !r.Mounts[0].Anonymous {
		t.Errorf("%+v", r)
	}
	if err := again.Reserve("one", "e"); err == nil {
		t.Error("its name is free")
	}
}

// TestSave: the record on disk is whole, others cannot read it, and what did not
// change is not written.
func TestSave(t *testing.T) {
	s, _ := open(t, t.TempDir())
	c := add(t, s, "a", "one")
	path := filepath.Join(c.Dir, file)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if err := c.Set(func(*Record) {}); err != nil {
		t.Fatal(err)
	}
	if same, err := os.Stat(path); err != nil || !os.SameFile(info, same) {
		t.Error("it was written without a change")
	}
	if err := c.Set(func(r *Record) { r.Exits++ }); err != nil {
		t.Fatal(err)
	}
	if other, err := os.Stat(path); err != nil || os.SameFile(info, other) {
		t.Error("it was written in place")
	}
	if entries, _ := os.ReadDir(c.Dir); len(entries) != 1 {
		t.Errorf("left beside it: %v", entries)
	}
}

func TestRemove(t *testing.T) {
	s, _ := open(t, t.TempDir())
	c := add(t, s, "a", "one")
	told := false
	if err := c.Remove(func() { told = true }); err != nil || !told {
		t.Fatal(err)
	}
	if err := c.Set(func(*Record) { t.Error("the record of one that is gone was changed") }); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder: %v", err)
	}
}

func TestOperate(t *testing.T) {
	c := New(Record{}, t.TempDir())
	done, err := c.Operate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Operate(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two at once: %v", err)
	}
	done()
	if done, err = c.Operate(t.Context()); err != nil {
		t.Fatal(err)
	}
	done()
}

func TestWait(t *testing.T) {
	set := func(status container.ContainerState, exits, code int) func(*Record) {
		return func(r *Record) { r.State.Status, r.Exits, r.State.ExitCode = status, exits, code }
	}
	for _, test := range []struct {
		name      string
		condition container.WaitCondition
		begin     func(*Record)
		not       []func(*Record) // changes that do not meet it
		met       func(*Record)   // nil removes it
		want      int64
	}{
		{"not running, at once", "", set(container.StateExited, 1, 3), nil, func(*Record) {}, 3},
		{
			"not running", container.WaitConditionNotRunning, set(container.StateRunning, 0, 0),
			[]func(*Record){set(container.StatePaused, 0, 0), set(container.StateRestarting, 1, 4)},
			set(container.StateExited, 2, 5), 5,
		},
		{
			"next exit", container.WaitConditionNextExit, set(container.StateExited, 1, 3),
			[]func(*Record){set(container.StateRunning, 1, 0)},
			set(container.StateRestarting, 2, 6), 6,
		},
		{"next exit of one that is removed", container.WaitConditionNextExit, set(container.StateCreated, 0, 0), nil, nil, 0},
		{
			"removed", container.WaitConditionRemoved, set(container.StateRunning, 0, 0),
			[]func(*Record){set(container.StateExited, 1, 7), set(container.StateRemoving, 1, 7)},
			nil, 7,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := open(t, t.TempDir())
			c := add(t, s, "a", "one")
			change := func(f func(*Record)) {
				t.Helper()
				if err := c.Set(f); err != nil {
					t.Fatal(err)
				}
			}
			change(test.begin)
			answer := c.Wait(t.Context(), test.condition)
			for i, f := range test.not {
				change(f)
				select {
				case got := <-answer:
					t.Fatalf("change %d met it: %+v", i, got)
				case <-time.After(20 * time.Millisecond):
				}
			}
			if test.met == nil {
				if err := c.Remove(func() {}); err != nil {
					t.Fatal(err)
				}
			} else {
				change(test.met)
			}
			if got, ok := <-answer; !ok || got.StatusCode != test.want || got.Error != nil {
				t.Errorf("%+v, want %d", got, test.want)
			}
		})
	}
	t.Run("a removal that fails", func(t *testing.T) {
		s, _ := open(t, t.TempDir())
		c := add(t, s, "a", "one")
		answer := c.Wait(t.Context(), container.WaitConditionRemoved)
		if err := c.Set(func(r *Record) { r.State.Status, r.State.Error = container.StateDead, "busy" }); err != nil {
			t.Fatal(err)
		}
		if got := <-answer; got.Error == nil || got.Error.Message != "busy" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("nobody waits any more", func(t *testing.T) {
		s, _ := open(t, t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		answer := add(t, s, "a", "one").Wait(ctx, container.WaitConditionRemoved)
		cancel()
		if got, ok := <-answer; ok {
			t.Errorf("an answer: %+v", got)
		}
	})
}
