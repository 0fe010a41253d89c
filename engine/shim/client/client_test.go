package client

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	bootstrap "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	task "github.com/containerd/containerd/api/runtime/task/v3"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestParseAnswer(t *testing.T) {
	message, err := proto.Marshal(&bootstrap.BootstrapResult{Version: 3, Address: "unix:///m", Protocol: "ttrpc"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		out  string
		want answer
		err  string
	}{
		{string(message), answer{3, "unix:///m", "ttrpc"}, ""},
		{`{"version":3,"address":"unix:///j","protocol":"ttrpc"}` + "\n", answer{3, "unix:///j", "ttrpc"}, ""},
		{`{"version":2,"address":"unix:///j","protocol":"grpc"}`, answer{2, "unix:///j", "grpc"}, ""},
		{"unix:///run/containerd/s/0123", answer{2, "unix:///run/containerd/s/0123", "ttrpc"}, ""},
		{"/containerd-shim/ns/id.sock\n", answer{2, "/containerd-shim/ns/id.sock", "ttrpc"}, ""},
		{"", answer{}, "no address"},
		{"{", answer{}, "answer"},
		{`{"version":3}`, answer{}, "has no address"},
	} {
		got, err := parseAnswer([]byte(test.out))
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: %+v, %v; want %+v, %q", test.out, got, err, test.want, test.err)
		}
	}
}

func TestSocketName(t *testing.T) {
	for address, want := range map[string]string{"unix:///a/b": "/a/b", "/a/b": "\x00/a/b"} {
		if got := socketName(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// program writes a program of the shell that stands in for a shim.
func program(t *testing.T, script string) StartConfig {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "shim")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return StartConfig{Binary: binary, Namespace: "ns", ID: "c", Bundle: dir, Address: "/a", TTRPCAddress: "/t"}
}

func TestStartFails(t *testing.T) {
	for _, test := range []struct {
		script, want string
	}{
		{"echo no such thing >&2; exit 1", "shim of c: no such thing: exit status 1"},
		{"exit 3", "shim of c: exit status 3"},
		{"exit 0", "start printed no address"},
		{"echo '{'", "answer"},
		{"echo unix:///nosuch", "shim of c is gone"},
		{`echo '{"version":3,"address":"unix:///x","protocol":"grpc"}'`, `serves "grpc", not ttrpc`},
	} {
		_, err := Start(t.Context(), program(t, test.script))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.script, err, test.want)
		}
	}
}

// TestStartIsCutOff ends with the context and says so.
func TestStartIsCutOff(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, program(t, "exec sleep 10")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}

// TestStartTellsOldShims asks again in their way those that refuse the
// bootstrap parameters.
func TestStartTellsOldShims(t *testing.T) {
	cfg := program(t, `[ $(wc -c) = 0 ] || { echo refused >&2; exit 1; }
echo "$@" >args; env >env; echo unix:///nosuch`)
	_, err := Start(t.Context(), cfg)
	if !cerrdefs.IsNotFound(err) {
		t.Errorf("%v, want not found: the shim was asked", err)
	}
	args, _ := os.ReadFile(filepath.Join(cfg.Bundle, "args"))
	if want := "-namespace ns -address /a -publish-binary -id c start\n"; strings.Join(strings.Fields(string(args)), " ") != strings.TrimSpace(want) {
		t.Errorf("arguments %q, want %q", args, want)
	}
	env, _ := os.ReadFile(filepath.Join(cfg.Bundle, "env"))
	for _, want := range []string{"TTRPC_ADDRESS=/t\n", "GRPC_ADDRESS=/a\n", "NAMESPACE=ns\n", "MAX_SHIM_VERSION="} {
		if !strings.Contains(string(env), want) {
			t.Errorf("environment lacks %q", want)
		}
	}
	if binary, _ := os.ReadFile(filepath.Join(cfg.Bundle, "shim-binary-path")); string(binary) != cfg.Binary {
		t.Errorf("bundle remembers %q, want %q", binary, cfg.Binary)
	}
}

func TestLoadWithoutShim(t *testing.T) {
	cfg := StartConfig{ID: "c", Bundle: t.TempDir()}
	if _, err := Load(t.Context(), cfg); !cerrdefs.IsNotFound(err) {
		t.Errorf("no file: %v, want not found", err)
	}
	// What a crash may leave.
	if err := os.WriteFile(filepath.Join(cfg.Bundle, "bootstrap.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), cfg); !cerrdefs.IsUnavailable(err) {
		t.Errorf("empty file: %v, want unavailable", err)
	}
	if _, err := DeleteAfterDeath(t.Context(), cfg); !cerrdefs.IsNotFound(err) {
		t.Errorf("delete without a known shim: %v, want not found", err)
	}
}

// mortal is a listener whose connections can be cut, as by the death of their
// process. A ttrpc server's own Close spares those with a call under way.
type mortal struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (m *mortal) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	if err == nil {
		m.mu.Lock()
		m.conns = append(m.conns, conn)
		m.mu.Unlock()
	}
	return conn, err
}

func (m *mortal) die() {
	m.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, conn := range m.conns {
		conn.Close()
	}
}

// slow serves version 2 of the API, or rather two of its methods.
type slow struct{}

func (slow) desc() *ttrpc.ServiceDesc {
	return &ttrpc.ServiceDesc{Methods: map[string]ttrpc.Method{
		"Connect": func(context.Context, func(any) error) (any, error) {
			return &task.ConnectResponse{ShimPid: 1}, nil
		},
		"Pause": func(ctx context.Context, _ func(any) error) (any, error) {
			<-ctx.Done()
			return &emptypb.Empty{}, nil
		},
	}}
}

// TestLoadAndLose connects to a shim of version 2 that then dies under a call.
func TestLoadAndLose(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := ttrpc.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	srv.RegisterService("containerd.task.v2.Task", slow{}.desc())
	dying := &mortal{Listener: listener}
	go func() { _ = srv.Serve(context.Background(), dying) }()
	if err := os.WriteFile(filepath.Join(dir, "bootstrap.json"), []byte("unix://"+path), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	shim, err := Load(t.Context(), StartConfig{ID: "c", Bundle: dir, OnClose: func() { close(closed) }})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, dying.die)
	if err := shim.Pause(t.Context(), &task.PauseRequest{}); !cerrdefs.IsUnavailable(err) {
		t.Errorf("call of a shim that dies: %v, want unavailable", err)
	}
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("OnClose was not called")
	}
	shim.Close()
}
