package e2e

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// taker is a registry that takes what is sent to it by one user.
type taker struct {
	mu        sync.Mutex
	blobs     map[string][]byte // by digest
	manifests map[string][]byte // by tag and by digest
}

const user, password = "u", "p"

func (r *taker) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if u, p, ok := req.BasicAuth(); !ok || u != user || p != password {
		w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	name := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	kept, kind := r.blobs, "/blobs/"
	if strings.Contains(req.URL.Path, "/manifests/") {
		kept, kind = r.manifests, "/manifests/"
		w.Header().Set("Content-Type", manifestType)
	}
	digest := req.URL.Query().Get("digest")
	switch {
	case req.URL.Path == "/v2/":
	case req.Method == http.MethodPost:
		w.Header().Set("Location", req.URL.Path+"1")
		w.WriteHeader(http.StatusAccepted)
	case req.Method == http.MethodPut && kind == "/manifests/":
		kept[name], kept[digestOf(body)] = body, body
		w.Header().Set("Docker-Content-Digest", digestOf(body))
		w.WriteHeader(http.StatusCreated)
	case req.Method == http.MethodPut && digest == digestOf(body):
		kept[digest] = body
		w.WriteHeader(http.StatusCreated)
	case kept[name] != nil:
		w.Header().Set("Docker-Content-Digest", digestOf(kept[name]))
		_, _ = w.Write(kept[name])
	default:
		http.Error(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`, http.StatusNotFound)
	}
}

// TestPush logs in to a registry on loopback, sends an image and has it again.
func TestPush(t *testing.T) {
	needRoot(t, "pushing to a registry")
	d := startDaemon(t)
	d.load()
	r := &taker{blobs: map[string][]byte{}, manifests: map[string][]byte{}}
	address := d.serve(r)
	ref := address + "/team/box:1"
	d.engine("tag", "busybox", ref)
	for _, line := range commandLines(t) {
		if got := d.command(line, nil, "push", ref); got.exit == 0 || !strings.Contains(got.stdout+got.stderr, "denied") {
			t.Errorf("%s without a login: exit %d\n%s%s", line, got.exit, got.stdout, got.stderr)
		}
	}
	if got := d.command("docker", nil, "login", "-u", user, "-p", "wrong", address); got.exit == 0 || !strings.Contains(got.stderr, "unauthorized: incorrect username or password") {
		t.Errorf("a wrong password: exit %d\n%s%s", got.exit, got.stdout, got.stderr)
	}
	if got := d.command("docker", strings.NewReader(password), "login", "-u", user, "--password-stdin", address); got.exit != 0 || !strings.Contains(got.stdout, "Login Succeeded") {
		t.Errorf("login: exit %d\n%s%s", got.exit, got.stdout, got.stderr)
	}
	got := d.command("docker", nil, "push", ref)
	for _, want := range []string{"The push refers to repository [" + address + "/team/box]", ": Pushed", "1: digest: sha256:"} {
		if got.exit != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("push: exit %d, without %q\n%s%s", got.exit, want, got.stdout, got.stderr)
		}
	}
	if got := d.command("docker", nil, "push", ref); got.exit != 0 || !strings.Contains(got.stdout, "Layer already exists") {
		t.Errorf("push again: exit %d\n%s%s", got.exit, got.stdout, got.stderr)
	}
	d.engine("rmi", ref, "busybox")
	if got := d.command("docker", nil, "run", "--rm", "--network", "none", ref, "echo", "back"); got.stdout != "back\n" {
		t.Errorf("run: exit %d\n%s%s", got.exit, got.stdout, got.stderr)
	}
	if got := d.command("docker", nil, "push", address+"/nobody/x:1"); got.exit == 0 || !strings.Contains(got.stderr, "An image does not exist locally with the tag") {
		t.Errorf("what is not there: exit %d\n%s%s", got.exit, got.stdout, got.stderr)
	}
}
