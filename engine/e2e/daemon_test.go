package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// daemon is an engined under test and what belongs to it.
type daemon struct {
	t       *testing.T
	root    string // holds everything of it
	socket  string
	path    string // of the program
	args    []string
	network netns.NsHandle
	process *exec.Cmd
	ended   chan struct{} // closed when the process has ended
	http    *http.Client
}

// startDaemon starts an engined in a network namespace of its own and waits
// until it answers. When the test ends it is stopped, and whatever it left
// behind is an error.
func startDaemon(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := newDaemon(t, args...)
	d.start()
	return d
}

// newDaemon prepares an engined without starting it.
func newDaemon(t *testing.T, args ...string) *daemon {
	t.Helper()
	path := os.Getenv("E2E_DAEMON")
	if path == "" {
		dir, err := bin()
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(dir, "engined")
	}
	return newDaemonOf(t, path, args...)
}

// newDaemonOf prepares a daemon of this program.
func newDaemonOf(t *testing.T, path string, args ...string) *daemon {
	t.Helper()
	root, err := os.MkdirTemp(scratch, "")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, path: path, root: root, socket: filepath.Join(root, "s"), network: newNetwork(t)}
	if d.isDockers() {
		d.args = []string{"--experimental"}
	}
	d.args = append(d.args,
		"--data-root", d.dir("data"), "--exec-root", d.dir("exec"), "--pidfile", d.dir("pid"),
		"-H", "unix://"+d.socket, "--log-level", "debug")
	d.args = append(d.args, args...)
	d.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", d.socket)
		},
		DisableKeepAlives: true,
	}}
	t.Cleanup(d.cleanUp)
	return d
}

// isDockers is true for docker's own daemon.
func (d *daemon) isDockers() bool { return filepath.Base(d.path) == "dockerd" }

func (d *daemon) dir(name string) string { return filepath.Join(d.root, name) }

// start starts the process and waits until it answers.
func (d *daemon) start() {
	d.t.Helper()
	d.launch()
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := d.http.Get("http://engine/_ping")
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		select {
		case <-d.ended:
			d.t.Fatalf("the daemon ended: %v\n%s", d.process.ProcessState, d.logTail())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("the daemon does not answer: %v\n%s", err, d.logTail())
		}
	}
}

