package images

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

// fakeRegistry serves images to pull, on loopback. It can only be read.
type fakeRegistry struct {
	t      *testing.T
	server *httptest.Server
	mu     sync.Mutex
	blobs  map[digest.Digest]blob
	tags   map[string]digest.Digest // name:tag
	hits   map[string]int
	// answer is asked first, if it is there. It reports whether it answered.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

func serve(t *testing.T) *fakeRegistry {
	t.Helper()
	r := &fakeRegistry{t: t, blobs: map[digest.Digest]blob{}, tags: map[string]digest.Digest{}, hits: map[string]int{}}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// host is the registry as part of a name.
func (r *fakeRegistry) host() string { return strings.TrimPrefix(r.server.URL, "http://") }

// push has the registry know blobs, of which the first is what the name leads to.
func (r *fakeRegistry) push(name string, blobs ...blob) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range blobs {
		r.blobs[b.digest()] = b
	}
	r.tags[name] = blobs[0].digest()
}

func (r *fakeRegistry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.hits[q.Method+" "+q.URL.Path]++
	answer := r.answer
	r.mu.Unlock()
	if answer != nil && answer(w, q) {
		return
	}
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		http.Error(w, "this registry is read-only", http.StatusMethodNotAllowed)
		return
	}
	parts := strings.Split(strings.TrimPrefix(q.URL.Path, "/v2/"), "/")
	if len(parts) < 3 {
		return // GET /v2/
	}
	name, kind, ref := strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-2], parts[len(parts)-1]
	r.mu.Lock()
	dgst := digest.Digest(ref)
	if kind == "manifests" && !strings.Contains(ref, ":") {
		dgst = r.tags[name+":"+ref]
	}
	b, ok := r.blobs[dgst]
	r.mu.Unlock()
	if !ok {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
		return
	}
	w.Header().Set("Content-Type", b.mediaType)
	w.Header().Set("Docker-Content-Digest", dgst.String())
	http.ServeContent(w, q, "", time.Time{}, strings.NewReader(string(b.data)))
}

func (r *fakeRegistry) count(request string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hits[request]
}
