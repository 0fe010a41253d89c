package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type rmiOptions struct {
	force   bool
	noPrune bool
}

func newRmi(cli *Program) *cobra.Command {
	var opts rmiOptions
	cmd := &cobra.Command{
		Use:               "rmi [OPTIONS] IMAGE [IMAGE...]",
		Short:             "Remove one or more images",
		Example:           "  engine rmi busybox:1",
		Args:              minArgs(1),
		ValidArgsFunction: completeImages(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRmi(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().BoolVarP(&opts.force, "force", "f", false, "Force removal of the image")
	cmd.Flags().BoolVar(&opts.noPrune, "no-prune", false, "Do not delete untagged parents")
	return cmd
}

func runRmi(ctx context.Context, cli *Program, opts rmiOptions, images []string) error {
	var failed []error
	for _, name := range images {
		removed, err := cli.Images.Remove(ctx, name, types.ImageRemoveOptions{Force: opts.force, NoPrune: opts.noPrune})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		for _, step := range removed {
			if step.Deleted != "" {
				fmt.Fprintf(cli.Out, "Deleted: %s\n", step.Deleted)
			} else {
				fmt.Fprintf(cli.Out, "Untagged: %s\n", step.Untagged)
			}
		}
	}
	return forgiven(cli, opts.force, errors.Join(failed...))
}
