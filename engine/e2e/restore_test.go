package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// withCriu lets the daemon find criu, and what that needs.
func (d *daemon) withCriu() {
	d.t.Helper()
	// Not every machine has hardware breakpoints that work; criu goes without
	// them, which is a little slower.
	d.t.Setenv("CRIU_FAULT", "130")
	d.tools()
	for _, name := range []string{"criu", "nft", "iptables-restore", "ip6tables-restore", "tar", "gzip", "sh", "ip"} {
		path, err := exec.LookPath(name)
		if err != nil && name == "criu" {
			d.t.Fatal(err)
		}
		if err == nil {
			if err := os.Symlink(path, filepath.Join(d.dir("tools"), name)); err != nil {
				d.t.Fatal(err)
			}
		}
	}
}

// counted is the number that a container has written last, and waits for one
// that is greater than another.
func (d *daemon) counted(name string, more int) int {
	d.t.Helper()
	n := 0
	eventually(d.t, name+" counts on", func() bool {
		text := d.engine("logs", "--tail", "1", name)
		last, err := strconv.Atoi(strings.TrimSpace(text))
		n = last
		return err == nil && last > more
	})
	return n
}

const counting = `i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done`

// TestRestore takes containers of several kinds through checkpoints, again and
// again: fifty restores in all.
func TestRestore(t *testing.T) {
	needRoot(t, "that containers go on from a checkpoint")
	d := newDaemon(t)
	d.withCriu()
	d.start()
	d.load()
	run := func(name string, args ...string) {
		t.Helper()
		d.engine(append([]string{"run", "-d", "--name", name}, args...)...)
	}
	restored := 0
	again := func(name, checkpoint string, args ...string) {
		t.Helper()
		n := d.counted(name, 0)
		d.engine(append([]string{"checkpoint", "create", name, checkpoint}, args...)...)
		eventually(t, name+" has ended", func() bool { return !d.inspect(name).State.Running })
		d.engine(append([]string{"start", "--checkpoint", checkpoint, name}, args...)...)
		if m := d.counted(name, n); m <= n {
			t.Fatalf("%s began anew: %d after %d", name, m, n)
		}
		restored++
	}

	t.Run("limits mounts and network", func(t *testing.T) {
		data := d.dir("bound")
		if err := os.Mkdir(data, 0o755); err != nil {
			t.Fatal(err)
		}
		run("full", "-p", "18070:80", "-m", "64m", "-v", data+":/data", "-v", "volume:/volume", "--tmpfs", "/memory", "busybox", "sh", "-c",
			`exec 3>/data/open; echo kept > /memory/f; echo kept > /volume/f; echo kept > /root/f; mkdir /www; echo served > /www/index.html; httpd -p 80 -h /www
			i=0; while :; do i=$((i+1)); echo $i; echo $i >&3; sleep 0.05; done`)
		d.counted("full", 3)
		d.engine("update", "-m", "32m", "--memory-swap", "64m", "--cpus", "0.5", "--pids-limit", "77", "full")
		address := d.engine("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "full")
		for i := range 15 {
			again("full", fmt.Sprint("full", i))
			for file, want := range map[string]string{
				"/memory/f": "kept", "/volume/f": "kept", "/root/f": "kept", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "33554432",
				"/sys/fs/cgroup/pids/pids.max": "77", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
			} {
				if got := d.engine("exec", "full", "cat", file); got != want {
					t.Errorf("round %d: %s has %q, want %q", i, file, got, want)
				}
			}
			if got := d.engine("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "full"); got != address {
				t.Errorf("round %d: address %s, was %s", i, got, address)
			}
			if body, err := d.get("http://127.0.0.1:18070/"); err != nil || body != "served" {
				t.Errorf("round %d: the published port: %q %v", i, body, err)
			}
			if open, err := os.ReadFile(filepath.Join(data, "open")); err != nil || !strings.Contains(string(open), fmt.Sprintf("\n%d\n", d.counted("full", 0)-1)) {
				t.Errorf("round %d: the open file is not written any more: %v", i, err)
			}
		}
		d.engine("stop", "-t", "0", "full")
	})

	t.Run("without a network", func(t *testing.T) {
		run("plain", "--network", "none", "busybox", "sh", "-c", counting)
		for i := range 10 {
			again("plain", fmt.Sprint("plain", i))
		}
	})

	t.Run("in a folder of one's own", func(t *testing.T) {
		run("elsewhere", "--network", "none", "--cgroupns", "private", "busybox", "sh", "-c", counting)
		dir := d.dir("checkpoints")
		for i := range 5 {
			again("elsewhere", fmt.Sprint("name", i), "--checkpoint-dir", dir)
		}
		if got := d.engine("checkpoint", "ls", "--checkpoint-dir", dir, "elsewhere"); strings.Count(got, "name") != 5 {
			t.Errorf("checkpoint ls:\n%s", got)
		}
		d.engine("checkpoint", "rm", "--checkpoint-dir", dir, "elsewhere", "name0")
		if _, err := os.Stat(filepath.Join(dir, "name0")); err == nil {
			t.Error("it is not removed")
		}
	})

	t.Run("terminal", func(t *testing.T) {
		run("tty", "-t", "--network", "none", "busybox", "sh", "-c", counting)
		for i := range 5 {
			again("tty", fmt.Sprint("tty", i))
		}
	})

	t.Run("left running", func(t *testing.T) {
		run("left", "--network", "none", "busybox", "sh", "-c", counting)
		for i := range 5 {
			n := d.counted("left", 0)
			pid := d.inspect("left").State.Pid
			d.engine("checkpoint", "create", "--leave-running", "left", fmt.Sprint("left", i))
			if now := d.inspect("left").State.Pid; now != pid {
				t.Errorf("it was started again: %d, was %d", now, pid)
			}
			d.counted("left", n)
			d.engine("kill", "left")
			d.engine("start", "--checkpoint", fmt.Sprint("left", i), "left")
			d.counted("left", n)
			restored++
		}
	})

	t.Run("live connection", func(t *testing.T) {
		lines := d.listen("9070")
		run("talks", "busybox", "sh", "-c", "exec 4>&1; i=0; while :; do i=$((i+1)); echo $i; echo $i >&4; sleep 0.05; done | nc $(ip route | grep default | cut -d' ' -f3) 9070")
		for i := range 10 {
			again("talks", fmt.Sprint("talks", i))
			n := d.counted("talks", 0)
			eventually(t, "the peer hears of it", func() bool { return lines() >= n })
		}
	})

	if restored != 50 {
		t.Errorf("%d restores", restored)
	}
}

// listen takes one connection in the daemon's network, and tells the last number
// that came by it.
func (d *daemon) listen(port string) (last func() int) {
	d.t.Helper()
	var l net.Listener
	var err error
	d.within(func() { l, err = net.Listen("tcp4", ":"+port) })
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { l.Close() })
	heard := make(chan int, 1)
	heard <- 0
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 4096)
		rest := ""
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			rest += string(buf[:n])
			for {
				line, more, ok := strings.Cut(rest, "\n")
				if !ok {
					break
				}
				rest = more
				if number, err := strconv.Atoi(line); err == nil {
					<-heard
					heard <- number
				}
			}
		}
	}()
	return func() int {
		n := <-heard
		heard <- n
		return n
	}
}

