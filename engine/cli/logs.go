package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

func newLogs(cli *Program) *cobra.Command {
	opts := types.LogsOptions{Stdout: true, Stderr: true}
	cmd := &cobra.Command{
		Use:   "logs [OPTIONS] CONTAINER",
		Short: "Fetch the logs of a container",
		Example: `  engine logs --tail 20 --timestamps web
  engine logs --follow --since 5m web`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeFirst(completeContainers(cli, isAny)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLogs(cmd.Context(), cli, opts, args[0])
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.Follow, "follow", "f", false, "Follow log output")
	flags.StringVar(&opts.Since, "since", "", `Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)`)
	flags.StringVar(&opts.Until, "until", "", `Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)`)
	flags.BoolVarP(&opts.Timestamps, "timestamps", "t", false, "Show timestamps")
	flags.BoolVar(&opts.Details, "details", false, "Show extra details provided to logs")
	flags.StringVarP(&opts.Tail, "tail", "n", "all", "Number of lines to show from the end of the logs")
	return cmd
}

func runLogs(ctx context.Context, cli *Program, opts types.LogsOptions, name string) error {
	c, _, err := cli.Containers.Inspect(ctx, name, false)
	if err != nil {
		return err
	}
	if opts.Since, err = timestamp(opts.Since); err != nil {
		return fmt.Errorf("invalid value for \"since\": %w", err)
	}
	if opts.Until, err = timestamp(opts.Until); err != nil {
		return fmt.Errorf("invalid value for \"until\": %w", err)
	}
	logs, err := cli.Containers.Logs(ctx, c.ID, opts)
	if err != nil {
		return err
	}
	defer logs.Close()
	if c.Config != nil && c.Config.Tty {
		_, err = io.Copy(cli.Out, logs)
	} else {
		_, err = stdcopy.StdCopy(cli.Out, cli.Err, logs)
	}
	return err
}
