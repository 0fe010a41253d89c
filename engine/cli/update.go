package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/api/types"
)

type updateOptions struct {
	limits limitFlags
}

func newUpdate(cli *Program) *cobra.Command {
	var opts updateOptions
	cmd := &cobra.Command{
		Use:   "update [OPTIONS] CONTAINER [CONTAINER...]",
		Short: "Update configuration of one or more containers",
		Example: `  engine update --memory 64m --cpus 0.5 web
  engine update --restart on-failure:3 web db
  engine update --cache-property "L3:0=f" web`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isAny),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().NFlag() == 0 {
				return errors.New("you must provide one or more flags when using this command")
			}
			config, err := opts.config(cmd.Flags())
			if err != nil {
				return err
			}
			return runUpdate(cmd.Context(), cli, config, args)
		},
	}
	opts.limits.addTo(cmd.Flags())
	cmd.Flags().StringVar(&opts.limits.restart, "restart", "", "Restart policy to apply when a container exits")
	return cmd
}

// config is what the flags change. What no flag names stays zero, and the
// daemon leaves it as it is.
func (o *updateOptions) config(flags *pflag.FlagSet) (types.UpdateConfig, error) {
	var config types.UpdateConfig
	policy, err := parseRestartPolicy(o.limits.restart)
	if err != nil {
		return config, err
	}
	config.UpdateConfig = container.UpdateConfig{
		Resources:     o.limits.resources(flags),
		RestartPolicy: policy,
	}
	config.CacheProperty = o.limits.cacheProperty
	return config, nil
}

func runUpdate(ctx context.Context, cli *Program, config types.UpdateConfig, containers []string) error {
	var failed []error
	var warnings []string
	for _, name := range containers {
		updated, err := cli.Containers.Update(ctx, name, config)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		warnings = append(warnings, updated.Warnings...)
		fmt.Fprintln(cli.Out, name)
	}
	for _, warning := range warnings {
		fmt.Fprintln(cli.Out, warning)
	}
	return errors.Join(failed...)
}
