package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"
	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// dockers is docker's own command lines on this machine: whatever is first on
// PATH, and Debian's, which speaks an API nine versions older.
func dockers(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"docker", "/usr/bin/docker"} {
		path, err := exec.LookPath(name)
		if err == nil && (len(found) == 0 || found[0] != path) {
			found = append(found, path)
		}
	}
	if len(found) == 0 && os.Geteuid() == 0 {
		t.Fatal("no docker command line: apt-get install docker.io")
	}
	if len(found) == 0 {
		t.Skip("without docker's command line the server was not driven by it")
	}
	return found
}

// TestDocker drives the server with docker's command lines.
func TestDocker(t *testing.T) {
	running := strings.Repeat("ab", 32)
	for _, docker := range dockers(t) {
		cases := []struct {
			args   string
			fake   *fake
			out    string // a part of stdout, or of stderr when the command fails
			exit   int
			asked  string // a part of what the backend was asked
			stdin  string
			absent string
		}{
			{args: "version", fake: &fake{version: system.VersionResponse{Version: "9.9"}}, out: "9.9"},
			{args: "info", fake: &fake{info: system.Info{ServerVersion: "9.9", Containers: 3, ContainersPaused: 1, Warnings: []string{"mind"}}}, out: "Paused: 1", asked: "Info", absent: "expected"},
			{args: "ps --no-trunc", fake: &fake{list: []container.Summary{{ID: running, Names: []string{"/c1"}, Image: "busybox", State: "running", Status: "Up 1 second"}}}, out: running, asked: `List {"All":false`},
			{args: "ps -a -n 3 --filter status=exited", fake: &fake{}, out: "CONTAINER ID", asked: `List {"All":true,"Limit":3,"Size":false,"Filters":{"status":["exited"]}}`},
			{args: "create --name c1 busybox true", fake: &fake{}, out: "new", asked: `Create "c1" "busybox" ["true"]`},
			{args: "create busybox", fake: &fake{err: errdefs.Invalid("no good")}, exit: 1, out: "no good"},
			{args: "start nope", fake: &fake{err: errdefs.NotFound("No such container: nope")}, exit: 1, out: "No such container: nope"},
			{args: "stop -t 0 c1", fake: &fake{err: errdefs.NotModified("is")}, out: "c1", asked: `Stop "c1" {"Signal":"","Timeout":0}`},
			{args: "kill -s INT c1", fake: &fake{}, out: "c1", asked: `Kill "c1" "INT"`},
			{args: "pause c1 c2", fake: &fake{}, out: "c1", asked: `Pause "c2"`},
			{args: "unpause c1", fake: &fake{}, out: "c1", asked: `Unpause "c1"`},
			{args: "update -m 64m c1", fake: &fake{}, out: "c1", asked: `Update "c1" 67108864`},
			{args: "rename c1 c2", fake: &fake{}, asked: `Rename "c1" "c2"`},
			{args: "wait c1", fake: &fake{exit: exited(5)}, out: "5", asked: `Wait "c1"`},
			{args: "rm -f -v c1", fake: &fake{}, out: "c1", asked: `Remove "c1" {"Force":true,"Volumes":true}`},
			{args: "top c1", fake: &fake{}, out: "PID", asked: `Top "c1"`},
			{args: "logs c1", fake: &fake{kind: Multiplexed, output: frame("hello"), inspect: plain()}, out: "hello", asked: `"Tail":"all"`},
			{args: "exec -i c1 cat", fake: &fake{kind: Multiplexed, inspect: plain()}, asked: `ExecStart "e1"`, stdin: "x"},
			{args: "stats --no-stream c1", fake: &fake{output: func(_ StreamKind, w io.Writer) {
				_, _ = io.WriteString(w, `{"id":"c1","name":"/c1","memory_stats":{"usage":1048576,"limit":2097152}}`+"\n")
			}}, out: "1MiB / 2MiB"},
			{args: "images", fake: &fake{images: []image.Summary{{ID: "sha256:" + running, RepoTags: []string{"a:b"}}}}, out: "a"},
			{args: "images", fake: &fake{images: []image.Summary{{ID: "sha256:" + running}}}, out: "<none>"},
			{args: "load", fake: &fake{messages: []any{map[string]string{"stream": "Loaded image: a:b\n"}}}, stdin: "tar", out: "Loaded image: a:b", asked: `Images.Load "tar"`},
			{args: "load", fake: &fake{messages: []any{message("one")}, err: errdefs.Invalid("a bad tar")}, stdin: "tar", exit: 1, out: "a bad tar"},
			{args: "save a/b", fake: &fake{output: func(_ StreamKind, w io.Writer) { _, _ = io.WriteString(w, "tar") }}, out: "tar", asked: `Images.Save ["a/b"]`},
			{args: "import -m msg - r:t", fake: &fake{messages: []any{message("sha256:1")}}, stdin: "tar", out: "sha256:1", asked: `Images.Import "tar" {"Repository":"r`},
			{args: "pull -q reg.test/a/b:1", fake: &fake{messages: []any{message("pulled")}}, out: "reg.test/a/b:1", asked: `Images.Pull "reg.test/a/b:1"`},
			{args: "tag a/b c/d:1", fake: &fake{}, asked: `Images.Tag "a/b" "`},
			{args: "rmi a/b", fake: &fake{}, asked: `Images.Remove "a/b"`},
			{args: "history a/b", fake: &fake{}, out: "IMAGE", asked: `Images.History "a/b"`},
			{args: "image inspect a/b", fake: &fake{}, out: `"Id": ""`, asked: `Images.Inspect "a/b"`},
			{args: "volume create v", fake: &fake{}, out: "v", asked: `Volumes.Create`},
			{args: "volume ls", fake: &fake{}, out: "VOLUME NAME"},
			{args: "volume inspect v", fake: &fake{}, out: `"Name": "v"`},
			{args: "volume rm v", fake: &fake{}, out: "v"},
			{args: "network ls", fake: &fake{}, out: "NETWORK ID"},
			{args: "network inspect bridge", fake: &fake{}, out: `"Name": "bridge"`},
			{args: "network rm bridge", fake: &fake{}, out: "bridge"},
			{args: "system df", fake: &fake{usage: someUsage()}, out: "Local Volumes"},
			{args: "system df -v", fake: &fake{usage: someUsage()}, out: "v1"},
			{args: "system prune -f", fake: &fake{}, out: "Total reclaimed space: 0B", asked: "Images.Prune"},
			{args: "events --until 1", fake: &fake{events: happened()}, out: "container start " + running, asked: `Events {"Since":"","Until":"1"`},
			{args: "checkpoint create c1 cp", fake: &fake{}, out: "cp", asked: `CheckpointCreate "c1"`},
			{args: "checkpoint ls c1", fake: &fake{}, out: "CHECKPOINT NAME"},
			{args: "checkpoint rm c1 cp", fake: &fake{}, asked: `CheckpointRemove "c1" "cp"`},
			{args: "inspect nope", fake: &fake{err: errdefs.NotFound("No such thing")}, exit: 1, out: "No such"},
			{args: "cp nope:/x -", fake: &fake{err: errdefs.NotFound("No such container: nope")}, exit: 1, out: "No such container:"},
			{args: "cp c1:/etc/hosts -", fake: &fake{}, out: "a tar", asked: `CopyFrom "c1" "/etc/hosts"`},
			{args: "commit c1", fake: &fake{}, out: "sha256:1"},
			{args: "node ls", fake: &fake{}, exit: 1, out: "This node is not a swarm manager"},
			{args: "plugin ls", fake: &fake{}, out: "ID"},
		}
		for _, c := range cases {
			t.Run(docker+" "+c.args, func(t *testing.T) {
				t.Parallel()
				out, exit := runDocker(t, docker, c.fake, c.args, c.stdin)
				if exit != c.exit || !strings.Contains(out, c.out) || c.absent != "" && strings.Contains(out, c.absent) {
					t.Errorf("exit %d, want %d\n%s\nwant %s", exit, c.exit, out, c.out)
				}
				if got := c.fake.asked(); !strings.Contains(got, c.asked) {
					t.Errorf("asked %s\nwant %s", got, c.asked)
				}
			})
		}
	}
}

