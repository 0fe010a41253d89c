package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/client"
	"github.com/callroute/callroute/engine/api/types"
)

// TestAsDocker runs scenarios with docker's command line and with the
// engine's, on one real dockerd, and compares what they print and how they
// end. A scenario has names of its own for each: NAME in a command. What a
// command of an older docker prints to its error output is not compared.
func TestAsDocker(t *testing.T) {
	daemon := startDockerd(t)
	scenarios := []struct {
		name     string
		alone    bool // it looks at things that are not its own
		commands []string
	}{
		{"life", false, []string{
			"create --name NAME --network none --label tier=front -e A=1 busybox sleep 1000",
			"ps -a --filter name=NAME --format '{{.Names}} {{.Image}} {{.Command}} {{.State}} {{.Labels}} {{.Networks}}'",
			"start NAME",
			"start NAME",
			"ps --filter name=NAME --format 'table {{.Names}}\\t{{.Label \"tier\"}}\\t{{.Ports}}'",
			"pause NAME",
			"pause NAME",
			"ps --filter name=NAME --format '{{.Status}}'",
			"attach NAME",
			"unpause NAME",
			"update --memory 64m --memory-swap 128m --cpus 0.5 --cpu-shares 512 --pids-limit 50 NAME",
			"inspect --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}}' NAME",
			"update --memory 1k NAME",
			"update --restart on-failure:3 NAME",
			"inspect --format '{{json .HostConfig.RestartPolicy}} {{.Config.Env}}' NAME",
			"rename NAME NAME-b",
			"rename NAME-b NAME",
			"rename NAME a/b",
			"restart -t 0 NAME",
			"top NAME -o cmd",
			"kill -s NOSUCH NAME",
			"rm NAME",
			"stop -t 0 NAME",
			"kill NAME",
			"wait NAME",
			"top NAME",
			"exec NAME ls",
			"ps -a --filter name=NAME --format '{{.State}}'",
			"rm NAME",
			"rm NAME",
			"rm -f NAME",
		}},
		{"run", false, []string{
			"run --rm --network none busybox echo hello",
			"run --rm --network none busybox sh -c 'echo out; echo err >&2; exit 7'",
			"run --rm --network none busybox nosuchcommand",
			"run --rm --network none busybox /etc",
			"run --rm --network none -i busybox cat <<< some input",
			"run --rm --network none -a stderr busybox sh -c 'echo out; echo err >&2'",
			"run --rm --network none -t busybox tty",
			"run --rm --network none -w /tmp -u 65534 busybox pwd",
			"run --rm --network none -e A=1 -e B busybox sh -c 'echo $A $B'",
			"run --rm --network none --entrypoint echo busybox a b",
			"run --rm --network none --hostname box --read-only busybox sh -c 'hostname; touch /x'",
			"run --rm --network none --tmpfs /t:size=1m -v /data --mount type=tmpfs,dst=/u busybox sh -c 'grep -c -e /t -e /data -e /u /proc/mounts'",
			"run --rm --network none --cap-drop ALL busybox sh -c 'grep CapEff /proc/self/status'",
			"run --rm --network none --memory 32m --pids-limit 20 busybox true",
			"run --rm --network none --ulimit nofile=30:40 busybox sh -c 'ulimit -n'",
			"run --name NAME --network none busybox sh -c 'exit 3'",
			"run --name NAME --network none busybox true",
			"start -a NAME",
			"logs NAME",
			"rm NAME",
			"run --pull never nosuchimage",
			"run --rm --restart always busybox true",
			"run -it busybox sh",
			"run --cpus many busybox",
		}},
		{"streams", false, []string{
			"run -d --name NAME --network none busybox sh -c 'for i in 1 2 3; do echo out $i; done; sleep 0.1; echo err >&2; sleep 1000'",
			"exec NAME sh -c 'echo out; echo err >&2; exit 4'",
			"exec -i NAME cat <<< some input",
			"exec -t NAME tty",
			"exec -e A=1 -w /tmp -u 1 NAME sh -c 'echo $A; pwd; id -u'",
			"exec -d NAME true",
			"exec NAME nosuchcommand",
			"logs NAME",
			"logs --tail 2 NAME",
			"logs --tail 0 NAME",
			"logs --since 1h --until 10m NAME",
			"logs --since nonsense NAME",
			"cp NAME:/etc/passwd DIR/passwd",
			"cp DIR/passwd NAME:/tmp/copied",
			"exec NAME cat /tmp/copied",
			"cp NAME:/etc DIR/etc",
			"cp DIR/etc NAME:/tmp/new",
			"cp DIR/etc/. NAME:/tmp",
			"exec NAME ls /tmp /tmp/new",
			"cp NAME:/etc/passwd -",
			"cp -L NAME:/bin/sh DIR/shell",
			"cp NAME:/nosuch DIR",
			"cp DIR/nosuch NAME:/",
			"cp DIR/passwd NAME:/nosuch/x/",
			"cp DIR/etc NAME:/etc/passwd",
			"cp NAME:/a NAME:/b",
			"cp - NAME:/etc/passwd <<< x",
			"inspect --format '{{.State.Running}} {{.Name}}' NAME",
			"inspect --format '{{.Nosuch}}' NAME",
			"inspect --format '{{.Path}}' NAME nosuch",
			"stats --no-stream --format '{{.Name}} {{.PIDs}}' NAME",
			"rm -f NAME",
			"logs NAME",
		}},
		{"images", true, []string{
			"images",
			"images --digests --no-trunc",
			"images --format json",
			"images nosuch",
			"tag busybox NAME:1",
			"images --format '{{.Repository}}:{{.Tag}}' NAME",
			"history --format '{{.ID}} {{.Size}} {{.Comment}}' busybox",
			"history --no-trunc busybox",
			"image inspect --format '{{.Config.Cmd}} {{.Os}}' NAME:1",
			"save -o DIR/image.tar NAME:1",
			"rmi NAME:1",
			"rmi NAME:1",
			"load -i DIR/image.tar",
			"load <<< not a tar",
			"import DIR/nosuch.tar",
			"import -c 'CMD [\"true\"]' -m imported - NAME:2 <<< not a tar",
			"rmi -f NAME:1",
			"rmi -f NAME:1",
			"save nosuch",
			"tag busybox Not:Valid:Name",
			"image prune -f",
			"image prune <<< n",
		}},
		{"things", true, []string{
			"volume create --label a=b NAME",
			"volume ls --filter name=NAME",
			"volume ls --filter name=NAME --format json",
			"volume inspect NAME",
			"run --rm --network none -v NAME:/v busybox sh -c 'echo kept > /v/f'",
			"run --rm --network none -v NAME:/v:ro busybox sh -c 'cat /v/f; touch /v/g'",
			"volume rm NAME",
			"volume rm NAME",
			"volume create a/b",
			"network ls",
			"network ls --format '{{.Name}} {{.Driver}} {{.Scope}}' --filter driver=host",
			"network inspect none --format '{{.Name}} {{.Driver}}'",
			"network inspect nosuch",
			"system df",
			"info --format '{{.Containers}} {{.Images}} {{.Driver}} {{.CgroupDriver}}'",
			"version --format '{{.Server.Version}} {{.Server.Os}}'",
			"events --since 0 --until 1",
			"events --since nonsense",
			"checkpoint ls nosuch",
			"container prune -f --filter label=nosuch",
			"system prune <<< n",
			"ps --filter nosuch=1",
			"ps -a --filter name=NAME",
			"nosuch",
		}},
	}
	for _, scenario := range scenarios {
		t.Run(scenario.name, func(t *testing.T) {
			if !scenario.alone {
				t.Parallel() // all of these after all of the others
			}
			dirs := map[string]string{"docker": t.TempDir(), "engine": t.TempDir()}
			for _, command := range scenario.commands {
				if !daemon.docker28 && isNewer(command) {
					continue
				}
				want := daemon.run(t, dirs["docker"], command, daemon.docker)
				got := daemon.run(t, dirs["engine"], command, daemon.engine)
				if !daemon.docker28 {
					want.stderr, got.stderr = "", ""
				}
				if got != want {
					t.Errorf("%s\n--- docker: %d\n%s%s--- engine: %d\n%s%s",
						command, want.code, want.stdout, want.stderr, got.code, got.stdout, got.stderr)
				}
			}
		})
	}
	t.Run("the engine's own", func(t *testing.T) { testClient(t, daemon) })
}

