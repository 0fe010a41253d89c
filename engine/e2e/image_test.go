package e2e

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// epoch is the time of everything in the images that the tests make: the same
// bytes, and so the same IDs, on each run.
var epoch = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// busyboxTar is a docker-archive of an image busybox:latest, made of the
// machine's static busybox.
var busyboxTar = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "busybox.tar")
	binary, err := exec.LookPath("busybox")
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	applets, err := exec.Command(binary, "--list").Output()
	if err != nil {
		return "", err
	}
	var layer archive
	for _, dir := range []string{"bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "var"} {
		layer.dir(dir, 0o755)
	}
	layer.dir("tmp", 0o1777)
	layer.file("bin/busybox", 0o755, program)
	for applet := range strings.FieldsSeq(string(applets)) {
		if applet != "busybox" {
			layer.link("bin/"+applet, "busybox")
		}
	}
	layer.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"))
	layer.file("etc/group", 0o644, []byte("root:x:0:\nnogroup:x:65534:\n"))
	return path, os.WriteFile(path, imageTar("busybox:latest", layer.bytes(), map[string]any{
		"Env": []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		"Cmd": []string{"sh"},
	}), 0o600)
})

// imageTar is a docker-archive of an image with one layer.
func imageTar(name string, layer []byte, config map[string]any) []byte {
	diffID := fmt.Sprintf("sha256:%x", sha256.Sum256(layer))
	encoded := mustJSON(map[string]any{
		"architecture": "amd64", "os": "linux", "created": epoch,
		"config":  config,
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{diffID}},
		"history": []any{map[string]any{"created": epoch, "created_by": "COPY / /"}},
	})
	configName := fmt.Sprintf("%x.json", sha256.Sum256(encoded))
	var image archive
	image.file("layer.tar", 0o644, layer)
	image.file(configName, 0o644, encoded)
	image.file("manifest.json", 0o644, mustJSON([]any{map[string]any{
		"Config": configName, "RepoTags": []string{name}, "Layers": []string{"layer.tar"},
	}}))
	return image.bytes()
}

func mustJSON(v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return encoded
}

// archive writes a tar in memory.
type archive struct {
	buf bytes.Buffer
	w   *tar.Writer
}

func (a *archive) add(h *tar.Header, content []byte) {
	if a.w == nil {
		a.w = tar.NewWriter(&a.buf)
	}
	h.ModTime, h.Size = epoch, int64(len(content))
	// Writing to memory fails only for headers that cannot be.
	if err := a.w.WriteHeader(h); err != nil {
		panic(err)
	}
	if _, err := a.w.Write(content); err != nil {
		panic(err)
	}
}

func (a *archive) dir(name string, mode int64) {
	a.add(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode}, nil)
}

func (a *archive) file(name string, mode int64, content []byte) {
	a.add(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}, content)
}

func (a *archive) link(name, target string) {
	a.add(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, nil)
}

func (a *archive) bytes() []byte {
	if err := a.w.Close(); err != nil {
		panic(err)
	}
	return a.buf.Bytes()
}

func busybox(t *testing.T) string {
	t.Helper()
	path, err := busyboxTar()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
