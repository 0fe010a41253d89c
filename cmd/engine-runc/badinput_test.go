package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestBadBundle(t *testing.T) {
	w := newWorld(t)
	good := w.bundle("c", nil)
	withConfig := func(config string) string {
		dir := w.bundle("c", nil)
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	changed := func(change func(*specs.Spec)) string { return w.bundle("c", change) }

	for _, test := range []struct {
		name, bundle, want string
	}{
		{"no bundle", "/no/such/bundle", "chdir /no/such/bundle: no such file or directory"},
		{"no config.json", t.TempDir(), "JSON specification file config.json not found"},
		{"malformed", withConfig("{"), "config.json: unexpected EOF"},
		{"of another kind", withConfig("[]"), "config.json: json: cannot unmarshal array"},
		{"null", withConfig("null"), "config.json cannot be null"},
		{"empty object", withConfig("{}"), "root must be specified"},
		{"not for Linux", withConfig(`{"root": {"path": "rootfs"}}`), "linux must be specified"},
		{"no process", changed(func(s *specs.Spec) { s.Process = nil }), "process property must not be empty"},
		{"no args", changed(func(s *specs.Spec) { s.Process.Args = nil }), "args must not be empty"},
		{"no cwd", changed(func(s *specs.Spec) { s.Process.Cwd = "" }), "Cwd property must not be empty"},
		{"relative cwd", changed(func(s *specs.Spec) { s.Process.Cwd = "tmp" }), "Cwd must be an absolute path"},
		{"unknown rlimit", changed(func(s *specs.Spec) {
			s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_SLEEP"}}
		}), "wrong rlimit value: RLIMIT_SLEEP"},
		{"selinux label", changed(func(s *specs.Spec) { s.Process.SelinuxLabel = "x" }), "selinux"},
		{"no root filesystem", changed(func(s *specs.Spec) { s.Root.Path = "none" }), "no such file or directory"},
		{"unknown namespace", changed(func(s *specs.Spec) {
			s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: "dreams"})
		}), "dreams"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			w.fails(test.want, "create", "--bundle", test.bundle, "c")
			w.gone("c")
		})
	}

	for _, id := range []string{"", "a/b", "../c", "..", "a b", "ä"} {
		r := w.run("create", "--bundle", good, id)
		if r.status != 1 || !strings.Contains(r.err, "container id cannot be empty") && !strings.Contains(r.err, "invalid container ID format") {
			t.Errorf("id %q: %+v", id, r)
		}
	}
	if left, _ := os.ReadDir(w.root); len(left) > 0 {
		t.Errorf("left under the root: %v", left)
	}
}

func TestTwice(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("c", nil)
	w.createOf("c", bundle)
	w.fails("container with given ID already exists", "create", "--bundle", bundle, "c")
	// Another id and the same cgroup: libcontainer refuses as well.
	w.fails("container's cgroup is not empty", "create", "--bundle", bundle, "d")
	w.wantStatus("c", "created")
}

func TestBadPidFile(t *testing.T) {
	w := newWorld(t)
	w.fails("pid file", "create", "--bundle", w.bundle("c", nil), "--pid-file", "/no/such/folder/pid", "c")
	w.gone("c")
}

func TestBadCommandLine(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		want string
		args []string
	}{
		{`unknown command "freeze"`, []string{"freeze", "c"}},
		{`"create" requires exactly 1 argument(s)`, []string{"create"}},
		{`"state" requires exactly 1 argument(s)`, []string{"state", "a", "b"}},
		{`"kill" requires a maximum of 2 argument(s)`, []string{"kill", "a", "b", "c"}},
		{`"list" requires exactly 0 argument(s)`, []string{"list", "a"}},
		{"unknown flag: --colour", []string{"list", "--colour"}},
		{"invalid log-format: xml", []string{"--log-format", "xml", "list"}},
		{"no such file or directory", []string{"--log", "/no/such/folder/log", "list"}},
		{"Option --root argument should not be set to /", []string{"--root", "/", "list"}},
		{"invalid value \"maybe\" for --rootless", []string{"--rootless", "maybe", "list"}},
		{"--criu must be an absolute path", []string{"--criu", "bin/other", "list"}},
		{"duration interval must be greater than 0", []string{"events", "--interval", "0s", "c"}},
		{"systemd not running on this host", []string{"--systemd-cgroup", "create", "--bundle", w.bundle("c", func(s *specs.Spec) {
			s.Linux.CgroupsPath = "system.slice:engine:c"
		}), "c"}},
	} {
		w.fails(test.want, test.args...)
	}
}

// TestErrorIsTold checks what other programs rely on: standard error has the
// error in any case, and the log has it last.
func TestErrorIsTold(t *testing.T) {
	w := newWorld(t)
	w.log = filepath.Join(t.TempDir(), "log.json")
	r := w.run("--debug", "start", "none")
	if r.status != 1 || r.err != "container does not exist\n" {
		t.Errorf("got %+v", r)
	}
	if level, msg := lastLog(t, w.log); level != "error" || msg != "container does not exist" {
		t.Errorf("log: %s: %s", level, msg)
	}
	w.run("exec", "none", "true")
	if _, msg := lastLog(t, w.log); msg != "exec failed: container does not exist" {
		t.Errorf("log: %s", msg)
	}
}

func TestWithoutCriu(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	w.env = append(w.env, "PATH=/nowhere")
	images := filepath.Join(t.TempDir(), "images")
	const want = `criu is needed for checkpoint and restore: exec: "criu": executable file not found in $PATH`
	w.fails(want, "checkpoint", "--image-path", images, "c")
	w.wantStatus("c", "running")
	w.fails(want, "restore", "--bundle", w.bundle("r", nil), "--image-path", images, "r")
	w.gone("r")
	if _, err := os.Stat(images); err == nil {
		t.Error("a folder for images was made")
	}
	w.fails("container does not exist", "checkpoint", "none")
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	cmd := w.command("events", "--interval", "20ms", "c")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	dec := json.NewDecoder(out)
	for range 3 {
		var event struct {
			Type, ID string
			Data     struct {
				CPU  struct{ Usage struct{ Total uint64 } }
				Pids struct{ Current int }
			}
		}
		if err := dec.Decode(&event); err != nil {
			t.Fatal(err)
		}
		if event.Type != "stats" || event.ID != "c" || event.Data.CPU.Usage.Total == 0 || event.Data.Pids.Current == 0 {
			t.Errorf("event: %+v", event)
		}
	}
	// It ends with the container.
	pid := w.state("c").PID
	w.ok("delete", "--force", "c")
	reap(pid)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestOOM(t *testing.T) {
	w := newWorld(t)
	w.create("c", func(s *specs.Spec) {
		shell("sleep 0.2; cat /dev/zero | tail > /dev/null; sleep 1000")(s)
		s.Linux.Resources.Memory = &specs.LinuxMemory{Limit: new(int64(32 << 20)), Swap: new(int64(32 << 20))}
	})
	cmd := w.command("events", "--interval", "1h", "c")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	w.ok("start", "c")
	var event struct{ Type, ID string }
	if err := json.NewDecoder(out).Decode(&event); err != nil || event.Type != "oom" || event.ID != "c" {
		t.Errorf("event: %+v, %v", event, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
