package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bootstrap "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Geteuid() == 0 {
		if p := built(); p.dir != "" {
			os.RemoveAll(p.dir)
		}
		removeCgroups()
	}
	os.Exit(code)
}

func TestBadInvocations(t *testing.T) {
	stdin := openFile(t, nil)
	for _, test := range []struct {
		args string
		want string
	}{
		{"-id c start", "-namespace is missing"},
		{"-namespace n start", "-id is missing"},
		{"-namespace n -id a/b start", `-id "a/b" is not a name`},
		{"-namespace .. -id c start", `-namespace ".." is not a name`},
		{"-namespace n -id c -bundle x delete", `-bundle "x" is not an absolute path`},
		{"-namespace n -id c stop", `unknown action "stop"`},
		{"-nosuch", "flag provided but not defined: -nosuch"},
	} {
		var out bytes.Buffer
		err := run(strings.Fields(test.args), stdin, &out)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.args, err, test.want)
		}
		if out.Len() > 0 {
			t.Errorf("%q: printed %q", test.args, out.String())
		}
	}
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-v"}, openFile(t, nil), &out); err != nil || !strings.Contains(out.String(), "Go version: go1.") {
		t.Errorf("%v, printed %q", err, out.String())
	}
}

// TestAskedBy tells containerds apart and answers each in its way.
func TestAskedBy(t *testing.T) {
	dir := "/short"
	params := &bootstrap.BootstrapParams{InstanceID: "c", Namespace: "n", ContainerdTtrpcAddress: "/p.ttrpc", SocketDir: &dir}
	message, err := proto.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	other, err := proto.Marshal(&bootstrap.BootstrapParams{InstanceID: "d", Namespace: "n", ContainerdTtrpcAddress: "/q"})
	if err != nil {
		t.Fatal(err)
	}
	opts, err := proto.Marshal(&anypb.Any{TypeUrl: "containerd.runc.v1.Options", Value: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	const v2, v3 = `{"version":2,"address":"unix:///s","protocol":"ttrpc"}` + "\n", `{"version":3,"address":"unix:///s","protocol":"ttrpc"}` + "\n"
	for _, test := range []struct {
		name   string
		stdin  []byte
		newer  bool
		want   caller
		answer string
	}{
		{"1.6", nil, false, caller{"/e.ttrpc", defaultSocketDir, 0}, "unix:///s"},
		{"1.6 with options", opts, false, caller{"/e.ttrpc", defaultSocketDir, 0}, "unix:///s"},
		{"2.0", nil, true, caller{"/e.ttrpc", defaultSocketDir, 2}, v2},
		{"2.0 with options", opts, true, caller{"/e.ttrpc", defaultSocketDir, 2}, v2},
		{"2.3", message, true, caller{"/p.ttrpc", "/short", 3}, v3},
		{"2.3 in JSON", text, true, caller{"/p.ttrpc", "/short", 3}, v3},
		{"parameters of another", other, true, caller{"/e.ttrpc", defaultSocketDir, 2}, v2},
		{"junk", []byte("{"), false, caller{"/e.ttrpc", defaultSocketDir, 0}, "unix:///s"},
	} {
		t.Setenv("TTRPC_ADDRESS", "/e.ttrpc")
		t.Setenv("MAX_SHIM_VERSION", "2")
		if !test.newer {
			os.Unsetenv("MAX_SHIM_VERSION")
		}
		got, err := askedBy(invocation{namespace: "n", id: "c"}, openFile(t, test.stdin))
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
		var out bytes.Buffer
		if err := got.answer(&out, "unix:///s"); err != nil || out.String() != test.answer {
			t.Errorf("%s: answer %q, %v; want %q", test.name, out.String(), err, test.answer)
		}
	}
	if _, err := readParams(openFile(t, make([]byte, paramsBound+1))); err == nil {
		t.Error("read more than the bound")
	}
}

// TestListen replaces the socket of a dead shim, and leaves a living one's.
func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d", "s")
	first, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := listen(path); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("second listener: %v", err)
	}
	first.Close() // leaves the socket, as kill -9 does
	second, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := listen(filepath.Join(t.TempDir(), strings.Repeat("x", 120))); err == nil {
		t.Error("listened on a path that is too long")
	}
}

func TestSocketPath(t *testing.T) {
	a := invocation{namespace: "n", id: "c", address: "/a"}
	b := a
	b.namespace = "m"
	if socketPath(a, "/d") == socketPath(b, "/d") {
		t.Error("two namespaces share a socket")
	}
	if got := socketPath(a, defaultSocketDir); len(got) > 107 {
		t.Errorf("%d bytes are too long for a socket", len(got))
	}
	a.socket = "/x"
	if got := socketPath(a, "/d"); got != "/x" {
		t.Errorf("-socket is not heeded: %s", got)
	}
}

func openFile(t *testing.T, data []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
