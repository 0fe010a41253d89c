package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBadRequests sends what no command line would.
func TestBadRequests(t *testing.T) {
	needRoot(t, "how the engine takes bad requests")
	d := startDaemon(t)
	d.load()
	d.sleeper("up")
	d.engine("create", "--name", "made", "busybox", "true")
	before := d.traces()
	for _, c := range []struct {
		request, body string
		status        int
		message       string
	}{
		{"POST /containers/create", `{"Image":"nosuch"}`, 404, "No such image: nosuch:latest"},
		{"POST /containers/create", `{"Image":"BAD NAME"}`, 400, "invalid reference format"},
		{"POST /containers/create", `{"Image":`, 400, "invalid JSON"},
		{"POST /containers/create", `{"Image":"busybox","Memory":{}}`, 201, ""},
		{"POST /containers/create", `{"Image":"busybox","HostConfig":{"Memory":"much"}}`, 400, "invalid JSON"},
		{"POST /containers/create", `{"Image":"busybox","HostConfig":{"Memory":-5}}`, 400, ""},
		{"POST /containers/create", `{"Image":"busybox","HostConfig":{"NetworkMode":"nosuch"}}`, 0, ""},
		{"POST /containers/create", `{"Image":"busybox","HostConfig":{"Binds":["relative:/x","/a:relative"]}}`, 400, ""},
		{"POST /containers/create", `{"Image":"busybox","HostConfig":{"Binds":["/a:/b:nosuch"]}}`, 400, "invalid mode"},
		{"POST /containers/create", `{"Image":"busybox","Env":["=x"]}`, 400, "invalid environment variable"},
		{"POST /containers/create", `{"Image":"busybox","WorkingDir":"relative"}`, 400, "needs to be an absolute path"},
		{"POST /containers/create", `{"Image":"busybox","StopSignal":"NOSUCH"}`, 400, "nvalid signal"},
		{"POST /containers/create", `{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":"nosuch"}}}`, 400, "invalid restart policy"},
		{"POST /containers/create?name=../up", `{"Image":"busybox"}`, 400, "Invalid container name (../up)"},
		{"POST /containers/create?name=up", `{"Image":"busybox"}`, 409, `Conflict. The container name "/up" is already in use by container`},
		{"POST /containers/create", `{"Image":"` + strings.Repeat("a", 5<<20) + `"}`, 413, "larger than"},
		{"POST /containers/nosuch/start", "", 404, "No such container: nosuch"},
		{"POST /containers/..%2f..%2fetc/start", "", 404, "No such container: ../../etc"},
		{"POST /containers/made/pause", "", 409, "is not running"},
		{"POST /containers/made/kill", "", 409, "is not running"},
		{"POST /containers/up/kill?signal=999", "", 400, "does not support signal 999"},
		{"POST /containers/up/update", `{"Memory":1}`, 400, "inimum memory limit"},
		{"POST /containers/up/update", `{"CpusetCpus":"a-b"}`, 400, ""},
		{"POST /containers/nosuch/update", `{"Memory":67108864}`, 404, "No such container: nosuch"},
		{"POST /containers/up/rename?name=made", "", 409, "already in use"},
		{"POST /containers/up/rename?name=", "", 400, "may be empty"},
		{"POST /containers/up/exec", `{"Cmd":[]}`, 400, "No exec command specified"},
		{"POST /containers/made/exec", `{"Cmd":["true"]}`, 409, "is not running"},
		{"POST /exec/nosuch/start", `{}`, 404, "No such exec instance: nosuch"},
		{"DELETE /containers/up", "", 409, ""},
		{"DELETE /containers/nosuch", "", 404, "No such container: nosuch"},
		{"GET /containers/up/archive?path=/nosuch", "", 404, "Could not find the file /nosuch in container up"},
		{"GET /containers/up/logs", "", 400, "you must choose at least one stream"},
		{"GET /containers/json?filters={\"nosuch\":[\"x\"]}", "", 400, "nvalid filter"},
		{"GET /events?since=soon", "", 400, ""},
		{"GET /images/nosuch/json", "", 404, "No such image: nosuch"},
		{"GET /images/..%2f..%2fx/json", "", 0, ""},
		{"DELETE /images/busybox", "", 409, "conflict"},
		{"DELETE /images/nosuch", "", 404, "No such image: nosuch"},
		{"POST /images/busybox/tag?repo=BAD", "", 400, "must be lowercase"},
		{"GET /images/nosuch/get", "", 404, "No such image: nosuch"},
		{"POST /volumes/create", `{"Name":"../x"}`, 400, "includes invalid characters"},
		{"POST /volumes/create", `{"Driver":"nosuch"}`, 0, ""},
		{"GET /volumes/..%2fx", "", 404, ""},
		{"DELETE /volumes/nosuch", "", 404, ""},
		{"GET /networks/nosuch", "", 404, "network nosuch not found"},
		{"POST /containers/up/checkpoints", `{"CheckpointID":"../x"}`, 400, "nvalid checkpoint ID"},
		{"DELETE /containers/up/checkpoints/nosuch", "", 404, "checkpoint nosuch does not exist"},
		{"GET /nosuch", "", 404, "page not found"},
	} {
		request := c.request
		if len(request) > 80 {
			request = request[:80]
		}
		method, path, _ := strings.Cut(c.request, " ")
		status, body := d.ask(method, path, c.body)
		if len(body) > 300 {
			body = body[:300]
		}
		// A status of 0 is any that says whose fault it is.
		if c.status != 0 && status != c.status || c.status == 0 && (status < 400 || status >= 500) {
			t.Errorf("%s %.80s: %d %s, want %d", request, c.body, status, body, c.status)
			continue
		}
		var answer struct{ Message, ID string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil && status != 204 {
			t.Errorf("%s: not JSON: %s", request, body)
		}
		if status == http.StatusCreated {
			d.engine("rm", answer.ID)
			continue
		}
		if !strings.Contains(answer.Message, c.message) || answer.Message == "" || strings.Contains(answer.Message, "\n") {
			t.Errorf("%s %.80s: message %q, want %q", request, c.body, answer.Message, c.message)
		}
	}
	d.expectCounts("after", "2 1 0 1")
	d.expectNothingNew(before)
}

// TestBadArchives loads what is no image.
func TestBadArchives(t *testing.T) {
	needRoot(t, "how the engine takes bad archives")
	d := startDaemon(t)
	d.load()
	good, err := os.ReadFile(busybox(t))
	if err != nil {
		t.Fatal(err)
	}
	evil := func(change func(layer *archive)) []byte {
		var layer archive
		layer.dir("bin", 0o755)
		change(&layer)
		return imageTar("evil:1", layer.bytes(), nil)
	}
	var traversal archive
	traversal.file("../../../../../../../../tmp/e2e-escaped", 0o644, []byte("x"))
	traversal.file("manifest.json", 0o644, []byte(`[{"Config":"../../../../etc/passwd","RepoTags":["evil:1"],"Layers":["../../../../etc/passwd"]}]`))
	var dangling archive
	dangling.file("manifest.json", 0o644, []byte(`[{"Config":"nosuch.json","RepoTags":["evil:1"],"Layers":["nosuch.tar"]}]`))
	images := d.engine("images", "-q", "--no-trunc")
	before := d.traces()
	for name, content := range map[string][]byte{
		"empty":             nil,
		"text":              []byte("this is no archive\n"),
		"zeros":             make([]byte, 4096),
		"cut":               good[:len(good)/2],
		"cut in its header": good[:700],
		"broken JSON":       bytes.Replace(bytes.Clone(good), []byte(`[{"Config"`), []byte(`[{"Config`), 1),
		"changed layer":     flip(good, len(good)/3),
		"outside":           traversal.bytes(),
		"dangling":          dangling.bytes(),
	} {
		for _, line := range []string{"engine", "docker"} {
			r := d.command(line, bytes.NewReader(content), "load")
			if r.exit == 0 && name != "empty" && name != "zeros" {
				t.Errorf("%s load, %s: taken: %s", line, name, r.stdout)
			}
			if strings.Contains(r.stderr, "panic") || r.exit != 0 && strings.TrimSpace(r.stderr) == "" {
				t.Errorf("%s load, %s: %q", line, name, r.stderr)
			}
		}
	}
	if got := d.engine("images", "-q", "--no-trunc"); got != images {
		t.Errorf("images now\n%s\nwere\n%s", got, images)
	}
	d.expectNothingNew(before)

	// A layer that would write outside of its root.
	for name, image := range map[string][]byte{
		"dots": evil(func(a *archive) { a.file("../../../../../../../../tmp/e2e-escaped", 0o644, []byte("x")) }),
		"link": evil(func(a *archive) {
			a.link("out", "/tmp")
			a.file("out/e2e-escaped", 0o644, []byte("x"))
		}),
		"absolute": evil(func(a *archive) { a.file("/tmp/e2e-escaped", 0o644, []byte("x")) }),
	} {
		r := d.command("engine", bytes.NewReader(image), "load")
		if r.exit == 0 {
			d.command("engine", nil, "create", "--name", "evil", "evil:1", "/bin/true")
			d.command("engine", nil, "rm", "evil")
			d.command("engine", nil, "rmi", "evil:1")
		}
		if _, err := os.Lstat("/tmp/e2e-escaped"); err == nil {
			t.Errorf("%s: a file was written outside", name)
			_ = os.Remove("/tmp/e2e-escaped")
		}
	}
	if got := d.engine("run", "--rm", "--network", "none", "busybox", "echo", "still"); got != "still" {
		t.Errorf("afterwards: %q", got)
	}
}

// flip is a copy with one byte changed.
func flip(b []byte, at int) []byte {
	c := bytes.Clone(b)
	c[at] ^= 0xff
	return c
}

// TestFullDisk loads an image that does not fit.
func TestFullDisk(t *testing.T) {
	needRoot(t, "what happens when an image does not fit on the disk")
	d := newDaemon(t)
	data := d.dir("data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.stop()
		_ = syscall.Unmount(data, syscall.MNT_DETACH)
	})
	d.start()
	d.load()
	used := func() int64 {
		var st syscall.Statfs_t
		if err := syscall.Statfs(data, &st); err != nil {
			t.Fatal(err)
		}
		return int64(st.Blocks-st.Bfree) * st.Bsize
	}
	before := used()
	noise := make([]byte, 80<<20)
	_, _ = rand.Read(noise)
	var layer archive
	layer.file("big", 0o644, noise)
	big := imageTar("big:1", layer.bytes(), nil)
	for _, line := range []string{"engine", "docker"} {
		r := d.command(line, bytes.NewReader(big), "load")
		if r.exit == 0 || !strings.Contains(r.stderr, "no space left on device") {
			t.Errorf("%s load: exit %d %s%s", line, r.exit, r.stdout, r.stderr)
		}
	}
	eventually(t, "the space is free again", func() bool { return used() < before+(2<<20) })
	if got := d.engine("images", "-q", "big"); got != "" {
		t.Errorf("images: %s", got)
	}
	if got := d.engine("run", "--rm", "--network", "none", "busybox", "echo", "still"); got != "still" {
		t.Errorf("afterwards: %q", got)
	}
}

