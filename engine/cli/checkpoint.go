package cli

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/checkpoint"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

// newCheckpoint is the group of a checkpoint's commands.
func newCheckpoint(cli *Program) *cobra.Command {
	cmd := newGroup("checkpoint", "Manage checkpoints")
	cmd.AddCommand(newCheckpointCreate(cli), newCheckpointLs(cli), newCheckpointRm(cli))
	return cmd
}

type checkpointCreateOptions struct {
	dir          string
	leaveRunning bool
}

func newCheckpointCreate(cli *Program) *cobra.Command {
	var opts checkpointCreateOptions
	cmd := &cobra.Command{
		Use:               "create [OPTIONS] CONTAINER CHECKPOINT",
		Short:             "Create a checkpoint from a running container",
		Example:           "  engine checkpoint create --leave-running web before-upgrade",
		Args:              exactArgs(2),
		ValidArgsFunction: completeFirst(completeContainers(cli, isRunning)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCheckpointCreate(cmd.Context(), cli, opts, args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&opts.leaveRunning, "leave-running", false, "Leave the container running after checkpoint")
	cmd.Flags().StringVar(&opts.dir, "checkpoint-dir", "", "Use a custom checkpoint storage directory")
	return cmd
}

func runCheckpointCreate(ctx context.Context, cli *Program, opts checkpointCreateOptions, name, id string) error {
	err := cli.Checkpoints.Create(ctx, name, checkpoint.CreateRequest{
		CheckpointID: id, CheckpointDir: opts.dir, Exit: !opts.leaveRunning,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(cli.Out, id)
	return nil
}

// checkpointRow is a line of checkpoint ls.
type checkpointRow struct {
	Name string
}

func newCheckpointLs(cli *Program) *cobra.Command {
	var opts types.CheckpointOptions
	cmd := &cobra.Command{
		Use:               "ls [OPTIONS] CONTAINER",
		Aliases:           []string{"list"},
		Short:             "List checkpoints for a container",
		Example:           "  engine checkpoint ls web",
		Args:              exactArgs(1),
		ValidArgsFunction: completeFirst(completeContainers(cli, isAny)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCheckpointLs(cmd.Context(), cli, opts, args[0])
		},
	}
	cmd.Flags().StringVar(&opts.Dir, "checkpoint-dir", "", "Use a custom checkpoint storage directory")
	return cmd
}

func runCheckpointLs(ctx context.Context, cli *Program, opts types.CheckpointOptions, name string) error {
	checkpoints, err := cli.Checkpoints.List(ctx, name, opts)
	if err != nil {
		return err
	}
	t := table[checkpointRow]{usual: "{{.Name}}", header: checkpointRow{"CHECKPOINT NAME"}}
	var rows []checkpointRow
	for _, c := range checkpoints {
		rows = append(rows, checkpointRow{c.Name})
	}
	return t.write(cli.Out, rows)
}

func newCheckpointRm(cli *Program) *cobra.Command {
	var opts types.CheckpointOptions
	cmd := &cobra.Command{
		Use:               "rm [OPTIONS] CONTAINER CHECKPOINT",
		Aliases:           []string{"remove"},
		Short:             "Remove a checkpoint",
		Example:           "  engine checkpoint rm web before-upgrade",
		Args:              exactArgs(2),
		ValidArgsFunction: completeFirst(completeContainers(cli, isAny)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCheckpointRm(cmd.Context(), cli, opts, args[0], args[1])
		},
	}
	cmd.Flags().StringVar(&opts.Dir, "checkpoint-dir", "", "Use a custom checkpoint storage directory")
	return cmd
}

func runCheckpointRm(ctx context.Context, cli *Program, opts types.CheckpointOptions, name, id string) error {
	return cli.Checkpoints.Remove(ctx, name, id, opts)
}
