package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/image"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type pruneOptions struct {
	force   bool
	all     bool
	volumes bool
	filter  filter
}

func (o *pruneOptions) addTo(cmd *cobra.Command, example string) {
	cmd.Flags().BoolVarP(&o.force, "force", "f", false, "Do not prompt for confirmation")
	cmd.Flags().Var(&o.filter, "filter", fmt.Sprintf("Provide filter values (e.g. %q)", example))
}

// with is the filter and one more word.
func (o *pruneOptions) with(name, value string) types.Filters {
	filters := types.Filters{name: {value}}
	for name, values := range o.filter {
		filters[name] = append(filters[name], values...)
	}
	return filters
}

func newContainerPrune(cli *Program) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:     "prune [OPTIONS]",
		Short:   "Remove all stopped containers",
		Example: "  engine container prune --force --filter until=24h",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runContainerPrune(cmd.Context(), cli, opts)
		},
	}
	opts.addTo(cmd, "until=<timestamp>")
	return cmd
}

func runContainerPrune(ctx context.Context, cli *Program, opts pruneOptions) error {
	yes, err := pruner{cli}.confirmed(ctx, opts, "WARNING! This will remove all stopped containers.")
	if err != nil || !yes {
		return err
	}
	freed, err := pruner{cli}.containers(ctx, opts)
	if err != nil {
		return err
	}
	pruner{cli}.reportFreed(freed)
	return nil
}

func newImagePrune(cli *Program) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:     "prune [OPTIONS]",
		Short:   "Remove unused images",
		Example: "  engine image prune --all",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runImagePrune(cmd.Context(), cli, opts)
		},
	}
	opts.addTo(cmd, "until=<timestamp>")
	cmd.Flags().BoolVarP(&opts.all, "all", "a", false, "Remove all unused images, not just dangling ones")
	return cmd
}

func runImagePrune(ctx context.Context, cli *Program, opts pruneOptions) error {
	warning := "WARNING! This will remove all dangling images."
	if opts.all {
		warning = "WARNING! This will remove all images without at least one container associated to them."
	}
	yes, err := pruner{cli}.confirmed(ctx, opts, warning)
	if err != nil || !yes {
		return err
	}
	freed, err := pruner{cli}.images(ctx, opts)
	if err != nil {
		return err
	}
	pruner{cli}.reportFreed(freed)
	return nil
}

func newVolumePrune(cli *Program) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:     "prune [OPTIONS]",
		Short:   "Remove unused local volumes",
		Example: "  engine volume prune --all",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runVolumePrune(cmd.Context(), cli, opts)
		},
	}
	opts.addTo(cmd, "label=<label>")
	cmd.Flags().BoolVarP(&opts.all, "all", "a", false, "Remove all unused volumes, not just anonymous ones")
	return cmd
}

func runVolumePrune(ctx context.Context, cli *Program, opts pruneOptions) error {
	warning := "WARNING! This will remove anonymous local volumes not used by at least one container."
	if opts.all {
		warning = "WARNING! This will remove all local volumes not used by at least one container."
	}
	yes, err := pruner{cli}.confirmed(ctx, opts, warning)
	if err != nil || !yes {
		return err
	}
	freed, err := pruner{cli}.volumes(ctx, opts)
	if err != nil {
		return err
	}
	pruner{cli}.reportFreed(freed)
	return nil
}

func newNetworkPrune(cli *Program) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:     "prune [OPTIONS]",
		Short:   "Remove all unused networks",
		Example: "  engine network prune --filter until=24h",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runNetworkPrune(cmd.Context(), cli, opts)
		},
	}
	opts.addTo(cmd, "until=<timestamp>")
	return cmd
}

func runNetworkPrune(ctx context.Context, cli *Program, opts pruneOptions) error {
	yes, err := pruner{cli}.confirmed(ctx, opts, "WARNING! This will remove all custom networks not used by at least one container.")
	if err != nil || !yes {
		return err
	}
	return pruner{cli}.networks(ctx, opts)
}

func newSystemPrune(cli *Program) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:     "prune [OPTIONS]",
		Short:   "Remove unused data",
		Example: "  engine system prune --all --volumes",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSystemPrune(cmd.Context(), cli, opts)
		},
	}
	opts.addTo(cmd, "label=<key>=<value>")
	cmd.Flags().BoolVarP(&opts.all, "all", "a", false, "Remove all unused images not just dangling ones")
	cmd.Flags().BoolVar(&opts.volumes, "volumes", false, "Prune anonymous volumes")
	return cmd
}

