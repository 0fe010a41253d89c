package container

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestOnlyPIDs(t *testing.T) {
	const table = "UID   PID  CMD\nroot    1  init\nroot   12  sh -c 34\nroot   34  sleep\n"
	got, err := onlyPIDs(table, []int{1, 34})
	if want := "UID   PID  CMD\nroot    1  init\nroot   34  sleep\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"", "UID CMD\nroot init\n", "UID PID\nroot x\n"} {
		if got, err := onlyPIDs(bad, []int{1}); err == nil {
			t.Errorf("%q gave %q", bad, got)
		}
	}
}

func TestRlimits(t *testing.T) {
	process := &specs.Process{Args: []string{"sh"}, Cwd: "/"}
	for _, name := range []string{
		"AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE",
		"NICE", "NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK",
	} {
		process.Rlimits = append(process.Rlimits, specs.POSIXRlimit{Type: "RLIMIT_" + name, Soft: 1, Hard: 2})
	}
	p, err := newProcess(process)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int]bool)
	for _, limit := range p.Rlimits {
		if limit.Soft != 1 || limit.Hard != 2 {
			t.Errorf("limit: %+v", limit)
		}
		seen[limit.Type] = true
	}
	if len(seen) != len(process.Rlimits) {
		t.Errorf("%d different limits of %d", len(seen), len(process.Rlimits))
	}
}

func TestWriteSpec(t *testing.T) {
	dir := t.TempDir()
	if err := WriteSpec(SpecOptions{Bundle: dir}); err != nil {
		t.Fatal(err)
	}
	spec, err := readSpec(dir)
	if err != nil || spec.Version != specs.Version {
		t.Errorf("the example is not a good one: %v", err)
	}
	if err := WriteSpec(SpecOptions{Bundle: dir}); err == nil || err.Error() != "File config.json exists. Remove it first" {
		t.Errorf("over a spec: %v", err)
	}
	if err := WriteSpec(SpecOptions{Bundle: filepath.Join(dir, "none")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}

	rootless := t.TempDir()
	if err := WriteSpec(SpecOptions{Bundle: rootless, Rootless: true}); err != nil {
		t.Fatal(err)
	}
	spec, err = readSpec(rootless)
	if err != nil || len(spec.Linux.UIDMappings) == 0 {
		t.Errorf("rootless: %v, %+v", err, spec.Linux.UIDMappings)
	}
}

func TestUnknownContainer(t *testing.T) {
	r := &Runtime{Root: t.TempDir()}
	for id, want := range map[string]error{
		"":     errNoID,
		"none": libcontainer.ErrNotExist,
		"a/b":  libcontainer.ErrInvalidID,
		"..":   libcontainer.ErrInvalidID,
	} {
		if _, err := r.State(id); !errors.Is(err, want) {
			t.Errorf("id %q: %v, want %v", id, err, want)
		}
	}
	// By force the remains of one that was never finished go, and only those.
	for _, id := range []string{"half", "other"} {
		if err := os.Mkdir(filepath.Join(r.Root, id), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Delete("half", DeleteOptions{Force: true}); err != nil {
		t.Error(err)
	}
	if err := r.Delete("../other", DeleteOptions{Force: true}); !errors.Is(err, libcontainer.ErrInvalidID) {
		t.Errorf("id with a slash: %v", err)
	}
	if entries, _ := os.ReadDir(r.Root); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}

func TestListWithoutRoot(t *testing.T) {
	r := &Runtime{Root: filepath.Join(t.TempDir(), "none")}
	if _, err := r.List(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestCriuArguments(t *testing.T) {
	images := t.TempDir()
	if err := os.Mkdir(filepath.Join(images, "parent"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(images, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for parent, want := range map[string]string{
		"":       "",
		"parent": "",
		"/abs":   "--parent-path must be relative",
		"none":   "invalid --parent-path",
		"file":   "not a directory",
	} {
		_, err := parentImage(parent, images)
		checkError(t, "parent "+parent, err, want)
	}
	for address, want := range map[string]string{
		"":              "",
		"127.0.0.1:77":  "",
		"[::1]:77":      "",
		"127.0.0.1":     "ADDRESS:PORT",
		":77":           "ADDRESS:PORT",
		"host:":         "invalid port",
		"host:99999":    "invalid port",
		"host:http":     "invalid port",
		"host:-1":       "invalid port",
		"too:many:here": "ADDRESS:PORT",
	} {
		_, err := pageServer(address)
		checkError(t, "page server "+address, err, want)
	}
	_, err := emptyNamespaces([]string{"network"})
	checkError(t, "network", err, "")
	_, err = emptyNamespaces([]string{"mount"})
	checkError(t, "mount", err, `namespace "mount" is not supported`)
}

func checkError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: error %v, want %q", what, err, want)
	}
}
