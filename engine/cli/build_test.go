package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestBuild has a program in buildctl's place that notes what it is asked, and
// writes an image.
func TestBuild(t *testing.T) {
	dir := t.TempDir()
	script := `#!/bin/sh
echo "$@" >"` + dir + `/asked"
[ -z "$FAIL" ] || { echo "no such stage" >&2; exit 3; }
for output; do :; done
file=${output#*dest=}
echo image >"${file%%,*}"
`
	folder := filepath.Join(dir, "folder")
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "buildctl"), []byte(script), 0o755),
		os.Mkdir(folder, 0o755),
		os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte("FROM scratch\n"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	daemon := fakeDaemon(t, &txtar.Archive{Files: []txtar.File{{Name: "GET /_ping", Data: []byte("OK\n")}, {Name: "HEAD /_ping", Data: []byte("OK\n")}, {Name: "POST /images/load", Data: []byte(`{"stream":"Loaded image: web:1\n"}` + "\n")}}})
	run := func(args ...string) (stdout, stderr string, code int) {
		var out, errs bytes.Buffer
		code = Execute(t.Context(), Config{Streams: Streams{In: strings.NewReader(""), Out: &out, Err: &errs}}, append([]string{"-H", "unix://" + daemon.socket, "build"}, args...))
		return out.String(), errs.String(), code
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("HERE", "value")
	stdout, stderr, code := run("-t", "web:1", "-t", "web:2", "--build-arg", "HERE", "--build-arg", "A=b", "--build-arg", "NOWHERE", "--target", "last", "--no-cache", folder)
	if code != 0 || stdout != "Loaded image: web:1\n" {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	if err != nil {
		t.Fatal(err)
	}
	want := "build --frontend dockerfile.v0 --local context=" + folder + " --local dockerfile=" + folder +
		" --opt filename=Dockerfile --opt build-arg:HERE=value --opt build-arg:A=b --opt target=last --no-cache --output type=docker,dest="
	if !strings.HasPrefix(string(asked), want) || !strings.HasSuffix(string(asked), `/image.tar,"name=web:1,web:2"`+"\n") {
		t.Errorf("asked %s", asked)
	}
	t.Setenv("FAIL", "yes")
	for _, args := range [][]string{{folder}, {"-q", folder}} {
		if stdout, stderr, code = run(args...); code != 1 || stdout != "" || !strings.Contains(stderr, "no such stage") || !strings.Contains(stderr, "exit status 3") {
			t.Errorf("%v: %d %q %q", args, code, stdout, stderr)
		}
	}
	if _, stderr, code = run(dir); code != 1 || !strings.Contains(stderr, "there is no Dockerfile") {
		t.Errorf("without: %d %q", code, stderr)
	}
	t.Setenv("PATH", t.TempDir())
	if _, stderr, code = run(folder); code != 1 || !strings.Contains(stderr, "put BuildKit's buildctl on PATH") {
		t.Errorf("without buildctl: %d %q", code, stderr)
	}
}
