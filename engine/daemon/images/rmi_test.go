package images

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/identity"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// deleted is what docker tells when an image goes, with its layers from the top.
func (s spec) deleted() string {
	var b strings.Builder
	fmt.Fprintln(&b, "Deleted:", s.id())
	m := must(parse(s))
	for _, chain := range slices.Backward(m) {
		fmt.Fprintln(&b, "Deleted:", chain)
	}
	return b.String()
}

func parse(s spec) ([]string, error) {
	var chains []string
	for _, c := range identity.ChainIDs(s.diffIDs()) {
		chains = append(chains, c.String())
	}
	return chains, nil
}

func TestRemove(t *testing.T) {
	s := busybox("busybox:latest")
	id := s.id()
	stopped, running := User{ID: strings.Repeat("ab", 32)}, User{ID: strings.Repeat("cd", 32), Running: true}
	short := id[7:19]
	for _, test := range []struct {
		name   string
		tags   []string // besides busybox:latest
		users  []User
		remove string
		opts   types.ImageRemoveOptions
		want   string
		err    string
		left   int // names of the image
	}{
		{"the only tag", nil, nil, "busybox", unforced, "Untagged: busybox:latest\n" + s.deleted(), "", 0},
		{"one of two", []string{"team/box:v1"}, nil, "team/box:v1", unforced, "Untagged: team/box:v1\n", "", 1},
		{"by ID", nil, nil, id, unforced, "Untagged: busybox:latest\n" + s.deleted(), "", 0},
		{"by a part of the ID", nil, nil, short, unforced, "Untagged: busybox:latest\n" + s.deleted(), "", 0},
		{
			"by ID with two tags",
			[]string{"busybox:2"},
			nil, short, unforced, "",
			"conflict: unable to delete " + short + " (must be forced) - image is referenced in multiple repositories", 2,
		},
		{"by ID with two tags, forced", []string{"busybox:2"}, nil, id, forced, "Untagged: busybox:2\nUntagged: busybox:latest\n" + s.deleted(), "", 0},
		{
			"in use", nil,
			[]User{stopped},
			"busybox", unforced, "",
			`conflict: unable to remove repository reference "busybox" (must force) - container abababababab is using its referenced image ` + short, 1,
		},
		{"in use, another tag", []string{"other"}, []User{running}, "other", unforced, "Untagged: other:latest\n", "", 1},
		{"in use, forced", nil, []User{stopped}, "busybox", forced, "Untagged: busybox:latest\nDeleted: " + id + "\n", "", 0},
		{
			"in use, by ID", nil,
			[]User{stopped},
			id, unforced, "",
			"conflict: unable to delete " + short + " (must be forced) - image is being used by stopped container abababababab", 1,
		},
		{"in use, by ID, forced", nil, []User{stopped}, id, forced, "Untagged: busybox:latest\nDeleted: " + id + "\n", "", 0},
		{"running, forced", nil, []User{running}, "busybox", forced, "Untagged: busybox:latest\n", "", 1},
		{
			"running, by ID, forced", nil,
			[]User{stopped, running},
			id, forced, "",
			"conflict: unable to delete " + short + " (cannot be forced) - image is being used by running container cdcdcdcdcdcd", 1,
		},
		{"nosuch", nil, nil, "nosuch", forced, "", "No such image: nosuch:latest", 1},
		{"no name", nil, nil, "UPPER", forced, "", "invalid reference format", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := start(t)
			e.mustLoad(dockerArchive(s))
			for _, tag := range test.tags {
				e.tag("busybox", tag)
			}
			e.users[id] = test.users
			if test.users != nil {
				_, err := e.Prepare(e.ctx, e.mustGet("busybox"), "container")
				check(t, err)
			}
			out, err := e.rmi(test.remove, test.opts)
			if out != test.want {
				t.Errorf("got\n%swant\n%s", out, test.want)
			}
			if test.err != "" {
				wantError(t, err, test.err)
				if status := errdefs.ToHTTP(err); strings.HasPrefix(test.err, "conflict") && status != 409 {
					t.Errorf("status %d", status)
				}
			} else {
				check(t, err)
			}
			if l := e.left(); l.images != test.left {
				t.Errorf("%d names are left, want %d", l.images, test.left)
			}
			if test.users == nil {
				if test.left == 0 {
					e.wantNothingLeft()
				}
				return
			}
			// The container keeps its files, and with it they go.
			if _, err := e.Mounts(e.ctx, "container"); err != nil {
				t.Error(err)
			}
			if l := e.left(); l.snapshots != 3 {
				t.Errorf("left %+v", l)
			}
			check(t, e.Release(e.ctx, "container"))
			check(t, e.Release(e.ctx, "container"))
			e.users[id] = nil
			if test.left > 0 {
				_, err := e.rmi(id, forced)
				check(t, err)
			}
			e.wantNothingLeft()
		})
	}
}

