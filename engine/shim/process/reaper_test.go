package process

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callroute/callroute/engine/shim/types"
)

// TestReaperCommands runs commands that end at once, many at a time: none may
// be lost or mixed up.
func TestReaperCommands(t *testing.T) {
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := range 25 {
				want := (w*25 + i) % 256
				cmd := exec.Command("sh", "-c", "echo "+strconv.Itoa(want)+"; exit "+strconv.Itoa(want))
				var out bytes.Buffer
				cmd.Stdout = &out
				ends, err := reaper.Start(cmd)
				if err != nil {
					t.Error(err)
					return
				}
				status, err := reaper.Wait(cmd, ends)
				if err != nil || status != want || strings.TrimSpace(out.String()) != strconv.Itoa(want) {
					t.Errorf("status %d, output %q, %v; want %d", status, out.String(), err, want)
				}
			}
		})
	}
	workers.Wait()
}

func TestReaperNoCommand(t *testing.T) {
	if _, err := reaper.StartLocked(exec.Command("/nosuch")); err == nil {
		t.Error("started what is not there")
	}
}

// orphan leaves a process behind as the runtime does, and returns its pid. It
// waits a little first: the shell takes the end of a child that it outlives.
func orphan(t *testing.T, script string) int {
	t.Helper()
	cmd := exec.Command("sh", "-c", "(sleep 0.02; "+script+") >/dev/null & echo $!")
	var out bytes.Buffer
	cmd.Stdout = &out
	ends, err := reaper.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reaper.Wait(cmd, ends); err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestReaperExpect claims processes that end before their pid is known, and
// some that end later.
func TestReaperExpect(t *testing.T) {
	for _, test := range []struct {
		script string
		late   time.Duration
		want   int
	}{
		{"exit 4", 60 * time.Millisecond, 4},
		{"sleep 0.1; exit 5", 0, 5},
		{"exec sh -c 'kill -9 $$'", 60 * time.Millisecond, 137},
	} {
		claim, release := reaper.Expect()
		pid := orphan(t, test.script)
		time.Sleep(test.late)
		ended := claim(pid)
		release()
		release() // twice does no harm
		if exit := wait(t, ended); exit.Pid != pid || exit.Status != test.want {
			t.Errorf("%q: %+v, want status %d of %d", test.script, exit, test.want, pid)
		}
	}
	reaper.mu.Lock()
	defer reaper.mu.Unlock()
	if reaper.expecting != 0 || len(reaper.unclaimed) != 0 {
		t.Errorf("%d expecting, %d unclaimed; want none", reaper.expecting, len(reaper.unclaimed))
	}
}

func wait(t *testing.T, ended <-chan types.Exit) types.Exit {
	t.Helper()
	select {
	case exit := <-ended:
		return exit
	case <-time.After(5 * time.Second):
		t.Fatal("the end was lost")
	}
	return types.Exit{}
}
