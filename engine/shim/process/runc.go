package process

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/bundle"
)

const (
	// defaultBinary is the runtime where the options name none.
	defaultBinary = "engine-runc"
	// defaultRoot is where it keeps its state, by namespace.
	defaultRoot = "/run/containerd/runc"
)

// RuncConfig says which runtime to execute and where.
type RuncConfig struct {
	Namespace string
	Bundle    string           // empty for who only asks what the runtime can do
	Options   *options.Options // nil is the defaults
	Reaper    *Reaper
}

// Runc executes a runtime with the command line of runc. It is the Runtime of
// the shim.
type Runc struct {
	runc   *runc.Runc
	reaper *Reaper
}

// NewRunc finds the runtime. The default one stands beside the shim's own
// program, else on PATH.
func NewRunc(cfg RuncConfig) (*Runc, error) {
	binary := cfg.Options.GetBinaryName()
	if binary == "" {
		binary = besideShim(defaultBinary)
	}
	binary, err := exec.LookPath(binary)
	if err != nil {
		return nil, errdefs.NotFound("runtime: %w", err)
	}
	root := cfg.Options.GetRoot()
	if root == "" {
		root = defaultRoot
	}
	// Who only asks what the runtime can do has no bundle, and the folder that
	// the shim happens to run in is not ours to write.
	log := os.DevNull
	if cfg.Bundle != "" {
		log = filepath.Join(cfg.Bundle, bundle.RuntimeLog)
	}
	return &Runc{
		runc: &runc.Runc{
			Command:       binary,
			Root:          filepath.Join(root, cfg.Namespace),
			Log:           log,
			LogFormat:     runc.JSON,
			SystemdCgroup: cfg.Options.GetSystemdCgroup(),
			// A runtime that outlives a killed shim would work against the
			// shim's delete action.
			PdeathSignal: syscall.SIGKILL,
		},
		reaper: cfg.Reaper,
	}, nil
}

// besideShim is a program in the folder of the shim's own, if it is there.
func besideShim(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	beside := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(beside); err != nil {
		return name
	}
	return beside
}

// Create makes the container; its init process waits for Start.
func (r *Runc) Create(ctx context.Context, id, bundle string, opts *runc.CreateOpts) error {
	said := r.listen()
	return said.explain("create", r.runc.Create(ctx, id, bundle, opts))
}

// Start lets the init process go on.
func (r *Runc) Start(ctx context.Context, id string) error {
	said := r.listen()
	return said.explain("start", r.runc.Start(ctx, id))
}

// Exec starts another process in the container.
func (r *Runc) Exec(ctx context.Context, id string, process specs.Process, opts *runc.ExecOpts) error {
	said := r.listen()
	return said.explain("exec", r.runc.Exec(ctx, id, process, opts))
}

// Kill signals the init process, or all processes.
func (r *Runc) Kill(ctx context.Context, id string, signal int, opts *runc.KillOpts) error {
	said := r.listen()
	return said.explain("kill", r.runc.Kill(ctx, id, signal, opts))
}

// Delete forgets an ended container; with Force it is ended first.
func (r *Runc) Delete(ctx context.Context, id string, opts *runc.DeleteOpts) error {
	said := r.listen()
	return said.explain("delete", r.runc.Delete(ctx, id, opts))
}

// Pause freezes the container.
func (r *Runc) Pause(ctx context.Context, id string) error {
	said := r.listen()
	return said.explain("pause", r.runc.Pause(ctx, id))
}

// Resume thaws the container.
func (r *Runc) Resume(ctx context.Context, id string) error {
	said := r.listen()
	return said.explain("resume", r.runc.Resume(ctx, id))
}

// Update changes the container's limits. go-runc's has no place for the cache
// schema, so the command is made here.
func (r *Runc) Update(ctx context.Context, id string, resources *ctypes.Resources) error {
	limits, err := json.Marshal(resources.LinuxResources)
	if err != nil {
		return err
	}
	args := []string{"--root", r.runc.Root, "--log", r.runc.Log, "--log-format", string(r.runc.LogFormat)}
	if r.runc.SystemdCgroup {
		args = append(args, "--systemd-cgroup")
	}
	args = append(args, "update", "--resources", "-")
	if rdt := resources.IntelRdt; rdt != nil && rdt.L3CacheSchema != "" {
		args = append(args, "--l3-cache-schema", rdt.L3CacheSchema)
	}
	cmd := exec.CommandContext(ctx, r.runc.Command, append(args, id)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: r.runc.PdeathSignal}
	cmd.Stdin = bytes.NewReader(limits)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output

	said := r.listen()
	ends, err := r.reaper.StartLocked(cmd)
	if err != nil {
		return fmt.Errorf("runtime update: %w", err)
	}
	status, err := r.reaper.Wait(cmd, ends)
	if err == nil && status != 0 {
		err = fmt.Errorf("exit status %d: %s", status, output.Bytes())
	}
	return said.explain("update", err)
}

// Checkpoint dumps the container's processes.
func (r *Runc) Checkpoint(ctx context.Context, id string, opts *runc.CheckpointOpts, actions ...runc.CheckpointAction) error {
	said := r.listen()
	return said.explain("checkpoint", r.runc.Checkpoint(ctx, id, opts, actions...))
}

// Restore makes the container from a dump; it runs at once.
func (r *Runc) Restore(ctx context.Context, id, bundle string, opts *runc.RestoreOpts) error {
	said := r.listen()
	_, err := r.runc.Restore(ctx, id, bundle, opts)
	return said.explain("restore", err)
}

// Ps lists the pids of the container's processes.
func (r *Runc) Ps(ctx context.Context, id string) ([]int, error) {
	said := r.listen()
	pids, err := r.runc.Ps(ctx, id)
	return pids, said.explain("ps", err)
}

// runtimeLog is the runtime's log from where one run of it began.
type runtimeLog struct {
	path string
	from int64
}

func (r *Runc) listen() runtimeLog {
	log := runtimeLog{path: r.runc.Log}
	if info, err := os.Stat(log.path); err == nil {
		log.from = info.Size()
	}
	return log
}

// explain puts the runtime's own words in place of "exit status 1". What it
// says of containers and processes that are not there is of the class
// NotFound.
func (l runtimeLog) explain(verb string, err error) error {
	if err == nil {
		return nil
	}
	message := l.lastError()
	if message == "" {
		message = strings.TrimSpace(err.Error())
	}
	text := strings.ToLower(message)
	for _, gone := range []string{"does not exist", "process already finished", "container not running", "no such process"} {
		if strings.Contains(text, gone) && (verb == "kill" || verb == "delete") {
			return errdefs.NotFound("%s", message)
		}
	}
	return fmt.Errorf("OCI runtime %s failed: %s", verb, message)
}

// lastError is the last error that the runtime logged since listen.
func (l runtimeLog) lastError() string {
	f, err := os.Open(l.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if _, err := f.Seek(l.from, io.SeekStart); err != nil {
		return ""
	}
	var last string
	decoder := json.NewDecoder(f)
	for {
		var line struct{ Level, Msg string }
		if err := decoder.Decode(&line); err != nil {
			// The end, or a line cut off by the runtime's death.
			return last
		}
		if line.Level == "error" || line.Level == "fatal" {
			last = strings.TrimSpace(line.Msg)
		}
	}
}

// Features says what the runtime was built with.
func (r *Runc) Features(ctx context.Context) (*features.Features, error) {
	return r.runc.Features(ctx)
}
