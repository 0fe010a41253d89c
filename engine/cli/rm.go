package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type rmOptions struct {
	force   bool
	volumes bool
}

func newRm(cli *Program) *cobra.Command {
	var opts rmOptions
	cmd := &cobra.Command{
		Use:   "rm [OPTIONS] CONTAINER [CONTAINER...]",
		Short: "Remove one or more containers",
		Example: `  engine rm web
  engine rm --force --volumes web`,
		Args: minArgs(1),
		ValidArgsFunction: completeContainers(cli, func(state container.ContainerState) bool {
			return opts.force || isStopped(state)
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRm(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().BoolVarP(&opts.force, "force", "f", false, "Force the removal of a running container (uses SIGKILL)")
	cmd.Flags().BoolVarP(&opts.volumes, "volumes", "v", false, "Remove anonymous volumes associated with the container")
	return cmd
}

func runRm(ctx context.Context, cli *Program, opts rmOptions, containers []string) error {
	err := cli.each(ctx, containers, func(ctx context.Context, name string) error {
		name = strings.Trim(name, "/")
		if name == "" {
			return fmt.Errorf("container name cannot be empty")
		}
		return cli.Containers.Remove(ctx, name, types.RemoveOptions{Force: opts.force, Volumes: opts.volumes})
	})
	return forgiven(cli, opts.force, err)
}

// forgiven tells of an error that ends the program well: what was to be removed
// by force is not there.
func forgiven(cli *Program, force bool, err error) error {
	if !force || err == nil || !allNotFound(err) {
		return err
	}
	fmt.Fprintln(cli.Err, err)
	return nil
}

func allNotFound(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return isNotFound(err)
	}
	for _, one := range joined.Unwrap() {
		if !isNotFound(one) {
			return false
		}
	}
	return true
}
