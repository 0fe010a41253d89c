package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newWait(cli *Program) *cobra.Command {
	return &cobra.Command{
		Use:               "wait CONTAINER [CONTAINER...]",
		Short:             "Block until one or more containers stop, then print their exit codes",
		Example:           "  engine wait web",
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isAny),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runWait(cmd.Context(), cli, args)
		},
	}
}

func runWait(ctx context.Context, cli *Program, containers []string) error {
	var failed []error
	for _, name := range containers {
		ended, err := cli.Containers.Wait(ctx, name, "")
		if err != nil {
			failed = append(failed, err)
			continue
		}
		exit, err := ended()
		switch {
		case err != nil:
			failed = append(failed, err)
		case exit.Error != nil && exit.Error.Message != "":
			failed = append(failed, errors.New(exit.Error.Message))
		default:
			fmt.Fprintln(cli.Out, exit.StatusCode)
		}
	}
	return errors.Join(failed...)
}
