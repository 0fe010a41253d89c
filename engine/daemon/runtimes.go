package daemon

import (
	"context"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/moby/moby/api/types/system"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// runtimes are the programs that make containers, by the names that people give
// them.
type runtimes struct {
	containerd Containerd
	standard   string            // the name of the one for all who name none
	programs   map[string]string // of the others, "" for other names of the standard one

	mu    sync.Mutex
	known map[string]ctypes.RuntimeFeatures // by name
}

// program is the path of a runtime's program, "" for the standard one.
func (r *runtimes) program(name string) (string, error) {
	if name == r.standard {
		return "", nil
	}
	if path, ok := r.programs[name]; ok {
		return path, nil
	}
	return "", errdefs.Invalid("unknown or invalid runtime name: %s", name)
}

// features is what a runtime can do. It is asked once; one that does not say gets
// nothing that not all can do.
func (r *runtimes) features(ctx context.Context, name string) ctypes.RuntimeFeatures {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f, ok := r.known[name]; ok {
		return f
	}
	unsaid := ctypes.RuntimeFeatures{Seccomp: true}
	path, err := r.program(name)
	if err != nil {
		return unsaid
	}
	f, err := r.containerd.RuntimeFeatures(ctx, path)
	switch {
	case err == nil:
	case cerrdefs.IsNotImplemented(err):
		log.G(ctx).WithError(err).Debugf("runtime %s does not tell its features", name)
		f = unsaid
	default:
		log.G(ctx).WithError(err).Warnf("runtime %s could not be asked for its features", name)
		return unsaid
	}
	if r.known == nil {
		r.known = map[string]ctypes.RuntimeFeatures{}
	}
	r.known[name] = f
	return f
}

// all is for info.
func (r *runtimes) all() map[string]system.RuntimeWithStatus {
	all := map[string]system.RuntimeWithStatus{r.standard: {Runtime: system.Runtime{Path: "engine-runc"}}}
	for name, path := range r.programs {
		if path == "" {
			path = all[r.standard].Path
		}
		all[name] = system.RuntimeWithStatus{Runtime: system.Runtime{Path: path}}
	}
	return all
}
