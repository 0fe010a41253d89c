package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/client"
	"github.com/callroute/callroute/engine/api/types"
)

type dfOptions struct {
	verbose bool
	format  string
}

func newDf(cli *Program) *cobra.Command {
	var opts dfOptions
	cmd := &cobra.Command{
		Use:   "df [OPTIONS]",
		Short: "Show disk usage",
		Example: `  engine system df
  engine system df --verbose`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDf(cmd.Context(), cli, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.verbose, "verbose", "v", false, "Show detailed information on space usage")
	cmd.Flags().StringVar(&opts.format, "format", "", formatFlag)
	return cmd
}

func runDf(ctx context.Context, cli *Program, opts dfOptions) error {
	usage, err := cli.System.DiskUsage(ctx, types.DiskUsageOptions{})
	if err != nil {
		return err
	}
	if opts.verbose {
		return showUsage(cli.Out, newUsageLists(usage), opts.format)
	}
	t := table[usageRow]{
		format: opts.format,
		usual:  "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
		header: usageRow{Active: "ACTIVE", Reclaimable: "RECLAIMABLE", Size: "SIZE", TotalCount: "TOTAL", Type: "TYPE"},
	}
	return t.write(cli.Out, []usageRow{imagesUsage(usage), containersUsage(usage), volumesUsage(usage), cacheUsage(usage)})
}

// usageRow is a line of system df: one kind of thing.
type usageRow struct {
	Active      string
	Reclaimable string
	Size        string
	TotalCount  string
	Type        string
}

// reclaimable is a size, and its share of all.
func reclaimable(bytes, all int64) string {
	if all <= 0 {
		return units.HumanSize(float64(bytes))
	}
	return fmt.Sprintf("%s (%d%%)", units.HumanSize(float64(bytes)), bytes*100/all)
}

func imagesUsage(usage client.DiskUsage) usageRow {
	var active int
	var used int64
	for _, i := range usage.Images {
		if i.Containers <= 0 {
			continue
		}
		active++
		if i.Size == -1 || i.SharedSize == -1 {
			continue
		}
		used += i.Size - i.SharedSize
	}
	return usageRow{
		Type: "Images", TotalCount: strconv.Itoa(len(usage.Images)), Active: strconv.Itoa(active),
		Size:        units.HumanSize(float64(usage.LayersSize)),
		Reclaimable: reclaimable(usage.LayersSize-used, usage.LayersSize),
	}
}

func containersUsage(usage client.DiskUsage) usageRow {
	var active int
	var all, free int64
	for _, c := range usage.Containers {
		all += c.SizeRw
		switch c.State {
		case container.StateRunning, container.StatePaused, container.StateRestarting:
			active++
		default:
			free += c.SizeRw
		}
	}
	return usageRow{
		Type: "Containers", TotalCount: strconv.Itoa(len(usage.Containers)), Active: strconv.Itoa(active),
		Size: units.HumanSize(float64(all)), Reclaimable: reclaimable(free, all),
	}
}

func volumesUsage(usage client.DiskUsage) usageRow {
	var active int
	var all, free int64
	for _, v := range usage.Volumes {
		if v.UsageData == nil || v.UsageData.Size == -1 {
			continue
		}
		all += v.UsageData.Size
		if v.UsageData.RefCount > 0 {
			active++
		} else {
			free += v.UsageData.Size
		}
	}
	return usageRow{
		Type: "Local Volumes", TotalCount: strconv.Itoa(len(usage.Volumes)), Active: strconv.Itoa(active),
		Size: units.HumanSize(float64(all)), Reclaimable: reclaimable(free, all),
	}
}

func cacheUsage(usage client.DiskUsage) usageRow {
	var active int
	all, used := cacheSizes(usage.BuildCache)
	for _, record := range usage.BuildCache {
		if record.InUse {
			active++
		}
	}
	return usageRow{
		Type: "Build Cache", TotalCount: strconv.Itoa(len(usage.BuildCache)), Active: strconv.Itoa(active),
		Size: units.HumanSize(float64(all)), Reclaimable: units.HumanSize(float64(all - used)),
	}
}

func cacheSizes(records []build.CacheRecord) (all, used int64) {
	for _, record := range records {
		if record.Shared {
			continue
		}
		all += record.Size
		if record.InUse {
			used += record.Size
		}
	}
	return all, used
}

// usageLists is system df -v: every thing.
type usageLists struct {
	Images     []imageRow
	Containers []containerRow
	Volumes    []volumeRow
	BuildCache []cacheRow

	cacheSize string
}

// cacheRow is a piece of the build cache.
type cacheRow struct {
	CacheType   string
	CreatedAt   string
	Description string
	ID          string
	InUse       string
	LastUsedAt  string
	Shared      string
	Size        string
	UsageCount  string
}

func newUsageLists(usage client.DiskUsage) usageLists {
	lists := usageLists{Images: []imageRow{}, Containers: []containerRow{}, Volumes: []volumeRow{}, BuildCache: []cacheRow{}}
	for _, i := range usage.Images {
		row := imageRows(i, imageRowOptions{noTrunc: true})[0]
		row.Digest = ""
		row.Containers = strconv.FormatInt(i.Containers, 10)
		row.SharedSize = units.HumanSize(float64(i.SharedSize))
		row.UniqueSize = units.HumanSize(float64(i.Size - i.SharedSize))
		lists.Images = append(lists.Images, row)
	}
	for _, c := range usage.Containers {
		c.SizeRootFs = 0 // it is the image's, and counted there
		lists.Containers = append(lists.Containers, newContainerRow(c, true))
	}
	for _, v := range usage.Volumes {
		lists.Volumes = append(lists.Volumes, newVolumeRow(v))
	}
	for _, record := range usage.BuildCache {
		lists.BuildCache = append(lists.BuildCache, newCacheRow(record))
	}
	all, _ := cacheSizes(usage.BuildCache)
	lists.cacheSize = units.HumanSize(float64(all))
	return lists
}

func newCacheRow(record build.CacheRecord) cacheRow {
	row := cacheRow{
		ID: record.ID, CacheType: record.Type, Description: record.Description,
		Size:       units.HumanSize(float64(record.Size)),
		CreatedAt:  record.CreatedAt.String(),
		InUse:      strconv.FormatBool(record.InUse),
		Shared:     strconv.FormatBool(record.Shared),
		UsageCount: strconv.Itoa(record.UsageCount),
	}
	if record.LastUsedAt != nil {
		row.LastUsedAt = units.HumanDuration(time.Since(*record.LastUsedAt)) + " ago"
	}
	return row
}

// showUsage shows every thing: as four tables, or all by one template.
func showUsage(w io.Writer, lists usageLists, format string) error {
	if format != "" && !strings.HasPrefix(format, "table") {
		return showObject(w, "", format, lists)
	}
	for i := range lists.Images {
		lists.Images[i].ID = shortID(lists.Images[i].ID)
	}
	for i, row := range lists.Containers {
		lists.Containers[i].ID = shortID(row.ID)
		if command, err := strconv.Unquote(row.Command); err == nil {
			lists.Containers[i].Command = strconv.Quote(ellipsis(command, 20))
		}
	}
	fmt.Fprint(w, "Images space usage:\n\n")
	images := table[imageRow]{
		usual:  "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
		header: imageHeader(),
	}
	if err := images.write(w, lists.Images); err != nil {
		return err
	}
	fmt.Fprint(w, "\nContainers space usage:\n\n")
	containers := table[containerRow]{
		usual:  "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}",
		header: containerHeader(),
	}
	if err := containers.write(w, lists.Containers); err != nil {
		return err
	}
	fmt.Fprint(w, "\nLocal Volumes space usage:\n\n")
	volumes := table[volumeRow]{usual: "{{.Name}}\t{{.Links}}\t{{.Size}}", header: volumeHeader()}
	if err := volumes.write(w, lists.Volumes); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nBuild cache usage: %s\n\n", lists.cacheSize)
	cache := table[cacheRow]{
		usual: "{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedAt}}\t{{.LastUsedAt}}\t{{.UsageCount}}\t{{.Shared}}",
		header: cacheRow{
			ID: "CACHE ID", CacheType: "CACHE TYPE", Size: "SIZE", CreatedAt: "CREATED", LastUsedAt: "LAST USED",
			UsageCount: "USAGE", Shared: "SHARED",
		},
	}
	return cache.write(w, lists.BuildCache)
}
