package cli

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type commitOptions struct {
	author, message string
	changes         list
	pause, noPause  bool
}

func newCommit(cli *Program) *cobra.Command {
	var opts commitOptions
	cmd := &cobra.Command{
		Use:               "commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
		Short:             "Create a new image from a container's changes",
		Example:           `  engine commit --change "CMD /bin/app" box app:2`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isAny),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) > 1 {
				name = args[1]
			}
			return runCommit(cmd.Context(), cli, opts, args[0], name)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.author, "author", "a", "", `Author (e.g., "A. Person <person@example.com>")`)
	flags.StringVarP(&opts.message, "message", "m", "", "Commit message")
	flags.VarP(&opts.changes, "change", "c", "Apply Dockerfile instruction to the created image")
	flags.BoolVarP(&opts.pause, "pause", "p", true, "Pause container during commit")
	flags.BoolVar(&opts.noPause, "no-pause", false, "Disable pausing container during commit")
	return cmd
}

func runCommit(ctx context.Context, cli *Program, opts commitOptions, container, name string) error {
	o := types.CommitOptions{Comment: opts.message, Author: opts.author, Pause: opts.pause && !opts.noPause, Changes: opts.changes}
	if name != "" {
		named, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			return err
		}
		named = reference.TagNameOnly(named)
		o.Repository = reference.FamiliarName(named)
		if tagged, ok := named.(reference.Tagged); ok {
			o.Tag = tagged.Tag()
		}
	}
	made, err := cli.Archives.Commit(ctx, container, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(cli.Out, made.ID)
	return nil
}
