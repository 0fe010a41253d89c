package command

import (
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

func restoreCommand(a *app) *cobra.Command {
	var o container.RestoreOptions
	cmd := &cobra.Command{
		Use:   "restore [flags] <container-id>",
		Short: "Bring back a container from a checkpoint",
		Long: `Make a container of a bundle and have criu bring back the processes of a
checkpoint, then wait as "run" does.`,
		Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			status, err := a.runtime.Restore(args[0], o)
			if err != nil {
				return err
			}
			return exitAs(status)
		},
	}
	f := cmd.Flags()
	createFlags(f, &o.CreateOptions)
	criuFlags(f, &o.CriuOptions)
	f.BoolVarP(&o.Detach, "detach", "d", false, "do not wait for the process")
	f.BoolVar(&o.Keep, "keep", false, "do not remove the container")
	f.BoolVar(&o.NoSubreaper, "no-subreaper", false, "do not reap the container's orphans")
	f.StringVar(&o.LsmProfile, "lsm-profile", "", "security profile to restore under, as TYPE:NAME")
	f.StringVar(&o.LsmMountContext, "lsm-mount-context", "", "security context of mounts")
	return cmd
}
