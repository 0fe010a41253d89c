package main

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// parse is the options of a command line, checked.
func parse(t *testing.T, args ...string) (*options, error) {
	t.Helper()
	o := &options{}
	cmd := command(o)
	if err := cmd.ParseFlags(args); err != nil {
		return o, err
	}
	return o, o.check()
}

func TestBadFlags(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--nosuch"}, "unknown flag: --nosuch"},
		{[]string{"--mtu", "x"}, "--mtu"},
		{[]string{"--log-level", "loud"}, "--log-level loud: use debug, info, warn, error or fatal"},
		{[]string{"-H", "tcp://127.0.0.1:2375"}, "only unix sockets are served"},
		{[]string{"-H", "unix://relative"}, "only unix sockets are served"},
		{[]string{"-H", "/run/x.sock"}, "only unix sockets are served"},
		{[]string{"-H", ""}, "only unix sockets are served"},
		{[]string{"--bip", "nonsense"}, "--bip nonsense: an address with its bits"},
		{[]string{"--bip", "10.0.0.1"}, "--bip 10.0.0.1: an address with its bits"},
		{[]string{"--seccomp-profile", "/nosuch"}, "--seccomp-profile: open /nosuch: no such file or directory"},
		{[]string{"--dns", "nonsense"}, "--dns nonsense is no address"},
	} {
		_, err := parse(t, test.args...)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", test.args, err, test.want)
		}
	}
}

func TestFlags(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: it was not tried that good flags are taken")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	profile := filepath.Join(dir, "profile.json")
	if err := os.WriteFile(profile, []byte(`{"defaultAction":"SCMP_ACT_ALLOW"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if o.dataRoot != "/var/lib/engine" || o.execRoot != "/run/engine" || o.pidFile != "/run/engine/engined.pid" || o.hosts[0] != "unix:///run/engine.sock" || o.liveRestore {
		t.Errorf("%+v", o)
	}
	o, err = parse(t, "-H", "unix:///a", "-H", "unix:///b", "--data-root", "d", "--exec-root", "e", "--seccomp-profile", profile, "--bip", "10.9.0.1/24")
	if err != nil {
		t.Fatal(err)
	}
	if len(o.hosts) != 2 || o.dataRoot != filepath.Join(dir, "d") || o.pidFile != filepath.Join(dir, "e", "engined.pid") || !strings.HasPrefix(o.seccompProfile, "{") {
		t.Errorf("%+v", o)
	}
}

func TestNotRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root: it was not tried what others are told")
	}
	if _, err := parse(t); err == nil || !strings.Contains(err.Error(), "needs root") {
		t.Errorf("%v", err)
	}
}

func claimable(t *testing.T) *options {
	t.Helper()
	dir := t.TempDir()
	return &options{dataRoot: filepath.Join(dir, "data"), execRoot: filepath.Join(dir, "exec"), pidFile: filepath.Join(dir, "pid")}
}

func TestClaim(t *testing.T) {
	one := claimable(t)
	release, err := one.claim()
	if err != nil {
		t.Fatal(err)
	}
	for name, two := range map[string]*options{
		"the same data":  {dataRoot: one.dataRoot, execRoot: t.TempDir(), pidFile: filepath.Join(t.TempDir(), "pid")},
		"the same state": {dataRoot: t.TempDir(), execRoot: one.execRoot, pidFile: filepath.Join(t.TempDir(), "pid")},
	} {
		if _, err := two.claim(); err == nil || !strings.Contains(err.Error(), "is in use by another engined") {
			t.Errorf("%s: %v", name, err)
		}
	}
	release()
	if _, err := os.Stat(one.pidFile); !os.IsNotExist(err) {
		t.Errorf("its pid file: %v", err)
	}
	// Another that failed has not kept what it could have.
	if release, err = one.claim(); err != nil {
		t.Fatal(err)
	}
	release()

	stale := claimable(t)
	if err := os.WriteFile(stale.pidFile, []byte("999999999"), 0o600); err != nil {
		t.Fatal(err)
	}
	if release, err = stale.claim(); err != nil {
		t.Errorf("a pid file that a killed one left: %v", err)
	} else {
		release()
	}

	file := claimable(t)
	file.dataRoot = stale.dataRoot + "/file"
	if err := os.WriteFile(file.dataRoot, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.claim(); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file for a root: %v", err)
	}
}

func TestListenRefuses(t *testing.T) {
	dir := t.TempDir()
	used := filepath.Join(dir, "used")
	l, err := net.Listen("unix", used)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := listen([]string{"unix://" + used}, "nosuch"); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("a socket that is served: %v", err)
	}
	if _, err := os.Stat(used); err != nil {
		t.Errorf("it was taken from who serves it: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen([]string{"unix://" + file}, "nosuch"); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file: %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "dear" {
		t.Error("the file was lost")
	}
}

func TestListen(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: it was not tried who may use the socket")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "s")
	// A killed engined leaves its socket.
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	syscall.Close(fd)
	all, err := listen([]string{"unix://" + path, "unix://" + filepath.Join(dir, "other")}, "nosuch")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if stat := info.Sys().(*syscall.Stat_t); info.Mode().Perm() != 0o660 || stat.Uid != 0 || stat.Gid != 0 {
		t.Errorf("%v %d:%d", info.Mode(), stat.Uid, stat.Gid)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	closeAll(all)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	one, err := identity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := identity(dir); two != one || err != nil {
		t.Errorf("%s, then %s %v", one, two, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "engine-id"), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if three, err := identity(dir); three == "torn" || len(three) != len(one) || err != nil {
		t.Errorf("after a torn file: %s %v", three, err)
	}
}

// TestRuntimeNames: our runtime is called as docker's, unless a person gives the
// name to another.
func TestRuntimeNames(t *testing.T) {
	for _, test := range []struct {
		added    map[string]string
		standard string
		others   map[string]string
	}{
		{nil, "runc", map[string]string{"engine": "", "io.containerd.runc.v2": ""}},
		{map[string]string{"crun": "/c"}, "runc", map[string]string{"crun": "/c", "engine": "", "io.containerd.runc.v2": ""}},
		{map[string]string{"runc": "/r"}, "engine", map[string]string{"runc": "/r", "io.containerd.runc.v2": ""}},
	} {
		o := options{runtimes: test.added}
		if standard, others := o.namedRuntimes(); standard != test.standard || !maps.Equal(others, test.others) {
			t.Errorf("%v: %s %v", test.added, standard, others)
		}
	}
}
