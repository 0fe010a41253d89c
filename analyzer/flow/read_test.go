package flow

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ name, trace, want string }{
		{"nothing", "", "it ends too early"},
		{"text", "docker update", "not a trace: at byte 1"},
		{"another file", "{}", `it has no "schema"`},
		{"an array", "[]", "not a trace"},
		{"another version", `{"schema": "callroute.trace/v9"}`, "trace again"},
		{"cut", `{"schema": "callroute.trace/v1", "nodes": [`, "ends too early"},
		{"another type", `{"schema": "callroute.trace/v1", "nodes": [{"id": "x"}]}`, "nodes.id cannot hold a string"},
		{"a list for a text", `{"schema": "callroute.trace/v1", "program": []}`, "program cannot hold an array"},
		{"a node of no program", `{"schema": "callroute.trace/v1", "nodes": [{"id": 1, "component": "x"}]}`, `program "x", which is not listed`},
		{"a node twice", `{"schema": "callroute.trace/v1", "components": [{"name": "x"}], "nodes": [{"id": 1, "component": "x"}, {"id": 1, "component": "x"}]}`, "node 1 is listed twice"},
		{"an edge to nowhere", `{"schema": "callroute.trace/v1", "components": [{"name": "x"}], "nodes": [{"id": 1, "component": "x"}], "edges": [{"from": 1, "to": 2}]}`, "an edge names node 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.trace))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
		})
	}
}

// FuzzRead looks for a trace that is read and then cannot be shown.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("../report/testdata/flows/*.json")
	if err != nil || len(names) == 0 {
		f.Fatalf("no traces to start from: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		r, err := NewRoute(read)
		if err != nil {
			t.Fatal(err)
		}
		r.Sections()
		for i := range r.Spine {
			r.Onward(i)
			r.Branches(i)
		}
		if _, err := json.Marshal(read); err != nil {
			t.Fatal(err)
		}
	})
}