// Layers that another image has stay.
func TestRemoveShared(t *testing.T) {
	e := start(t)
	base := spec{tags: []string{"base"}, layers: busybox().layers[:1]}
	e.mustLoad(dockerArchive(busybox("busybox"), base))
	out, err := e.rmi("busybox", unforced)
	check(t, err)
	top := must(parse(busybox()))[1]
	if want := "Untagged: busybox:latest\nDeleted: " + busybox().id() + "\nDeleted: " + top + "\n"; out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	if l := e.left(); l.snapshots != 1 || l.images != 1 || l.blobs != 3 {
		t.Errorf("left %+v", l)
	}
	_, err = e.Prepare(e.ctx, e.mustGet("base"), "c1")
	check(t, err)
}

func TestPrune(t *testing.T) {
	for _, test := range []struct {
		name    string
		filters types.Filters
		left    []string // labels
	}{
		{"untagged", nil, []string{"tagged", "used"}},
		{"all", types.Filters{"dangling": {"false"}}, []string{"used"}},
		{"label", types.Filters{"dangling": {"false"}, "label": {"is=tagged"}}, []string{"old", "untagged", "used"}},
		{"not label", types.Filters{"dangling": {"false"}, "label!": {"is=tagged"}}, []string{"tagged", "used"}},
		{"until", types.Filters{"until": {"2020-01-01"}}, []string{"tagged", "untagged", "used"}},
		{"until long ago", types.Filters{"until": {"438000h"}}, []string{"old", "tagged", "untagged", "used"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := start(t)
			image := func(is string, s spec) spec {
				s.labels, s.layers = map[string]string{"is": is}, [][]byte{tarOf(file{name: is, content: strings.Repeat(is, 1000)})}
				return s
			}
			used := image("used", spec{})
			e.mustLoad(dockerArchive(used, image("untagged", spec{}), image("tagged", spec{tags: []string{"tagged"}}),
				image("old", spec{created: epoch.AddDate(-20, 0, 0)})))
			e.users[used.id()] = []User{{ID: "c1"}}
			before := must(e.DiskUsage(e.ctx))
			report, err := e.Prune(e.ctx, test.filters)
			check(t, err)
			var left []string
			for _, i := range must(e.all(e.ctx)) {
				left = append(left, i.Config.Labels["is"])
			}
			slices.Sort(left)
			if !slices.Equal(left, test.left) {
				t.Errorf("left %v, want %v", left, test.left)
			}
			after := must(e.DiskUsage(e.ctx))
			if freed := before.TotalSize - after.TotalSize; uint64(freed) != report.SpaceReclaimed || (freed == 0) != (len(left) == 4) {
				t.Errorf("reclaimed %d, freed %d", report.SpaceReclaimed, freed)
			}
			if l := e.left(); l.images != len(left) || l.snapshots != len(left) || l.blobs != 3*len(left) {
				t.Errorf("left behind %+v", l)
			}
		})
	}
	e := start(t)
	_, err := e.Prune(e.ctx, types.Filters{"reference": {"x"}})
	wantError(t, err, "invalid filter 'reference'")
	_, err = e.Prune(e.ctx, types.Filters{"until": {"tomorrow"}})
	wantError(t, err, "invalid filter 'until=tomorrow'")
}

func TestEvents(t *testing.T) {
	e := start(t)
	s := busybox("busybox")
	e.mustLoad(dockerArchive(s))
	e.tag("busybox", "other:1")
	_, err := e.rmi("busybox", unforced)
	check(t, err)
	_, err = e.rmi("other:1", unforced)
	check(t, err)
	id := s.id()[7:14]
	want := []string{
		"load " + id + " " + s.id(), "tag " + id + " other:1", "untag " + id + " " + s.id(),
		"untag " + id + " " + s.id(), "delete " + id + " " + s.id(),
	}
	if !slices.Equal(e.events, want) {
		t.Errorf("told\n%q, want\n%q", e.events, want)
	}
}