// launch starts the process.
func (d *daemon) launch() {
	d.t.Helper()
	log, err := os.OpenFile(d.dir("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	d.process = exec.Command(d.path, d.args...)
	d.process.Stdout, d.process.Stderr = log, log
	d.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	d.process.Env = append(os.Environ(), "PATH="+d.tools())
	d.within(func() { err = d.process.Start() })
	if err != nil {
		d.t.Fatal(err)
	}
	ended := make(chan struct{})
	d.ended = ended
	process := d.process
	go func() {
		_ = process.Wait()
		close(ended)
	}()
}

// tools is a PATH with the only program that the engine may need of the
// machine, so that a test without criu is one on every machine.
func (d *daemon) tools() string {
	if d.isDockers() {
		return os.Getenv("PATH")
	}
	dir := d.dir("tools")
	ps, err := exec.LookPath("ps")
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Symlink(ps, filepath.Join(dir, "ps")); err != nil && !errors.Is(err, os.ErrExist) {
		d.t.Fatal(err)
	}
	return dir
}

// stop ends the daemon as a service's supervisor would.
func (d *daemon) stop() { d.end(syscall.SIGTERM) }

// kill ends the daemon without a chance to tidy.
func (d *daemon) kill() { d.end(syscall.SIGKILL) }

func (d *daemon) end(sig syscall.Signal) {
	d.t.Helper()
	if d.process == nil {
		return
	}
	_ = d.process.Process.Signal(sig)
	select {
	case <-d.ended:
	case <-time.After(30 * time.Second):
		_ = d.process.Process.Kill()
		<-d.ended
		d.t.Errorf("the daemon did not end on %v\n%s", sig, d.logTail())
	}
	d.process = nil
}

// cleanUp removes every container, stops the daemon and looks for what is
// left: processes, mounts, links in the network namespace.
func (d *daemon) cleanUp() {
	if d.process != nil {
		for _, id := range d.ids() {
			resp, err := d.do(http.MethodDelete, "/containers/"+id+"?force=1&v=1", nil)
			if err != nil {
				d.t.Errorf("rm %s: %v", id, err)
				continue
			}
			if resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusNotFound {
				d.t.Errorf("rm %s: %s", id, resp.Status)
			}
			_ = resp.Body.Close()
		}
		d.stop()
	}
	if d.t.Failed() || os.Getenv("E2E_LOG") != "" {
		d.t.Logf("log of %s:\n%s", filepath.Base(d.path), d.logTail())
	}
	for _, p := range d.processes() {
		d.t.Errorf("left behind: process %s", p)
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
	for _, m := range d.mounts() {
		if !d.isDockers() { // docker's own leaves one
			d.t.Errorf("left behind: mount %s", m)
		}
		_ = syscall.Unmount(m, syscall.MNT_DETACH)
	}
	_ = d.network.Close()
	_ = os.RemoveAll(d.root)
}

// ids is the IDs of all containers.
func (d *daemon) ids() []string {
	resp, err := d.do(http.MethodGet, "/containers/json?all=1", nil)
	if err != nil {
		d.t.Errorf("listing containers: %v\n%s", err, d.logTail())
		return nil
	}
	defer resp.Body.Close()
	var list []struct {
		ID string `json:"Id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		d.t.Errorf("listing containers: %v", err)
	}
	var ids []string
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return ids
}

// do sends one request. The body is JSON.
func (d *daemon) do(method, path string, body io.Reader) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, body)
	if err != nil {
		cancel()
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := d.http.Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &cancelled{resp.Body, cancel}
	return resp, nil
}

// cancelled is a body whose request ends with it.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *cancelled) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// ask sends one request and returns status and body.
func (d *daemon) ask(method, path, body string) (int, string) {
	d.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	resp, err := d.do(method, path, r)
	if err != nil {
		d.t.Fatalf("%s %s: %v\n%s", method, path, err, d.logTail())
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

// load loads the busybox image.
func (d *daemon) load() {
	d.t.Helper()
	d.engine("load", "-q", "-i", busybox(d.t))
}

// engine runs our own command line and fails the test if it fails. It returns
// what is printed.
func (d *daemon) engine(args ...string) string {
	d.t.Helper()
	r := d.command("engine", nil, args...)
	if r.exit != 0 {
		d.t.Fatalf("engine %s: exit %d\n%s%s\n%s", strings.Join(args, " "), r.exit, r.stdout, r.stderr, d.logTail())
	}
	return strings.TrimSpace(r.stdout)
}

// result is how a command ended.
type result struct {
	stdout, stderr string
	exit           int
	took           time.Duration
}

// command runs a command line of the given name: engine, docker or docker20.
func (d *daemon) command(name string, stdin io.Reader, args ...string) result {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := d.prepare(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if t, ok := stdin.(*typing); ok {
		cmd.Stdout = t.beside(&stdout)
	}
	began := time.Now()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	if ctx.Err() != nil {
		d.t.Errorf("%s %s did not end\n%s", name, strings.Join(args, " "), d.logTail())
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
}

// prepare is a command line of the given name, ready to start.
func (d *daemon) prepare(ctx context.Context, name string, args ...string) *exec.Cmd {
	d.t.Helper()
	path, err := commandLine(name)
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-H", "unix://" + d.socket}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+d.root, "DOCKER_CONFIG="+d.dir("config"), "DOCKER_HOST=", "ENGINE_HOST=", "DOCKER_API_VERSION=")
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// commandLine is the program of a command line.
func commandLine(name string) (string, error) {
	switch name {
	case "engine":
		dir, err := bin()
		return filepath.Join(dir, "engine"), err
	case "docker20": // Debian's, whose API is 1.41
		return "/usr/bin/docker", nil
	default:
		return exec.LookPath(name)
	}
}

// logTail is the end of the daemon's log, without the many looks of a test that
// waits.
func (d *daemon) logTail() string {
	log, err := os.ReadFile(d.dir("log"))
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for line := range strings.Lines(string(log)) {
		if !strings.Contains(line, "msg=answered method=GET") {
			text.WriteString(line)
		}
	}
	return text.String()[max(0, text.Len()-12000):]
}

// owned is a process that belongs to a daemon.
type owned struct {
	pid  int
	argv string
}

func (p owned) String() string { return fmt.Sprintf("%d %s", p.pid, p.argv) }

// processes is every process that has the daemon's root in its arguments or its
// environment: engine-containerd, shims, and what they start; and every process
// of a container, which has a file system below it as its own root. Nobody
// else's processes are among them: they may be killed.
func (d *daemon) processes() []owned {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		d.t.Fatal(err)
	}
	var found []owned
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == 1 || pid == os.Getpid() {
			continue
		}
		dir := "/proc/" + e.Name()
		// A process may end while it is looked at.
		argv, _ := os.ReadFile(dir + "/cmdline")
		env, _ := os.ReadFile(dir + "/environ")
		mounts, _ := os.ReadFile(dir + "/mountinfo")
		for _, text := range []string{string(argv), string(env), rootMount(string(mounts))} {
			if strings.Contains(text, d.root+"/") {
				found = append(found, owned{pid, strings.ReplaceAll(string(argv), "\x00", " ")})
				break
			}
		}
	}
	return found
}

// rootMount is the line of a process's mounts that says what is mounted on "/".
func rootMount(mountinfo string) string {
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == "/" {
			return line
		}
	}
	return ""
}

// mounts is every mount below the daemon's root, the deepest first.
func (d *daemon) mounts() []string {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		d.t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(info)) {
		if fields := strings.Fields(line); strings.HasPrefix(fields[4], d.root+"/") {
			found = append([]string{fields[4]}, found...)
		}
	}
	return found
}

// newNetwork is a network namespace in which only loopback is.
func newNetwork(t *testing.T) netns.NsHandle {
	t.Helper()
	var handle netns.NsHandle
	err := onThread(func() error {
		var err error
		if handle, err = netns.New(); err != nil {
			return err
		}
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(lo)
	})
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

// within runs f in the daemon's network namespace.
func (d *daemon) within(f func()) {
	d.t.Helper()
	err := onThread(func() error {
		if err := netns.Set(d.network); err != nil {
			return err
		}
		f()
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// onThread runs f on a thread that ends with it, so that no other goroutine
// meets the namespace it was in.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock
		done <- f()
	}()
	return <-done
}
