package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/api/types"
)

func newStop(cli *Program) *cobra.Command {
	var opts stopOptions
	cmd := &cobra.Command{
		Use:   "stop [OPTIONS] CONTAINER [CONTAINER...]",
		Short: "Stop one or more running containers",
		Example: `  engine stop web
  engine stop --timeout 30 web`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isRunning),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := opts.options(cmd.Flags())
			if err != nil {
				return err
			}
			return runStop(cmd.Context(), cli, request, args)
		},
	}
	opts.addTo(cmd)
	return cmd
}

func runStop(ctx context.Context, cli *Program, opts types.StopOptions, containers []string) error {
	return cli.each(ctx, containers, func(ctx context.Context, name string) error {
		return cli.Containers.Stop(ctx, name, opts)
	})
}

// stopOptions are the flags of stop and restart.
type stopOptions struct {
	signal  string
	timeout int
}

func (o *stopOptions) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.signal, "signal", "s", "", "Signal to send to the container")
	flags.IntVarP(&o.timeout, "timeout", "t", 0, "Seconds to wait before killing the container")
	flags.IntVar(&o.timeout, "time", 0, "Seconds to wait before killing the container")
	if err := flags.MarkDeprecated("time", "use --timeout instead"); err != nil {
		panic(err) // there is no such flag, which is seen at once
	}
	completeSignal(cmd)
}

// options leaves the time to the daemon unless it was given.
func (o *stopOptions) options(flags *pflag.FlagSet) (types.StopOptions, error) {
	opts := types.StopOptions{Signal: o.signal}
	switch newer, older := flags.Changed("timeout"), flags.Changed("time"); {
	case newer && older:
		return opts, errors.New("conflicting options: cannot specify both --timeout and --time")
	case newer || older:
		opts.Timeout = &o.timeout
	}
	return opts, nil
}
