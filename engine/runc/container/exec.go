package container

import (
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/utils"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// ExecOptions are the options of Exec.
type ExecOptions struct {
	// ProcessFile holds the whole process as the spec writes it; Process is
	// ignored then.
	ProcessFile string
	// Process is how the new process differs from the container's own.
	Process ProcessChanges
	// Cgroups are cgroups below the container's, as [controller,...:]path.
	Cgroups []string
	// Detach returns once the process was started.
	Detach bool
	// IgnorePaused starts the process in a paused container, where it waits.
	IgnorePaused bool
	ProcessOptions
}

// ProcessChanges is how a process differs from the one in the bundle. What is
// zero stays as it is there, except for the terminal.
type ProcessChanges struct {
	Args            []string
	Cwd             string
	Env             []string // added
	Terminal        bool
	UID, GID        *uint32
	AdditionalGIDs  []uint32 // added
	Capabilities    []string // added
	NoNewPrivileges *bool
	ApparmorProfile string
	SelinuxLabel    string
}

// Exec starts one more process in a container, and in the foreground waits for
// it. It returns the process's exit status.
func (r *Runtime) Exec(id string, o ExecOptions) (status int, err error) {
	c, err := r.load(id)
	if err != nil {
		return 0, err
	}
	if err := checkExec(c, o); err != nil {
		return 0, err
	}
	spec, err := execProcess(c, o)
	if err != nil {
		return 0, err
	}
	p, err := newProcess(spec)
	if err != nil {
		return 0, err
	}
	p.SubCgroupPaths, err = subCgroups(o.Cgroups)
	if err != nil {
		return 0, err
	}

	var fg *foreground
	if !o.Detach {
		// The container's orphans belong to its own init process.
		fg = watch(subreaper(false))
	}
	w, err := r.Stdio.connect(c, p, attachment{foreground: !o.Detach, terminal: spec.Terminal}, o.ProcessOptions)
	if err != nil {
		return 0, err
	}
	defer w.close()

	if err := c.Start(p); err != nil {
		return 0, err
	}
	if err := w.started(p); err != nil {
		terminate(p)
		return 0, err
	}
	if o.Detach {
		return 0, nil
	}
	return fg.wait(p, w)
}

// checkExec says whether the container's state allows one more process.
func checkExec(c *libcontainer.Container, o ExecOptions) error {
	status, err := c.Status()
	if err != nil {
		return err
	}
	if status == libcontainer.Stopped {
		return errors.New("cannot exec in a stopped container")
	}
	if status == libcontainer.Paused && !o.IgnorePaused {
		return errors.New("cannot exec in a paused container (use --ignore-paused to override)")
	}
	return nil
}

// execProcess is the process to start: of the file, or that of the bundle with
// the changes.
func execProcess(c *libcontainer.Container, o ExecOptions) (*specs.Process, error) {
	if o.ProcessFile != "" {
		return readProcess(o.ProcessFile)
	}
	if len(o.Process.Args) == 0 {
		return nil, errors.New("exec args cannot be empty")
	}
	bundle, _ := utils.Annotations(c.Config().Labels)
	if bundle == "" {
		return nil, errors.New("bundle not found in labels")
	}
	spec, err := readSpec(bundle)
	if err != nil {
		return nil, err
	}
	return spec.Process, o.Process.apply(spec.Process)
}

func (change ProcessChanges) apply(p *specs.Process) error {
	p.Args = change.Args
	p.Env = append(p.Env, change.Env...)
	p.Terminal = change.Terminal
	p.User.AdditionalGids = append(p.User.AdditionalGids, change.AdditionalGIDs...)
	if change.Cwd != "" {
		p.Cwd = change.Cwd
	}
	if change.UID != nil {
		p.User.UID = *change.UID
	}
	if change.GID != nil {
		p.User.GID = *change.GID
	}
	if change.NoNewPrivileges != nil {
		p.NoNewPrivileges = *change.NoNewPrivileges
	}
	if change.ApparmorProfile != "" {
		p.ApparmorProfile = change.ApparmorProfile
	}
	if change.SelinuxLabel != "" {
		p.SelinuxLabel = change.SelinuxLabel
	}
	if added := change.Capabilities; len(added) > 0 {
		if p.Capabilities == nil {
			p.Capabilities = &specs.LinuxCapabilities{}
		}
		caps := p.Capabilities
		caps.Bounding = append(caps.Bounding, added...)
		caps.Effective = append(caps.Effective, added...)
		caps.Permitted = append(caps.Permitted, added...)
		// An ambient capability must be inheritable as well. What is added is
		// never made inheritable: an unprivileged program could pick it up.
		if len(caps.Inheritable) > 0 {
			caps.Ambient = append(caps.Ambient, added...)
		}
	}
	return checkProcess(p)
}

// subCgroups reads cgroups below the container's: for cgroup v1 one or more
// controller[,controller...]:path, for v2 one path alone, which gets the
// controller "".
func subCgroups(args []string) (map[string]string, error) {
	paths := make(map[string]string)
	for _, arg := range args {
		controllers, path, found := strings.Cut(arg, ":")
		if !found {
			if len(args) > 1 {
				return nil, fmt.Errorf("invalid --cgroup argument: %s (missing <controller>: prefix)", arg)
			}
			controllers, path = "", arg
		}
		for controller := range strings.SplitSeq(controllers, ",") {
			if controller == "" && found {
				return nil, fmt.Errorf("invalid --cgroup argument: %s (empty <controller> prefix)", arg)
			}
			if _, twice := paths[controller]; twice {
				return nil, fmt.Errorf("invalid --cgroup argument(s): controller %s specified multiple times", controller)
			}
			paths[controller] = path
		}
	}
	return paths, nil
}