// TestCheckpointTellsWhy: criu's reason reaches the person, and its log stays.
func TestCheckpointTellsWhy(t *testing.T) {
	needRoot(t, "that a failed checkpoint says why")
	d := newDaemon(t)
	d.withCriu()
	d.start()
	d.load()
	// A large file without a name is nothing that criu takes along.
	d.engine("run", "-d", "--name", "box", "--network", "none", "busybox", "sh", "-c", "exec 3>/big; dd if=/dev/zero of=/big bs=1M count=4; rm /big; echo ready; sleep 1000")
	eventually(t, "it is ready", func() bool { return strings.Contains(d.engine("logs", "box"), "ready") })
	r := d.command("docker", nil, "checkpoint", "create", "box", "one")
	if r.exit != 1 || !strings.Contains(r.stderr, "Can't dump ghost file /big") {
		t.Errorf("exit %d\n%s", r.exit, r.stderr)
	}
	_, log, _ := strings.Cut(r.stderr, "criu's log is ")
	if text, err := os.ReadFile(strings.TrimSpace(log)); err != nil || !strings.Contains(string(text), "Dumping FAILED") {
		t.Errorf("the log %q: %v", log, err)
	}
	if got := d.engine("checkpoint", "ls", "box"); strings.Contains(got, "one") {
		t.Errorf("a checkpoint is left: %s", got)
	}
	if got := d.engine("inspect", "-f", "{{.State.Status}}", "box"); got != "running" {
		t.Errorf("it is %s", got)
	}
	if got := d.engine("exec", "box", "echo", "alive"); got != "alive" {
		t.Errorf("it does not answer: %q", got)
	}
}
