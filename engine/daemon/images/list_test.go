package images

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func TestList(t *testing.T) {
	e := start(t)
	old := spec{tags: []string{"old:1", "team/old:1"}, layers: busybox().layers[:1], created: epoch.AddDate(-1, 0, 0)}
	middle := busybox("busybox")
	untagged := spec{layers: busybox().layers[1:], created: epoch.AddDate(1, 0, 0)}
	e.mustLoad(dockerArchive(old, middle, untagged))
	for _, test := range []struct {
		filters types.Filters
		want    string // names of each, the newest first
	}{
		{nil, "<none>; busybox:latest; old:1 team/old:1"},
		{types.Filters{"dangling": {"true"}}, "<none>"},
		{types.Filters{"dangling": {"false"}}, "busybox:latest; old:1 team/old:1"},
		{types.Filters{"reference": {"old"}}, "old:1"},
		{types.Filters{"reference": {"old", "busybox"}}, "busybox:latest; old:1"},
		{types.Filters{"reference": {"*:1"}}, "old:1"},
		{types.Filters{"reference": {"team/*"}}, "team/old:1"},
		{types.Filters{"reference": {"nosuch"}}, ""},
		{types.Filters{"label": {"maker=test"}}, "busybox:latest"},
		{types.Filters{"label": {"maker", "none"}}, ""},
		{types.Filters{"before": {"busybox"}}, "old:1 team/old:1"},
		{types.Filters{"since": {"busybox"}}, "<none>"},
		{types.Filters{"until": {"2024-01-01T00:00:00Z"}}, "old:1 team/old:1"},
	} {
		list, err := e.List(e.ctx, types.ImageListOptions{Filters: test.filters})
		check(t, err)
		var got []string
		for _, i := range list {
			name := strings.Join(i.RepoTags, " ")
			if name == "" {
				name = "<none>"
			}
			got = append(got, name)
			if i.Size <= 0 || i.Containers != -1 || i.SharedSize != -1 || i.Created == 0 || len(i.ID) != 71 {
				t.Errorf("%+v", i)
			}
		}
		if got := strings.Join(got, "; "); got != test.want {
			t.Errorf("%v: %q, want %q", test.filters, got, test.want)
		}
	}
	for _, test := range []struct {
		filters types.Filters
		want    string
		status  int
	}{
		{types.Filters{"color": {"red"}}, "invalid filter 'color'", 400},
		{types.Filters{"dangling": {"maybe"}}, "invalid filter 'dangling=[maybe]'", 400},
		{types.Filters{"before": {"nosuch"}}, "No such image: nosuch:latest", 404},
		{types.Filters{"since": {"a b"}}, "invalid reference format", 400},
		{types.Filters{"reference": {"["}}, "invalid filter 'reference=['", 400},
		{types.Filters{"until": {"-5"}}, "invalid filter 'until=-5'", 400},
	} {
		_, err := e.List(e.ctx, types.ImageListOptions{Filters: test.filters})
		wantError(t, err, test.want)
		if got := errdefs.ToHTTP(err); got != test.status {
			t.Errorf("%v: status %d", test.filters, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"10m": now.Add(-10 * time.Minute), "2024-01-02": time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC),
		"2024-01-02T03:04:05+01:00": time.Date(2024, 1, 2, 2, 4, 5, 0, time.UTC), "1700000000": time.Unix(1700000000, 0),
		"1700000000.5": time.Unix(1700000000, 5e8),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "soon", "NaN", "Inf", "-1", "1e300", "2024-13-01"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestInspect(t *testing.T) {
	e := start(t)
	s := busybox("busybox", "other:1")
	e.mustLoad(dockerArchive(s))
	i, err := e.Inspect(e.ctx, "other:1")
	check(t, err)
	if i.ID != s.id() || !slices.Equal(i.RepoTags, []string{"busybox:latest", "other:1"}) || len(i.RepoDigests) != 0 ||
		i.Architecture != "amd64" || i.Os != "linux" || i.Size <= 0 || i.Created != "2024-05-06T07:08:09Z" ||
		len(i.RootFS.Layers) != 2 || i.RootFS.Type != "layers" || i.Config.Env[0] != "PATH=/bin" || i.GraphDriver.Name != "overlayfs" ||
		time.Since(i.Metadata.LastTagTime) > time.Minute {
		t.Errorf("%+v", i)
	}
	history, err := e.History(e.ctx, "busybox")
	check(t, err)
	if len(history) != 3 || history[0].ID != s.id() || history[0].CreatedBy != "CMD sh" || history[0].Size != 0 ||
		history[1].ID != "<missing>" || history[1].Size <= 0 || len(history[0].Tags) != 2 || history[1].Created != epoch.Unix() {
		t.Errorf("%+v", history)
	}
	_, err = e.History(e.ctx, "nosuch")
	wantError(t, err, "No such image: nosuch:latest")
	_, err = e.Inspect(e.ctx, "nosuch")
	wantError(t, err, "No such image: nosuch:latest")
}

func TestTag(t *testing.T) {
	e := start(t)
	e.mustLoad(dockerArchive(busybox("busybox")))
	for _, test := range []struct{ name, repository, tag, want string }{
		{"busybox", "a/b", "", "a/b:latest"},
		{"busybox", "a/b", "1", "a/b:1"},
		{busybox().id()[7:19], "localhost:5000/x", "y", "localhost:5000/x:y"},
		{"busybox", "docker.io/library/z:2", "", "z:2"},
	} {
		check(t, e.Tag(e.ctx, test.name, test.repository, test.tag))
		if i := e.mustGet(test.want); !slices.Contains(i.RepoTags, test.want) {
			t.Errorf("%+v: %v", test, i.RepoTags)
		}
	}
	digest := "@sha256:" + strings.Repeat("a", 64)
	for _, test := range []struct {
		name, repository, tag, want string
		status                      int
	}{
		{"nosuch", "x", "", "No such image: nosuch:latest", 404},
		{"busybox", "UPPER", "", "must be lowercase", 400},
		{"busybox", "", "", "invalid reference format", 400},
		{"busybox", "x", "a b", "invalid tag format", 400},
		{"busybox", "x" + digest, "", "digest", 400},
		{"busybox", strings.Repeat("a", 64), "", "invalid", 400},
		{"busybox", "../../etc", "", "invalid reference format", 400},
	} {
		err := e.Tag(e.ctx, test.name, test.repository, test.tag)
		wantError(t, err, test.want)
		if got := errdefs.ToHTTP(err); got != test.status {
			t.Errorf("%+v: status %d", test, got)
		}
	}
}

func TestDiskUsage(t *testing.T) {
	e := start(t)
	base := spec{tags: []string{"base"}, layers: busybox().layers[:1]}
	e.mustLoad(dockerArchive(busybox("busybox"), base))
	e.users[base.id()] = []User{{ID: "a"}, {ID: "b", Running: true}}
	usage, err := e.DiskUsage(e.ctx)
	check(t, err)
	var total, shared, containers int64
	for _, i := range usage.Items {
		total += i.Size
		shared += i.SharedSize
		containers += i.Containers
	}
	if usage.TotalCount != 2 || usage.ActiveCount != 1 || containers != 2 || shared <= 0 || usage.TotalSize != total-shared/2 ||
		usage.Reclaimable <= 0 || usage.Reclaimable >= usage.TotalSize {
		t.Errorf("%+v", usage)
	}
	_, err = e.Prepare(e.ctx, e.mustGet("base"), "c1")
	check(t, err)
	if size, err := e.Usage(e.ctx, "c1"); err != nil || size < 0 || size > 1<<20 {
		t.Errorf("a new container has %d bytes, %v", size, err)
	}
	if _, err := e.Usage(e.ctx, "nosuch"); err == nil {
		t.Error("usage of nothing")
	}
}
