package command

import (
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

func deleteCommand(a *app) *cobra.Command {
	var o container.DeleteOptions
	cmd := &cobra.Command{
		Use:   "delete [flags] <container-id>",
		Short: "Remove a container that has stopped",
		Args:  exactly(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.runtime.Delete(args[0], o) },
	}
	cmd.Flags().BoolVarP(&o.Force, "force", "f", false, "kill it first if it runs")
	return cmd
}
