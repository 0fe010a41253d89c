package cli

import (
	"context"

	"github.com/moby/moby/api/types/network"
	"github.com/spf13/cobra"
)

type connectOptions struct {
	ip, ip6   address
	linkLocal addresses
	aliases   list
	links     list
	options   settings
	priority  int
}

func newNetworkConnect(cli *Program) *cobra.Command {
	var opts connectOptions
	cmd := &cobra.Command{
		Use:               "connect [OPTIONS] NETWORK CONTAINER",
		Short:             "Connect a container to a network",
		Example:           "  engine network connect --alias db back postgres",
		Args:              exactArgs(2),
		ValidArgsFunction: completeNetworks(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runNetworkConnect(cmd.Context(), cli, opts, args)
		},
	}
	flags := cmd.Flags()
	flags.Var(&opts.ip, "ip", `IPv4 address (e.g., "172.30.100.104")`)
	flags.Var(&opts.ip6, "ip6", `IPv6 address (e.g., "2001:db8::33")`)
	flags.Var(&opts.linkLocal, "link-local-ip", "Add a link-local address for the container")
	flags.Var(&opts.aliases, "alias", "Add network-scoped alias for the container")
	flags.Var(&opts.links, "link", "Add link to another container")
	flags.Var(&opts.options, "driver-opt", "driver options for the network")
	flags.IntVar(&opts.priority, "gw-priority", 0, "Highest gw-priority provides the default gateway")
	return cmd
}

// runNetworkConnect connects args[1] to the network args[0].
func runNetworkConnect(ctx context.Context, cli *Program, opts connectOptions, args []string) error {
	settings := &network.EndpointSettings{Aliases: opts.aliases, Links: opts.links, DriverOpts: opts.options, GwPriority: opts.priority}
	if opts.ip.IsValid() || opts.ip6.IsValid() || len(opts.linkLocal) > 0 {
		settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: opts.ip.Addr, IPv6Address: opts.ip6.Addr, LinkLocalIPs: opts.linkLocal}
	}
	return cli.Networks.Connect(ctx, args[0], network.ConnectRequest{Container: args[1], EndpointConfig: settings})
}
