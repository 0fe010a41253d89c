package golist

import (
	"context"
	"go/build"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// environment is what the go command is set to, by variables or with go env -w.
type environment struct {
	arch        string // GOARCH
	moduleCache string // GOMODCACHE
	version     string // of the go command, as "go1.21.3"
}

// environment asks the go command once.
func (l *Lister) environment(ctx context.Context) environment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.env != nil {
		return *l.env
	}
	env := environment{arch: build.Default.GOARCH, version: runtime.Version()}
	if arch := os.Getenv("GOARCH"); arch != "" {
		env.arch = arch
	}
	if dirs := filepath.SplitList(build.Default.GOPATH); len(dirs) > 0 {
		env.moduleCache = filepath.Join(dirs[0], "pkg", "mod")
	}
	cmd := exec.CommandContext(ctx, "go", "env", "GOARCH", "GOMODCACHE", "GOVERSION")
	cmd.Dir = "/" // no go.mod there asks for another toolchain
	out, err := cmd.Output()
	if said := strings.Split(string(out), "\n"); err == nil && len(said) >= 3 {
		env = environment{said[0], said[1], said[2]}
	}
	if ctx.Err() == nil {
		l.env = &env
	}
	return env
}

// sizes tells how large types are on the system that is loaded for.
func (e environment) sizes() types.Sizes {
	if s := types.SizesFor("gc", e.arch); s != nil {
		return s
	}
	return types.SizesFor("gc", "amd64") // go/types does not know the system
}
