package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// verb is a command in whose middle a process is killed. It is about the
// container box, which runs but for create and start.
type verb struct {
	name string
	args string
	made bool // box is there
	runs bool // box runs
	// done is whether what the command does is so; it must be if the command
	// said so.
	done func(d *daemon, c container, there bool) bool
}

var verbs = []verb{
	{"create", "create --name box --network none busybox sleep 1000", false, false, func(_ *daemon, _ container, there bool) bool { return there }},
	{"start", "start box", true, false, func(_ *daemon, c container, _ bool) bool { return c.State.Running }},
	{"update", "update --memory 64m --memory-swap 64m box", true, true, func(_ *daemon, c container, _ bool) bool { return c.HostConfig.Memory == 64<<20 }},
	{"pause", "pause box", true, true, func(_ *daemon, c container, _ bool) bool { return c.State.Status == "paused" }},
	{"exec", "exec box sh -c 'echo there > /there'", true, true, func(d *daemon, _ container, _ bool) bool {
		return d.command("engine", nil, "exec", "box", "cat", "/there").stdout == "there\n"
	}},
	{"stop", "stop -t 0 box", true, true, func(_ *daemon, c container, _ bool) bool { return !c.State.Running }},
	{"rm", "rm -f box", true, true, func(_ *daemon, _ container, there bool) bool { return !there }},
}

// victims are the processes that are killed, by a part of their arguments.
// What a container's own processes die of ends the container: it need not be as
// it was acknowledged afterwards.
var victims = []struct {
	name  string
	words string
	fatal bool
}{
	{"engine", "", false},
	{"engined", "", false},
	{"engine-containerd", "bin/engine-containerd ", false},
	{"containerd-shim-engine-v2", "containerd-shim-engine-v2 ", true},
	{"engine-runc", "engine-runc ", true},
}

// TestFaults kills each of the five processes in the middle of each of these
// commands, at several moments. What was acknowledged is so, what has nothing to
// do with it goes on, the next command works, and nothing is left. E2E_FAULTS
// says at how many moments.
func TestFaults(t *testing.T) {
	needRoot(t, "that any process may be killed at any time")
	moments := 1
	if n, err := strconv.Atoi(os.Getenv("E2E_FAULTS")); err == nil {
		moments = n
	}
	d := startDaemon(t)
	d.load()
	d.engine("run", "-d", "--name", "steady", "--restart", "always", "--network", "none", "busybox", "sleep", "1000")
	steady := d.inspect("steady").State.Pid
	// It is told that it runs before its program has taken the runtime's place.
	eventually(t, "the program runs", func() bool {
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", steady))
		return err == nil && strings.HasPrefix(string(argv), "sleep\x00")
	})
	before := d.traces()
	var table faultTable
	defer func() { record("faults", table.String()) }()
	for _, v := range verbs {
		table.row(v.name)
		took := sync.OnceValue(func() time.Duration { return d.timed(v) })
		for _, victim := range victims {
			t.Run(v.name+"/"+victim.name, func(t *testing.T) {
				outer := d.t
				d.t = t
				defer func() { d.t = outer }()
				held := 0
				defer func() { table.cell(held, moments) }()
				for i := range moments {
					after := took() * time.Duration(2*i+1) / time.Duration(2*moments)
					f := fault{daemon: d, verb: v, victim: victim.name, words: victim.words, after: after}
					f.run(victim.fatal)
					if !t.Failed() {
						held++
					}
				}
				d.expectNothingNew(before)
				if t.Failed() {
					held = min(held, moments-1)
				}
			})
		}
	}
	if now := d.inspect("steady"); now.State.Pid != steady || !alive(steady) {
		t.Errorf("a container that was left alone: %+v, was process %d", now.State, steady)
	}
}

// faultTable is what the page says of faults.
type faultTable struct{ strings.Builder }

func (t *faultTable) row(verb string) {
	if t.Len() == 0 {
		t.WriteString("| |")
		for _, v := range victims {
			t.WriteString(" " + v.name + " |")
		}
		t.WriteString("\n|---|" + strings.Repeat("---|", len(victims)) + "\n")
	} else {
		t.WriteString("\n")
	}
	t.WriteString("| " + verb + " |")
}

