package images

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/jsonstream"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (e *engine) pull(name string, opts types.ImagePullOptions) (messages, error) {
	var m messages
	err := e.Pull(e.ctx, name, opts, m.add)
	return m, err
}

func TestPull(t *testing.T) {
	e, r := start(t), serve(t)
	s := busybox()
	blobs := s.oci(true)
	r.push("team/box:v1", blobs...)
	name := r.host() + "/team/box:v1"
	m, err := e.pull(name, types.ImagePullOptions{})
	check(t, err)
	layers := []string{blobs[2].digest().Encoded()[:12], blobs[3].digest().Encoded()[:12]}
	want := []string{
		"v1: Pulling from team/box",
		layers[0] + ": Pulling fs layer", layers[1] + ": Pulling fs layer",
		layers[0] + ": Download complete", layers[1] + ": Download complete",
		layers[0] + ": Pull complete", layers[1] + ": Pull complete",
		"Digest: " + blobs[0].digest().String(),
		"Status: Downloaded newer image for " + name,
	}
	got := m.text()
	at := 0
	for _, line := range want {
		if strings.HasSuffix(line, "Download complete") { // in any order
			if !strings.Contains(got, line+"\n") {
				t.Errorf("%q is missing in\n%s", line, got)
			}
			continue
		}
		i := strings.Index(got[at:], line+"\n")
		if i < 0 {
			t.Fatalf("%q is missing, or too early, in\n%s", line, got)
		}
		at += i
	}
	wantBars(t, m, layers)
	i := e.mustGet(name)
	if i.ID != s.id() || len(i.RepoTags) != 1 || len(i.RepoDigests) != 1 {
		t.Errorf("%+v", i)
	}
	if want := r.host() + "/team/box@" + blobs[0].digest().String(); i.RepoDigests[0] != want {
		t.Errorf("digests %v, want %s", i.RepoDigests, want)
	}
	if _, err := e.Get(e.ctx, i.RepoDigests[0]); err != nil {
		t.Error(err)
	}

	m, err = e.pull(name, types.ImagePullOptions{})
	check(t, err)
	if !strings.HasSuffix(m.text(), "Status: Image is up to date for "+name+"\n") || strings.Contains(m.text(), layers[0]) {
		t.Errorf("the second time:\n%s", m.text())
	}
	if n := r.count("GET /v2/team/box/blobs/" + blobs[2].digest().String()); n != 1 {
		t.Errorf("the layer was fetched %d times", n)
	}

	// Of an image that shares a layer only the rest is fetched.
	more := spec{layers: append(busybox().layers[:1:1], tarOf(file{name: "more"}))}
	r.push("team/more:1", more.oci(true)...)
	m, err = e.pull(r.host()+"/team/more:1", types.ImagePullOptions{})
	check(t, err)
	if !strings.Contains(m.text(), layers[0]+": Already exists") || strings.Contains(m.text(), layers[0]+": Pull complete") {
		t.Errorf("one that shares a layer:\n%s", m.text())
	}
	_, err = e.rmi(more.id(), unforced)
	check(t, err)

	// With the last tag of the repository its digest goes.
	out, err := e.rmi(name, unforced)
	check(t, err)
	if n := strings.Count(out, "Untagged: "); n != 2 || !strings.Contains(out, "Deleted: "+s.id()) {
		t.Errorf("removed:\n%s", out)
	}
	e.wantNothingLeft()
}

// wantBars checks that each layer has a bar that begins and ends.
func wantBars(t *testing.T, m messages, layers []string) {
	t.Helper()
	done := map[string]bool{}
	for _, message := range m {
		if p := message.Progress; p != nil {
			if p.Current > p.Total || p.Total == 0 {
				t.Errorf("bar %+v of %s", p, message.ID)
			}
			if p.Current == p.Total {
				done[message.Status+message.ID] = true
			}
		}
	}
	for _, l := range layers {
		if !done["Downloading"+l] || !done["Extracting"+l] {
			t.Errorf("the bars of %s do not end: %v", l, done)
		}
	}
}

