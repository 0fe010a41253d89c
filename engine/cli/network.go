package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

// newNetwork is the group of a network's commands.
func newNetwork(cli *Program) *cobra.Command {
	cmd := newGroup("network", "Manage networks")
	cmd.AddCommand(newNetworkCreate(cli), newNetworkLs(cli), newNetworkInspect(cli), newNetworkConnect(cli), newNetworkDisconnect(cli),
		newNetworkRm(cli), newNetworkPrune(cli))
	return cmd
}

type networkCreateOptions struct {
	driver             string
	options            settings
	labels             list
	internal           bool
	attachable         bool
	ipv4, ipv6         maybe
	subnets, ranges    checkedList
	gateways           checkedList
	auxiliaryAddresses settings
}

func newNetworkCreate(cli *Program) *cobra.Command {
	var opts networkCreateOptions
	cmd := &cobra.Command{
		Use:     "create [OPTIONS] NETWORK",
		Short:   "Create a network",
		Example: "  engine network create --subnet 10.5.0.0/24 back",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runNetworkCreate(cmd.Context(), cli, opts, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.driver, "driver", "d", "bridge", "Driver to manage the Network")
	flags.VarP(&opts.options, "opt", "o", "Set driver specific options")
	flags.Var(&opts.labels, "label", "Set metadata on a network")
	flags.BoolVar(&opts.internal, "internal", false, "Restrict external access to the network")
	flags.BoolVar(&opts.attachable, "attachable", false, "Enable manual container attachment")
	flags.Var(&opts.ipv4, "ipv4", "Enable or disable IPv4 address assignment")
	flags.Var(&opts.ipv6, "ipv6", "Enable or disable IPv6 address assignment")
	flags.Lookup("ipv4").NoOptDefVal, flags.Lookup("ipv6").NoOptDefVal = "true", "true"
	opts.subnets.check, opts.ranges.check, opts.gateways.check = checkPrefix, checkPrefix, checkAddress
	flags.Var(&opts.subnets, "subnet", "Subnet in CIDR format that represents a network segment")
	flags.Var(&opts.ranges, "ip-range", "Allocate container ip from a sub-range")
	flags.Var(&opts.gateways, "gateway", "IPv4 or IPv6 Gateway for the master subnet")
	flags.Var(&opts.auxiliaryAddresses, "aux-address", "Auxiliary IPv4 or IPv6 addresses used by Network driver")
	return cmd
}

func checkPrefix(value string) (string, error) {
	p, err := netip.ParsePrefix(strings.TrimSpace(value))
	return p.String(), err
}

func checkAddress(value string) (string, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(value))
	return a.String(), err
}

