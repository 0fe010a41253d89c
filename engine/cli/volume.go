package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/volume"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

// newVolume is the group of a volume's commands.
func newVolume(cli *Program) *cobra.Command {
	cmd := newGroup("volume", "Manage volumes")
	cmd.AddCommand(newVolumeCreate(cli), newVolumeLs(cli), newVolumeInspect(cli), newVolumeRm(cli), newVolumePrune(cli))
	return cmd
}

type volumeCreateOptions struct {
	driver  string
	options settings
	labels  list
}

func newVolumeCreate(cli *Program) *cobra.Command {
	var opts volumeCreateOptions
	cmd := &cobra.Command{
		Use:     "create [OPTIONS] [VOLUME]",
		Short:   "Create a volume",
		Example: "  engine volume create --label tier=db data",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return runVolumeCreate(cmd.Context(), cli, opts, name)
		},
	}
	cmd.Flags().StringVarP(&opts.driver, "driver", "d", "local", "Specify volume driver name")
	cmd.Flags().VarP(&opts.options, "opt", "o", "Set driver specific options")
	cmd.Flags().Var(&opts.labels, "label", "Set metadata for a volume")
	return cmd
}

func runVolumeCreate(ctx context.Context, cli *Program, opts volumeCreateOptions, name string) error {
	created, err := cli.Volumes.Create(ctx, volume.CreateRequest{
		Name: name, Driver: opts.driver, DriverOpts: opts.options, Labels: pairs(opts.labels),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(cli.Out, created.Name)
	return nil
}

type volumeLsOptions struct {
	quiet  bool
	format string
	filter filter
}

func newVolumeLs(cli *Program) *cobra.Command {
	var opts volumeLsOptions
	cmd := &cobra.Command{
		Use:     "ls [OPTIONS]",
		Aliases: []string{"list"},
		Short:   "List volumes",
		Example: "  engine volume ls --filter dangling=true",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runVolumeLs(cmd.Context(), cli, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.quiet, "quiet", "q", false, "Only display volume names")
	cmd.Flags().StringVar(&opts.format, "format", "", formatFlag)
	cmd.Flags().VarP(&opts.filter, "filter", "f", `Provide filter values (e.g. "dangling=true")`)
	return cmd
}

func runVolumeLs(ctx context.Context, cli *Program, opts volumeLsOptions) error {
	answer, err := cli.Volumes.List(ctx, types.Filters(opts.filter))
	if err != nil {
		return err
	}
	t := table[volumeRow]{format: opts.format, usual: "{{.Driver}}\t{{.Name}}", header: volumeHeader()}
	if opts.quiet {
		t.format = "{{.Name}}"
	}
	slices.SortFunc(answer.Volumes, func(a, b volume.Volume) int { return strings.Compare(a.Name, b.Name) })
	var rows []volumeRow
	for _, v := range answer.Volumes {
		rows = append(rows, newVolumeRow(v))
	}
	return t.write(cli.Out, rows)
}

// volumeRow is a line of volume ls.
type volumeRow struct {
	Availability string
	Driver       string
	Group        string
	Labels       string
	Links        string
	Mountpoint   string
	Name         string
	Scope        string
	Size         string
	Status       string

	labels map[string]string
}

// Label is for templates: a label's value, or its name as a title.
func (r volumeRow) Label(name string) string {
	if r.labels == nil {
		return name
	}
	return r.labels[name]
}

func volumeHeader() volumeRow {
	return volumeRow{
		Availability: "AVAILABILITY", Driver: "DRIVER", Group: "GROUP", Labels: "LABELS", Links: "LINKS",
		Mountpoint: "MOUNTPOINT", Name: "VOLUME NAME", Scope: "SCOPE", Size: "SIZE", Status: "STATUS",
	}
}

func newVolumeRow(v volume.Volume) volumeRow {
	row := volumeRow{
		Availability: "N/A", Group: "N/A", Links: "N/A", Size: "N/A", Status: "N/A",
		Driver: v.Driver, Labels: joinPairs(v.Labels), Mountpoint: v.Mountpoint, Name: v.Name, Scope: v.Scope,
		labels: v.Labels,
	}
	if row.labels == nil {
		row.labels = map[string]string{}
	}
	if v.UsageData != nil {
		row.Links = strconv.FormatInt(v.UsageData.RefCount, 10)
		row.Size = units.HumanSize(float64(v.UsageData.Size))
	}
	return row
}

func newVolumeRm(cli *Program) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "rm [OPTIONS] VOLUME [VOLUME...]",
		Aliases:           []string{"remove"},
		Short:             "Remove one or more volumes",
		Long:              "Remove one or more volumes. You cannot remove a volume that is in use by a container.",
		Example:           "  engine volume rm data",
		Args:              minArgs(1),
		ValidArgsFunction: completeVolumes(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVolumeRm(cmd.Context(), cli, args, force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "Force the removal of one or more volumes")
	return cmd
}

func runVolumeRm(ctx context.Context, cli *Program, volumes []string, force bool) error {
	var failed []error
	for _, name := range volumes {
		if err := cli.Volumes.Remove(ctx, name, force); err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintln(cli.Out, name)
	}
	return errors.Join(failed...)
}
