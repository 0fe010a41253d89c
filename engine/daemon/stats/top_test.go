package stats

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
)

func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip("without a sleep program top is not tried: ", err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd.Process.Pid
}

func TestTop(t *testing.T) {
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("without ps only the list from /proc is tried: ", err)
	}
	pid := sleeper(t)
	me := os.Getpid()
	top, err := Top(t.Context(), "", []int{pid, me})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(top.Titles, procTitles()) || len(top.Processes) != 2 {
		t.Fatalf("%+v", top)
	}
	for _, p := range top.Processes {
		if len(p) != len(top.Titles) {
			t.Errorf("%d cells: %q", len(p), p)
		}
	}
	i := slices.IndexFunc(top.Processes, func(p []string) bool { return p[1] == strconv.Itoa(pid) })
	if i < 0 || top.Processes[i][7] != "sleep 60" || top.Processes[i][2] != strconv.Itoa(me) {
		t.Errorf("%q", top.Processes)
	}
	top, err = Top(t.Context(), "-eo  pid,comm", []int{pid})
	if err != nil || len(top.Processes) != 1 || !slices.Equal(top.Processes[0], []string{strconv.Itoa(pid), "sleep"}) {
		t.Errorf("%+v %v", top, err)
	}
	if top, err := Top(t.Context(), "", nil); err != nil || top.Processes == nil || len(top.Processes) != 0 {
		t.Errorf("of no process: %+v %v", top, err)
	}
	for args, want := range map[string]string{
		"-eo comm":          "Couldn't find PID field in ps output",
		"-eo ppid=PID,comm": `specifying "ppid=PID,comm" is not allowed`,
		"--nonsense":        "ps: ",
		"-e\x00f":           "invalid ps arguments",
	} {
		if _, err := Top(t.Context(), args, []int{pid}); err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, cerrdefs.ErrInvalidArgument) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}

func TestParsePs(t *testing.T) {
	output := "  PID COMMAND\n   1 init with args\n\n   - thread\n   2 other\n   - its thread\n"
	top, err := parsePs([]byte(output), []int{1})
	if err != nil || len(top.Processes) != 2 || top.Processes[0][1] != "init with args" || top.Processes[1][0] != "-" {
		t.Errorf("%q %v", top.Processes, err)
	}
	if _, err := parsePs([]byte("PID CMD\nx y\n"), []int{1}); err == nil || !strings.HasPrefix(err.Error(), "Unexpected pid 'x'") {
		t.Error(err)
	}
}

func TestTopWithoutPs(t *testing.T) {
	pid := sleeper(t)
	t.Setenv("PATH", t.TempDir())
	top, err := Top(t.Context(), "", []int{pid, os.Getpid(), 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(top.Titles, procTitles()) || len(top.Processes) != 2 {
		t.Fatalf("%+v", top)
	}
	i := slices.IndexFunc(top.Processes, func(p []string) bool { return p[1] == strconv.Itoa(pid) })
	if i < 0 || top.Processes[i][7] != "sleep 60" || top.Processes[i][2] != strconv.Itoa(os.Getpid()) || len(top.Processes[i][6]) != 8 {
		t.Errorf("%q", top.Processes)
	}
	if _, err := Top(t.Context(), "aux", []int{pid}); !errors.Is(err, cerrdefs.ErrNotImplemented) {
		t.Errorf("other columns: %v", err)
	}
}

func TestTerminalName(t *testing.T) {
	for device, want := range map[uint64]string{136 << 8: "pts/0", 136<<8 | 5: "pts/5", 4<<8 | 1: "tty1", 5<<8 | 1: "5:1"} {
		if got := terminalName(device); got != want {
			t.Errorf("%x: %s, want %s", device, got, want)
		}
	}
}
