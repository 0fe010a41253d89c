package cli

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// differs are the golden commands in which the engine is not docker, by what
// they contain, and why.
var differs = map[string]string{
	"--cache-property":               "docker has no such flag",
	"CacheProperty":                  "docker has no such field",
	"{{.Nope}}":                      "the error names a Go type",
	"--type planet":                  "docker has more kinds of objects",
	"volume inspect data":            "docker fills in what the daemon leaves out",
	"version":                        "the programs have versions of their own",
	"info":                           "the programs have versions of their own",
	"images a b":                     "docker misspells its error",
	"prune --volumes --filter label": "docker empties the build cache too",
	"Networks":                       "docker's order is that of a Go map",
	"ps --format json":               "docker's order of networks is that of a Go map",
	"network rm":                     "docker asks about the network first",
	"exec -d":                        "docker asks about the container first",
	"exec x":                         "docker says See for Run",
	"runn":                           "the engine knows what comes near",
	"pauze":                          "the engine knows what comes near",
	"help nonsense":                  "docker has topics of help",
	"engine run --":                  "docker says See for Run",
	"engine pause --":                "docker says See for Run",
	"engine import":                  "the engine imports no URL",
	"engine -H":                      "docker takes one host",
	"engine -v":                      "the programs have versions of their own",
	"--help":                         "the engine's help has examples",
	"help pause":                     "the engine's help has examples",
	"engine volume --":               "docker has more commands",
	"completion":                     "the engine's help has examples",
	"__complete":                     "the engine offers less",
	"--time 3":                       "docker tells of the old name on its output",
}

// TestGoldenAsDocker has docker's own command line do what the golden files
// say, against the same daemons.
func TestGoldenAsDocker(t *testing.T) {
	requireDocker28(t)
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archive.Files = append(archive.Files, txtar.File{Name: "HEAD /_ping"})
		daemon := fakeDaemon(t, archive)
		for _, section := range archive.Files {
			command, ok := strings.CutPrefix(section.Name, "$ ")
			if !ok || isDifferent(command) {
				continue
			}
			daemon.reset()
			got := runDocker(t, daemon, command)
			if strings.Contains(string(archive.Comment), "requests") {
				got = strings.ReplaceAll(daemon.requests(), "> HEAD /_ping\n", "") + got
			}
			if got = timeless(got, daemon); got != string(section.Data) {
				t.Errorf("$ %s\n--- docker\n%s--- engine\n%s", command, got, section.Data)
			}
			same++
		}
	}
	if same < 80 {
		t.Errorf("only %d commands were compared", same)
	}
}

func isDifferent(command string) bool {
	for part := range differs {
		if strings.Contains(command+" --", part) {
			return true
		}
	}
	return false
}

func runDocker(t *testing.T, daemon *fake, command string) string {
	t.Helper()
	command, input, _ := strings.Cut(command, " <<< ")
	docker := exec.Command("docker", append([]string{"-H", "unix://" + daemon.socket}, split(command)[1:]...)...)
	var stdout, stderr bytes.Buffer
	docker.Env = append(docker.Environ(), "DOCKER_CONFIG="+t.TempDir(), "TZ=UTC")
	docker.Stdin, docker.Stdout, docker.Stderr = strings.NewReader(input), &stdout, &stderr
	_ = docker.Run() // its exit code is looked at
	return strings.ReplaceAll(transcript(stdout.String(), stderr.String(), docker.ProcessState.ExitCode()), "docker", "engine")
}

// requireDocker28 leaves out the comparison with a docker whose words were
// others.
func requireDocker28(t *testing.T) {
	t.Helper()
	out, err := exec.Command("docker", "--version").Output()
	if err != nil {
		t.Skip("left out: the comparison with docker's command line, which is not installed")
	}
	version := strings.TrimPrefix(string(out), "Docker version ")
	if major, _, _ := strings.Cut(version, "."); atLeast(major, 28) {
		return
	}
	t.Skipf("left out: the comparison with docker's command line, which is %s: its words are compared with those of 28", strings.TrimSpace(fmt.Sprint(version)))
}

func atLeast(number string, least int) bool {
	n, err := strconv.Atoi(number)
	return err == nil && n >= least
}
