package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

func runCommand(a *app) *cobra.Command {
	var o container.RunOptions
	cmd := &cobra.Command{
		Use:   "run [flags] <container-id>",
		Short: "Create and start a container, and wait for it",
		Long: `Create and start a container of a bundle, wait until its process has ended and
remove it. The exit status is that of the process.`,
		Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			status, err := a.runtime.Run(args[0], o)
			if err != nil {
				return fmt.Errorf("runc run failed: %w", err)
			}
			return exitAs(status)
		},
	}
	f := cmd.Flags()
	createFlags(f, &o.CreateOptions)
	f.BoolVarP(&o.Detach, "detach", "d", false, "do not wait for the process")
	f.BoolVar(&o.Keep, "keep", false, "do not remove the container")
	f.BoolVar(&o.NoSubreaper, "no-subreaper", false, "do not reap the container's orphans")
	return cmd
}