// runDocker is one command against a server of its own.
func runDocker(t *testing.T, docker string, f *fake, args, stdin string) (out string, exit int) {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	s := &http.Server{Handler: New(Config{Backend: f.backend(), Version: "1.2.3", Log: logger}), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	defer s.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, docker, append([]string{"-H", "unix://" + socket}, strings.Fields(args)...)...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+dir, "DOCKER_HOST=", "DOCKER_API_VERSION=")
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String() + stderr.String(), cmd.ProcessState.ExitCode()
}

func exited(status int64) chan container.WaitResponse {
	c := make(chan container.WaitResponse, 1)
	c <- container.WaitResponse{StatusCode: status}
	return c
}

func happened() chan types.Event {
	c := make(chan types.Event, 1)
	c <- types.Event{
		Type: events.ContainerEventType, Action: events.ActionStart,
		Actor: events.Actor{ID: strings.Repeat("ab", 32)}, Time: 1,
	}
	close(c)
	return c
}

func plain() types.Container {
	return types.Container{InspectResponse: container.InspectResponse{
		ID: "c1", State: &container.State{Status: "running", Running: true}, Config: &container.Config{},
	}, HostConfig: &types.HostConfig{}}
}

func frame(text string) func(StreamKind, io.Writer) {
	return func(_ StreamKind, w io.Writer) {
		_, _ = w.Write(append([]byte{1, 0, 0, 0, 0, 0, 0, byte(len(text))}, text...))
	}
}

func someUsage() system.DiskUsage {
	return system.DiskUsage{
		ImageUsage:     &image.DiskUsage{Items: []image.Summary{{ID: "sha256:" + strings.Repeat("ab", 32)}}},
		ContainerUsage: &container.DiskUsage{},
		VolumeUsage:    &volume.DiskUsage{Items: []volume.Volume{{Name: "v1"}}},
	}
}
