package cli

import (
	"context"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/image"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type imagesOptions struct {
	all, quiet, noTrunc, digests bool

	format string
	filter filter
}

func newImages(cli *Program) *cobra.Command {
	var opts imagesOptions
	cmd := &cobra.Command{
		Use:   "images [OPTIONS] [REPOSITORY[:TAG]]",
		Short: "List images",
		Example: `  engine images
  engine images --format "{{.Repository}}:{{.Tag}} {{.Size}}" busybox`,
		Args:              maxArgs(1),
		ValidArgsFunction: completeFirst(completeImages(cli)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImages(cmd.Context(), cli, opts, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "Only show image IDs")
	flags.BoolVarP(&opts.all, "all", "a", false, "Show all images (default hides intermediate images)")
	flags.BoolVar(&opts.noTrunc, "no-trunc", false, "Don't truncate output")
	flags.BoolVar(&opts.digests, "digests", false, "Show digests")
	flags.StringVar(&opts.format, "format", "", formatFlag)
	flags.VarP(&opts.filter, "filter", "f", "Filter output based on conditions provided")
	return cmd
}

// noName stands for a name that an image has not.
const (
	none   = "<none>"
	noName = none + ":" + none
)

func runImages(ctx context.Context, cli *Program, opts imagesOptions, args []string) error {
	filters := types.Filters(opts.filter)
	if len(args) == 1 {
		if filters == nil {
			filters = types.Filters{}
		}
		filters["reference"] = append(filters["reference"], args[0])
	}
	images, err := cli.Images.List(ctx, types.ImageListOptions{All: opts.all, Filters: filters})
	if err != nil {
		return err
	}
	t := table[imageRow]{format: opts.format, header: imageHeader()}
	withDigest := opts.digests || strings.Contains(opts.format, ".Digest")
	t.usual = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
	switch {
	case opts.quiet:
		t.format = "{{.ID}}"
	case opts.digests:
		t.usual = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
	}
	var rows []imageRow
	for _, i := range images {
		rows = append(rows, imageRows(i, imageRowOptions{noTrunc: opts.noTrunc, digests: withDigest})...)
	}
	return t.write(cli.Out, rows)
}

// imageRow is a line of images: an image under one of its names.
type imageRow struct {
	Containers   string
	CreatedAt    string
	CreatedSince string
	Digest       string
	ID           string
	Repository   string
	SharedSize   string
	Size         string
	Tag          string
	UniqueSize   string
	VirtualSize  string
}

func imageHeader() imageRow {
	return imageRow{
		Containers: "CONTAINERS", CreatedAt: "CREATED AT", CreatedSince: "CREATED", Digest: "DIGEST",
		ID: "IMAGE ID", Repository: "REPOSITORY", SharedSize: "SHARED SIZE", Size: "SIZE", Tag: "TAG",
		UniqueSize: "UNIQUE SIZE", VirtualSize: "SIZE",
	}
}

type imageRowOptions struct {
	noTrunc bool
	digests bool // a row for each digest of a name
}

// imageRows are an image's lines: one for each tag, and one for each digest of
// a repository that has no tag or where digests are shown.
func imageRows(i image.Summary, opts imageRowOptions) []imageRow {
	usual := imageRow{
		ID: i.ID, Repository: none, Tag: none, Digest: none,
		Containers: "N/A", SharedSize: "N/A", UniqueSize: "N/A",
		CreatedAt:    time.Unix(i.Created, 0).String(),
		CreatedSince: units.HumanDuration(time.Since(time.Unix(i.Created, 0))) + " ago",
		Size:         units.HumanSizeWithPrecision(float64(i.Size), 3),
		VirtualSize:  units.HumanSize(float64(i.Size)),
	}
	if !opts.noTrunc {
		usual.ID = shortID(i.ID)
	}
	tags, digests := namesOf(i.RepoTags), namesOf(i.RepoDigests)
	var rows []imageRow
	add := func(repository, tag, digest string) {
		row := usual
		row.Repository, row.Tag, row.Digest = repository, tag, digest
		rows = append(rows, row)
	}
	for _, repository := range union(tags.order, digests.order) {
		its, here := tags.of[repository], digests.of[repository]
		if len(its) == 0 {
			its = []string{none}
			if !opts.digests {
				here = nil
			}
		}
		if !opts.digests || len(here) == 0 {
			here = []string{none}
		}
		for _, tag := range its {
			for _, digest := range here {
				add(repository, tag, digest)
			}
		}
	}
	if len(rows) == 0 {
		rows = append(rows, usual)
	}
	return rows
}

// named is references by their repository, in the order they came in.
type named struct {
	order []string
	of    map[string][]string
}

// namesOf splits references: "busybox:1" is tag 1 of busybox.
func namesOf(references []string) named {
	n := named{of: map[string][]string{}}
	for _, text := range references {
		parsed, err := reference.ParseNormalizedNamed(text)
		if err != nil {
			continue // <none>:<none>
		}
		var last string
		switch r := parsed.(type) {
		case reference.Digested:
			last = r.Digest().String()
		case reference.Tagged:
			last = r.Tag()
		default:
			continue
		}
		repository := reference.FamiliarName(parsed)
		if _, ok := n.of[repository]; !ok {
			n.order = append(n.order, repository)
		}
		n.of[repository] = append(n.of[repository], last)
	}
	return n
}

func union(a, b []string) []string {
	seen := map[string]bool{}
	var all []string
	for _, s := range append(append([]string{}, a...), b...) {
		if !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	return all
}
