package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newPause(cli *Program) *cobra.Command {
	return &cobra.Command{
		Use:               "pause CONTAINER [CONTAINER...]",
		Short:             "Pause all processes within one or more containers",
		Example:           "  engine pause web",
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isRunning),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPause(cmd.Context(), cli, args)
		},
	}
}

func runPause(ctx context.Context, cli *Program, containers []string) error {
	return cli.each(ctx, containers, func(ctx context.Context, name string) error {
		return cli.Containers.Pause(ctx, name)
	})
}