func runNetworkCreate(ctx context.Context, cli *Program, opts networkCreateOptions, name string) error {
	if len(opts.subnets.list) == 0 && len(opts.ranges.list)+len(opts.gateways.list) > 0 {
		return errors.New("every ip-range or gateway must have a corresponding subnet")
	}
	config, err := opts.ipam()
	if err != nil {
		return err
	}
	created, err := cli.Networks.Create(ctx, network.CreateRequest{
		Name: name, Driver: opts.driver, Options: opts.options, Labels: pairs(opts.labels), Internal: opts.internal, Attachable: opts.attachable,
		EnableIPv4: opts.ipv4.given, EnableIPv6: opts.ipv6.given, IPAM: &network.IPAM{Driver: "default", Config: config},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(cli.Out, created.ID)
	return nil
}

// ipam puts ranges, gateways and addresses to the subnets that they are in.
func (o networkCreateOptions) ipam() ([]network.IPAMConfig, error) {
	var config []network.IPAMConfig
	for _, text := range o.subnets.list {
		config = append(config, network.IPAMConfig{Subnet: netip.MustParsePrefix(text)})
	}
	of := func(a netip.Addr) (*network.IPAMConfig, error) {
		for i := range config {
			if config[i].Subnet.Contains(a) {
				return &config[i], nil
			}
		}
		return nil, fmt.Errorf("no matching subnet for %s", a)
	}
	for _, text := range o.ranges.list {
		within := netip.MustParsePrefix(text)
		c, err := of(within.Addr())
		if err != nil {
			return nil, err
		}
		c.IPRange = within
	}
	for _, text := range o.gateways.list {
		gateway := netip.MustParseAddr(text)
		c, err := of(gateway)
		if err != nil {
			return nil, err
		}
		c.Gateway = gateway
	}
	for name, text := range o.auxiliaryAddresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		c, err := of(addr)
		if err != nil {
			return nil, err
		}
		if c.AuxAddress == nil {
			c.AuxAddress = map[string]netip.Addr{}
		}
		c.AuxAddress[name] = addr
	}
	return config, nil
}

type networkLsOptions struct {
	quiet, noTrunc bool

	format string
	filter filter
}

func newNetworkLs(cli *Program) *cobra.Command {
	var opts networkLsOptions
	cmd := &cobra.Command{
		Use:     "ls [OPTIONS]",
		Aliases: []string{"list"},
		Short:   "List networks",
		Example: "  engine network ls --filter driver=bridge",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runNetworkLs(cmd.Context(), cli, opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "Only display network IDs")
	flags.BoolVar(&opts.noTrunc, "no-trunc", false, "Do not truncate the output")
	flags.StringVar(&opts.format, "format", "", formatFlag)
	flags.VarP(&opts.filter, "filter", "f", `Provide filter values (e.g. "driver=bridge")`)
	return cmd
}

// networkRow is a line of network ls.
type networkRow struct {
	CreatedAt string
	Driver    string
	ID        string
	IPv4      string
	IPv6      string
	Internal  string
	Labels    string
	Name      string
	Scope     string

	labels map[string]string
}

// Label is for templates: a label's value, or its name as a title.
func (r networkRow) Label(name string) string {
	if r.labels == nil {
		return name
	}
	return r.labels[name]
}

func runNetworkLs(ctx context.Context, cli *Program, opts networkLsOptions) error {
	networks, err := cli.Networks.List(ctx, types.Filters(opts.filter))
	if err != nil {
		return err
	}
	t := table[networkRow]{
		format: opts.format,
		usual:  "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
		header: networkRow{
			CreatedAt: "CREATED AT", Driver: "DRIVER", ID: "NETWORK ID", IPv4: "IPV4", IPv6: "IPV6",
			Internal: "INTERNAL", Labels: "LABELS", Name: "NAME", Scope: "SCOPE",
		},
	}
	if opts.quiet {
		t.format = "{{.ID}}"
	}
	slices.SortFunc(networks, func(a, b network.Summary) int { return strings.Compare(a.Name, b.Name) })
	var rows []networkRow
	for _, n := range networks {
		row := networkRow{
			CreatedAt: n.Created.String(), Driver: n.Driver, ID: n.ID, Name: n.Name, Scope: n.Scope,
			IPv4: strconv.FormatBool(n.EnableIPv4), IPv6: strconv.FormatBool(n.EnableIPv6),
			Internal: strconv.FormatBool(n.Internal), Labels: joinPairs(n.Labels), labels: n.Labels,
		}
		if row.labels == nil {
			row.labels = map[string]string{}
		}
		if !opts.noTrunc {
			row.ID = shortID(n.ID)
		}
		rows = append(rows, row)
	}
	return t.write(cli.Out, rows)
}

func newNetworkRm(cli *Program) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "rm NETWORK [NETWORK...]",
		Aliases:           []string{"remove"},
		Short:             "Remove one or more networks",
		Example:           "  engine network rm back",
		Args:              minArgs(1),
		ValidArgsFunction: completeNetworks(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runNetworkRm(cmd.Context(), cli, args, force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "Do not error if the network does not exist")
	return cmd
}

func runNetworkRm(ctx context.Context, cli *Program, networks []string, force bool) error {
	var failed []error
	for _, name := range networks {
		err := cli.Networks.Remove(ctx, name)
		if force && cerrdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintln(cli.Out, name)
	}
	return errors.Join(failed...)
}
