package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// serve is a daemon on a unix socket, and a client of it. The daemon notes what
// it is asked.
func serve(t *testing.T, handler http.Handler) (c *Client, asked func() []string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var requests []string
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			requests = append(requests, r.Method+" "+r.RequestURI)
			mu.Unlock()
			handler.ServeHTTP(w, r)
		}),
	}}
	server.Start()
	t.Cleanup(server.Close)
	c, err = New("unix://" + socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return requests
	}
}

func TestErrorsKeepTheirClassAndWords(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
		class      error
	}{
		{404, `{"message":"No such container: x"}`, "Error response from daemon: No such container: x", cerrdefs.ErrNotFound},
		{409, `{"message":"in use"}`, "Error response from daemon: in use", cerrdefs.ErrConflict},
		{400, `{"message":"bad"}`, "Error response from daemon: bad", cerrdefs.ErrInvalidArgument},
		{500, "page not found\n", "Error response from daemon: page not found", cerrdefs.ErrInternal},
		{501, "", "Error response from daemon: 501 Not Implemented", cerrdefs.ErrNotImplemented},
		{301, "", "Error response from daemon: 301 Moved Permanently", cerrdefs.ErrUnknown},
		{500, `{"message":"` + strings.Repeat("x", 2*maxMessage), "", cerrdefs.ErrInternal},
	} {
		c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.invalid/")
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		}))
		err := c.Containers.Pause(t.Context(), "x")
		if err == nil || test.want != "" && err.Error() != test.want {
			t.Errorf("%d %q: got %v", test.status, test.body, err)
		}
		if !errors.Is(err, test.class) {
			t.Errorf("%d: %v is not %v", test.status, err, test.class)
		}
		if err != nil && len(err.Error()) > maxMessage+100 {
			t.Errorf("%d: a message of %d bytes was read", test.status, len(err.Error()))
		}
	}
}

func TestNotModifiedIsNoError(t *testing.T) {
	c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotModified)
	}))
	if err := c.Containers.Start(t.Context(), "x", types.StartOptions{}); err != nil {
		t.Error(err)
	}
}

func TestNamesAreOneSegment(t *testing.T) {
	c, asked := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, want := range map[string]string{
		"web":               "/v1.50/containers/web/pause",
		"a/b":               "/v1.50/containers/a%2Fb/pause",
		"../images":         "/v1.50/containers/..%2Fimages/pause",
		"..":                "/v1.50/containers/%2E%2E/pause",
		"x?force=1":         "/v1.50/containers/x%3Fforce=1/pause",
		"x\r\nHost: a":      "/v1.50/containers/x%0D%0AHost:%20a/pause",
		"ü":                 "/v1.50/containers/%C3%BC/pause",
		"registry:5000/a:1": "/v1.50/containers/registry:5000%2Fa:1/pause",
	} {
		if err := c.Containers.Pause(t.Context(), name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		all := asked()
		if got := all[len(all)-1]; got != "POST "+want {
			t.Errorf("%q: asked %s, want %s", name, got, want)
		}
	}
}

// old is a daemon that knows versions until 1.41.
func old(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1.41/") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"message":"client version 1.50 is too new. Maximum supported API version is 1.41"}`)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

func TestFallsBackOnceAndRemembers(t *testing.T) {
	c, asked := serve(t, old(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"Warnings":[%q]}`, body)
	})))
	for range 2 {
		updated, err := c.Containers.Update(t.Context(), "x", types.UpdateConfig{CacheProperty: "L3:0=f"})
		if err != nil {
			t.Fatal(err)
		}
		if len(updated.Warnings) != 1 || !strings.Contains(updated.Warnings[0], `"CacheProperty":"L3:0=f"`) {
			t.Errorf("the second attempt sent %v", updated.Warnings)
		}
	}
	want := "POST /v1.50/containers/x/update, POST /v1.41/containers/x/update, POST /v1.41/containers/x/update"
	if got := strings.Join(asked(), ", "); got != want {
		t.Errorf("asked %s", got)
	}
	if c.Version() != "1.41" {
		t.Errorf("version %s", c.Version())
	}
}

func TestFallsBackBeforeWhatCannotBeSentTwice(t *testing.T) {
	daemon := old(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Docker-Container-Path-Stat", "e30=")
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"stream":%q}`, body)
	}))
	t.Run("upload", func(t *testing.T) {
		c, asked := serve(t, daemon)
		messages, err := c.Images.Load(t.Context(), strings.NewReader("a tar"), true)
		if err != nil {
			t.Fatal(err)
		}
		defer messages.Close()
		if m, err := messages.Next(); err != nil || m.Stream != "a tar" {
			t.Errorf("%v, %v; asked %v", m, err, asked())
		}
	})
	t.Run("HEAD", func(t *testing.T) {
		c, asked := serve(t, daemon)
		if _, err := c.Archives.Stat(t.Context(), "x", "/"); err != nil {
			t.Errorf("%v; asked %v", err, asked())
		}
		if _, err := c.Archives.Stat(t.Context(), "x", "/"); err != nil || len(asked()) != 4 {
			t.Errorf("%v; asked %v", err, asked())
		}
	})
}

