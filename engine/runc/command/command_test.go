package command

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/runc/container"
)

// runForTest runs a command line and returns its exit status and output.
func runForTest(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	file := func(name string) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	o := file("out")
	status = Run(context.Background(), args, container.Stdio{In: file("in"), Out: o, Err: file("err")})
	if _, err := o.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(data)
}

func TestHelp(t *testing.T) {
	status, help := runForTest(t)
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, verb := range []string{
		"checkpoint", "create", "delete", "events", "exec", "features", "kill", "list", "pause",
		"ps", "restore", "resume", "run", "spec", "start", "state", "update",
	} {
		if !strings.Contains(help, "\n  "+verb+" ") {
			t.Errorf("help does not tell of %s", verb)
		}
		if status, _ := runForTest(t, verb, "--help"); status != 0 {
			t.Errorf("%s --help: exit status %d", verb, status)
		}
	}
	for _, flag := range []string{"root", "log", "log-format", "debug", "systemd-cgroup", "rootless"} {
		if !strings.Contains(help, "--"+flag+" ") {
			t.Errorf("help does not tell of --%s", flag)
		}
	}
}

// TestVersion keeps to what go-runc and dockerd read.
func TestVersion(t *testing.T) {
	_, out := runForTest(t, "--version")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if !strings.HasPrefix(lines[0], "runc version ") || !strings.HasPrefix(lines[1], "commit: ") || !strings.HasPrefix(lines[2], "spec: ") {
		t.Errorf("got %q", lines)
	}
	if slices.ContainsFunc(lines[1:], func(l string) bool { return strings.Contains(l, "version") }) {
		t.Errorf("a second line with a version: %q", lines)
	}

	data, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if r.Mod.Path == "github.com/opencontainers/runc" && r.Mod.Version != "v"+runcVersion {
			t.Errorf("go.mod has libcontainer of runc %s, runcVersion is %s", r.Mod.Version, runcVersion)
		}
	}
}

func TestParseSignal(t *testing.T) {
	for s, want := range map[string]unix.Signal{
		"9": 9, "KILL": 9, "SIGKILL": 9, "sigkill": 9, "term": 15, "0": 0, "34": 34,
	} {
		if got, err := parseSignal(s); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "SIG", "NONE", "9x"} {
		if got, err := parseSignal(s); err == nil {
			t.Errorf("%q: %d", s, got)
		}
	}
}

func TestParseUser(t *testing.T) {
	var change container.ProcessChanges
	if err := parseUser("", &change); err != nil || change.UID != nil || change.GID != nil {
		t.Errorf("no user: %v, %+v", err, change)
	}
	if err := parseUser("5", &change); err != nil || *change.UID != 5 || change.GID != nil {
		t.Errorf("uid: %v, %+v", err, change)
	}
	if err := parseUser("6:7", &change); err != nil || *change.UID != 6 || *change.GID != 7 {
		t.Errorf("uid and gid: %v, %+v", err, change)
	}
	for _, bad := range []string{"root", "-1", "1:", ":1", "1:wheel", "4294967296"} {
		if err := parseUser(bad, &change); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestParseRootless(t *testing.T) {
	for s, want := range map[string]container.Rootless{
		"": container.RootlessAuto, "auto": container.RootlessAuto, "Auto": container.RootlessAuto,
		"true": container.RootlessOn, "1": container.RootlessOn, "false": container.RootlessOff,
	} {
		if got, err := parseRootless(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	if _, err := parseRootless("maybe"); err == nil {
		t.Error("maybe was accepted")
	}
}

func TestUpdateFlags(t *testing.T) {
	o := updateFlags{memory: "64m", memorySwap: "-1", cpuShare: "5", cpusetCpus: "0", pidsLimit: "0", blkioWeight: "10", cpuIdle: "0"}
	r, err := o.resources()
	if err != nil {
		t.Fatal(err)
	}
	if *r.Memory.Limit != 64<<20 || *r.Memory.Swap != -1 || r.Memory.Reservation != nil ||
		*r.CPU.Shares != 5 || *r.CPU.Idle != 0 || r.CPU.Quota != nil || r.CPU.Cpus != "0" ||
		*r.Pids.Limit != 0 || *r.BlockIO.Weight != 10 || r.IntelRdt != nil {
		t.Errorf("got %+v", r)
	}
	o.addIntelRdt(&r)
	if r.IntelRdt != nil {
		t.Error("Intel RDT without its flags")
	}
	o.l3CacheSchema = "L3:0=f"
	o.addIntelRdt(&r)
	if r.IntelRdt.L3CacheSchema != "L3:0=f" {
		t.Errorf("got %+v", r.IntelRdt)
	}
}