// isNewer reports whether docker's command line of 20.10 has another answer to
// a command than that of 28.
func isNewer(command string) bool {
	for _, part := range []string{"--format json", "prune <<<", "volume inspect"} {
		if strings.Contains(command, part) {
			return true
		}
	}
	return false
}

// testClient asks a real daemon what the command line does not.
func testClient(t *testing.T, daemon *dockerd) {
	t.Helper()
	c, err := client.New("unix://" + daemon.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	created, err := c.Containers.Create(t.Context(), "", types.CreateRequest{
		Config:     &container.Config{Image: "busybox", Cmd: []string{"cat"}, OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true},
		HostConfig: &types.HostConfig{HostConfig: container.HostConfig{NetworkMode: "none"}, CacheProperty: "L3:0=f"},
	})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.Containers.Attach(t.Context(), created.ID, types.AttachOptions{Stream: true, Stdin: true, Stdout: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	ended, err := c.Containers.Wait(t.Context(), created.ID, container.WaitConditionNextExit)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Containers.Start(t.Context(), created.ID, types.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(stream, "through and back")
	if err := stream.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	output, err := io.ReadAll(stream)
	if err != nil || !bytes.HasSuffix(output, []byte("through and back")) {
		t.Errorf("%q, %v", output, err)
	}
	if exit, err := ended(); err != nil || exit.StatusCode != 0 {
		t.Errorf("%+v, %v", exit, err)
	}
	if err := c.Containers.Remove(t.Context(), created.ID, types.RemoveOptions{}); err != nil {
		t.Error(err)
	}
	if c.Version() == client.APIVersion {
		t.Errorf("version %s was never taken down", c.Version())
	}
}

// dockerd is a daemon for one test.
type dockerd struct {
	socket   string
	docker28 bool // the words of docker's command line are those of 28
}

// result is how a command ended.
type result struct {
	stdout, stderr string
	code           int
}

// program runs one command line.
type program func(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int

func (d *dockerd) docker(ctx context.Context, args []string, in io.Reader, out, errors io.Writer) int {
	docker := exec.CommandContext(ctx, "docker", args...)
	docker.Env = append(docker.Environ(), "TZ=UTC")
	docker.Stdin, docker.Stdout, docker.Stderr = in, out, errors
	_ = docker.Run() // its exit code is looked at
	return docker.ProcessState.ExitCode()
}

func (d *dockerd) engine(ctx context.Context, args []string, in io.Reader, out, errors io.Writer) int {
	return Execute(ctx, Config{Streams: Streams{In: in, Out: out, Err: errors}, Version: "test"}, args)
}

// run runs a command of a scenario, and takes out of what it prints what is
// another one for the other program.
func (d *dockerd) run(t *testing.T, dir, command string, run program) result {
	t.Helper()
	command, input, _ := strings.Cut(command, " <<< ")
	own := "t" + filepath.Base(filepath.Dir(dir)) + filepath.Base(dir)
	own = strings.ToLower(regexp.MustCompile(`\W`).ReplaceAllString(own, ""))
	command = strings.NewReplacer("NAME", own, "DIR", dir).Replace(command)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, append([]string{"-H", "unix://" + d.socket}, split(command)...), strings.NewReader(input), &stdout, &stderr)
	if ctx.Err() != nil {
		t.Errorf("%s: it does not end", command)
	}
	plain := func(s string) string {
		s = regexp.MustCompile(`(?m)^time=.*level=error msg="Can't .*\n`).ReplaceAllString(s, "") // a library's log
		s = strings.NewReplacer(own, "NAME", dir, "DIR", "docker", "engine", "Docker", "Engine").Replace(s)
		for from, to := range map[string]string{
			`\b[0-9a-f]{64}\b`: "ID", `\b[0-9a-f]{12}\b`: "ID",
			`\d{4}-\d\d-\d\d[T ][\d:]+(\.\d+)?( \+0000 UTC|Z)`: "DATE",
			`(About a|Less than a|\d+) (second|minute)s?\b`:    "A WHILE",
			`"Pid": \d+`: `"Pid": 0`, `\b[A-Z0-9]{4}(:[A-Z0-9]{4}){11}\b`: "ID",
		} {
			s = regexp.MustCompile(from).ReplaceAllString(s, to)
		}
		return regexp.MustCompile(` +`).ReplaceAllString(s, " ")
	}
	return result{plain(stdout.String()), plain(stderr.String()), code}
}

// startDockerd starts a daemon in folders of its own, with an image called
// busybox, and ends it with the test.
func startDockerd(t *testing.T) *dockerd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out without root: the comparison with docker's command line on a real daemon")
	}
	dir := t.TempDir()
	// The path of a socket is short.
	run, err := os.MkdirTemp("/tmp", "dd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(run) })
	d := &dockerd{socket: filepath.Join(run, "s")}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	daemon := exec.Command("dockerd", "--data-root", filepath.Join(dir, "root"), "--exec-root", filepath.Join(run, "x"),
		"--pidfile", filepath.Join(dir, "pid"), "-H", "unix://"+d.socket,
		"--bridge", "none", "--iptables=false", "--ip-masq=false", "--experimental")
	daemon.Stdout, daemon.Stderr = log, log
	daemon.Env = append(daemon.Environ(), "DOCKER_CONFIG="+dir)
	// Its children are ended by it, so that the terminal must not end them.
	daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := daemon.Start(); err != nil {
		t.Fatalf("dockerd is needed for this test: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() { stopDockerd(t, daemon, ended) })
	until := time.Now().Add(20 * time.Second)
	for exec.Command("docker", "-H", "unix://"+d.socket, "version").Run() != nil {
		if time.Now().After(until) {
			out, _ := os.ReadFile(log.Name())
			t.Fatalf("dockerd does not come up: %s", out)
		}
		time.Sleep(50 * time.Millisecond)
	}
	load := exec.Command("docker", "-H", "unix://"+d.socket, "import", "-c", `CMD ["sh"]`, "-", "busybox:latest")
	load.Stdin = bytes.NewReader(busyboxTar(t))
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v: %s", err, out)
	}
	out, err := exec.Command("docker", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "Docker version "), ".")
	d.docker28 = atLeast(major, 28)
	return d
}

// stopDockerd ends the daemon and waits for it: it ends its containerd, and
// unmounts what it mounted.
func stopDockerd(t *testing.T, daemon *exec.Cmd, ended <-chan error) {
	t.Helper()
	_ = daemon.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		_ = daemon.Process.Kill()
		t.Error("dockerd had to be killed: its containerd (pid " + strconv.Itoa(daemon.Process.Pid) + "'s child) may be left")
	}
}

// busyboxTar is the file tree of a container: busybox under its names.
func busyboxTar(t *testing.T) []byte {
	t.Helper()
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatalf("busybox (busybox-static) is needed for this test: %v", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	write := func(header tar.Header, content []byte) {
		header.Size = int64(len(content))
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"bin", "etc", "tmp", "root"} {
		write(tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o777}, nil)
	}
	write(tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Mode: 0o755}, program)
	write(tar.Header{Typeflag: tar.TypeReg, Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	for _, name := range []string{"sh", "echo", "cat", "ls", "true", "sleep", "touch", "pwd", "tty", "grep", "hostname", "id"} {
		write(tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "busybox", Mode: 0o777}, nil)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
