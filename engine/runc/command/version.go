package command

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/runc/container"
)

// runcVersion is the version of runc whose behavior this is. It is that of
// libcontainer in go.mod; a test compares.
const runcVersion = "1.5.2"

// versionText is read by other programs: they know a runtime by the words
// "runc version" and look for "version" in no other line.
func versionText() string {
	var text strings.Builder
	fmt.Fprintln(&text, "runc version", runcVersion)
	fmt.Fprintln(&text, "commit:", revision())
	fmt.Fprintln(&text, "spec:", specs.Version)
	fmt.Fprintln(&text, "go:", runtime.Version())
	if v := container.LibseccompVersion(); v != "" {
		fmt.Fprintln(&text, "libseccomp:", v)
	}
	return text.String()
}

// revision is the commit this was built from, as far as the build knows.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "engine-runc"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "engine-runc-" + s.Value
		}
	}
	return "engine-runc"
}