func TestDoesNotFallBackForEver(t *testing.T) {
	c, asked := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"message":"client version 1.50 is too new. Maximum supported API version is 1.41"}`)
	}))
	if err := c.Containers.Pause(t.Context(), "x"); err == nil || len(asked()) != 2 {
		t.Errorf("%v; asked %v", err, asked())
	}
}

func TestSupported(t *testing.T) {
	for message, want := range map[string]string{
		"client version 1.50 is too new. Maximum supported API version is 1.41":           "1.41",
		"x: client version 1.50 is too new. Maximum supported API version is 1.9 (sorry)": "1.9",
		"client version 1.50 is too new. Maximum supported API version is ../images":      "",
		"client version 1.50 is too new. Maximum supported API version is 1":              "",
		"too new": "",
	} {
		if got, ok := supported(message); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", message, got, ok)
		}
	}
}

// takeOver answers a request by hand, on its connection.
func takeOver(t *testing.T, talk func(conn *bufio.ReadWriter, r *http.Request)) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		talk(buffered, r)
		_ = buffered.Flush()
	})
}

func TestStreams(t *testing.T) {
	for _, head := range []string{
		"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n",
	} {
		c, _ := serve(t, old(takeOver(t, func(conn *bufio.ReadWriter, r *http.Request) {
			if r.Header.Get("Upgrade") != "tcp" || r.Header.Get("Connection") != "Upgrade" {
				t.Errorf("headers %v", r.Header)
			}
			// The first bytes come in the packet of the answer.
			_, _ = conn.WriteString(head + "hello ")
			_ = conn.Flush()
			input, _ := io.ReadAll(conn)
			_, _ = conn.WriteString(strings.ToUpper(string(input)))
		})))
		stream, err := c.Execs.Attach(t.Context(), "e", types.ExecStartOptions{Tty: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Write([]byte("world")); err != nil {
			t.Fatal(err)
		}
		if err := stream.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(stream)
		if err != nil || string(got) != "hello WORLD" {
			t.Errorf("%q, %v", got, err)
		}
		if err := errors.Join(stream.Close(), nil); err != nil {
			t.Error(err)
		}
	}
}

func TestStreamRefused(t *testing.T) {
	c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"message":"not running"}`)
	}))
	_, err := c.Containers.Attach(t.Context(), "x", types.AttachOptions{Stream: true})
	if !errors.Is(err, cerrdefs.ErrConflict) || err.Error() != "Error response from daemon: not running" {
		t.Errorf("%v", err)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	t.Run("while it is read", func(t *testing.T) {
		c, _ := serve(t, takeOver(t, func(conn *bufio.ReadWriter, _ *http.Request) {
			_, _ = conn.WriteString("HTTP/1.1 101 UPGRADED\r\n\r\n")
			_ = conn.Flush()
			<-hold
		}))
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := c.Containers.Attach(ctx, "x", types.AttachOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := io.ReadAll(stream); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
	t.Run("before the answer", func(t *testing.T) {
		c, _ := serve(t, takeOver(t, func(*bufio.ReadWriter, *http.Request) { <-hold }))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.Containers.Attach(ctx, "x", types.AttachOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestWaitReturnsBeforeTheEnd(t *testing.T) {
	end := make(chan struct{})
	c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-end
		_, _ = io.WriteString(w, `{"Error":null,"StatusCode":3}`)
	}))
	ended, err := c.Containers.Wait(t.Context(), "x", container.WaitConditionNextExit)
	if err != nil {
		t.Fatal(err)
	}
	close(end)
	if exit, err := ended(); err != nil || exit.StatusCode != 3 {
		t.Errorf("%v, %v", exit, err)
	}
}

func TestQueries(t *testing.T) {
	timeout := -1
	filters := types.Filters{"status": {"exited", "created"}}
	for _, test := range []struct {
		want string
		ask  func(ctx context.Context, c *Client)
	}{
		{"POST /v1.50/containers/x/stop?signal=INT&t=-1", func(ctx context.Context, c *Client) {
			_ = c.Containers.Stop(ctx, "x", types.StopOptions{Signal: "INT", Timeout: &timeout})
		}},
		{"POST /v1.50/containers/x/restart", func(ctx context.Context, c *Client) {
			_ = c.Containers.Restart(ctx, "x", types.StopOptions{})
		}},
		{"DELETE /v1.50/containers/x?force=1&v=1", func(ctx context.Context, c *Client) {
			_ = c.Containers.Remove(ctx, "x", types.RemoveOptions{Force: true, Volumes: true})
		}},
		{"POST /v1.50/containers/x/start?checkpoint=c1&checkpoint-dir=%2Fc", func(ctx context.Context, c *Client) {
			_ = c.Containers.Start(ctx, "x", types.StartOptions{Checkpoint: "c1", CheckpointDir: "/c"})
		}},
		{`GET /v1.50/containers/json?all=1&filters={"status":{"created":true,"exited":true}}&limit=2`, func(ctx context.Context, c *Client) {
			_, _ = c.Containers.List(ctx, types.ListOptions{All: true, Limit: 2, Filters: filters})
		}},
		{"GET /v1.50/containers/x/stats?stream=0", func(ctx context.Context, c *Client) {
			if s, err := c.Containers.Stats(ctx, "x", StatsOnce); err == nil {
				_ = s.Close()
			}
		}},
		{"DELETE /v1.50/containers/x/checkpoints/a%2Fb?dir=%2Fc", func(ctx context.Context, c *Client) {
			_ = c.Checkpoints.Remove(ctx, "x", "a/b", types.CheckpointOptions{Dir: "/c"})
		}},
		{"POST /v1.50/images/library%2Fbusybox:1/tag?repo=a/b&tag=2", func(ctx context.Context, c *Client) {
			_ = c.Images.Tag(ctx, "library/busybox:1", "a/b", "2")
		}},
		{"GET /v1.50/images/get?names=a&names=b:1", func(ctx context.Context, c *Client) {
			if tar, err := c.Images.Save(ctx, []string{"a", "b:1"}); err == nil {
				_ = tar.Close()
			}
		}},
		{"POST /v1.50/images/create?fromImage=127.0.0.1:5000/web&tag=2", func(ctx context.Context, c *Client) {
			if m, err := c.Images.Pull(ctx, "127.0.0.1:5000/web", "2", types.ImagePullOptions{}); err == nil {
				_ = m.Close()
			}
		}},
	} {
		c, asked := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
		test.ask(t.Context(), c)
		got := asked()[0]
		// The query in a form for people; the path stays as it was sent.
		if path, query, ok := strings.Cut(got, "?"); ok {
			if plain, err := url.QueryUnescape(query); err == nil && !strings.Contains(test.want, "%2Fc") {
				got = path + "?" + plain
			}
		}
		if got != test.want {
			t.Errorf("asked %s, want %s", got, test.want)
		}
	}
}

func TestCredentialsGoInTheirHeader(t *testing.T) {
	var got string
	c, _ := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-Registry-Auth") }))
	m, err := c.Images.Pull(t.Context(), "a", "1", types.ImagePullOptions{RegistryAuth: "e30="})
	if err != nil || got != "e30=" {
		t.Errorf("%q, %v", got, err)
	}
	_ = m.Close()
}

func TestInspectKeepsTheDaemonsBytes(t *testing.T) {
	const answer = `{"Id":"abc","HostConfig":{"Memory":7,"CacheProperty":"L3:0=f"},"Unknown":{"z":1}}`
	c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	got, raw, err := c.Containers.Inspect(t.Context(), "abc", false)
	if err != nil || string(raw) != answer || got.HostConfig.Memory != 7 || got.HostConfig.CacheProperty != "L3:0=f" {
		t.Errorf("%+v, %s, %v", got, raw, err)
	}
}

func TestBrokenAnswers(t *testing.T) {
	c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"Id":`) }))
	if _, err := c.Containers.Create(t.Context(), "", types.CreateRequest{}); err == nil || !strings.HasPrefix(err.Error(), "reading the daemon's answer: ") {
		t.Errorf("%v", err)
	}
}

func TestUnreachable(t *testing.T) {
	host := "unix://" + filepath.Join(t.TempDir(), "none")
	c, err := New(host)
	if err != nil {
		t.Fatal(err)
	}
	want := "Cannot connect to the engine daemon at " + host + ". Is engined running?"
	if err := c.Containers.Pause(t.Context(), "x"); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, err := c.Containers.Attach(t.Context(), "x", types.AttachOptions{}); err == nil || err.Error() != want {
		t.Errorf("attach: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Containers.Pause(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestHosts(t *testing.T) {
	for _, host := range []string{"unix:///run/engine.sock", "tcp://127.0.0.1:2375", "tcp://localhost:2375/", "tcp://[::1]:80"} {
		if _, err := New(host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{
		"", "/run/engine.sock", "unix://", "tcp://10.0.0.1:2375", "tcp://example.org:2375", "tcp://127.0.0.1",
		"ssh://a", "http://127.0.0.1:80",
	} {
		_, err := New(host)
		if !errors.Is(err, cerrdefs.ErrInvalidArgument) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestLoopbackTCP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"Version": "7"})
	}))
	defer server.Close()
	c, err := New("tcp://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if v, err := c.System.Version(t.Context()); err != nil || v.Version != "7" {
		t.Errorf("%v, %v", v, err)
	}
}
