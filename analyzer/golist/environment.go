package golist

import (
	"context"
	"fmt"
	"go/build"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/encode"
	"github.com/callroute/callroute/analyzer/store"
)

// Environment is what the go command is set to, by variables or with go env -w.
type Environment struct {
	Arch        string // GOARCH
	ModuleCache string // GOMODCACHE
	Version     string // of the go command, as "go1.21.3"
	GOPATH      string
	GOROOT      string
	Others      []string // the other settings that decide what is listed
}

// settings are the variables of Environment, those of Others last.
var settings = []string{
	"GOARCH", "GOMODCACHE", "GOVERSION", "GOPATH", "GOROOT",
	"GOOS", "GOFLAGS", "GOEXPERIMENT", "GO111MODULE", "GOWORK", "GOAMD64", "GOARM", "GOARM64", "GO386", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM",
}

// Environment asks the go command once.
func (l *Lister) Environment(ctx context.Context) Environment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.env != nil {
		return *l.env
	}
	key := environmentKey()
	env, ok := encode.Unmarshal[Environment](l.memory.Store.Find(key, nil))
	if ok {
		l.env = &env
		return env
	}
	env = Environment{Arch: build.Default.GOARCH, Version: runtime.Version(), GOPATH: build.Default.GOPATH}
	if arch := os.Getenv("GOARCH"); arch != "" {
		env.Arch = arch
	}
	if dirs := filepath.SplitList(build.Default.GOPATH); len(dirs) > 0 {
		env.ModuleCache = filepath.Join(dirs[0], "pkg", "mod")
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"env"}, settings...)...)
	cmd.Dir = "/" // no go.mod there asks for another toolchain
	out, err := cmd.Output()
	if said := strings.Split(string(out), "\n"); err == nil && len(said) >= len(settings) {
		env = Environment{said[0], said[1], said[2], said[3], said[4], said[5:len(settings)]}
		l.memory.Store.Save(key, &store.Inputs{}, encode.Marshal(&env), nil)
	}
	if ctx.Err() == nil {
		l.env = &env
	}
	return env
}

// environmentKey is the key of what the go command is set to: which command it is,
// the variables that it reads, and the file that go env -w writes.
func environmentKey() store.Key {
	parts := []string{"environment"}
	if path, err := exec.LookPath("go"); err == nil {
		parts = append(parts, path)
		if info, err := os.Stat(path); err == nil {
			parts = append(parts, fmt.Sprint(info.Size(), info.ModTime().UnixNano()))
		}
	}
	vars := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return !strings.HasPrefix(v, "GO") && !strings.HasPrefix(v, "CGO_") && !strings.HasPrefix(v, "HOME=")
	})
	slices.Sort(vars)
	parts = append(parts, vars...)
	file := os.Getenv("GOENV")
	if dir, err := os.UserConfigDir(); file == "" && err == nil {
		file = filepath.Join(dir, "go", "env")
	}
	set, err := os.ReadFile(file)
	if err != nil {
		set = nil // nothing was set
	}
	return store.KeyOf(append(parts, string(set))...)
}

// sizes tells how large types are on the system that is loaded for.
func (e Environment) sizes() types.Sizes {
	if s := types.SizesFor("gc", e.Arch); s != nil {
		return s
	}
	return types.SizesFor("gc", "amd64") // go/types does not know the system
}
