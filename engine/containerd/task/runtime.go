package task

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/callroute/callroute/engine/errdefs"
)

// DefaultRuntime is the runtime of a container that names none.
const DefaultRuntime = "io.containerd.engine.v2"

// runtimeName is the name of a runtime: io.containerd.NAME.vN.
var runtimeName = regexp.MustCompile(`^[A-Za-z0-9]+(?:\.[A-Za-z0-9-]+)*\.([A-Za-z0-9-]+)\.(v[0-9]+)$`)

// shimBinary finds the program of a runtime: io.containerd.runc.v2 is
// containerd-shim-runc-v2, beside this program or where commands are. An
// absolute path is taken as it is.
func (t maker) shimBinary(runtime string) (string, error) {
	if runtime == "" {
		runtime = DefaultRuntime
	}
	if runtime == DefaultRuntime && t.ShimBinary != "" {
		runtime = t.ShimBinary
	}
	if filepath.IsAbs(runtime) {
		if !isProgram(runtime) {
			return "", errdefs.Invalid("runtime %q is not a program", runtime)
		}
		return runtime, nil
	}
	m := runtimeName.FindStringSubmatch(runtime)
	if m == nil {
		return "", errdefs.Invalid("invalid runtime name %s, correct runtime name should be either format like `io.containerd.runc.v2` or a full path to the binary", runtime)
	}
	name := "containerd-shim-" + m[1] + "-" + m[2]
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(self), name); isProgram(beside) {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", errdefs.Invalid("runtime %q binary not installed %q", runtime, name)
	}
	return path, nil
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
