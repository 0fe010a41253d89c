package command

import "github.com/spf13/cobra"

func startCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "start <container-id>",
		Short: "Start the process of a created container",
		Args:  exactly(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.runtime.Start(args[0]) },
	}
}
