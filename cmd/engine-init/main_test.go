package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test program be engine-init.
func TestMain(m *testing.M) {
	if os.Getenv("ENGINE_INIT") != "" {
		main()
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "ENGINE_INIT=yes")
	return cmd
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"--", "true"}, 0},
		{[]string{"sh", "-c", "exit 7"}, 7},
		{[]string{"--", "sh", "-c", "kill -9 $$"}, 137},
		{[]string{"--", "/no/such"}, 127},
		{[]string{"--", "no-such-program"}, 127},
		{[]string{"--", "/etc/passwd"}, 126},
		{[]string{"--"}, 2},
		// What is reaped in between is not the program.
		{[]string{"--", "sh", "-c", "sh -c 'exit 3' & sleep 0.3; exit 4"}, 4},
	} {
		if got := exitCode(t, command(t, test.args...).Run()); got != test.want {
			t.Errorf("%q exits with %d, want %d", test.args, got, test.want)
		}
	}
}

// TestSignals: what is sent to it reaches the program, at once or later.
func TestSignals(t *testing.T) {
	cmd := command(t, "--", "sh", "-c", `trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, 16)
	if n, err := out.Read(ready); err != nil || !strings.HasPrefix(string(ready[:n]), "ready") {
		t.Fatalf("%q %v", ready[:n], err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if got := exitCode(t, cmd.Wait()); got != 5 {
		t.Errorf("exit %d, want 5", got)
	}
}
