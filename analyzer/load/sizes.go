package load

import (
	"context"
	"go/build"
	"go/types"
	"os"
	"os/exec"
	"strings"
)

// sizes tells how large types are on the system that is loaded for.
func (l *Loader) sizes(ctx context.Context) types.Sizes {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.target != nil {
		return l.target
	}
	target := types.SizesFor("gc", architecture(ctx))
	if target == nil { // a system that go/types does not know
		target = types.SizesFor("gc", "amd64")
	}
	if ctx.Err() == nil {
		l.target = target
	}
	return target
}

// architecture is GOARCH as the go command has it: from the environment, or
// written down with go env -w.
func architecture(ctx context.Context) string {
	if arch := os.Getenv("GOARCH"); arch != "" {
		return arch
	}
	// Where it runs decides about nothing but a go.mod that asks for another
	// toolchain, and there is none in the root.
	cmd := exec.CommandContext(ctx, "go", "env", "GOARCH")
	cmd.Dir = "/"
	if out, err := cmd.Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	return build.Default.GOARCH
}