func (t *faultTable) cell(held, of int) { fmt.Fprintf(t, " %d of %d |", held, of) }

func (t *faultTable) String() string { return t.Builder.String() + "\n" }

// timed is how long a command takes when nothing happens to it.
func (d *daemon) timed(v verb) time.Duration {
	d.t.Helper()
	d.setUp(v)
	began := time.Now()
	d.engine(quoted(v.args)...)
	took := time.Since(began)
	_ = d.command("engine", nil, "rm", "-f", "box")
	return took
}

func (d *daemon) setUp(v verb) {
	d.t.Helper()
	switch {
	case v.runs:
		d.sleeper("box")
	case v.made:
		d.engine("create", "--name", "box", "--network", "none", "busybox", "sleep", "1000")
	}
}

// quoted splits a command line in which one argument may be in quotes.
func quoted(line string) []string {
	before, quote, ok := strings.Cut(line, "'")
	args := strings.Fields(before)
	if ok {
		args = append(args, strings.TrimSuffix(quote, "'"))
	}
	return args
}

// fault is one process that is killed once.
type fault struct {
	*daemon
	verb
	victim, words string
	after         time.Duration
}

func (f fault) run(fatal bool) {
	f.t.Helper()
	f.setUp(f.verb)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := f.prepare(ctx, "engine", quoted(f.verb.args)...)
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	time.Sleep(f.after)
	what := fmt.Sprintf("%s, %s killed after %s", f.verb.name, f.victim, f.after.Round(time.Millisecond))
	var result error
	switch f.victim {
	case "engine":
		_ = cmd.Process.Kill()
		result = <-ended
	case "engined":
		f.kill()
		f.start()
		result = <-ended
	default:
		result = f.killMeanwhile(ended)
	}
	f.expect(what, result == nil, fatal)
}

// killMeanwhile kills a process as soon as there is one, unless the command ends
// before, and waits for the command.
func (f fault) killMeanwhile(ended <-chan error) error {
	steady := f.inspect("steady").ID
	for {
		for _, p := range f.processes() {
			if strings.Contains(p.argv, f.words) && !strings.Contains(p.argv, steady) {
				_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may have ended by itself
				return <-ended
			}
		}
		select {
		case err := <-ended:
			return err
		default:
		}
	}
}

// expect looks at the box, works on, and removes it.
func (f fault) expect(what string, acknowledged, fatal bool) {
	f.t.Helper()
	// Until engine-containerd is there again, and ends have been dealt with.
	eventually(f.t, what+": the next command works", func() bool {
		return f.command("engine", nil, "run", "--rm", "--network", "none", "busybox", "echo", "next").stdout == "next\n"
	})
	status, _ := f.ask("GET", "/containers/box/json", "")
	there := status == 200
	var c container
	if there {
		c = f.inspect("box")
	}
	if acknowledged && !fatal && !f.done(f.daemon, c, there) {
		f.t.Errorf("%s: it was acknowledged, and is not so: there %t, %+v", what, there, c.State)
	}
	if there && c.State.Running != alive(c.State.Pid) {
		eventually(f.t, what+": it is known whether it runs", func() bool {
			c = f.inspect("box")
			return c.State.Running == (c.State.Pid > 0 && alive(c.State.Pid))
		})
	}
	if r := f.command("engine", nil, "rm", "-f", "box"); r.exit != 0 && !strings.Contains(r.stderr, "No such container") {
		f.t.Errorf("%s: rm: %s", what, r.stderr)
	}
	if there {
		f.expectGone(what, c.ID)
	}
}

// expectGone looks for cgroups and processes of a container that was removed;
// they may take a moment to go.
func (f fault) expectGone(what, id string) {
	f.t.Helper()
	var left []string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left = cgroups(f.t, []string{id})
		for _, p := range f.processes() {
			if strings.Contains(p.argv, id) {
				left = append(left, p.String())
			}
		}
		if len(left) == 0 {
			return
		}
	}
	f.t.Errorf("%s: left behind\n%s", what, strings.Join(left, "\n"))
}
