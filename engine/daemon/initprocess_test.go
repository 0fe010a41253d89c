package daemon

import (
	"os/exec"
	"testing"
)

// TestHasChild: a process that has started another is told from one that has not
// yet.
func TestHasChild(t *testing.T) {
	run := func(script string) (pid int, line func()) {
		t.Helper()
		cmd := exec.Command("sh", "-c", script)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = stdin.Close()
			_ = cmd.Wait()
		})
		return cmd.Process.Pid, func() {
			t.Helper()
			if _, err := stdout.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	alone, ready := run("echo; read x")
	ready()
	if hasChild(alone) {
		t.Error("a process that has started none has a child")
	}
	parent, ready := run("sleep 100 & echo; read x; kill $!")
	ready()
	if !hasChild(parent) {
		t.Error("a process that has started one has no child")
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	if !hasChild(gone.Process.Pid) {
		t.Error("one that is gone would be waited for")
	}
}
