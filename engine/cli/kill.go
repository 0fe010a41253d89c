package cli

import (
	"context"

	"github.com/spf13/cobra"
)

type killOptions struct {
	signal string
}

func newKill(cli *Program) *cobra.Command {
	var opts killOptions
	cmd := &cobra.Command{
		Use:   "kill [OPTIONS] CONTAINER [CONTAINER...]",
		Short: "Kill one or more running containers",
		Example: `  engine kill web
  engine kill --signal HUP web`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isRunning),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runKill(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.signal, "signal", "s", "", "Signal to send to the container")
	completeSignal(cmd)
	return cmd
}

func runKill(ctx context.Context, cli *Program, opts killOptions, containers []string) error {
	return cli.each(ctx, containers, func(ctx context.Context, name string) error {
		return cli.Containers.Kill(ctx, name, opts.signal)
	})
}
