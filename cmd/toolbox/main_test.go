package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is the toolbox when it is asked to be.
func TestMain(m *testing.M) {
	if os.Getenv("BE_TOOLBOX") != "" {
		main()
	}
	os.Exit(m.Run())
}

// toolbox is the program with the given arguments, the first of which is the
// name it is called by.
func toolbox(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = args
	cmd.Env = []string{"BE_TOOLBOX=1", "A=b c"}
	return cmd
}

func TestPrograms(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("in a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args     []string
		in       string
		out, err string
		status   int
	}{
		{[]string{"echo", "hi", "there"}, "", "hi there\n", "", 0},
		{[]string{"/bin/echo", "-n", "hi"}, "", "hi", "", 0},
		{[]string{"echo"}, "", "\n", "", 0},
		{[]string{"toolbox", "echo", "-x"}, "", "-x\n", "", 0},
		{[]string{"cat"}, "input", "input", "", 0},
		{[]string{"cat", file, "-"}, "and input", "in a file\nand input", "", 0},
		{[]string{"cat", file + ".no", file}, "", "in a file\n", "cat: open " + file + ".no: no such file or directory\n", 1},
		{[]string{"cat", dir}, "", "", "cat: read " + dir + ": is a directory\n", 1},
		{[]string{"env"}, "", "BE_TOOLBOX=1\nA=b c\n", "", 0},
		{[]string{"env", "x"}, "", "", "env: it takes no arguments\n", 1},
		{[]string{"true", "x"}, "", "", "", 0},
		{[]string{"false"}, "", "", "", 1},
		{[]string{"sleep", "0", "0.001", "1ms", "0m"}, "", "", "", 0},
		{[]string{"sleep"}, "", "", "sleep: how long is missing\n", 1},
		{[]string{"sleep", "-1"}, "", "", "sleep: invalid time \"-1\"\n", 1},
		{[]string{"sleep", "soon"}, "", "", "sleep: invalid time \"soon\"\n", 1},
		{[]string{"sleep", "NaN"}, "", "", "sleep: invalid time \"NaN\"\n", 1},
		{[]string{"stress"}, "", "", "stress: nothing to do: say --cpu or --vm\n", 1},
		{[]string{"stress", "--vm", "lots"}, "", "", "stress: invalid size \"lots\"\n", 1},
		{[]string{"stress", "--vm", "1m", "--cpu", "1", "--timeout", "0.05"}, "", "", "", 0},
		{[]string{"counter", "--interval", "x"}, "", "", "counter: invalid time \"x\"\n", 1},
		{[]string{"counter", "--file", dir}, "", "", "counter: open " + dir + ": is a directory\n", 1},
		{[]string{"toolbox", "nosuch"}, "", "", "toolbox: no program called \"nosuch\"\n", 127},
		{[]string{"image"}, "", "", "", 0},
		{[]string{"toolbox", "image"}, "", "", "image: say where to: toolbox image -o FILE\n", 1},
		{[]string{"toolbox", "image", "-o", dir + "/no/such"}, "", "", "", 1},
	} {
		var out, errs bytes.Buffer
		cmd := toolbox(t, test.args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(test.in), &out, &errs
		err := cmd.Run()
		if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != test.status {
			t.Errorf("%q: status %d, want %d: %s", test.args, got, test.status, &errs)
		}
		if got := out.String(); got != test.out && test.args[0] != "image" {
			t.Errorf("%q: wrote %q, want %q", test.args, got, test.out)
		}
		if got := errs.String(); got != test.err && test.err != "" {
			t.Errorf("%q: complained %q, want %q", test.args, got, test.err)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"toolbox"}, {"toolbox", "--help"}, {"anything"}} {
		out, err := toolbox(t, args...).Output()
		if err != nil || !strings.Contains(string(out), "counter echo env") {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
}

func TestCounter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "count")
	for _, test := range []struct {
		name string
		args []string
		last func(out *bytes.Buffer) string
	}{
		{"output", []string{"counter", "--interval", "10ms", "--from", "98"}, func(out *bytes.Buffer) string {
			lines := strings.Fields(out.String())
			if len(lines) > 1 && (lines[0] != "98" || lines[1] != "99") {
				t.Errorf("counted %v", lines)
			}
			return lines[len(lines)-1]
		}},
		{"file", []string{"counter", "--interval", "0.01", "--from", "98", "--file", file}, func(*bytes.Buffer) string {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			return strings.TrimSpace(string(data))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			cmd := toolbox(t, test.args...)
			cmd.Stdout = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
			// As the first process of a container it must end on this.
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != 128+int(syscall.SIGTERM) {
				t.Errorf("status %d", got)
			}
			if n, err := strconv.Atoi(test.last(&out)); err != nil || n < 100 {
				t.Errorf("counted to %d, %v", n, err)
			}
		})
	}
}

// stress keeps the memory it is asked to keep.
func TestStressMemory(t *testing.T) {
	cmd := toolbox(t, "stress", "--vm", "64M", "--timeout", "10")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "VmRSS:")
		if kib, _ := strconv.Atoi(strings.Fields(rest + " 0")[0]); kib >= 64<<10 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it has not come to 64 MiB")
		}
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int{"": 0, "5": 5, "4k": 4096, "2M": 2 << 20, "1g": 1 << 30, "1gb": 1 << 30, "7b": 7} {
		if got, err := parseBytes(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"k", "-1", "1t", "99999999999g", "1.5g", " "} {
		if got, err := parseBytes(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestImage(t *testing.T) {
	executable := []byte("#!program\n")
	data, err := archive(executable)
	if err != nil {
		t.Fatal(err)
	}
	again, err := archive(executable)
	if err != nil || !bytes.Equal(data, again) {
		t.Error("two images of one executable differ")
	}
	files := untar(t, data)
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	decode(t, files["manifest.json"], &manifest)
	var config struct {
		Config struct{ Cmd, Env []string }
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	decode(t, files[manifest[0].Config], &config)
	layer := files[manifest[0].Layers[0]]
	if !slices.Equal(manifest[0].RepoTags, []string{"toolbox:latest"}) ||
		!slices.Equal(config.Config.Env, []string{"PATH=/bin"}) || !slices.Equal(config.Config.Cmd, []string{"toolbox"}) {
		t.Errorf("%+v %+v", manifest, config)
	}
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256(layer)); config.RootFS.DiffIDs[0] != want {
		t.Errorf("layers %v, want %s", config.RootFS.DiffIDs, want)
	}
	if want := fmt.Sprintf("%x.json", sha256.Sum256(files[manifest[0].Config])); manifest[0].Config != want {
		t.Errorf("configuration %s, want %s", manifest[0].Config, want)
	}
	content := untar(t, layer)
	if !bytes.Equal(content["bin/toolbox"], executable) {
		t.Errorf("the executable is %q", content["bin/toolbox"])
	}
	for name := range maps.Keys(programs()) {
		if got := string(content["bin/"+name]); got != "-> toolbox" {
			t.Errorf("bin/%s is %q", name, got)
		}
	}
}

func TestImageFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "toolbox.tar")
	for range 2 {
		if out, err := toolbox(t, "toolbox", "image", "-o", path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	printed, err := toolbox(t, "toolbox", "image", "-o", "-").Output()
	if err != nil || !bytes.Equal(written, printed) {
		t.Errorf("what is written and what is printed differ: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("in the folder: %v, %v", entries, err)
	}
}

// untar is an archive's files; a link is its target.
func untar(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeSymlink {
			content = []byte("-> " + h.Linkname)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(made()) {
			t.Errorf("%s: owner %d:%d %q, time %v", h.Name, h.Uid, h.Gid, h.Uname, h.ModTime)
		}
		files[h.Name] = content
	}
}

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
}
