package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// traces is everything that a container could leave behind, as lines.
func (d *daemon) traces() []string {
	d.t.Helper()
	var found []string
	for _, p := range d.processes() {
		found = append(found, "process "+p.argv)
	}
	for _, m := range d.mounts() {
		found = append(found, "mount "+m)
	}
	for _, dir := range []string{"exec", "data"} {
		err := filepath.WalkDir(d.dir(dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			found = append(found, "file "+path)
			// What is in a snapshot or a volume is not the engine's.
			if e != nil && e.IsDir() && (strings.HasSuffix(path, "/fs") || e.Name() == "rootfs" || e.Name() == "merged") {
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			d.t.Error(err)
		}
	}
	d.within(func() {
		for _, args := range [][]string{{"ip", "-o", "link"}, {"ip", "route"}, {"nft", "list", "ruleset"}} {
			out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
			if err != nil {
				d.t.Errorf("%v: %v %s", args, err, out)
			}
			for line := range strings.Lines(string(out)) {
				// A bridge is up or down by what is plugged in.
				line = strings.TrimSuffix(strings.TrimSpace(line), " linkdown")
				if args[1] == "-o" {
					line = strings.Fields(line)[1]
				}
				found = append(found, args[0]+" "+line)
			}
		}
	})
	slices.Sort(found)
	return found
}

// cgroups is every cgroup that is named by one of the IDs.
func cgroups(t *testing.T, ids []string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(path, id) }) {
			found = append(found, path)
		}
		return nil // others come and go meanwhile
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// expectNothingNew compares the traces of before with those of now, which may
// take a moment to be the same.
func (d *daemon) expectNothingNew(before []string) {
	d.t.Helper()
	var now, added []string
	deadline := time.Now().Add(10 * time.Second)
	for {
		now, added = d.traces(), nil
		rest := slices.Clone(before)
		for _, line := range now {
			if i := slices.Index(rest, line); i >= 0 {
				rest = slices.Delete(rest, i, i+1)
				continue
			}
			added = append(added, line)
		}
		if len(added) == 0 || time.Now().After(deadline) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if len(added) > 0 {
		d.t.Errorf("left behind, %d things:\n%s", len(added), strings.Join(added[:min(40, len(added))], "\n"))
	}
}

// TestRunsLeaveNothing runs many containers, one after another and at once,
// and looks for what is left of them. E2E_RUNS says how many in a row.
func TestRunsLeaveNothing(t *testing.T) {
	needRoot(t, "that containers leave nothing behind")
	runs := 50
	if n, err := strconv.Atoi(os.Getenv("E2E_RUNS")); err == nil {
		runs = n
	}
	d := startDaemon(t)
	d.load()
	// The bridge is made by the first who needs it, and stays.
	d.engine("run", "--rm", "busybox", "true")
	time.Sleep(300 * time.Millisecond)
	before := d.traces()
	var ids []string

	t.Run("in a row", func(t *testing.T) {
		began := time.Now()
		for i := range runs {
			network := []string{"none", "bridge"}[i%2]
			id := filepath.Join(d.root, fmt.Sprintf("cid%d", i))
			out := d.engine("run", "--rm", "--cidfile", id, "--network", network, "--tmpfs", "/t", "-v", "/anonymous", "busybox", "echo", "run", strconv.Itoa(i))
			if want := fmt.Sprintf("run %d", i); out != want {
				t.Errorf("%q, want %q", out, want)
			}
			text, err := os.ReadFile(id)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, string(text))
		}
		t.Logf("%d runs: %v each", runs, (time.Since(began) / time.Duration(runs)).Round(time.Millisecond))
		d.expectNothingNew(before)
		if left := cgroups(t, ids); len(left) > 0 {
			t.Errorf("cgroups left behind: %s", strings.Join(left, "\n"))
		}
	})
	t.Run("at once", func(t *testing.T) {
		const many = 50
		began := time.Now()
		var all sync.WaitGroup
		limit := make(chan struct{}, 10) // command lines; the containers are all up together
		for i := range many {
			all.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				r := d.command("engine", nil, "run", "-d", "--name", fmt.Sprintf("many%d", i), "busybox", "sleep", "1000")
				if r.exit != 0 {
					t.Errorf("run %d: %s", i, r.stderr)
				}
			})
		}
		all.Wait()
		t.Logf("%d up after %v", many, time.Since(began).Round(time.Millisecond))
		d.expectCounts("all up", "50 50 0 0")
		up := d.ids()
		began = time.Now()
		d.engine(append([]string{"rm", "-f"}, up...)...)
		t.Logf("%d gone after %v", many, time.Since(began).Round(time.Millisecond))
		d.expectCounts("all gone", "0 0 0 0")
		d.expectNothingNew(before)
		if left := cgroups(t, up); len(left) > 0 {
			t.Errorf("cgroups left behind: %s", strings.Join(left, "\n"))
		}
	})
	t.Run("that fail", func(t *testing.T) {
		for _, args := range [][]string{
			{"run", "--rm", "busybox", "nosuch"},
			{"run", "--rm", "-w", "/etc/passwd", "busybox", "true"},
			{"run", "--rm", "-v", "/nosuch/source/\x01:/x:nosuchmode", "busybox", "true"},
			{"run", "--rm", "-u", "nosuch", "busybox", "true"},
			{"run", "--rm", "-p", "18080:80", "-p", "18080:81", "busybox", "true"},
			{"run", "--rm", "--memory", "1k", "busybox", "true"},
			{"create", "--name", "a/b", "busybox"},
			{"run", "--rm", "nosuch:1", "true"},
		} {
			if r := d.command("engine", nil, args...); r.exit == 0 {
				t.Errorf("%q did not fail", args)
			}
		}
		d.expectCounts("after", "0 0 0 0")
		d.expectNothingNew(before)
	})
}
