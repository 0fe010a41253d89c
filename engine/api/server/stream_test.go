package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// dialed is a connection of its own, and the answer to what was sent on it.
type dialed struct {
	*net.TCPConn
	answered
	line string        // status and text
	body io.Reader     // of an answer
	rest *bufio.Reader // of the connection, once it is taken over
}

// dial sends the head of a request.
func dial(t *testing.T, url, head string) dialed {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close() // or the body would be read to its end
		resp.Body.Close()
	})
	return dialed{conn.(*net.TCPConn), answered{resp.StatusCode, resp.Header}, resp.Status, resp.Body, r}
}

func TestHijack(t *testing.T) {
	const upgrade = "Connection: Upgrade\nUpgrade: tcp\n"
	body := `{"Detach":false}`
	exec := fmt.Sprintf("Content-Type: application/json\nContent-Length: %d\n\n%s", len(body), body)
	for name, c := range map[string]struct {
		kind                StreamKind
		head                string
		status, contentType string
	}{
		"attach, asked to upgrade":   {Multiplexed, "POST /v1.50/containers/c/attach?stream=1 HTTP/1.1\nHost: x\n" + upgrade + "\n", "101 UPGRADED", "application/vnd.docker.multiplexed-stream"},
		"attach, a terminal":         {Raw, "POST /v1.50/containers/c/attach?stream=1 HTTP/1.1\nHost: x\n" + upgrade + "\n", "101 UPGRADED", "application/vnd.docker.raw-stream"},
		"attach, an older version":   {Multiplexed, "POST /v1.41/containers/c/attach?stream=1 HTTP/1.1\nHost: x\n" + upgrade + "\n", "101 UPGRADED", "application/vnd.docker.raw-stream"},
		"attach, not asked":          {Multiplexed, "POST /containers/c/attach?stream=1 HTTP/1.1\nHost: x\n\n", "200 OK", "application/vnd.docker.multiplexed-stream"},
		"exec, with input right off": {Raw, "POST /exec/e/start HTTP/1.1\nHost: x\n" + upgrade + exec, "101 UPGRADED", "application/vnd.docker.raw-stream"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{kind: c.kind}
			url, log := served(t, f)
			conn := dial(t, url, c.head+"early ")
			if conn.line != c.status || conn.header.Get("Content-Type") != c.contentType {
				t.Errorf("%s, %v", conn.line, conn.header)
			}
			if upgraded := strings.HasPrefix(c.status, "101"); upgraded != (conn.header.Get("Upgrade") == "tcp") {
				t.Errorf("Upgrade: %q", conn.header.Get("Upgrade"))
			}
			_, _ = io.WriteString(conn, "and late")
			_ = conn.CloseWrite() // and still the answer comes
			got, err := io.ReadAll(conn.rest)
			if err != nil || string(got) != "heard EARLY AND LATE" {
				t.Errorf("%q, %v; log %s", got, err, log)
			}
		})
	}
}

func TestHijackRefused(t *testing.T) {
	url, _ := served(t, &fake{err: errdefs.Conflict("You cannot attach to a stopped container, start it first")})
	conn := dial(t, url, "POST /containers/c/attach HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: tcp\n\n")
	body, err := io.ReadAll(conn.body)
	if conn.status != http.StatusConflict || !strings.Contains(string(body), "cannot attach") || err != nil {
		t.Errorf("%d %s %v", conn.status, body, err)
	}
}

// A client starts the container once the wait's status is there.
func TestWaitSendsItsStatusAtOnce(t *testing.T) {
	f := &fake{exit: make(chan container.WaitResponse)}
	url, _ := served(t, f)
	conn := dial(t, url, "POST /containers/c/wait?condition=next-exit HTTP/1.1\nHost: x\n\n")
	if conn.status != http.StatusOK {
		t.Fatal(conn.line)
	}
	f.exit <- container.WaitResponse{StatusCode: 3}
	if body, err := io.ReadAll(conn.body); string(body) != "{\"StatusCode\":3}\n" || err != nil {
		t.Errorf("%q %v", body, err)
	}
}

func TestWaitThatBreaksIsNoAnswer(t *testing.T) {
	f := &fake{exit: make(chan container.WaitResponse)}
	url, _ := served(t, f)
	close(f.exit)
	resp, err := http.Post(url+"/containers/c/wait", "", nil)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("read %q without an error", body)
	}
}

func TestStreamsEndWithTheirClient(t *testing.T) {
	f := &fake{exit: make(chan container.WaitResponse), events: make(chan types.Event)}
	url, _ := served(t, f)
	conn := dial(t, url, "GET /containers/c/stats HTTP/1.1\nHost: x\n\n")
	if conn.status != http.StatusOK {
		t.Fatal(conn.line)
	}
	conn.Close()
	deadline := time.Now().Add(5 * time.Second)
	for !strings.Contains(f.asked(), "Stats ended") {
		if time.Now().After(deadline) {
			t.Fatal("the backend still writes")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestEventsSendTheirStatusAtOnce(t *testing.T) {
	f := &fake{events: make(chan types.Event)}
	url, _ := served(t, f)
	conn := dial(t, url, "GET /events HTTP/1.1\nHost: x\n\n")
	if conn.status != http.StatusOK {
		t.Fatal(conn.line)
	}
	close(f.events)
}
