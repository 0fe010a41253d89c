package command

import "github.com/spf13/cobra"

func pauseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "pause <container-id>",
		Short: "Freeze the processes of a container",
		Args:  exactly(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.runtime.Pause(args[0]) },
	}
}
