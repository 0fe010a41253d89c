package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

// TestEveryFlagIsAsked gives each flag of create a value, and looks whether the
// daemon is asked for it.
func TestEveryFlagIsAsked(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What the usual values do not fit.
	values := map[string]string{
		"env-file": file, "label-file": file, "env": "A=1", "label": "a=b", "annotation": "a=b", "sysctl": "net.a=1", "ulimit": "nofile=5",
		"pid": "host", "ipc": "host", "uts": "host", "userns": "host", "cgroupns": "host", "network": "none", "net": "none",
		"device": "/dev/null", "device-cgroup-rule": "c 1:3 r", "mount": "type=volume,dst=/v", "mac-address": "02:00:00:00:00:01",
		"publish": "8080:80", "expose": "80", "add-host": "a:1.2.3.4", "dns": "1.2.3.4", "ip": "1.2.3.4", "ip6": "::2", "link-local-ip": "169.254.1.1",
		"attach": "stdout", "restart": "always", "blkio-weight-device": "/dev/null:20", "device-read-bps": "/dev/null:1m",
		"device-write-bps": "/dev/null:1m", "device-read-iops": "/dev/null:5", "device-write-iops": "/dev/null:5", "memory-swap": "-1",
		"security-opt": "no-new-privileges", "storage-opt": "size=1G", "log-opt": "max-size=1k", "cache-property": "L3:0=f",
	}
	byType := map[string]string{"string": "text", "list": "text", "bool": "true", "int": "5", "int64": "5", "uint16": "20", "bytes": "16m", "decimal": "0.5", "duration": "5s"}
	request := func(args ...string) string {
		flags, c := pflag.NewFlagSet("create", pflag.ContinueOnError), &containerFlags{}
		c.addTo(flags)
		flags.StringVar(&c.resources.restart, "restart", "no", "")
		if err := flags.Parse(args); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		r, err := c.request(flags, "image", nil)
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	plain := request()
	flags := pflag.NewFlagSet("create", pflag.ContinueOnError)
	(&containerFlags{}).addTo(flags)
	seen := 0
	flags.VisitAll(func(f *pflag.Flag) {
		value, ok := values[f.Name]
		if !ok {
			value, ok = byType[f.Value.Type()]
		}
		if !ok {
			t.Errorf("--%s is of the type %s: no value is known", f.Name, f.Value.Type())
			return
		}
		seen++
		if request("--"+f.Name+"="+value) == plain {
			t.Errorf("--%s=%s asks for nothing", f.Name, value)
		}
	})
	if seen < 80 {
		t.Errorf("%d flags were seen", seen)
	}
}