// TestSecondDaemon starts a daemon where one is.
func TestSecondDaemon(t *testing.T) {
	needRoot(t, "that a second daemon is refused")
	d := startDaemon(t)
	for name, change := range map[string]map[string]string{
		"the same socket": {"--data-root": "data2", "--exec-root": "exec2", "--pidfile": "pid2"},
		"the same data":   {"--exec-root": "exec2", "--pidfile": "pid2", "-H": "s2"},
		"the same state":  {"--data-root": "data2", "--pidfile": "pid2", "-H": "s2"},
		"the same pid":    {"--data-root": "data2", "--exec-root": "exec2", "-H": "s2"},
	} {
		args := append([]string{}, d.args...)
		for i := range args {
			if v, ok := change[args[i]]; ok {
				args[i+1] = filepath.Join(d.root, v)
				if args[i] == "-H" {
					args[i+1] = "unix://" + args[i+1]
				}
			}
		}
		second := exec.Command(d.path, args...)
		var out bytes.Buffer
		second.Stdout, second.Stderr = &out, &out
		second.Env = append(os.Environ(), "PATH="+d.tools())
		d.within(func() {
			if err := second.Start(); err != nil {
				t.Error(err)
			}
		})
		ended := make(chan error, 1)
		go func() { ended <- second.Wait() }()
		eventually(t, name+": it gives up", func() bool {
			select {
			case <-ended:
				return true
			default:
				return false
			}
		})
		if second.ProcessState.Success() || strings.Contains(out.String(), "panic") {
			t.Errorf("%s: %v\n%s", name, second.ProcessState, out.String())
		}
		last := lastLine(out.String())
		t.Logf("%s: %s", name, last)
		if status, _ := d.ask("GET", "/_ping", ""); status != 200 {
			t.Errorf("%s: the first answers %d", name, status)
		}
	}
	// What a killed daemon left is no obstacle.
	d.kill()
	d.start()
	if _, err := os.Stat(d.dir("pid")); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(d.socket)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v %v", info.Mode(), err)
	}
	d.stop()
	for _, file := range []string{d.socket, d.dir("pid")} {
		if _, err := os.Lstat(file); err == nil {
			t.Errorf("%s is still there", file)
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestClientsThatGo ends clients in the middle of what they do.
func TestClientsThatGo(t *testing.T) {
	needRoot(t, "that the engine minds clients that go")
	d := startDaemon(t)
	d.load()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, line := range commandLines(t) {
		cmd := d.prepare(ctx, line, "run", "--name", "fg-"+line, "--network", "none", "busybox",
			"sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
			t.Fatal(err)
		}
		// A signal goes to the container, and its exit code comes back.
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 9 {
			t.Errorf("%s run: exit %d after SIGTERM, want 9", line, got)
		}
		d.engine("rm", "fg-"+line)
	}
	// Killed clients: the container goes on, and so does the daemon.
	d.sleeper("up")
	for _, args := range [][]string{
		{"attach", "up"}, {"logs", "-f", "up"}, {"events"}, {"stats", "up"}, {"wait", "up"}, {"exec", "up", "sleep", "1000"},
	} {
		cmd := d.prepare(ctx, "engine", args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprint(args, " is at it"), func() bool { return alive(cmd.Process.Pid) })
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if !d.inspect("up").State.Running {
		t.Error("the container has ended")
	}
}
