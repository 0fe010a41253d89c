package volumes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
}

func open(t *testing.T, root string) *Service {
	t.Helper()
	s, err := New(Config{Root: root})
	check(t, err)
	return s
}

func create(t *testing.T, s *Service, name string, labels map[string]string) volume.Volume {
	t.Helper()
	v, err := s.Create(t.Context(), volume.CreateRequest{Name: name, Labels: labels})
	check(t, err)
	return v
}

func names(t *testing.T, s *Service, filters types.Filters) string {
	t.Helper()
	list, err := s.List(t.Context(), filters)
	check(t, err)
	var all []string
	for _, v := range list.Volumes {
		all = append(all, v.Name)
	}
	return strings.Join(all, " ")
}

func TestCreate(t *testing.T) {
	root := filepath.Join(t.TempDir(), "volumes")
	var told []string
	s, err := New(Config{Root: root, Event: func(action events.Action, name string, attributes map[string]string) {
		told = append(told, fmt.Sprint(action, name, attributes["driver"]))
	}})
	check(t, err)
	v := create(t, s, "v1", map[string]string{"a": "b"})
	if v.Driver != "local" || v.Scope != "local" || v.Mountpoint != filepath.Join(root, "v1/_data") || v.Labels["a"] != "b" {
		t.Errorf("%+v", v)
	}
	if again := create(t, s, "v1", map[string]string{"c": "d"}); again.Labels["a"] != "b" {
		t.Errorf("made again: %+v", again)
	}
	if !slices.Equal(told, []string{"createv1local"}) {
		t.Errorf("told %v", told)
	}
	noName := create(t, s, "", nil)
	if len(noName.Name) != 64 {
		t.Errorf("name %q", noName.Name)
	}
	if _, ok := noName.Labels[anonymous]; !ok {
		t.Errorf("labels %v", noName.Labels)
	}
	// All of it is there after a start.
	s = open(t, root)
	again, err := s.Inspect(t.Context(), "v1")
	check(t, err)
	if again.Labels["a"] != "b" || again.CreatedAt != v.CreatedAt {
		t.Errorf("%+v, was %+v", again, v)
	}
}

