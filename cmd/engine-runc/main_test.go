package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// actAsProgram in the environment turns the test binary into engine-runc. It
// is engine-runc too where libcontainer starts it as "init".
const actAsProgram = "TEST_ACT_AS_ENGINE_RUNC"

// busybox is where Debian's busybox-static puts its one program.
const busybox = "/usr/bin/busybox"

// cgroupRoot is where the hierarchies of cgroup v1 are mounted.
const cgroupRoot = "/sys/fs/cgroup"

func TestMain(m *testing.M) {
	if os.Getenv(actAsProgram) != "" || len(os.Args) > 1 && os.Args[1] == "init" {
		main()
	}
	// Whoever starts containers reaps them; see reap.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	status := m.Run()
	removeCgroups(cgroupParent())
	os.Exit(status)
}

// cgroupParent holds the cgroups of all containers of this run.
func cgroupParent() string { return "/engine-runc-test-" + strconv.Itoa(os.Getpid()) }

// cgroupOf is the cgroup of a container. Tests share ids and no cgroups.
func (w *world) cgroupOf(id string) string {
	name, _, _ := strings.Cut(w.t.Name(), "/")
	return filepath.Join(cgroupParent(), name+"-"+id)
}

func removeCgroups(path string) {
	hierarchies, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", path))
	for _, dir := range hierarchies {
		_ = os.Remove(dir)
	}
}

// world is a root for containers, and bundles to make them of.
type world struct {
	t       *testing.T
	program string
	root    string
	log     string // empty: the log goes to standard error
	env     []string
}

// newWorld needs root, and skips the test without.
func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out without root: containers, their cgroups and what commands do to them")
	}
	if _, err := os.Stat(filepath.Join(cgroupRoot, "memory", "memory.limit_in_bytes")); err != nil {
		t.Fatalf("cgroup v1 is needed: %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t:       t,
		program: self,
		root:    filepath.Join(t.TempDir(), "state"),
		env:     append(os.Environ(), actAsProgram+"=1"),
	}
}

// in is the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	t.Helper()
	sub := *w
	sub.t = t
	return &sub
}

// result is what a command left.
type result struct {
	out, err string
	status   int
}

// run runs a command to its end.
func (w *world) run(args ...string) result {
	w.t.Helper()
	return w.finish(w.command(args...))
}

// command is a command with the world's root.
func (w *world) command(args ...string) *exec.Cmd {
	global := []string{"--root", w.root}
	if w.log != "" {
		global = append(global, "--log", w.log, "--log-format", "json")
	}
	cmd := exec.Command(w.program, append(global, args...)...)
	cmd.Env = w.env
	return cmd
}

// finish runs cmd. Its output goes to files: a detached container inherits
// them, and a pipe would not end before it does.
func (w *world) finish(cmd *exec.Cmd) result {
	w.t.Helper()
	dir := w.t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	errs, err := os.Create(filepath.Join(dir, "err"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer errs.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = out
	}
	cmd.Stderr = errs
	timer := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			w.t.Fatal(err)
		}
	}
	return result{read(w.t, out.Name()), read(w.t, errs.Name()), cmd.ProcessState.ExitCode()}
}

// ok runs a command that must succeed and returns its output.
func (w *world) ok(args ...string) string {
	w.t.Helper()
	r := w.run(args...)
	if r.status != 0 {
		w.t.Fatalf("%s: exit status %d: %s", strings.Join(args, " "), r.status, r.err)
	}
	return r.out
}

// fails runs a command that must fail with 1 and this in its error.
func (w *world) fails(want string, args ...string) {
	w.t.Helper()
	r := w.run(args...)
	if r.status != 1 || !strings.Contains(strings.ReplaceAll(r.err, `\"`, `"`), want) {
		w.t.Errorf("%s: exit status %d, stderr %q; want 1 and %q", strings.Join(args, " "), r.status, r.err, want)
	}
}