func runSystemPrune(ctx context.Context, cli *Program, opts pruneOptions) error {
	if _, ok := opts.filter["until"]; ok && opts.volumes {
		return errors.New(`ERROR: The "until" filter is not supported with "--volumes"`)
	}
	yes, err := pruner{cli}.confirmed(ctx, opts, systemWarning(opts))
	if err != nil || !yes {
		return err
	}
	freed, err := pruner{cli}.containers(ctx, opts)
	if err != nil {
		return err
	}
	if err := (pruner{cli}).networks(ctx, opts); err != nil {
		return err
	}
	if opts.volumes {
		named := opts
		named.all = false // volumes with a name are nobody's garbage
		more, err := pruner{cli}.volumes(ctx, named)
		if err != nil {
			return err
		}
		freed += more
	}
	more, err := pruner{cli}.images(ctx, opts)
	if err != nil {
		return err
	}
	pruner{cli}.reportFreed(freed + more)
	return nil
}

// systemWarning lists what system prune removes.
func systemWarning(opts pruneOptions) string {
	kinds := []string{"all stopped containers", "all networks not used by at least one container"}
	if opts.volumes {
		kinds = append(kinds, "all anonymous volumes not used by at least one container")
	}
	if opts.all {
		kinds = append(kinds, "all images without at least one container associated to them", "all build cache")
	} else {
		kinds = append(kinds, "all dangling images", "unused build cache")
	}
	warning := "WARNING! This will remove:\n  - " + strings.Join(kinds, "\n  - ") + "\n"
	if len(opts.filter) > 0 {
		warning += "\n  Items to be pruned will be filtered with:\n"
		var words []string
		for name, values := range opts.filter {
			for _, value := range values {
				words = append(words, fmt.Sprintf("  - %s=%s\n", name, value))
			}
		}
		slices.Sort(words)
		warning += strings.Join(words, "")
	}
	return warning
}

// pruner removes what is not used.
type pruner struct{ *Program }

// confirmed asks unless it is forced.
func (cli pruner) confirmed(ctx context.Context, opts pruneOptions, warning string) (bool, error) {
	if opts.force {
		return true, nil
	}
	return cli.confirm(ctx, warning+"\nAre you sure you want to continue?")
}

func (cli pruner) containers(ctx context.Context, opts pruneOptions) (freed uint64, err error) {
	report, err := cli.Containers.Prune(ctx, types.Filters(opts.filter))
	if err != nil {
		return 0, err
	}
	cli.reportRemoved("Deleted Containers:", report.ContainersDeleted)
	return report.SpaceReclaimed, nil
}

func (cli pruner) networks(ctx context.Context, opts pruneOptions) error {
	report, err := cli.Networks.Prune(ctx, types.Filters(opts.filter))
	if err != nil {
		return err
	}
	cli.reportRemoved("Deleted Networks:", report.NetworksDeleted)
	return nil
}

func (cli pruner) volumes(ctx context.Context, opts pruneOptions) (freed uint64, err error) {
	filters := types.Filters(opts.filter)
	if opts.all {
		filters = opts.with("all", "true")
	}
	report, err := cli.Volumes.Prune(ctx, filters)
	if err != nil {
		return 0, err
	}
	cli.reportRemoved("Deleted Volumes:", report.VolumesDeleted)
	return report.SpaceReclaimed, nil
}

func (cli pruner) images(ctx context.Context, opts pruneOptions) (freed uint64, err error) {
	dangling := "true"
	if opts.all {
		dangling = "false"
	}
	report, err := cli.Images.Prune(ctx, opts.with("dangling", dangling))
	if err != nil {
		return 0, err
	}
	cli.reportRemoved("Deleted Images:", steps(report.ImagesDeleted))
	return report.SpaceReclaimed, nil
}

func steps(removed []image.DeleteResponse) []string {
	var lines []string
	for _, step := range removed {
		if step.Untagged != "" {
			lines = append(lines, "untagged: "+step.Untagged)
		} else {
			lines = append(lines, "deleted: "+step.Deleted)
		}
	}
	return lines
}

func (cli pruner) reportRemoved(title string, names []string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(cli.Out, "%s\n%s\n\n", title, strings.Join(names, "\n"))
}

func (cli pruner) reportFreed(bytes uint64) {
	fmt.Fprintln(cli.Out, "Total reclaimed space:", units.HumanSize(float64(bytes)))
}
