package cli

import (
	"context"

	"github.com/moby/moby/api/types/network"
	"github.com/spf13/cobra"
)

func newNetworkDisconnect(cli *Program) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "disconnect [OPTIONS] NETWORK CONTAINER",
		Short:             "Disconnect a container from a network",
		Example:           "  engine network disconnect back postgres",
		Args:              exactArgs(2),
		ValidArgsFunction: completeNetworks(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runNetworkDisconnect(cmd.Context(), cli, args, force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "Force the container to disconnect from a network")
	return cmd
}

// runNetworkDisconnect disconnects args[1] from the network args[0].
func runNetworkDisconnect(ctx context.Context, cli *Program, args []string, force bool) error {
	return cli.Networks.Disconnect(ctx, args[0], network.DisconnectRequest{Container: args[1], Force: force})
}
