package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

// execFailed is the exit status of an exec that started no process. Any other
// may be the process's own.
const execFailed = 255

func execCommand(a *app) *cobra.Command {
	var (
		o          container.ExecOptions
		user       string
		gids       []uint
		noNewPrivs bool
	)
	cmd := &cobra.Command{
		Use:   "exec [flags] <container-id> <command> [arg...]",
		Short: "Start one more process in a container",
		Long: `Start one more process in a container and wait for it. The process is the
container's own with the arguments and flags given, or with --process that of a
file, written as in config.json. The exit status is that of the process.`,
		Args: atLeast(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := &o.Process
			change.Args = args[1:]
			for _, gid := range gids {
				change.AdditionalGIDs = append(change.AdditionalGIDs, uint32(gid))
			}
			if cmd.Flags().Changed("no-new-privs") {
				change.NoNewPrivileges = &noNewPrivs
			}
			err := parseUser(user, change)
			status := 0
			if err == nil {
				status, err = a.runtime.Exec(args[0], o)
			}
			if err != nil {
				return &statusError{execFailed, fmt.Errorf("exec failed: %w", err)}
			}
			return exitAs(status)
		},
	}
	f := cmd.Flags()
	// What follows the id belongs to the command in the container.
	f.SetInterspersed(false)
	processFlags(f, &o.ProcessOptions)
	f.StringVarP(&o.ProcessFile, "process", "p", "", "file with the process to start")
	f.BoolVarP(&o.Detach, "detach", "d", false, "do not wait for the process")
	f.BoolVar(&o.IgnorePaused, "ignore-paused", false, "start it in a paused container, where it waits")
	f.StringArrayVar(&o.Cgroups, "cgroup", nil, "run in a cgroup below the container's: [controller,...:]path")
	f.BoolVarP(&o.Process.Terminal, "tty", "t", false, "give the process a terminal")
	f.StringVarP(&user, "user", "u", "", "user of the process: uid[:gid]")
	f.UintSliceVarP(&gids, "additional-gids", "g", nil, "further groups of the process")
	f.StringArrayVarP(&o.Process.Env, "env", "e", nil, "set a variable of the environment")
	f.StringVar(&o.Process.Cwd, "cwd", "", "working folder in the container")
	f.StringArrayVarP(&o.Process.Capabilities, "cap", "c", nil, "add a capability")
	f.BoolVar(&noNewPrivs, "no-new-privs", false, "forbid the process to gain privileges")
	f.StringVar(&o.Process.ApparmorProfile, "apparmor", "", "AppArmor profile of the process")
	f.StringVar(&o.Process.SelinuxLabel, "process-label", "", "SELinux label of the process")
	return cmd
}

// parseUser reads uid[:gid].
func parseUser(user string, change *container.ProcessChanges) error {
	if user == "" {
		return nil
	}
	uid, gid, hasGroup := strings.Cut(user, ":")
	id, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return fmt.Errorf("bad uid: %w", err)
	}
	change.UID = new(uint32(id))
	if !hasGroup {
		return nil
	}
	id, err = strconv.ParseUint(gid, 10, 32)
	if err != nil {
		return fmt.Errorf("bad gid: %w", err)
	}
	change.GID = new(uint32(id))
	return nil
}
