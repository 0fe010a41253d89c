package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The programs of the engine.
var programs = []string{"engine", "engined", "engine-containerd", "containerd-shim-engine-v2", "engine-runc", "toolbox"}

// scratch is the folder of everything that the tests make. Its name is short:
// sockets are in it, and a socket's path has 107 bytes.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	var err error
	if scratch, err = os.MkdirTemp("", "e2e"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	if err := lookAtSources("../../go.mod", "../../engine", "../../cmd"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := writeConformance(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// lookAtSources looks at every file that the programs are made of. go test
// notes what a test looks at, and takes a kept result only if nothing of it
// has changed; of what make reads it knows nothing.
func lookAtSources(roots ...string) error {
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// bin is the folder with the programs, built once if they are not given.
var bin = sync.OnceValues(func() (string, error) {
	dir := os.Getenv("ENGINE_BIN")
	if dir == "" {
		dir = filepath.Join(scratch, "bin")
		build := exec.Command("make", "-C", "../..", "build", "BIN="+dir)
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("make build: %w\n%s", err, out)
		}
	}
	for _, name := range programs {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return filepath.Abs(dir)
})

// needRoot skips a test without root, and says what is not tested then. As
// root it fails the test if the machine lacks something.
func needRoot(t *testing.T, leftOut string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("without root it is not tested " + leftOut)
	}
	var missing []string
	for _, tool := range []string{"docker", "busybox", "ps", "nft", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) > 0 {
		t.Fatalf("missing on this machine: %s", strings.Join(missing, ", "))
	}
}
