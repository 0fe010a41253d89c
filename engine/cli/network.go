package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

// newNetwork is the group of a network's commands.
func newNetwork(cli *Program) *cobra.Command {
	cmd := newGroup("network", "Manage networks")
	cmd.AddCommand(newNetworkLs(cli), newNetworkInspect(cli))
	return cmd
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
