package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

func newRestart(cli *Program) *cobra.Command {
	var opts stopOptions
	cmd := &cobra.Command{
		Use:   "restart [OPTIONS] CONTAINER [CONTAINER...]",
		Short: "Restart one or more containers",
		Example: `  engine restart web
  engine restart --timeout 30 web`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isAny),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := opts.options(cmd.Flags())
			if err != nil {
				return err
			}
			return runRestart(cmd.Context(), cli, request, args)
		},
	}
	opts.addTo(cmd)
	return cmd
}

func runRestart(ctx context.Context, cli *Program, opts types.StopOptions, containers []string) error {
	return cli.each(ctx, containers, func(ctx context.Context, name string) error {
		return cli.Containers.Restart(ctx, name, opts)
	})
}
