package command

import "github.com/spf13/cobra"

func resumeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "resume <container-id>",
		Short: "Thaw the processes of a paused container",
		Args:  exactly(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.runtime.Resume(args[0]) },
	}
}
