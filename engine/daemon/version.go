package daemon

import (
	"context"
	"runtime"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/system"
)

// Version is the versions of the engine's programs.
func (d *about) Version(ctx context.Context) (system.VersionResponse, error) {
	v := system.VersionResponse{
		Platform: system.PlatformInfo{Name: "callroute reference engine"}, Version: d.Release, APIVersion: "1.50", MinAPIVersion: "1.24",
		Os: runtime.GOOS, Arch: runtime.GOARCH, GoVersion: runtime.Version(), KernelVersion: kernel(), Experimental: true,
		Components: []system.ComponentVersion{{Name: "Engine", Version: d.Release, Details: map[string]string{
			"ApiVersion": "1.50", "MinAPIVersion": "1.24", "Os": runtime.GOOS, "Arch": runtime.GOARCH, "GoVersion": runtime.Version(),
			"KernelVersion": kernel(), "Experimental": "true", "GitCommit": "", "BuildTime": "",
		}}},
	}
	version, revision, err := d.Containerd.Version(ctx)
	if err != nil {
		log.G(ctx).WithError(err).Warn("containerd does not tell its version")
		return v, nil
	}
	v.Components = append(v.Components,
		system.ComponentVersion{Name: "containerd", Version: version, Details: map[string]string{"GitCommit": revision}},
		system.ComponentVersion{Name: d.Runtime, Version: d.Release, Details: map[string]string{"GitCommit": ""}})
	if name := d.initName(); name != "" {
		v.Components = append(v.Components, system.ComponentVersion{Name: name, Version: d.Release, Details: map[string]string{"GitCommit": ""}})
	}
	return v, nil
}
