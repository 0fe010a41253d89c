package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// registry serves one image over the distribution protocol.
type registry struct {
	blobs    map[string][]byte
	manifest []byte
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

// newRegistry holds the busybox image with its layer packed.
func newRegistry(t *testing.T) *registry {
	t.Helper()
	file, err := os.Open(busybox(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := &registry{blobs: map[string][]byte{}}
	var config, layer []byte
	for archived := tar.NewReader(file); ; {
		h, err := archived.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		content, err := io.ReadAll(archived)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case h.Name == "layer.tar":
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, _ = w.Write(content)
			_ = w.Close()
			layer = packed.Bytes()
		case h.Name != "manifest.json":
			config = content
		}
	}
	r.manifest = mustJSON(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": r.add("application/vnd.docker.container.image.v1+json", config),
		"layers": []any{r.add("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)},
	})
	return r
}

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

func (r *registry) add(mediaType string, content []byte) map[string]any {
	r.blobs[digestOf(content)] = content
	return map[string]any{"mediaType": mediaType, "size": len(content), "digest": digestOf(content)}
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	switch {
	case req.URL.Path == "/v2/":
		w.WriteHeader(http.StatusOK)
	case strings.Contains(req.URL.Path, "/locked/"):
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasPrefix(req.URL.Path, "/v2/team/box/manifests/") && (name == "1" || name == digestOf(r.manifest)):
		w.Header().Set("Content-Type", manifestType)
		w.Header().Set("Docker-Content-Digest", digestOf(r.manifest))
		w.Header().Set("Content-Length", fmt.Sprint(len(r.manifest)))
		if req.Method != http.MethodHead {
			_, _ = w.Write(r.manifest)
		}
	case strings.HasPrefix(req.URL.Path, "/v2/team/box/blobs/") && r.blobs[name] != nil:
		w.Header().Set("Content-Length", fmt.Sprint(len(r.blobs[name])))
		_, _ = w.Write(r.blobs[name])
	default:
		http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`, http.StatusNotFound)
	}
}

// serve serves a handler on loopback in the daemon's network.
func (d *daemon) serve(h http.Handler) (address string) {
	d.t.Helper()
	var l net.Listener
	var err error
	d.within(func() { l, err = net.Listen("tcp", "127.0.0.1:0") })
	if err != nil {
		d.t.Fatal(err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	d.t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// TestPull pulls from a registry on loopback.
func TestPull(t *testing.T) {
	needRoot(t, "pulling from a registry")
	r := newRegistry(t)
	for _, line := range commandLines(t) {
		t.Run(line, func(t *testing.T) {
			d := startDaemon(t)
			address := d.serve(r)
			ref := address + "/team/box:1"
			got := d.command(line, nil, "pull", ref)
			for _, want := range []string{"1: Pulling from team/box", "Pull complete", "Digest: " + digestOf(r.manifest), "Status: Downloaded newer image for " + ref, ref} {
				if !strings.Contains(got.stdout, want) || got.exit != 0 {
					t.Errorf("pull: exit %d, without %q\n%s%s", got.exit, want, got.stdout, got.stderr)
				}
			}
			got = d.command(line, nil, "pull", ref)
			if !strings.Contains(got.stdout, "Status: Image is up to date for "+ref) || got.exit != 0 {
				t.Errorf("pull again: exit %d\n%s%s", got.exit, got.stdout, got.stderr)
			}
			if got := d.command(line, nil, "run", "--rm", "--network", "none", ref, "echo", "pulled"); got.stdout != "pulled\n" {
				t.Errorf("run: %s%s", got.stdout, got.stderr)
			}
			if got := d.command(line, nil, "image", "inspect", "-f", "{{json .RepoDigests}}", ref); !strings.Contains(got.stdout, "/team/box@"+digestOf(r.manifest)) {
				t.Errorf("RepoDigests: %s%s", got.stdout, got.stderr)
			}
			if got := d.command(line, nil, "rmi", ref); got.exit != 0 {
				t.Errorf("rmi: %s", got.stderr)
			}
			// run pulls what is missing, by digest too.
			byDigest := address + "/team/box@" + digestOf(r.manifest)
			if got := d.command(line, nil, "run", "--rm", "--network", "none", byDigest, "echo", "on", "demand"); got.stdout != "on demand\n" || !strings.Contains(got.stderr, "Unable to find image") {
				t.Errorf("run: %s%s", got.stdout, got.stderr)
			}
			for bad, want := range map[string]string{
				address + "/team/box:nosuch": "manifest",
				address + "/locked/x:1":      "",
				"127.0.0.1:1/nobody/x:1":     "refused",
			} {
				got := d.command(line, nil, "pull", bad)
				if got.exit != 1 || !strings.Contains(got.stderr, want) || got.stderr == "" {
					t.Errorf("pull %s: exit %d %s%s", bad, got.exit, got.stdout, got.stderr)
				}
			}
		})
	}
}

// TestToolbox runs what an engine has on a fresh machine.
func TestToolbox(t *testing.T) {
	needRoot(t, "the image that the engine brings")
	d := startDaemon(t)
	for _, line := range commandLines(t) {
		for args, want := range map[string]string{
			"toolbox echo hi":                "hi\n",
			"-e A=b toolbox env":             "A=b\n",
			"toolbox cat /etc/hostname":      "",
			"toolbox:latest echo two words":  "two words\n",
			"--entrypoint echo toolbox bare": "bare\n",
		} {
			got := d.command(line, nil, append([]string{"run", "--rm", "--network", "none"}, strings.Fields(args)...)...)
			if got.exit != 0 || !strings.Contains(got.stdout, want) {
				t.Errorf("%s run %s: exit %d %s%s", line, args, got.exit, got.stdout, got.stderr)
			}
		}
	}
	if got := d.engine("images", "--format", "{{.Repository}}:{{.Tag}}"); got != "toolbox:latest" {
		t.Errorf("images: %s", got)
	}
	d.engine("rmi", "toolbox")
	d.stop()
	d.start() // the root is not empty: it does not come back
	if got := d.engine("images", "-q"); got != "" {
		t.Errorf("after a restart: %s", got)
	}
}

// TestCompletion asks for words as a shell does.
func TestCompletion(t *testing.T) {
	needRoot(t, "completion of containers and images")
	d := startDaemon(t)
	d.load()
	d.sleeper("up")
	d.engine("create", "--name", "made", "busybox", "true")
	for args, want := range map[string]string{
		"stop":    "up",
		"start":   "made",
		"rm":      "made",
		"inspect": "up",
		"run":     "busybox",
		"rmi":     "toolbox",
	} {
		got := d.engine("__complete", args, "")
		if !strings.Contains("\n"+got+"\n", "\n"+want) {
			t.Errorf("%s: %s", args, got)
		}
	}
}
