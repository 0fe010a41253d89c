package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newUnpause(cli *Program) *cobra.Command {
	return &cobra.Command{
		Use:               "unpause CONTAINER [CONTAINER...]",
		Short:             "Unpause all processes within one or more containers",
		Example:           "  engine unpause web",
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isPaused),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runUnpause(cmd.Context(), cli, args)
		},
	}
}

func runUnpause(ctx context.Context, cli *Program, containers []string) error {
	return cli.each(ctx, containers, func(ctx context.Context, name string) error {
		return cli.Containers.Unpause(ctx, name)
	})
}