func TestPullNames(t *testing.T) {
	e, r := start(t), serve(t)
	s, older := busybox(), busybox()
	older.labels = map[string]string{"older": "1"}
	arm := spec{layers: s.layers[:1], arch: "arm64"}
	index := blob{ociIndex, asJSON(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{
		arm.oci(true)[0].with("platform", map[string]string{"os": "linux", "architecture": "arm64"}),
		s.oci(true)[0].with("platform", map[string]string{"os": "linux", "architecture": "amd64"}),
		helm().with("platform", map[string]string{"os": "unknown", "architecture": "unknown"}),
	}})}
	all := append(append(s.oci(true), arm.oci(true)...), helm())
	r.push("box:latest", append([]blob{index}, all...)...)

	m, err := e.pull(r.host()+"/box", types.ImagePullOptions{})
	check(t, err)
	if i := e.mustGet(r.host() + "/box:latest"); i.ID != s.id() || i.RepoDigests[0] != r.host()+"/box@"+index.digest().String() {
		t.Errorf("%+v\n%s", i, m.text())
	}
	// By digest there is no tag.
	_, err = e.pull(r.host()+"/box@"+arm.oci(true)[0].digest().String(), types.ImagePullOptions{})
	check(t, err)
	if i := e.mustGet(arm.id()); len(i.RepoTags) != 0 || len(i.RepoDigests) != 1 {
		t.Errorf("%+v", i)
	}
	// Another platform takes the tag over.
	_, err = e.pull(r.host()+"/box", types.ImagePullOptions{Platform: "linux/arm64"})
	check(t, err)
	if i := e.mustGet(r.host() + "/box"); i.ID != arm.id() {
		t.Errorf("%+v", i)
	}
	_, err = e.pull(r.host()+"/box", types.ImagePullOptions{Platform: "linux/s390x"})
	wantError(t, err, "no matching manifest for linux/s390x in the manifest list entries")
	_, err = e.pull(r.host()+"/box", types.ImagePullOptions{Platform: "a/b/c/d/e"})
	wantError(t, err, "invalid platform")
	// The tag moves: the one it was on keeps its digests.
	r.push("box:latest", older.oci(true)...)
	m, err = e.pull(r.host()+"/box", types.ImagePullOptions{})
	check(t, err)
	if !strings.Contains(m.text(), "Downloaded newer image") {
		t.Error(m.text())
	}
	if i := e.mustGet(arm.id()); len(i.RepoTags) != 0 || len(i.RepoDigests) != 2 {
		t.Errorf("%+v", i)
	}
	// One digest for two platforms leads to the one that was pulled last.
	if i := e.mustGet(s.id()); len(i.named()) != 0 {
		t.Errorf("%+v", i)
	}
	_, err = e.pull(r.host()+"/box", types.ImagePullOptions{Platform: "linux/arm64"})
	wantError(t, err, "does not match the specified platform")
}

func TestPullErrors(t *testing.T) {
	e, r := start(t), serve(t)
	s := busybox()
	good := s.oci(true)
	r.push("box:good", good...)
	r.push("box:nolayer", good[:3]...)
	r.mu.Lock()
	delete(r.blobs, good[3].digest())
	r.mu.Unlock()
	lie := blob{ociManifest, asJSON(map[string]any{"schemaVersion": 2, "mediaType": ociManifest, "config": good[1].descriptor(), "layers": []any{good[2].descriptor()}})}
	r.push("box:lie", lie, good[1], good[2])
	r.push("box:helm", helm(), blob{"application/x", []byte("{}")})
	r.push("box:text", blob{"text/html", []byte("<html>not a registry</html>")})
	r.push("box:bad", blob{ociManifest, []byte("{")})
	for _, test := range []struct {
		name, want string
		status     int
	}{
		{r.host() + "/box:nosuch", "manifest for " + r.host() + "/box:nosuch not found: manifest unknown", 404},
		{r.host() + "/nosuch", "not found: manifest unknown", 404},
		{r.host() + "/box:nolayer", "not found", 404},
		{r.host() + "/box:lie", "layers length mismatch", 400},
		{r.host() + "/box:helm", "not an image", 400},
		{r.host() + "/box:text", "", 400},
		{r.host() + "/box:bad", "not valid", 400},
		{"127.0.0.1:1/box", "connection refused", 500},
		{"UPPER", "invalid reference format", 400},
		{"", "invalid reference format", 400},
		{r.host() + "/box:bad tag", "invalid reference format", 400},
	} {
		_, err := e.pull(test.name, types.ImagePullOptions{})
		wantError(t, err, test.want)
		if got := errdefs.ToHTTP(err); got != test.status {
			t.Errorf("%s: status %d, want %d: %v", test.name, got, test.status, err)
		}
		e.wantNothingLeft()
	}
}

// A blob that is not what its digest says is not taken.
func TestPullWrongContent(t *testing.T) {
	e, r := start(t), serve(t)
	blobs := busybox().oci(true)
	r.push("box:1", blobs...)
	for i, b := range blobs {
		r.mu.Lock()
		wrong := append([]byte(nil), b.data...)
		wrong[len(wrong)-1] ^= 1
		r.blobs[b.digest()] = blob{b.mediaType, wrong}
		r.mu.Unlock()
		_, err := e.pull(r.host()+"/box:1", types.ImagePullOptions{})
		if err == nil {
			t.Errorf("blob %d: pulled", i)
		}
		e.wantNothingLeft()
		r.push("box:1", blobs...)
	}
}

