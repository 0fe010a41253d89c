package container

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestProcessChanges(t *testing.T) {
	base := func() *specs.Process {
		return &specs.Process{
			Args: []string{"init"}, Cwd: "/", Env: []string{"A=1"}, Terminal: true,
			User: specs.User{UID: 1, GID: 2}, NoNewPrivileges: true,
			Capabilities: &specs.LinuxCapabilities{Bounding: []string{"CAP_KILL"}},
		}
	}
	p := base()
	if err := (ProcessChanges{Args: []string{"sh"}}).apply(p); err != nil {
		t.Fatal(err)
	}
	if p.Args[0] != "sh" || p.Cwd != "/" || p.User.UID != 1 || !p.NoNewPrivileges || p.Terminal {
		t.Errorf("only the arguments were to change, and the terminal: %+v", p)
	}

	p = base()
	err := ProcessChanges{
		Args: []string{"sh"}, Cwd: "/tmp", Env: []string{"B=2"}, UID: new(uint32(5)),
		AdditionalGIDs: []uint32{7}, NoNewPrivileges: new(false), Capabilities: []string{"CAP_CHOWN"},
	}.apply(p)
	if err != nil {
		t.Fatal(err)
	}
	if p.Cwd != "/tmp" || !slices.Equal(p.Env, []string{"A=1", "B=2"}) || p.User.UID != 5 || p.User.GID != 2 || p.NoNewPrivileges {
		t.Errorf("got %+v", p)
	}
	caps := p.Capabilities
	if !slices.Equal(caps.Bounding, []string{"CAP_KILL", "CAP_CHOWN"}) || len(caps.Inheritable) > 0 || len(caps.Ambient) > 0 {
		t.Errorf("capabilities: %+v", caps)
	}

	p = base()
	p.Capabilities.Inheritable = []string{"CAP_KILL"}
	if err := (ProcessChanges{Args: []string{"sh"}, Capabilities: []string{"CAP_CHOWN"}}).apply(p); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Capabilities.Inheritable, []string{"CAP_KILL"}) || !slices.Equal(p.Capabilities.Ambient, []string{"CAP_CHOWN"}) {
		t.Errorf("capabilities: %+v", p.Capabilities)
	}

	if err := (ProcessChanges{Args: []string{"sh"}, Cwd: "tmp"}).apply(base()); err == nil {
		t.Error("a relative working folder was accepted")
	}
}

func TestSubCgroups(t *testing.T) {
	for _, test := range []struct {
		args []string
		want map[string]string
		err  string
	}{
		{nil, map[string]string{}, ""},
		{[]string{"sub"}, map[string]string{"": "sub"}, ""},
		{[]string{"cpu,memory:a", "pids:b"}, map[string]string{"cpu": "a", "memory": "a", "pids": "b"}, ""},
		{[]string{"cpu:a", "b"}, nil, "missing <controller>: prefix"},
		{[]string{":a"}, nil, "empty <controller> prefix"},
		{[]string{"cpu:a", "cpu:b"}, nil, "controller cpu specified multiple times"},
	} {
		got, err := subCgroups(test.args)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want %q", test.args, err, test.err)
			}
			continue
		}
		if err != nil || !maps.Equal(got, test.want) {
			t.Errorf("%q: %v, %v; want %v", test.args, got, err, test.want)
		}
	}
}
