package system

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestBuiltAs checks that programs answer to the names that build files give them.
func TestBuiltAs(t *testing.T) {
	dir := t.TempDir()
	tree, err := txtar.FS(txtar.Parse([]byte(`
-- Makefile --
DIST = dist
CLI_NAME ?= shipctl
BIN = ${CLI_NAME}-all

cli:
	CGO_ENABLED=0 $(GO) build -v \
		-ldflags '-s -w' -o ${DIST}/${CLI_NAME} ./cmd/cli
	go build -o $(BIN) ./cmd/all && strip $(BIN)
	go build -o $(UNKNOWN) ./cmd/cli
	go build -o bin/ship-server${SUFFIX} example.com/ship/cmd/server
	gcc -o moor main.c
-- Dockerfile --
FROM golang
RUN go build -o /bin/shipd example.com/ship/cmd/server
-- .goreleaser.yaml --
project_name: harbour
builds:
  - {main: ./cmd/agent, binary: ship-agent}
  - {main: main.go}
`)))
	if err == nil {
		err = os.CopyFS(dir, tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	src := &Source{Dir: dir}
	s := &System{Sources: []*Source{src}}
	programs := []*Program{}
	for _, name := range []string{"cli", "all", "server", "agent"} {
		programs = append(programs, &Program{Name: name, Package: "example.com/ship/cmd/" + name, Dir: filepath.Join(dir, "cmd", name), Source: src})
	}
	programs = append(programs, &Program{Name: "ship", Package: "example.com/ship", Dir: dir, Source: src})
	for name, want := range map[string]string{
		"shipctl": "cli", "shipctl-all": "all", "shipd": "server", "ship-server": "server", "ship-agent": "agent", "harbour": "ship",
		"cli": "cli", "moor": "", "dist/shipctl": "",
	} {
		got := ""
		for _, p := range s.Find(name, programs) {
			got += p.Name
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
