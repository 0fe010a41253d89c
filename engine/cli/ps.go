package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type psOptions struct {
	all, latest, quiet, size, noTrunc bool

	last   int
	format string
	filter filter
}

func newPs(cli *Program) *cobra.Command {
	var opts psOptions
	cmd := &cobra.Command{
		Use:   "ps [OPTIONS]",
		Short: "List containers",
		Example: `  engine ps --all
  engine ps --filter status=exited --format "{{.Names}}: {{.Status}}"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPs(cmd.Context(), cli, opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "Only display container IDs")
	flags.BoolVarP(&opts.size, "size", "s", false, "Display total file sizes")
	flags.BoolVarP(&opts.all, "all", "a", false, "Show all containers (default shows just running)")
	flags.BoolVar(&opts.noTrunc, "no-trunc", false, "Don't truncate output")
	flags.BoolVarP(&opts.latest, "latest", "l", false, "Show the latest created container (includes all states)")
	flags.IntVarP(&opts.last, "last", "n", -1, "Show n last created containers (includes all states)")
	flags.StringVar(&opts.format, "format", "", formatFlag)
	flags.VarP(&opts.filter, "filter", "f", "Filter output based on conditions provided")
	return cmd
}

func runPs(ctx context.Context, cli *Program, opts psOptions) error {
	request := types.ListOptions{
		All: opts.all, Limit: opts.last, Filters: types.Filters(opts.filter),
		// Measuring costs the daemon much, so it is asked for where it shows.
		Size: opts.size || !opts.quiet && strings.Contains(opts.format, ".Size"),
	}
	if opts.latest && opts.last == -1 {
		request.Limit = 1
	}
	containers, err := cli.Containers.List(ctx, request)
	if err != nil {
		return err
	}
	t := table[containerRow]{
		format: opts.format,
		usual:  "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
		header: containerHeader(),
	}
	if opts.size {
		t.usual += "\t{{.Size}}"
	}
	if opts.quiet {
		t.format = "{{.ID}}"
	}
	var rows []containerRow
	for _, c := range containers {
		rows = append(rows, newContainerRow(c, opts.noTrunc))
	}
	return t.write(cli.Out, rows)
}

// containerRow is a line of ps.
type containerRow struct {
	Command      string
	CreatedAt    string
	ID           string
	Image        string
	Labels       string
	LocalVolumes string
	Mounts       string
	Names        string
	Networks     string
	Platform     any
	Ports        string
	RunningFor   string
	Size         string
	State        string
	Status       string

	labels map[string]string
}

// Label is for templates: a label's value, or its name as a title.
func (r containerRow) Label(name string) string {
	if r.labels == nil {
		return name
	}
	return r.labels[name]
}

func containerHeader() containerRow {
	return containerRow{
		Command: "COMMAND", CreatedAt: "CREATED AT", ID: "CONTAINER ID", Image: "IMAGE",
		Labels: "LABELS", LocalVolumes: "LOCAL VOLUMES", Mounts: "MOUNTS", Names: "NAMES",
		Networks: "NETWORKS", Platform: "PLATFORM", Ports: "PORTS", RunningFor: "CREATED",
		Size: "SIZE", State: "STATE", Status: "STATUS",
	}
}

func newContainerRow(c container.Summary, noTrunc bool) containerRow {
	row := containerRow{
		ID:         c.ID,
		Image:      c.Image,
		Command:    c.Command,
		Names:      displayNames(c.Names, noTrunc),
		Labels:     joinPairs(c.Labels),
		Networks:   networkNames(c.NetworkSettings),
		Ports:      displayPorts(c.Ports),
		CreatedAt:  time.Unix(c.Created, 0).String(),
		RunningFor: units.HumanDuration(time.Since(time.Unix(c.Created, 0))) + " ago",
		State:      string(c.State),
		Status:     c.Status,
		Size:       units.HumanSizeWithPrecision(float64(c.SizeRw), 3),
		labels:     c.Labels,
	}
	if c.SizeRootFs > 0 {
		row.Size += fmt.Sprintf(" (virtual %s)", units.HumanSizeWithPrecision(float64(c.SizeRootFs), 3))
	}
	if row.labels == nil {
		row.labels = map[string]string{}
	}
	if row.Image == "" {
		row.Image = "<no image>"
	}
	row.Mounts, row.LocalVolumes = displayMounts(c.Mounts, noTrunc)
	if !noTrunc {
		row.ID = shortID(c.ID)
		row.Command = ellipsis(c.Command, 20)
		if shortID(c.ImageID) == shortID(c.Image) {
			row.Image = shortID(c.Image)
		}
	}
	row.Command = strconv.Quote(row.Command)
	return row
}

// displayNames leaves out the names by which others know a container, as
// "/other/alias".
func displayNames(names []string, noTrunc bool) string {
	var own []string
	for _, name := range names {
		name = strings.TrimPrefix(name, "/")
		if noTrunc || !strings.Contains(name, "/") {
			own = append(own, name)
		}
	}
	return strings.Join(own, ",")
}

func joinPairs(m map[string]string) string {
	var all []string
	for name, value := range m {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

func networkNames(settings *container.NetworkSettingsSummary) string {
	if settings == nil {
		return ""
	}
	var names []string
	for name := range settings.Networks {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// displayMounts lists what is mounted, and counts the volumes among it.
func displayMounts(mounts []container.MountPoint, noTrunc bool) (names, localVolumes string) {
	var all []string
	volumes := 0
	for _, m := range mounts {
		if m.Driver == "local" {
			volumes++
		}
		name := m.Name
		if name == "" {
			name = m.Source
		}
		if !noTrunc {
			name = ellipsis(name, 15)
		}
		all = append(all, name)
	}
	return strings.Join(all, ","), strconv.Itoa(volumes)
}

// displayPorts lists ports, those in a row as a range: "80-82/tcp", and with
// the host's "0.0.0.0:8080-8082->80-82/tcp".
func displayPorts(ports []container.PortSummary) string {
	ports = slices.Clone(ports)
	slices.SortFunc(ports, func(a, b container.PortSummary) int {
		return cmp.Or(int(a.PrivatePort)-int(b.PrivatePort), a.IP.Compare(b.IP),
			int(a.PublicPort)-int(b.PublicPort), strings.Compare(a.Type, b.Type))
	})
	var shown []string
	var ranges []portRange
	for _, p := range ports {
		if p.PublicPort != 0 && p.PublicPort != p.PrivatePort {
			one := portRange{p, p.PrivatePort}
			shown = append(shown, one.String())
			continue
		}
		last := -1
		for i := range ranges {
			if r := ranges[i]; r.IP == p.IP && r.Type == p.Type && (r.PublicPort == 0) == (p.PublicPort == 0) {
				last = i
			}
		}
		switch {
		case last >= 0 && ranges[last].last == p.PrivatePort:
		case last >= 0 && ranges[last].last+1 == p.PrivatePort:
			ranges[last].last = p.PrivatePort
		default:
			ranges = append(ranges, portRange{p, p.PrivatePort})
		}
	}
	var joined []string
	for _, r := range ranges {
		joined = append(joined, r.String())
	}
	return strings.Join(append(joined, shown...), ", ")
}

// portRange is ports from one on to the last.
type portRange struct {
	container.PortSummary
	last uint16
}

func (r portRange) String() string {
	private := strconv.Itoa(int(r.PrivatePort))
	public := strconv.Itoa(int(r.PublicPort))
	if r.last != r.PrivatePort {
		private += "-" + strconv.Itoa(int(r.last))
		public += "-" + strconv.Itoa(int(r.PublicPort+r.last-r.PrivatePort))
	}
	if r.PublicPort == 0 {
		return private + "/" + r.Type
	}
	ip := ""
	if r.IP.IsValid() {
		ip = r.IP.String()
		if r.IP.Is6() {
			ip = "[" + ip + "]"
		}
	}
	return ip + ":" + public + "->" + private + "/" + r.Type
}