// The registry stops in the middle of a layer and the person gives up.
func TestPullCancelled(t *testing.T) {
	e, r := start(t), serve(t)
	blobs := spec{layers: [][]byte{tarOf(file{name: "big", content: random() + strings.Repeat("x", 1<<20)})}}.oci(false)
	r.push("box:1", blobs...)
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	slow := func(w http.ResponseWriter, q *http.Request) bool {
		if !strings.HasSuffix(q.URL.Path, blobs[2].digest().String()) {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(blobs[2].data)))
		_, _ = w.Write(blobs[2].data[:len(blobs[2].data)/2])
		_ = http.NewResponseController(w).Flush()
		select {
		case <-stop:
		case <-q.Context().Done():
		}
		return true
	}
	r.answer = slow
	ctx, cancel := context.WithCancel(e.ctx)
	began := time.Now()
	var bars int
	err := e.Pull(ctx, r.host()+"/box:1", types.ImagePullOptions{}, func(message any) error {
		if p := message.(jsonstream.Message).Progress; p != nil {
			bars++
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || bars == 0 {
		t.Errorf("%v after %d bars", err, bars)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to give up", took)
	}
	e.wantNothingLeft()

	// A connection that breaks is taken up again where it was.
	r.mu.Lock()
	broken := false
	r.answer = func(w http.ResponseWriter, q *http.Request) bool {
		if broken || !strings.HasSuffix(q.URL.Path, blobs[2].digest().String()) {
			return false
		}
		broken = true
		w.Header().Set("Content-Length", fmt.Sprint(len(blobs[2].data)))
		_, _ = w.Write(blobs[2].data[:len(blobs[2].data)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	r.mu.Unlock()
	if _, err := e.pull(r.host()+"/box:1", types.ImagePullOptions{}); err != nil {
		t.Logf("broken connection: %v", err) // an error is an answer too, half a layer is none
		e.wantNothingLeft()
	} else if i := e.mustGet(r.host() + "/box:1"); i.ID == "" {
		t.Error("no image")
	}

	// The client is gone.
	gone := errors.New("client is gone")
	if err := e.Pull(e.ctx, r.host()+"/box:1", types.ImagePullOptions{}, func(any) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestPullWithToken(t *testing.T) {
	e, r := start(t), serve(t)
	r.push("private/box:1", busybox().oci(true)...)
	const user, password, token = "gordon", "s3cret", "the-token"
	r.answer = func(w http.ResponseWriter, q *http.Request) bool {
		switch {
		case q.URL.Path == "/token":
			name, secret, ok := q.BasicAuth()
			if q.Method == http.MethodPost {
				name, secret, ok = q.FormValue("username"), q.FormValue("password"), true
			}
			if !ok || name != user || secret != password {
				http.Error(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`, http.StatusUnauthorized)
				return true
			}
			fmt.Fprintf(w, `{"token":%q,"access_token":%q}`, token, token)
			return true
		case q.Header.Get("Authorization") != "Bearer "+token:
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test",scope="repository:private/box:pull"`, r.server.URL))
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
	name := r.host() + "/private/box:1"
	auth := func(user, password string) types.ImagePullOptions {
		return types.ImagePullOptions{RegistryAuth: base64.URLEncoding.EncodeToString(asJSON(map[string]string{"username": user, "password": password}))}
	}
	for _, opts := range []types.ImagePullOptions{{}, {RegistryAuth: "no base64!"}, auth(user, "wrong")} {
		_, err := e.pull(name, opts)
		wantError(t, err, "pull access denied for "+r.host()+"/private/box, repository does not exist or may require 'docker login'")
		if got := errdefs.ToHTTP(err); got != 404 {
			t.Errorf("status %d: %v", got, err)
		}
		if strings.Contains(err.Error(), "wrong") {
			t.Errorf("the password is in %q", err)
		}
		e.wantNothingLeft()
	}
	_, err := e.pull(name, auth(user, password))
	check(t, err)
	e.mustGet(name)
}

func TestPullBasicAuth(t *testing.T) {
	e, r := start(t), serve(t)
	r.push("box:1", busybox().oci(true)...)
	r.answer = func(w http.ResponseWriter, q *http.Request) bool {
		if _, password, ok := q.BasicAuth(); ok && password == "s3cret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	_, err := e.pull(r.host()+"/box:1", types.ImagePullOptions{})
	wantError(t, err, "pull access denied")
	_, err = e.pull(r.host()+"/box:1", types.ImagePullOptions{RegistryAuth: base64.URLEncoding.EncodeToString([]byte(`{"username":"a","password":"s3cret"}`))})
	check(t, err)
}