// bundle makes a bundle of busybox with a spec to change.
func (w *world) bundle(id string, change func(*specs.Spec)) string {
	w.t.Helper()
	dir := w.t.TempDir()
	for _, sub := range []string{"bin", "proc", "sys", "dev", "tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(dir, "rootfs", sub), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	// Users other than root must get at it.
	if err := os.Chmod(filepath.Join(dir, "rootfs"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		w.t.Fatalf("busybox-static is needed: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rootfs/bin/busybox"), program, 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.ok("spec", "--bundle", dir)
	var spec specs.Spec
	if err := json.Unmarshal([]byte(read(w.t, filepath.Join(dir, "config.json"))), &spec); err != nil {
		w.t.Fatal(err)
	}
	spec.Process.Terminal = false
	spec.Process.Args = busyboxArgs("sleep", "1000")
	spec.Root.Readonly = false
	spec.Linux.CgroupsPath = w.cgroupOf(id)
	if change != nil {
		change(&spec)
	}
	data, err := json.Marshal(spec)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o644); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

func busyboxArgs(args ...string) []string { return append([]string{"/bin/busybox"}, args...) }

// shell has a container run a script.
func shell(script string) func(*specs.Spec) {
	return func(s *specs.Spec) { s.Process.Args = busyboxArgs("sh", "-c", script) }
}

// create makes a container that is removed after the test, and then nothing
// may be left of it.
func (w *world) create(id string, change func(*specs.Spec)) {
	w.t.Helper()
	w.createOf(id, w.bundle(id, change))
}

func (w *world) createOf(id, bundle string, flags ...string) {
	w.t.Helper()
	w.ok(append(append([]string{"create", "--bundle", bundle}, flags...), id)...)
	pid := w.state(id).PID
	w.t.Cleanup(func() {
		w.ok("delete", "--force", id)
		reap(pid)
		w.gone(id)
	})
}

// running makes a container and starts it.
func (w *world) running(id string, change func(*specs.Spec)) {
	w.t.Helper()
	w.create(id, change)
	w.ok("start", id)
}

// state is what the tests look at in the output of state.
type state struct {
	PID      int    `json:"pid"`
	Status   string `json:"status"`
	IntelRdt struct {
		L3CacheSchema, MemBwSchema string
	} `json:"intelRdt"`
}

func (w *world) state(id string) state {
	w.t.Helper()
	var s state
	if err := json.Unmarshal([]byte(w.ok("state", id)), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) wantStatus(id, status string) {
	w.t.Helper()
	if got := w.state(id).Status; got != status {
		w.t.Errorf("status of %s: %s, want %s", id, got, status)
	}
}

// reap reaps a process of a container, if it became our child and ended.
func reap(pid int) {
	for range 100 {
		if child, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); child == pid || err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// gone checks that nothing is left of a container.
func (w *world) gone(id string) {
	w.t.Helper()
	if _, err := os.Stat(filepath.Join(w.root, id)); !errors.Is(err, fs.ErrNotExist) {
		w.t.Errorf("state folder of %s is left: %v", id, err)
	}
	left, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", w.cgroupOf(id)))
	if len(left) > 0 {
		w.t.Errorf("cgroups of %s are left: %v", id, left)
	}
	mounts := read(w.t, "/proc/self/mountinfo")
	if strings.Contains(mounts, w.root) {
		w.t.Errorf("mounts under %s are left", w.root)
	}
}

// cgroup is the content of a file in a container's cgroup.
func (w *world) cgroup(id, controller, file string) string {
	w.t.Helper()
	return strings.TrimSpace(read(w.t, filepath.Join(cgroupRoot, controller, w.cgroupOf(id), file)))
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// keys are the field names of a JSON object, sorted.
func keys(t *testing.T, data string) []string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(data), &object); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// lastLog is the last entry of a JSON log, which is where other programs look
// for what went wrong.
func lastLog(t *testing.T, file string) (level, msg string) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace([]byte(read(t, file))), []byte("\n"))
	var entry struct{ Level, Msg string }
	if err := json.Unmarshal(lines[len(lines)-1], &entry); err != nil {
		t.Fatal(err)
	}
	return entry.Level, entry.Msg
}
