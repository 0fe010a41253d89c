package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newRename(cli *Program) *cobra.Command {
	return &cobra.Command{
		Use:               "rename CONTAINER NEW_NAME",
		Short:             "Rename a container",
		Example:           "  engine rename web old-web",
		Args:              exactArgs(2),
		ValidArgsFunction: completeFirst(completeContainers(cli, isAny)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRename(cmd.Context(), cli, args[0], args[1])
		},
	}
}

func runRename(ctx context.Context, cli *Program, name, newName string) error {
	if err := cli.Containers.Rename(ctx, name, newName); err != nil {
		return fmt.Errorf("%w\nError: failed to rename container named %s", err, name)
	}
	return nil
}