func TestCreateErrors(t *testing.T) {
	s := open(t, t.TempDir())
	long := strings.Repeat("a", 300)
	for _, test := range []struct {
		req    volume.CreateRequest
		want   string
		status int
	}{
		{volume.CreateRequest{Name: "a/b"}, "includes invalid characters for a local volume name", 400},
		{volume.CreateRequest{Name: ".."}, "includes invalid characters", 400},
		{volume.CreateRequest{Name: ".hidden"}, "includes invalid characters", 400},
		{volume.CreateRequest{Name: "../../etc"}, "includes invalid characters", 400},
		{volume.CreateRequest{Name: "a\x00b"}, "includes invalid characters", 400},
		{volume.CreateRequest{Name: "größe"}, "includes invalid characters", 400},
		{volume.CreateRequest{Name: "a b"}, "includes invalid characters", 400},
		{volume.CreateRequest{Name: "a"}, "too short", 400},
		{volume.CreateRequest{Name: long}, "too long", 400},
		{volume.CreateRequest{Name: "v1", Driver: "nfs"}, `plugin "nfs" not found`, 404},
		{volume.CreateRequest{Name: "v1", DriverOpts: map[string]string{"foo": "x"}}, `invalid option: "foo"`, 400},
		{volume.CreateRequest{Name: "v1", DriverOpts: map[string]string{"type": "nfs"}}, `missing required option: "device"`, 400},
		{volume.CreateRequest{Name: "v1", DriverOpts: map[string]string{"o": "bind"}}, `missing required option: "device"`, 400},
		{volume.CreateRequest{Name: "v1", DriverOpts: map[string]string{"size": "1m"}}, "no quota support", 400},
		{volume.CreateRequest{Name: "v1", ClusterVolumeSpec: &volume.ClusterVolumeSpec{}}, "no cluster volumes", 501},
	} {
		_, err := s.Create(t.Context(), test.req)
		wantError(t, err, test.want)
		if got := errdefs.ToHTTP(err); got != test.status {
			t.Errorf("%+v: status %d", test.req, got)
		}
	}
	if got := names(t, s, nil); got != "" {
		t.Errorf("made %q", got)
	}
	if entries, err := os.ReadDir(s.Root); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestList(t *testing.T) {
	s := open(t, t.TempDir())
	create(t, s, "data", map[string]string{"kind": "db"})
	create(t, s, "cache", nil)
	create(t, s, "data2", map[string]string{"kind": "log"})
	_, err := s.Use(t.Context(), "cache", "c1")
	check(t, err)
	for _, test := range []struct {
		filters types.Filters
		want    string
	}{
		{nil, "cache data data2"},
		{types.Filters{"name": {"data"}}, "data data2"},
		{types.Filters{"name": {"^data$"}}, "data"},
		{types.Filters{"name": {"["}}, ""},
		{types.Filters{"label": {"kind"}}, "data data2"},
		{types.Filters{"label": {"kind=db"}}, "data"},
		{types.Filters{"dangling": {"true"}}, "data data2"},
		{types.Filters{"dangling": {"0"}}, "cache"},
		{types.Filters{"driver": {"local"}}, "cache data data2"},
		{types.Filters{"driver": {"nfs"}}, ""},
	} {
		if got := names(t, s, test.filters); got != test.want {
			t.Errorf("%v: %q, want %q", test.filters, got, test.want)
		}
	}
	_, err = s.List(t.Context(), types.Filters{"size": {"1"}})
	wantError(t, err, "invalid filter 'size'")
	_, err = s.List(t.Context(), types.Filters{"dangling": {"maybe"}})
	wantError(t, err, "invalid filter 'dangling=[maybe]'")
}

func TestRemove(t *testing.T) {
	s := open(t, t.TempDir())
	ctx := t.Context()
	v, err := s.Use(ctx, "v1", "c1") // which makes it
	check(t, err)
	check(t, os.WriteFile(filepath.Join(v.Mountpoint, "f"), []byte("x"), 0o600))
	_, err = s.Use(ctx, "v1", "c0")
	check(t, err)
	err = s.Remove(ctx, "v1", true)
	wantError(t, err, "remove v1: volume is in use - [c0, c1]")
	if errdefs.ToHTTP(err) != 409 {
		t.Errorf("status %d", errdefs.ToHTTP(err))
	}
	s.ReleaseAll("c0")
	s.ReleaseAll("c1")
	check(t, s.Remove(ctx, "v1", false))
	if entries, err := os.ReadDir(s.Root); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
	err = s.Remove(ctx, "v1", false)
	wantError(t, err, "get v1: no such volume")
	if !cerrdefs.IsNotFound(err) {
		t.Error("class", err)
	}
	check(t, s.Remove(ctx, "v1", true))
	_, err = s.Inspect(ctx, "v1")
	wantError(t, err, "no such volume")
	for _, name := range []string{"", "..", "../x", "v1/../v1"} {
		if err := s.Remove(ctx, name, false); !cerrdefs.IsNotFound(err) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPrune(t *testing.T) {
	ctx := t.Context()
	for _, test := range []struct {
		filters types.Filters
		left    string
	}{
		{nil, "named other used"},
		{types.Filters{"all": {"true"}}, "used"},
		{types.Filters{"all": {"1"}, "label": {"keep=no"}}, "named noname used"},
		{types.Filters{"all": {"1"}, "label!": {"keep=no"}}, "other used"},
	} {
		s := open(t, t.TempDir())
		create(t, s, "named", nil)
		create(t, s, "other", map[string]string{"keep": "no"})
		noName := create(t, s, "", nil)
		check(t, os.WriteFile(filepath.Join(noName.Mountpoint, "f"), make([]byte, 1234), 0o600))
		_, err := s.Use(ctx, "used", "c1")
		check(t, err)
		report, err := s.Prune(ctx, test.filters)
		check(t, err)
		left := strings.ReplaceAll(names(t, s, nil), noName.Name, "noname")
		words := strings.Fields(left)
		slices.Sort(words)
		if got := strings.Join(words, " "); got != test.left {
			t.Errorf("%v: left %q, want %q", test.filters, got, test.left)
		}
		if slices.Contains(report.VolumesDeleted, noName.Name) != (report.SpaceReclaimed == 1234) {
			t.Errorf("%v: %+v", test.filters, report)
		}
	}
	_, err := open(t, t.TempDir()).Prune(ctx, types.Filters{"name": {"x"}})
	wantError(t, err, "invalid filter 'name'")
}

func TestDiskUsage(t *testing.T) {
	s := open(t, t.TempDir())
	used, err := s.Use(t.Context(), "used", "c1")
	check(t, err)
	check(t, os.WriteFile(filepath.Join(used.Mountpoint, "f"), make([]byte, 1000), 0o600))
	check(t, os.Link(filepath.Join(used.Mountpoint, "f"), filepath.Join(used.Mountpoint, "same")))
	idle := create(t, s, "idle", nil)
	check(t, os.Mkdir(filepath.Join(idle.Mountpoint, "d"), 0o700))
	check(t, os.WriteFile(filepath.Join(idle.Mountpoint, "d/f"), make([]byte, 20), 0o600))
	usage, err := s.DiskUsage(t.Context())
	check(t, err)
	if usage.TotalCount != 2 || usage.ActiveCount != 1 || usage.TotalSize != 1020 || usage.Reclaimable != 20 {
		t.Errorf("%+v", usage)
	}
	if u := usage.Items[1].UsageData; u.Size != 1000 || u.RefCount != 1 {
		t.Errorf("%+v", u)
	}
}

// A start clears away what a crash left.
func TestRepair(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	half := create(t, s, "half", nil)
	check(t, os.WriteFile(filepath.Join(half.Mountpoint, "f"), []byte("half a fi"), 0o600))
	check(t, os.WriteFile(s.mark("half"), nil, 0o600))
	whole := create(t, s, "whole", nil)
	check(t, os.WriteFile(filepath.Join(whole.Mountpoint, "f"), []byte("x"), 0o600))
	check(t, os.WriteFile(filepath.Join(root, "whole", recordFile), []byte("{"), 0o600))
	for _, name := range []string{making + "x", removing + "y"} {
		check(t, os.MkdirAll(filepath.Join(root, name, dataDir, "deep"), 0o700))
	}
	check(t, os.Mkdir(filepath.Join(root, "nothing"), 0o700))
	check(t, os.WriteFile(filepath.Join(root, "file"), nil, 0o600))

	s = open(t, root)
	if got := names(t, s, nil); got != "half whole" {
		t.Errorf("volumes %q", got)
	}
	if empty, err := isEmpty(half.Mountpoint); err != nil || !empty {
		t.Errorf("half: %v %v", empty, err)
	}
	if _, err := os.Stat(filepath.Join(whole.Mountpoint, "f")); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(root, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestCopyUp(t *testing.T) {
	image := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(image, "etc/app"), 0o750))
	check(t, os.WriteFile(filepath.Join(image, "etc/app/conf"), []byte("from the image"), 0o640))
	check(t, os.Symlink("/nowhere", filepath.Join(image, "etc/app/link")))
	check(t, os.Symlink("/etc/app", filepath.Join(image, "absolute")))
	check(t, os.Symlink("../../../../../../etc", filepath.Join(image, "up")))
	check(t, os.WriteFile(filepath.Join(image, "file"), nil, 0o600))
	check(t, os.MkdirAll(filepath.Join(image, "empty"), 0o711))
	check(t, os.Chmod(filepath.Join(image, "etc/app"), 0o750))
	check(t, os.Chmod(filepath.Join(image, "empty"), 0o711))
	ctx := t.Context()
	for _, test := range []struct {
		path, file string // a file that must be there
		mode       os.FileMode
	}{
		{"/etc/app", "conf", 0o750},
		{"etc/app/", "conf", 0o750},
		{"/absolute", "conf", 0o750},
		{"/up", "app/conf", 0},
		{"/../../etc/app", "conf", 0o750},
		{"/empty", "", 0o711},
		{"/file", "", 0o755},
		{"/nosuch/deep", "", 0o755},
	} {
		s := open(t, t.TempDir())
		v, err := s.Use(ctx, "v1", "c1")
		check(t, err)
		check(t, s.CopyUp(ctx, "v1", image, test.path))
		info, err := os.Stat(v.Mountpoint)
		check(t, err)
		if test.mode != 0 && info.Mode().Perm() != test.mode {
			t.Errorf("%s: mode %o", test.path, info.Mode().Perm())
		}
		if test.file == "" {
			if empty, err := isEmpty(v.Mountpoint); err != nil || !empty {
				t.Errorf("%s: not empty, %v", test.path, err)
			}
			continue
		}
		data, err := os.ReadFile(filepath.Join(v.Mountpoint, test.file))
		if err != nil || string(data) != "from the image" {
			t.Errorf("%s: %q, %v", test.path, data, err)
		}
		if link, err := os.Readlink(filepath.Join(filepath.Dir(filepath.Join(v.Mountpoint, test.file)), "link")); link != "/nowhere" {
			t.Errorf("%s: link %q, %v", test.path, link, err)
		}
		// Only once: what a container has changed stays.
		check(t, os.WriteFile(filepath.Join(v.Mountpoint, test.file), []byte("mine"), 0o600))
		check(t, s.CopyUp(ctx, "v1", image, test.path))
		if data, _ := os.ReadFile(filepath.Join(v.Mountpoint, test.file)); string(data) != "mine" {
			t.Errorf("%s: copied twice", test.path)
		}
		if _, err := os.Stat(s.mark("v1")); err == nil {
			t.Error("the mark is left")
		}
	}
	s := open(t, t.TempDir())
	wantError(t, s.CopyUp(ctx, "nosuch", image, "/etc"), "no such volume")
	create(t, s, "v1", nil)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	wantError(t, s.CopyUp(cancelled, "v1", image, "/etc"), "cancel")
}
