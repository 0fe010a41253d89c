package mounts

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/mount"
)

func TestParseBind(t *testing.T) {
	for bind, want := range map[string]Point{
		"/data":          {MountPoint: place("volume", "", "/data")},
		"v:/data/":       {MountPoint: place("volume", "", "/data")},
		"v:/data:nocopy": {MountPoint: place("volume", "", "/data"), NoCopy: true},
		"/a/../b:/data":  {MountPoint: place("bind", "/b", "/data")},
		"/b:/data:ro,z":  {MountPoint: place("bind", "/b", "/data")},
		"/b:/data:slave": {MountPoint: place("bind", "/b", "/data")},
	} {
		p, err := ParseBind(bind)
		if err != nil {
			t.Errorf("%s: %v", bind, err)
			continue
		}
		if p.Type != want.Type || p.Source != want.Source || p.Destination != want.Destination || p.NoCopy != want.NoCopy {
			t.Errorf("%s: %+v, want %+v", bind, p, want)
		}
		if p.RW == strings.Contains(bind, ":ro") || (p.Propagation == "slave") != strings.HasSuffix(bind, "slave") {
			t.Errorf("%s: %+v", bind, p)
		}
	}
}

func TestRefused(t *testing.T) {
	for bind, want := range map[string]string{
		"":              "must be absolute",
		"a:b":           "mount path must be absolute",
		"/a:/":          "destination can't be '/'",
		"a:b:c:d":       "invalid volume specification: 'a:b:c:d'",
		"/a:/b:ro,ro":   "invalid mode: ro,ro",
		"/a:/b:ro,":     "invalid mode: ro,",
		"/a:/b:what":    "invalid mode: what",
		"/a:/b:nocopy":  "field VolumeOptions must not be specified",
		"v:/b:rprivate": "field BindOptions must not be specified",
	} {
		if _, err := ParseBind(bind); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-v %s: %v, want %q", bind, err, want)
		}
	}
	dir := t.TempDir()
	for _, test := range []struct {
		mount mount.Mount
		want  string
	}{
		{mount.Mount{Type: "bind", Source: dir}, "field Target must not be empty"},
		{mount.Mount{Type: "bind", Source: dir, Target: "x"}, "must be absolute"},
		{mount.Mount{Type: "bind", Source: dir, Target: "/"}, "can't be '/'"},
		{mount.Mount{Type: "bind", Target: "/x"}, "field Source must not be empty"},
		{mount.Mount{Type: "bind", Source: "a", Target: "/x"}, "must be absolute"},
		{mount.Mount{Type: "bind", Source: dir + "/none", Target: "/x"}, "bind source path does not exist"},
		{mount.Mount{Type: "bind", Source: dir, Target: "/x", VolumeOptions: &mount.VolumeOptions{}}, "VolumeOptions"},
		{mount.Mount{Type: "bind", Source: dir, Target: "/x", BindOptions: &mount.BindOptions{Propagation: "loud"}}, "invalid propagation mode: loud"},
		{mount.Mount{Type: "bind", Source: dir, Target: "/x", BindOptions: &mount.BindOptions{ReadOnlyForceRecursive: true}}, "read-only"},
		{mount.Mount{Type: "bind", Source: dir, Target: "/x", Consistency: "maybe"}, "invalid consistency: maybe"},
		{mount.Mount{Type: "volume", Target: "/x", BindOptions: &mount.BindOptions{}}, "BindOptions"},
		{mount.Mount{Type: "volume", Target: "/x", TmpfsOptions: &mount.TmpfsOptions{}}, "TmpfsOptions"},
		{mount.Mount{Type: "tmpfs", Target: "/x", Source: "a"}, "field Source must not be specified"},
		{mount.Mount{Type: "tmpfs", Target: "/x", TmpfsOptions: &mount.TmpfsOptions{Options: [][]string{{"suid"}}}}, "invalid option: suid"},
		{mount.Mount{Type: "npipe", Target: "/x"}, "mount type unknown"},
	} {
		if _, err := Parse(test.mount); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.mount, err, test.want)
		}
	}
}

// TestPrepare makes a folder that is not there, and leaves what is.
func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "file"), filepath.Join(dir, "socket")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var points []Point
	for _, source := range []string{file, socket, filepath.Join(dir, "new", "folder")} {
		p, err := ParseBind(source + ":/x")
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, p)
	}
	if err := Prepare(points); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "new", "folder")); err != nil || !info.IsDir() {
		t.Errorf("%v %v", info, err)
	}
	under, err := ParseBind(file + "/folder:/x")
	if err != nil {
		t.Fatal(err)
	}
	if err := Prepare([]Point{under}); err == nil || !strings.Contains(err.Error(), "error while creating mount source path") {
		t.Errorf("a folder in a file: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	for _, test := range []struct {
		name string
		bind mount.BindOptions
		host Host
		want string
	}{
		{"with all below", mount.BindOptions{}, Host{RecursiveReadOnly: true}, "rro"},
		{"where that cannot be", mount.BindOptions{}, Host{}, "ro"},
		{"itself alone", mount.BindOptions{ReadOnlyNonRecursive: true}, Host{RecursiveReadOnly: true}, "ro"},
		{"nothing is below", mount.BindOptions{NonRecursive: true}, Host{RecursiveReadOnly: true}, "ro"},
		{"or not at all", mount.BindOptions{ReadOnlyForceRecursive: true}, Host{}, ""},
	} {
		p := Point{MountPoint: place("bind", "/a", "/b"), Bind: &test.bind}
		p.RW = false
		specs, _, err := Spec([]Point{p}, test.host)
		switch {
		case test.want == "" && err == nil:
			t.Errorf("%s: no error", test.name)
		case test.want != "" && (err != nil || specs[0].Options[2] != test.want):
			t.Errorf("%s: %+v %v, want %s", test.name, specs, err, test.want)
		}
	}
}

func TestFrom(t *testing.T) {
	named, err := ParseBind("v:/named")
	if err != nil {
		t.Fatal(err)
	}
	readOnly, err := ParseBind("/host:/host:ro")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := Parse(mount.Mount{Type: "tmpfs", Target: "/memory"})
	if err != nil {
		t.Fatal(err)
	}
	given := []Point{Volume("/anonymous"), named, readOnly, memory}
	got, err := From(given, "")
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v %v", got, err)
	}
	if !got[0].Anonymous || got[1].Anonymous || !got[0].NoCopy || !got[0].RW || got[2].RW {
		t.Errorf("%+v", got)
	}
	if got, err := From(given, "ro"); err != nil || got[0].RW || got[1].RW {
		t.Errorf("read-only: %+v %v", got, err)
	}
	if given[0].NoCopy {
		t.Error("the other container's were changed")
	}
	for _, mode := range []string{"nosuch", "ro,rw", "nocopy"} {
		if _, err := From(given, mode); err == nil {
			t.Errorf("mode %s is taken", mode)
		}
	}
}
