package cli

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"
)

func newDiff(cli *Program) *cobra.Command {
	return &cobra.Command{
		Use:               "diff CONTAINER",
		Short:             "Inspect changes to files or directories on a container's filesystem",
		Example:           "  engine diff web",
		Args:              exactArgs(1),
		ValidArgsFunction: completeFirst(completeContainers(cli, isAny)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDiff(cmd.Context(), cli, args[0])
		},
	}
}

func runDiff(ctx context.Context, cli *Program, name string) error {
	changes, err := cli.Archives.Diff(ctx, name)
	if err != nil {
		return err
	}
	letters := map[container.ChangeType]string{container.ChangeAdd: "A", container.ChangeDelete: "D", container.ChangeModify: "C"}
	for _, c := range changes {
		fmt.Fprintf(cli.Out, "%s %s\n", letters[c.Kind], c.Path)
	}
	return nil
}
